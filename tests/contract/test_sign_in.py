"""Signing in with a password: a token for a day, no disclosure of users, limited attempts."""

import asyncio
import logging
import math
import threading
import time

import argon2
import pytest
from tests.contract.parsing import client_over
from tests.patience import PATIENCE_SECONDS
from waldur_api_client.api.api_auth import api_auth_password
from waldur_api_client.models.obtain_auth_token_request import ObtainAuthTokenRequest

from ringfence.access.authentication import token_digest
from ringfence.errors import OperatorError
from ringfence.http.limits import Slots
from ringfence.users import login_throttle, passwords
from ringfence.users.passwords import set_password
from ringfence.users.tokens.issuing import MAX_BY_PASSWORD

SIGN_IN = "/api-auth/password/"
ME = "/api/users/me/"
PASSWORD = " correct hörse "
REFUSED = {"detail": "Invalid username/password."}


@pytest.fixture
async def nobody(api, world):
    """A client without a token, in a world where `admin` has a password."""
    await set_password(world.database, "admin", PASSWORD)
    return api(None)


async def sign_in(http, username="admin", password=PASSWORD, **headers):
    body = {"username": username, "password": password}
    return await http.post(SIGN_IN, json=body, headers=headers)


async def test_who_knows_the_password_gets_a_token_for_a_day(api, nobody, world):
    client = client_over(nobody)
    body = ObtainAuthTokenRequest("admin", PASSWORD)
    token = (await api_auth_password.asyncio(client=client, body=body)).token
    assert len(token) == 64
    me = (await api(None, Authorization=f"Token {token}").get(ME)).json()
    assert (me["username"], me["token_lifetime"]) == ("admin", 24 * 3600)
    # Existing tokens stay valid.
    assert (await api("admin").get(ME)).status_code == 200
    await world.execute("UPDATE tokens SET expires = now() WHERE digest = %s", token_digest(token))
    response = await api(None, Authorization=f"Token {token}").get(ME)
    assert (response.status_code, response.json()) == (401, {"detail": "Token has expired."})
    # The next token replaces the expired one.
    await sign_in(nobody)
    count = "SELECT count(*) FROM tokens WHERE user_id = %s"
    assert await world.value(count, world.users["admin"]) == 2


async def test_every_failed_sign_in_has_the_same_response(nobody):
    cases = [
        ("admin", "wrong horse"),
        ("admin", PASSWORD.strip()),
        ("Admin", PASSWORD),
        ("nobody", PASSWORD),
        # This user has no password.
        ("owner", PASSWORD),
        ("owner", "owner-token"),
    ]
    for username, password in cases:
        response = await sign_in(nobody, username, password)
        assert (response.status_code, response.json()) == (401, REFUSED)
        assert response.headers["WWW-Authenticate"] == "Token"


async def test_an_inactive_user_is_refused_in_the_same_words(nobody, world):
    await world.execute("UPDATE users SET is_active = false WHERE username = 'admin'")
    response = await sign_in(nobody)
    assert (response.status_code, response.json()) == (401, REFUSED)


async def test_an_unknown_user_costs_the_same_hash(nobody, monkeypatch):
    verified = []
    verify = argon2.PasswordHasher.verify

    def watched(hasher, password_hash, password):
        verified.append(argon2.extract_parameters(password_hash))
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    for username in ("admin", "nobody", "owner"):
        await sign_in(nobody, username, "wrong horse")
    assert len(verified) == 3
    assert len({(found.time_cost, found.memory_cost) for found in verified}) == 1


async def test_hashing_does_not_hold_up_other_requests(api, nobody, monkeypatch):
    answered = threading.Event()

    def slow(_hash, _password):
        answered.wait(PATIENCE_SECONDS)
        return False

    monkeypatch.setattr(passwords, "_verify", slow)
    tries = asyncio.gather(*(sign_in(nobody, "admin", "wrong horse") for _ in range(2)))
    await asyncio.sleep(0.1)
    response = await api("admin").get(ME)
    assert response.status_code == 200
    assert not tries.done()
    answered.set()
    await tries


async def test_a_body_that_is_none_is_refused_field_by_field(nobody):
    cases = [
        (
            {},
            {"username": ["This field is required."], "password": ["This field is required."]},
        ),
        (
            {"username": "", "password": ""},
            {
                "username": ["This field may not be blank."],
                "password": ["This field may not be blank."],
            },
        ),
        (
            {"username": None, "password": None},
            {
                "username": ["This field may not be null."],
                "password": ["This field may not be null."],
            },
        ),
        (
            {"username": "a\x00", "password": 12345678},
            {
                "username": ["Null characters are not allowed."],
                "password": ["Not a valid string."],
            },
        ),
        (
            {"username": "a" * 129, "password": "b" * 129},
            {
                "username": ["Ensure this field has no more than 128 characters."],
                "password": ["Ensure this field has no more than 128 characters."],
            },
        ),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ]
    for body, errors in cases:
        response = await nobody.post(SIGN_IN, json=body)
        assert (response.status_code, response.json()) == (400, errors)


async def test_half_a_character_is_refused(nobody):
    body = b'{"username": "admin", "password": "\\ud800"}'
    headers = {"Content-Type": "application/json"}
    response = await nobody.post(SIGN_IN, content=body, headers=headers)
    assert (response.status_code, response.json()) == (400, {"password": ["Not a valid string."]})


async def test_other_methods_and_types_are_refused(nobody):
    assert (await nobody.get(SIGN_IN)).status_code == 405
    response = await nobody.post(SIGN_IN, data={"username": "admin", "password": PASSWORD})
    assert response.status_code == 415


@pytest.fixture
def quick(monkeypatch):
    """Replace the verification of password hashes, which is slow, in tests of the throttle."""
    monkeypatch.setattr(
        passwords, "_verify", lambda kept, password: bool(kept) and password == PASSWORD
    )


def from_address(address):
    return {"X-Forwarded-For": address}


async def failures(http, count, username="admin", address="192.0.2.1"):
    """Send wrong passwords, each after the required pause; return the statuses."""
    sent = [
        await sign_in(http, username, "wrong horse", **from_address(address)) for _ in range(count)
    ]
    return [response.status_code for response in sent]


def most_attempts(pace, begun):
    """Return how many attempts can pass since `begun`: the free ones, and one after each pause."""
    seconds = time.monotonic() - begun
    passed, waited, pause = pace.free + 2, 0.0, 1.0
    while waited + pause <= seconds:
        waited, pause, passed = waited + pause, min(2 * pause, pace.max_delay), passed + 1
    return passed + math.ceil(seconds / pace.decay_seconds)


async def pass_time(world, seconds):
    await world.execute(
        "UPDATE sign_in_attempts SET counted = counted - make_interval(secs => %s),"
        " next_at = next_at - make_interval(secs => %s)",
        seconds,
        seconds,
    )


@pytest.mark.usefixtures("quick")
async def test_who_fails_again_and_again_waits_longer_each_time_and_never_long(nobody, world):
    free = login_throttle.PER_USER_AND_NETWORK.free
    assert await failures(nobody, free + 1) == [401] * (free + 1)
    pauses = []
    for _ in range(12):
        refused = await sign_in(nobody, **from_address("192.0.2.1"))
        assert refused.status_code == 429, "even the right password waits"
        pauses.append(int(refused.headers["Retry-After"]))
        unit = "second" if pauses[-1] == 1 else "seconds"
        assert refused.json() == {
            "detail": f"Request was throttled. Expected available in {pauses[-1]} {unit}."
        }
        # Waiting exactly that long is enough, and rejected attempts did not count.
        await pass_time(world, pauses[-1])
        assert await failures(nobody, 1) == [401]
    assert pauses[0] == 1
    assert pauses[3] > 2 * pauses[1]
    assert max(pauses) <= login_throttle.PER_USER_AND_NETWORK.max_delay
    await pass_time(world, login_throttle.PER_USER_AND_NETWORK.max_delay)
    assert (await sign_in(nobody, **from_address("192.0.2.1"))).status_code == 200
    # After a success, the throttle starts again.
    assert await failures(nobody, free) == [401] * free


@pytest.mark.usefixtures("quick")
async def test_failures_are_forgiven_with_time(nobody, world):
    free = login_throttle.PER_USER_AND_NETWORK.free
    assert await failures(nobody, free) == [401] * free
    await pass_time(world, login_throttle.PER_USER_AND_NETWORK.decay_seconds * free)
    assert await failures(nobody, free + 2) == [*[401] * (free + 1), 429]


@pytest.mark.usefixtures("quick")
async def test_the_addresses_of_one_ipv6_network_are_one(nobody):
    begun = time.monotonic()
    addresses = [f"2001:db8:0:7::{number:x}" for number in range(1, 120)]
    found = [(await failures(nobody, 1, address=address))[0] for address in addresses]
    assert found.count(401) <= most_attempts(login_throttle.PER_USER_AND_NETWORK, begun)
    # Another network, and other users from this one, can sign in.
    assert await failures(nobody, 1, address="2001:db8:0:8::1") == [401]
    assert await failures(nobody, 1, "owner", "2001:db8:0:7::1") == [401]


@pytest.mark.usefixtures("quick")
async def test_one_network_cannot_keep_a_user_from_signing_in_elsewhere(nobody):
    assert 429 in await failures(nobody, 110, address="2001:db8:0:7::1")
    assert (await sign_in(nobody, **from_address("192.0.2.7"))).status_code == 200


@pytest.mark.usefixtures("quick")
async def test_many_networks_do_not_slow_a_user_down_where_it_signed_in_before(nobody, monkeypatch):
    monkeypatch.setattr(login_throttle, "PER_USER", login_throttle.AttemptRate(3, 60, 5))
    assert (await sign_in(nobody, **from_address("192.0.2.1"))).status_code == 200
    found = [(await failures(nobody, 1, address=f"198.51.100.{n}"))[0] for n in range(6)]
    assert found == [401, 401, 401, 401, 429, 429]
    assert (await sign_in(nobody, **from_address("192.0.2.1"))).status_code == 200
    # From a new network, the user is throttled, up to the longest pause.
    await failures(nobody, 1, address="198.51.100.8")
    await failures(nobody, 1, address="198.51.100.9")
    refused = await sign_in(nobody, **from_address("203.0.113.9"))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) <= 5


@pytest.mark.usefixtures("quick")
async def test_many_names_from_one_network_are_slowed_down_and_noticed(nobody, world, caplog):
    pace, begun = login_throttle.PER_NETWORK, time.monotonic()
    found = [(await failures(nobody, 1, f"user{number}"))[0] for number in range(80)]
    assert pace.free < found.count(401) <= most_attempts(pace, begun)
    # Slow attempts do not bypass it.
    await pass_time(world, login_throttle.PER_NETWORK.max_delay)
    again = [(await failures(nobody, 1, f"more{number}"))[0] for number in range(8)]
    assert again.count(401) <= 3
    assert caplog.text.count("many_sign_ins_failed") == 1
    assert "192.0.2.1" in caplog.text
    # Rejected attempts left no rows.
    keys = await world.value("SELECT count(*) FROM sign_in_attempts")
    assert keys <= 2 * (found + again).count(401) + 1


@pytest.mark.usefixtures("quick")
async def test_many_tries_at_once_are_no_more_than_one_after_the_other(nobody, monkeypatch):
    monkeypatch.setattr(login_throttle, "SLOTS", Slots(100, 100))
    begun = time.monotonic()
    responses = await asyncio.gather(*(sign_in(nobody, "admin", "wrong horse") for _ in range(25)))
    statuses = [response.status_code for response in responses]
    assert statuses.count(401) <= most_attempts(login_throttle.PER_USER_AND_NETWORK, begun)
    assert statuses.count(401) + statuses.count(429) == 25


@pytest.mark.usefixtures("quick")
async def test_who_signs_in_rightly_is_never_throttled(nobody):
    for _ in range(login_throttle.PER_NETWORK.free + 2):
        assert (await sign_in(nobody)).status_code == 200


@pytest.mark.usefixtures("quick")
async def test_a_clock_that_was_set_back_keeps_nobody_waiting(nobody, world):
    await failures(nobody, login_throttle.PER_USER_AND_NETWORK.free + 1)
    await pass_time(world, -3600)
    assert (await sign_in(nobody, **from_address("192.0.2.1"))).status_code == 200


@pytest.mark.usefixtures("quick")
async def test_what_is_counted_is_forgotten(nobody, world):
    await failures(nobody, 1)
    await sign_in(nobody)
    await world.execute("UPDATE sign_in_attempts SET counted = now() - interval '3 hours'")
    await world.execute("UPDATE sign_in_networks SET last_used = now() - interval '91 days'")
    await sign_in(nobody, **from_address("192.0.2.9"))
    assert await world.value("SELECT count(*) FROM sign_in_networks") == 1
    old = "SELECT count(*) FROM sign_in_attempts WHERE counted < now() - interval '1 hour'"
    assert await world.value(old) == 0


async def test_a_hundred_concurrent_sign_ins_do_not_block_other_requests(
    app, api, nobody, monkeypatch
):
    done = threading.Event()

    def slow(_hash, _password):
        done.wait(PATIENCE_SECONDS)
        return False

    monkeypatch.setattr(passwords, "_verify", slow)
    assert (await api("admin").get(ME)).status_code == 200
    limits = app.middleware_stack.app.limits
    crowd = [
        asyncio.create_task(sign_in(nobody, f"user{n}", **from_address(f"198.51.100.{n}")))
        for n in range(100)
    ]
    try:
        # Requests that do not hash a password are served.
        refused = [await task for task in crowd[login_throttle.MAX_CONCURRENT :]]
        assert {response.status_code for response in refused} == {429}
        assert all(int(response.headers["Retry-After"]) > 0 for response in refused)
        assert limits.running == 0
        others = await asyncio.gather(*(api("admin").get(ME) for _ in range(30)))
        assert {response.status_code for response in others} == {200}
    finally:
        done.set()
    served = [(await task).status_code for task in crowd[: login_throttle.MAX_CONCURRENT]]
    assert served == [401] * login_throttle.MAX_CONCURRENT


async def test_one_network_takes_at_most_half_of_the_sign_in_slots(nobody, monkeypatch):
    done = threading.Event()

    def slow(_hash, _password):
        done.wait(PATIENCE_SECONDS)
        return False

    monkeypatch.setattr(passwords, "_verify", slow)
    crowd = [
        asyncio.create_task(sign_in(nobody, f"user{n}", **from_address(f"2001:db8::{n:x}")))
        for n in range(1, 30)
    ]
    refused = [await task for task in crowd[login_throttle.MAX_CONCURRENT_PER_NETWORK :]]
    assert {response.status_code for response in refused} == {429}
    other = asyncio.create_task(sign_in(nobody, "owner", **from_address("192.0.2.1")))
    done.set()
    assert (await other).status_code == 401
    await asyncio.gather(*crowd)


async def test_a_body_that_is_no_name_and_password_is_not_read(nobody):
    response = await sign_in(nobody, "admin", "x" * 20_000)
    assert response.status_code == 413
    assert (await sign_in(nobody, "\u2603" * 128, "\u2603" * 128)).status_code == 401


async def test_what_was_typed_is_nowhere_to_be_read(api, nobody, world, caplog):
    caplog.set_level(logging.DEBUG)
    token = (await sign_in(nobody)).json()["token"]
    await sign_in(nobody, "hunter2-typed-as-name", "wrong-horse-battery")
    await sign_in(nobody, "admin", "wrong-horse-battery")
    await api(None, Authorization=f"Token {token}").get(ME)
    tables = (
        "users",
        "tokens",
        "sign_in_attempts",
        "sign_in_networks",
        "events",
        "procrastinate_jobs",
    )
    rows = [
        await world.value(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} AS t")  # noqa: S608 - names of tables
        for table in tables
    ]
    written = " ".join([caplog.text, *rows])
    for secret in (token, PASSWORD, "wrong-horse-battery", "hunter2-typed-as-name"):
        assert secret not in written
    assert "sign_in_refused" in caplog.text
    assert "$argon2id$" in written


async def test_signing_in_is_recorded(nobody, world):
    await sign_in(nobody)
    event = await world.one("SELECT event_type, message, username FROM events ORDER BY id DESC")
    assert event == (
        "auth_logged_in_with_username",
        "User admin has signed in by password.",
        "admin",
    )


async def test_a_hash_with_older_costs_is_replaced(nobody, world):
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await world.execute("UPDATE users SET password_hash = %s WHERE username = 'admin'", cheap)
    assert (await sign_in(nobody)).status_code == 200
    kept = await world.value("SELECT password_hash FROM users WHERE username = 'admin'")
    assert kept != cheap
    assert not passwords.needs_rehash(kept)
    assert (await sign_in(nobody)).status_code == 200


async def test_a_password_that_is_none_is_refused_without_repeating_it(world):
    for password in ("", "short-7", "x" * 129, "nul\x00-within"):
        with pytest.raises(OperatorError, match="8 to 128 characters") as caught:
            await set_password(world.database, "admin", password)
        assert not password or password not in str(caught.value)
    with pytest.raises(OperatorError, match="no user is called 'nobody'"):
        await set_password(world.database, "nobody", PASSWORD)


def test_the_hash_of_nobody_costs_what_all_others_do():
    assert not passwords.needs_rehash(passwords.DUMMY_HASH)


async def test_of_many_tokens_by_password_the_oldest_end(nobody, world):
    await world.execute(
        "INSERT INTO tokens (user_id, digest, is_by_password, expires)"
        " SELECT %s, sha256(n::text::bytea), true, now() + interval '1 day'"
        " FROM generate_series(1, %s) AS n",
        world.users["admin"],
        MAX_BY_PASSWORD,
    )
    assert (await sign_in(nobody)).status_code == 200
    left = await world.one(
        "SELECT count(*) FILTER (WHERE is_by_password),"
        " count(*) FILTER (WHERE NOT is_by_password AND user_id = %s),"
        " bool_or(digest = sha256('1'::bytea)) FROM tokens",
        world.users["admin"],
    )
    assert left == (MAX_BY_PASSWORD, 1, False)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET is_active = false",
        "UPDATE users SET password_hash = NULL",
        "UPDATE users SET password_hash = %(other)s",
    ],
)
async def test_a_password_must_still_be_valid_when_the_token_is_created(
    nobody, world, monkeypatch, change
):
    is_right, other = passwords.is_right, await passwords.hash_password("another one")

    async def slow(password_hash, password):
        found = await is_right(password_hash, password)
        monkeypatch.undo()
        async with world.database.connection() as connection:
            await connection.execute(change, {"other": other})
        return found

    monkeypatch.setattr(passwords, "is_right", slow)
    before = await world.value("SELECT count(*) FROM tokens")
    response = await sign_in(nobody)
    assert response.status_code == 401
    assert await world.value("SELECT count(*) FROM tokens") == before
