"""Signing in by password: a token for a day, no hint at who exists, and only so many tries."""

import asyncio
import logging
import threading

import argon2
import pytest
from tests.contract.parsing import client_over
from tests.patience import PATIENCE_SECONDS
from waldur_api_client.api.api_auth import api_auth_password
from waldur_api_client.models.obtain_auth_token_request import ObtainAuthTokenRequest

from ringfence.access.authentication import digest
from ringfence.errors import OperatorError
from ringfence.users import passwords, throttle
from ringfence.users.passwords import set_password

SIGN_IN = "/api-auth/password/"
ME = "/api/users/me/"
PASSWORD = " correct hörse "
REFUSED = {"detail": "Invalid username/password."}


@pytest.fixture
async def nobody(api, world):
    """Somebody without a token, in a world where `admin` has a password."""
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
    # The tokens that there were stay valid.
    assert (await api("admin").get(ME)).status_code == 200
    await world.execute("UPDATE tokens SET expires = now() WHERE digest = %s", digest(token))
    response = await api(None, Authorization=f"Token {token}").get(ME)
    assert (response.status_code, response.json()) == (401, {"detail": "Token has expired."})
    # The next one takes the place of what has expired.
    await sign_in(nobody)
    count = "SELECT count(*) FROM tokens WHERE user_id = %s"
    assert await world.value(count, world.users["admin"]) == 2


async def test_whatever_is_wrong_the_answer_is_the_same(nobody):
    cases = [
        ("admin", "wrong horse"),
        ("admin", PASSWORD.strip()),
        ("Admin", PASSWORD),
        ("nobody", PASSWORD),
        # Has no password.
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


async def test_after_ten_failures_in_a_minute_even_the_right_password_waits(nobody, world):
    for _ in range(throttle.TRIES_OF_A_PAIR):
        assert (await sign_in(nobody, password="wrong horse")).status_code == 401
    response = await sign_in(nobody)
    assert response.status_code == 429
    seconds = int(response.headers["Retry-After"])
    assert 0 < seconds <= 60
    assert response.json() == {
        "detail": f"Request was throttled. Expected available in {seconds} seconds."
    }
    # Others from there, and the same user from elsewhere, are let in.
    assert (await sign_in(nobody, "owner")).status_code == 401
    assert (await sign_in(nobody, **{"X-Forwarded-For": "192.0.2.7"})).status_code == 200
    await world.execute("UPDATE sign_in_tries SET began = now() - interval '61 seconds'")
    assert (await sign_in(nobody)).status_code == 200
    left = await world.value("SELECT count(*) FROM sign_in_tries WHERE tries > 0")
    assert left == 0


async def test_many_tries_at_once_are_no_more_than_one_after_the_other(nobody):
    answers = await asyncio.gather(*(sign_in(nobody, "admin", "wrong horse") for _ in range(25)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) == throttle.TRIES_OF_A_PAIR
    assert statuses.count(429) == 25 - throttle.TRIES_OF_A_PAIR


async def test_who_signs_in_rightly_is_never_throttled(nobody):
    for _ in range(throttle.TRIES_OF_A_PAIR + 2):
        assert (await sign_in(nobody)).status_code == 200


async def test_an_address_that_tries_many_names_is_refused(nobody, monkeypatch):
    monkeypatch.setattr(throttle, "TRIES_FROM_AN_ADDRESS", 3)
    statuses = [(await sign_in(nobody, f"user{number}")).status_code for number in range(5)]
    assert statuses == [401, 401, 401, 429, 429]


async def test_many_addresses_that_try_one_name_are_refused(nobody, monkeypatch):
    monkeypatch.setattr(throttle, "TRIES_AS_A_USER", 3)
    statuses = [
        (await sign_in(nobody, password="wrong", **{"X-Forwarded-For": f"192.0.2.{number}"}))
        for number in range(5)
    ]
    assert [answer.status_code for answer in statuses] == [401, 401, 401, 429, 429]


async def test_what_was_typed_is_nowhere_to_be_read(api, nobody, world, caplog):
    caplog.set_level(logging.DEBUG)
    token = (await sign_in(nobody)).json()["token"]
    await sign_in(nobody, "hunter2-typed-as-name", "wrong-horse-battery")
    await sign_in(nobody, "admin", "wrong-horse-battery")
    await api(None, Authorization=f"Token {token}").get(ME)
    tables = ("users", "tokens", "sign_in_tries", "events", "procrastinate_jobs")
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


async def test_a_hash_of_older_costs_is_made_anew(nobody, world):
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
