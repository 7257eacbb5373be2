"""The URL and the token: where they come from, and who can read them."""

import pytest

from ringfence.cli.api import credentials
from ringfence.cli.api.credentials import Credentials, clean_url, load, store
from ringfence.errors import OperatorError
from ringfence.settings import load_settings

STORED = Credentials("https://api.example.com", "stored-token")
OTHER = {"RINGFENCE_URL": "https://other.example.com"}
TOKEN = {"RINGFENCE_TOKEN": "given-token"}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_what_is_stored_is_read_back_and_only_its_owner_can_read_it():
    access = Credentials("https://api.example.com/firewall", "secret-token", "/etc/ca.pem")
    path = store(access)
    assert load({}) == access
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    store(STORED)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert "secret" not in repr(access)
    assert credentials.remove()
    assert not credentials.remove()


def test_a_file_that_others_can_read_is_refused_with_the_fix():
    path = store(STORED)
    path.chmod(0o644)
    with pytest.raises(OperatorError, match=f"mode 644.*run chmod 600 {path}"):
        load({})


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"url": 1', "\x00"])
def test_a_damaged_file_is_an_error_that_names_login(text):
    path = store(STORED)
    path.write_text(text)
    with pytest.raises(OperatorError, match="run ringfence login"):
        load({})


def test_the_environment_takes_precedence():
    store(STORED)
    assert load(TOKEN) == Credentials(STORED.url, "given-token")
    assert load(OTHER | TOKEN) == Credentials("https://other.example.com", "given-token")
    assert load({"RINGFENCE_URL": f"{STORED.url}/api/"}) == STORED


def test_a_stored_token_is_not_sent_to_another_url():
    store(STORED)
    with pytest.raises(OperatorError, match=r"the stored token is for https://api.example.com"):
        load(OTHER)


@pytest.mark.parametrize(
    ("given", "missing"),
    [({}, "the API's URL"), (TOKEN, "the API's URL"), (OTHER, "RINGFENCE_TOKEN")],
)
def test_what_is_missing_is_named(given, missing):
    with pytest.raises(OperatorError, match=f"{missing} is missing.*run ringfence login"):
        load(given)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" https://api.example.com/ ", "https://api.example.com"),
        ("http://127.0.0.1:8000/api/", "http://127.0.0.1:8000"),
        ("https://x.example/firewall/console/", "https://x.example/firewall"),
        ("https://x.example/api/docs/", "https://x.example"),
    ],
)
def test_a_url_is_taken_as_people_copy_it(text, url):
    assert clean_url(text) == url


@pytest.mark.parametrize(
    "text",
    ["", "api.example.com", "ftp://x", "https://", "https://u:p@x.example", "https://x/?a=1",
     "https://x:port", "https://x/#a"],
)  # fmt: skip
def test_what_is_not_the_url_of_a_service_is_refused_without_repeating_it(text):
    with pytest.raises(OperatorError) as error:
        clean_url(text)
    assert "u:p" not in str(error.value)


@pytest.mark.parametrize("token", ["", "two words", "new\nline", "x" * 513, "\u00e9"])
def test_a_token_that_no_header_can_have_is_refused_without_repeating_it(token):
    with pytest.raises(OperatorError, match="not shown here"):
        load(OTHER | {"RINGFENCE_TOKEN": token or " "})


def test_only_an_unencrypted_url_of_another_machine_is_exposed():
    exposed = [
        url
        for url in ("http://127.0.0.1:1", "http://[::1]", "http://localhost", "https://x.example")
        if credentials.is_exposed(url)
    ]
    assert exposed == []
    assert credentials.is_exposed("http://10.0.0.1")
    assert credentials.is_exposed("http://x.example")


def test_the_service_ignores_the_variables_of_its_clients():
    assert load_settings(OTHER | TOKEN) == load_settings({})
