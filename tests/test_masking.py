"""Secrets are masked where they are known; all other texts stay as they are."""

import time
from contextvars import copy_context

import pytest

from ringfence.telemetry import logs
from ringfence.text import masking
from ringfence.text.masking import MASK, learn, learn_fields, learn_url, mask, masked, present


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(masking, "known", masking.KnownValues())


@pytest.mark.parametrize(
    "text",
    [
        "'abc' is not a token UUID: run ringfence tokens list",
        "there is no token 6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4; see ringfence tokens list",
        "Token 6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4 of alice is gone",
        "Token 6a1c0f2e-9b7d-4c55-a1d0-c8a1f0b2c3d4 of alice is gone",
        "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        "accepting connections on port 5432",
        "the password: it has 8 to 128 characters",
        "password: required by the schema",
        "Basic authentication",
        "see https://example.com/a?b=c, or mail ann@example.com",
        "image ringfence@sha256:" + "0a" * 32,
        "secret service, cookie policy, authorization failed",
        "token, password and secret",
        "git+ssh://host/path+a+a+a",
    ],
)
def test_hints_and_ids_stay_whole(text):
    assert mask(text) == text


@pytest.mark.parametrize("password", ["p", "p1", "abc", "port", "5432", "ringfence", "token"])
def test_a_short_or_common_password_does_not_shred_texts(password):
    learn_url(f"postgresql://app:{password}@localhost:5432/app")
    text = "accepting; import, reporting; report abcd; see ringfence tokens list; tokens 54321"
    assert mask(text) == text


@pytest.mark.parametrize(
    "secret", ["hunter2", "s3cr3t!", "correct horse", "pa:ss@wo/rd?#x", 'a"b\\c', "ünïcödé-42"]
)
@pytest.mark.parametrize("about", ["cannot use {}", "({})", "x={};", "<{}>", "host/{}/x"])
def test_a_known_value_is_masked_wherever_it_stands(secret, about):
    learn(secret)
    said = mask(about.format(secret))
    assert secret not in said
    assert said == about.format(MASK)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:S3cret@2026secret@127.0.0.1/db",
        "postgresql://app:S3cret/2026secret@127.0.0.1/db",
        "postgresql://app:S3cret#2026secret@127.0.0.1/db",
        "postgresql://app:S3cret?2026secret@127.0.0.1/db",
        "postgresql://app:S3cret%402026secret@127.0.0.1/db",
        "postgresql://127.0.0.1/db?user=app&password=S3cret%402026secret",
        "postgresql://127.0.0.1/db?user=app&password=2026secret",
        "host=127.0.0.1 user=app password='S3cret@2026secret'",
        "host=127.0.0.1 user=app password=S3cret@2026secret",
    ],
)
def test_no_part_of_a_badly_written_password_is_said(url):
    learn_url(url)
    for text in (
        "cannot connect to the database at 2026secret@127.0.0.1",
        'could not translate host name "2026secret@127.0.0.1"',
        url,
    ):
        said = mask(text)
        assert "2026secret" not in said, said
        assert "127.0.0.1" in said


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Token {}",
        "authorization: BEARER  TOKEN {}",
        "Proxy-Authorization: Basic {}",
        '{{"authorization": "{}"}}',
        "Cookie: a=b; ringfence_session={}",
        "Set-Cookie: {}; Path=/",
        "GET /x?token={}&y=1",
        "password={} host=db",
        "user_password = '{} x'",
        '{{"secret": "{} x"}}',
        r"{{\"password\": \"{}\"}}",
        "{{'api_key': '{}'}}",
        "auth:\n  password: {}\n  user: ann",
        "postgresql://ann:{}@db/x",
        "https://{}@cloud/v3",
        "Bearer {}0123456789",
    ],
)
def test_what_a_field_holds_is_masked(text):
    said = mask(text.format("sUpErSeCrEt"))
    assert "sUpErSeCrEt" not in said
    assert MASK in said


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("password", 1234, MASK),
        ("X-Auth-Token", "abc", MASK),
        ("set-cookie", b"abc", MASK),
        ("privateKey", "abc", MASK),
        ("tokens", 3, 3),
        ("token_uuid", "6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4", "6a1c0f2e9b7d4c55a1d0c8a1f0b2c3d4"),
        ("is_secret", None, None),
        (
            "headers",
            {"Authorization": "abc", "accept": "x"},
            {"Authorization": MASK, "accept": "x"},
        ),
    ],
)
def test_a_record_is_masked_by_its_fields(key, value, shown):
    assert masked(key, value) == shown


def test_credentials_of_a_file_are_known_by_their_fields():
    learn_fields({"auth": {"password": "n0t-for-you", "username": "ann"}, "regions": ["one"]})
    assert mask("ann: n0t-for-you in one") == f"ann: {MASK} in one"


def test_what_a_request_presents_is_masked_in_it_alone():
    def request():
        present("presented-here")
        return mask("/api/presented-here/")

    assert copy_context().run(request) == f"/api/{MASK}/"
    assert mask("/api/presented-here/") == "/api/presented-here/"


def test_a_token_of_ours_is_masked_in_any_path():
    assert mask(f"/api/{'0a' * 32}/x") == f"/api/{MASK}/x"


def test_the_number_of_known_values_is_bounded(monkeypatch):
    monkeypatch.setattr(masking, "MOST_VALUES", 10)
    for number in range(50):
        learn(f"credential-{number}")
    assert len(masking.known.by_length) == 10
    assert mask("credential-49") == MASK


WORST = [
    "a+",
    "a",
    "A0",
    "0a",
    "f" * 63 + "g",
    " ",
    "\t",
    "\n",
    "-",
    "://",
    "a://",
    "a:@",
    "@",
    ":",
    "=",
    '"',
    "'",
    "\\",
    '\\"',
    "password",
    "password=",
    'password="',
    "password='",
    "password: ",
    "password\n",
    "bearer ",
    "bearer token ",
    "bearer\t\t",
    "Token ",
    "Token a",
    "authorization: ",
    "authorization: token ",
    "authorization",
    "cookie:",
    "set-cookie=",
    "token ",
    "basic a",
    "- password",
    "__-",
    "ü",
    "\u202e",
    "\ud800",
    "api_",
    "private-",
    "secret:",
    "e",
    "tok",
    ".~/",
]


def seconds(work, text):
    began = time.process_time()
    work(text)
    return time.process_time() - began


@pytest.mark.parametrize(
    "work",
    [mask, masking.is_clean, lambda text: masked("x", {text: [text]}), logs.mask],
    ids=["mask", "is_clean", "masked", "logs"],
)
def test_masking_takes_time_linear_in_the_text(work):
    learn("hunter2", "aaaaaaaaaaaaaaaab", "a+a+a+a+a+a+a+a+b", "password=password=b")
    slow = {}
    for piece in WORST:
        for end in ("", "!"):
            short, long = (piece * (size // len(piece)) + end for size in (1024, 32768))
            # 32 times the text; a quadratic pattern takes 1,024 times as long.
            base = max(min(seconds(work, short) for _ in range(3)), 2e-5)
            if (taken := seconds(work, long)) > 250 * base:
                slow[piece, end] = round(taken / base)
    assert slow == {}
