"""Invalid input: the right 4xx, nothing stored, never a 500."""

import asyncio
import itertools
import json

import pytest
from tests.contract.paths import GROUPS, a_rule, group_at, tenant_at

JSON = {"Content-Type": "application/json"}
DEEP = 10_000


def nested(depth):
    return b"[" * depth + b"]" * depth


def as_name(value):
    return b'{"name": ' + value + b"}"


def as_rules(key, value):
    rule = json.dumps(a_rule() | {key: "HERE"}).encode()
    return b"[" + rule.replace(b'"HERE"', value) + b"]"


HOSTILE = {
    "nested deep": nested(DEEP),
    "nested deep in an object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "nested as deep as can be read": nested(900),
    "nested as deep as can be written": nested(300),
    "invalid UTF-8": b'"\xff\xfe"',
    "an overlong slash": b'"\xc0\xaf"',
    "an encoded surrogate": b'"\xed\xa0\x80"',
    "an unpaired surrogate": b'"\\ud800"',
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "a number beyond floats": b"1e999",
    "a long integer": b"1" * 4000,
    "an integer too long to read": b"1" * 100_000,
    "a negative long integer": b"-" + b"9" * 4000,
    "NUL": b'"a\\u0000b"',
    "a raw NUL": b'"a\x00b"',
    "a raw control character": b'"a\x01b"',
    "a byte order mark": b'\xef\xbb\xbf"x"',
    "an object": b'{"a": {"b": []}}',
    "a long string": b'"' + b"x" * 500_000 + b'"',
    "true": b"true",
    "nothing": b"",
}
# Waldur accepts any number as a name.
NAMES = {"a number beyond floats"}
KEYS = ["ethertype", "direction", "protocol", "from_port", "cidr", "description", "remote_group"]


async def nothing_stored(world):
    changed = "SELECT count(*) FROM security_groups WHERE state <> 'OK' OR name <> 'web'"
    assert await world.value(changed) == 0
    assert await world.value("SELECT count(*) FROM security_group_rules") == 0
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 0


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_value_is_a_400_wherever_it_stands(client, world, what):
    group = await world.group()
    value = HOSTILE[what]
    bodies = [(path, value) for path in ("", "set_rules/")] if value else []
    bodies += [("set_rules/", as_rules(key, value)) for key in (*KEYS, "id")]
    if what not in NAMES:
        bodies.append(("", as_name(value)))
    if what in NAMES:
        bodies = [entry for entry in bodies if b'"description": 1e999' not in entry[1]]
    for action, content in bodies:
        method = "POST" if action else "PUT"
        response = await client.request(
            method, group_at(group, action), content=content, headers=JSON
        )
        assert response.status_code == 400, (action, content[:120], response.text[:300])
        response.json()
    creation = tenant_at(world.tenant_uuid, "create_security_group/")
    for content in (value or b"{", b'{"name": "x", "rules": ' + value + b"}"):
        response = await client.post(creation, content=content, headers=JSON)
        assert response.status_code == 400, content[:120]
    await nothing_stored(world)


async def test_lists_within_lists_are_a_400_however_deep(client, world):
    group = await world.group()
    for key, depth in itertools.product(
        ("protocol", "ethertype", "id", "cidr"), range(100, 1000, 100)
    ):
        response = await client.post(
            group_at(group, "set_rules/"), content=as_rules(key, nested(depth)), headers=JSON
        )
        assert response.status_code == 400
        response = await client.post(
            tenant_at(world.tenant_uuid, "create_security_group/"),
            content=b'{"name": "x", "rules": ' + as_rules("id", nested(depth)) + b"}",
            headers=JSON,
        )
        assert response.status_code == 400


async def test_a_body_beyond_a_mebibyte_is_a_413_and_nothing_is_stored(client, world):
    group = await world.group()
    large = b'{"name": "' + b"x" * 2_000_000 + b'"}'

    async def in_pieces():
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    for content in (large, in_pieces()):
        response = await client.put(group_at(group), content=content, headers=JSON)
        assert response.status_code == 413
        assert list(response.json()) == ["detail"]
    await nothing_stored(world)


@pytest.mark.usefixtures("world")
async def test_a_thousand_field_parameters_are_accepted(client):
    response = await client.get(f"{GROUPS}?{'field&' * 1000}field=name")
    assert response.status_code == 200


@pytest.mark.usefixtures("world")
async def test_odd_queries_never_return_a_500(client):
    for query in (
        *("%FF=%FE", "name=%FF%FE", "name=%ED%A0%80", "name=%00", "&&&=&", "page=%00", "o=%00"),
        *("page_size=%00", "can_manage=%00", "state=%00", "uuid=%00", "tenant=%00", "field=%00"),
        *("tenant=http://[", "tenant=//%5B", f"name={'x' * 60_000}", "query=%25%5C%5F"),
        *("page=9999999999999", "page_size=-9223372036854775809", "=", "name", "o=name%00"),
        *(f"uuid={'0' * 60_000}", "page=1&page=%E2%82%AC", "external_ip=%F0%9F%98%80"),
        "&".join(f"state={state}" for state in ["OK"] * 5000),
    ):
        for method in ("GET", "HEAD"):
            response = await client.request(method, f"{GROUPS}?{query}")
            assert response.status_code in {200, 400, 404}, query[:100]


async def test_a_client_that_disconnects_during_its_body_is_no_error_and_changes_nothing(
    app, world, caplog
):
    group = await world.group()
    messages = [
        {"type": "http.request", "body": b'{"name": "new"}', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    headers = {"host": "x", "authorization": "Token admin-token"} | JSON
    scope = {
        "type": "http",
        "method": "PUT",
        "path": group_at(group),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    # A client that stops sending receives the reason.
    assert [message.get("status") for message in sent] == [400, None]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    await nothing_stored(world)


async def test_a_body_that_does_not_arrive_in_time_is_a_408(app, client, world):
    group = await world.group()
    app.state.settings = app.state.settings.model_copy(update={"body_seconds": 0.1})

    async def slow():
        yield b'{"name": '
        await asyncio.sleep(30)

    response = await client.put(group_at(group), content=slow(), headers=JSON)
    assert response.status_code == 408
    assert response.json() == {"detail": "The request body did not arrive within 0.1 seconds."}
    await nothing_stored(world)


async def test_ten_thousand_rules_never_return_a_500(app, client, world):
    group = await world.group()
    app.state.settings = app.state.settings.model_copy(update={"rules_per_request": 10_000})
    rules = [{"from_port": port, "to_port": port, "protocol": "tcp"} for port in range(1, 10_001)]
    response = await client.post(group_at(group, "set_rules/"), json=rules)
    assert response.status_code == 200
    assert len((await client.get(group_at(group))).json()["rules"]) == 10_000


async def test_hints_are_sent_in_a_header_beside_waldurs_unchanged_words(client, world):
    group = await world.group()
    body = [a_rule(), a_rule(protocol="TCP"), a_rule(to_port=None)]
    for action in ("set_rules", "plan"):
        response = await client.post(group_at(group, f"{action}/"), json=body)
        assert response.status_code == 400
        assert response.json() == [
            {},
            {"protocol": ['"TCP" is not a valid choice.']},
            {"to_port": ["Empty value is not allowed."]},
        ]
        hints = json.loads(response.headers["Ringfence-Hint"])
        assert hints["protocol"].endswith("Did you mean tcp?")
        assert "-1 in both" in hints["to_port"]
    listed = await client.get(GROUPS, params={"state": "ACTIVE"})
    assert listed.json() == {
        "state": ["Select a valid choice. ACTIVE is not one of the available choices."]
    }
    assert "Allowed: UPDATE_SCHEDULED, UPDATING, OK" in listed.headers["Ringfence-Hint"]
