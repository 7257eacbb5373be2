"""A request for a dry run or a condition is never ignored."""

import gzip
import json

import pytest
from tests.contract.paths import GROUPS, a_rule, group_at
from tests.contract.test_unknown_names import everything

from ringfence.app import OPERATIONS
from ringfence.http.unknown_names.check import own_parameters
from ringfence.http.unknown_names.guards import CONTAINED, header_meaning, meaning_of
from ringfence.http.unknown_names.spelling import plain

# Each with the parameter or the header that the client meant.
QUERIES = {
    "dry_run_only=true": "dry_run",
    "dryrun_mode=1": "dry_run",
    "with_dry_run": "dry_run",
    "dry_run_enabled=true": "dry_run",
    "options.dry_run=true": "dry_run",
    "params[dry_run]=true": "dry_run",
    "run_dry=1": "dry_run",
    "dry=1": "dry_run",
    "dry_run:true": "dry_run",
    "dry_run%3Dtrue": "dry_run",
    "x=1;dry_run=true": "dry_run",
    "options=dry_run": "dry_run",
    "options=--dry-run": "dry_run",
    "preview=true": "dry_run",
    "simulate": "dry_run",
    "check_mode=yes": "dry_run",
    "validate_only=true": "dry_run",
    "noop=1": "dry_run",
    "what_if": "dry_run",
    "commit=false": "dry_run",
    "dry_run" + "_" * 130 + "=true": "dry_run",
    "_" * 3000 + "dry_rn=true": "dry_run",
    "a" * 500 + "dry_run=true": "dry_run",
    "plan_hash=1.a": "plan_token",
    "the_plan_token=1.a": "plan_token",
    "x=1;plan_token=1.a": "plan_token",
    "detach_ports=true": "detach",
    "if_match=x": "If-Match",
    "etag=v1": "If-Match",
    "idempotency_key=k": "Idempotency-Key",
}
HEADERS = {
    "Dry-Run": "dry_run",
    "X-Dry-Run": "dry_run",
    "dry_run": "dry_run",
    "X-Ringfence-Dry-Run-Only": "dry_run",
    "X-Check-Mode": "dry_run",
    "Plan-Token": "plan_token",
    "X-Plan-Token": "plan_token",
    "If_Match": "If-Match",
    "IfMatch": "If-Match",
    "X-If-Match": "If-Match",
    "If-Matches": "If-Match",
    "If-Macth": "If-Match",
    "If-None-Match": "If-Match",
    "If-Unmodified-Since": "If-Match",
    "If": "If-Match",
    "Idempotency_Key": "Idempotency-Key",
    "IdempotencyKey": "Idempotency-Key",
    "Idempotency-Keys": "Idempotency-Key",
    "X-Idempotency-Key": "Idempotency-Key",
    "Idempotency-Token": "Idempotency-Key",
    "Idempotancy-Key": "Idempotency-Key",
}
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="dry_run"\r\n\r\ntrue\r\n--x--\r\n'
REFUSED_BODIES = (
    b'"{\\"dry_run\\": true}"',
    b'"dry_run=true"',
    b'[["dry_run",true]]',
    b"{'dry_run': True}",
    b'\xef\xbb\xbf{"dry_run": true}',
    b'{"dry_run": true,}',
    '{"dry_run": true}'.encode("utf-16"),
    '{"dry_run": true}'.encode("utf-32-be"),
    b'{"a": 1}\n{"dry_run": true}',
    b"dry_run: true",
    b"<dry_run>true</dry_run>",
    b"<DryRun/>",
    MULTIPART,
    b'{"options":{"dry_run":true}}',
    b'{"a": [[{"b": {"dry-run": null}}]]}',
    b'[{"a": {"d\\u0072y_run": true}}]',
    b'{"options": ["--dry-run"]}',
    b'{"mode": "dry_run"}',
    b'{"preview": true}',
    b"x=1;dry_run=true",
    b"options=dry_run",
    b"dr_run=true",
    b"dry%5Frun=true",
    b"plan token: 1.a",
    b"DETACH",
    b'{"x": {"plan_token": "1.a"}}',
)
TOLERATED_BODIES = {
    b"": None,
    b" \r\n": None,
    b"{}": None,
    b"[]": None,
    b"null": None,
    b'{"force": true, "x": {"y": 1}}': "ignored body keys: force, x",
    b"force=true": "ignored body keys: force",
    b"token: s3cr3t-value": "ignored the body",
    b"{'password': 's3cr3t-value'}": "ignored the body",
    b'"s3cr3t-value"': "ignored the body",
    b"s3cr3t-value": "ignored the body",
    b"czNjcjN0LXZhbHVl=": "ignored the body",
    b"s3cr3t-value==": "ignored the body",
    b"[1, 2]": "ignored the body",
    b"[" * 100_000: "ignored the body",
    b"1" * 5000: "ignored the body",
    b"\x00\xff s3cr3t-value": "ignored the body",
    b'{"token: s3cr3t-value": 1, "k": 2}': "ignored body keys: k, 1 (unnamed)",
}


def test_every_parameter_of_ours_that_a_change_has_is_known_within_other_words():
    of_changes = own_parameters(each for each in OPERATIONS if each.changes)
    assert {plain(name) for name in of_changes} <= set(CONTAINED)


def test_no_name_of_an_operation_is_taken_for_a_condition():
    for operation in OPERATIONS:
        for name in {each.name for each in operation.in_query} | set(operation.undeclared):
            assert meaning_of(name) in {None, name}, name


def test_no_usual_header_is_taken_for_a_condition():
    usual = (
        "Accept Accept-Encoding Accept-Language Authorization Cache-Control Connection "
        "Content-Length Content-Type Cookie DNT Forwarded Host Idempotency-Key If-Match "
        "If-Modified-Since If-Range Origin Pragma Prefer Priority Range Referer Sec-Fetch-Mode "
        "TE Traceparent Tracestate Upgrade-Insecure-Requests User-Agent Via X-CSRFToken "
        "X-Forwarded-For X-Real-Ip X-Request-Id X-Requested-With X-Amzn-Trace-Id CF-Ray "
        "Sentry-Trace Baggage X-B3-Sampled X-Envoy-Attempt-Count X-Http-Method-Override"
    )
    for name in usual.split():
        assert header_meaning(name.lower().encode()) is None, name


async def test_a_query_with_a_condition_is_refused(client, world):
    group = await world.group()
    before = await everything(world)
    for path in (group_at(group), group_at(group, "pull/")):
        method = "DELETE" if path == group_at(group) else "POST"
        for query, meant in QUERIES.items():
            response = await client.request(method, f"{path}?{query}")
            assert response.status_code == 400, (query, response.text)
            assert meant in response.text, (query, response.text)
    for query, meant in QUERIES.items():
        path = group_at(group, f"set_rules/?{query}")
        response = await client.post(path, json=[a_rule()])
        assert response.status_code == 400, query
        assert meant in response.text, (query, response.text)
    assert await everything(world) == before
    response = await client.post(group_at(group, "pull/?test=1&force=laundry"))
    assert (response.status_code, response.headers["Warning"]) == (
        202,
        '299 - "ignored query parameters: test, force"',
    )


async def test_a_read_ignores_words_for_conditions(client, world):
    group = await world.group()
    headers = dict.fromkeys(("Dry-Run", "If_Match", "X-Idempotency-Key"), "x")
    for path in (GROUPS, group_at(group)):
        response = await client.get(f"{path}?preview=true&x=dry_run", headers=headers)
        assert response.status_code == 200


async def test_a_header_with_a_condition_is_refused(client, world):
    group = await world.group()
    before = await everything(world)
    sent = [((name, "x"), meant) for name, meant in HEADERS.items()]
    sent += [(("Prefer", "wait=5, Dry-Run"), "dry_run")]
    for header, meant in sent:
        for method, path, body in (
            ("DELETE", group_at(group), None),
            ("PATCH", group_at(group), {"description": "z"}),
            ("POST", group_at(group, "set_rules/"), [a_rule()]),
        ):
            response = await client.request(method, path, json=body, headers=dict([header]))
            assert response.status_code == 400, (header, response.text)
            assert meant in response.text, (header, response.text)
            assert "nothing was done" in response.text
    assert await everything(world) == before
    headers = {"If-Match": "*", "Idempotency-Key": "k", "If-Modified-Since": "x", "Prefer": "wait"}
    assert (await client.post(group_at(group, "pull/"), headers=headers)).status_code == 202


async def test_an_unused_body_with_a_name_of_ringfence_is_refused(client, world):
    group = await world.group()
    before = await everything(world)
    for content in REFUSED_BODIES:
        for more in ({}, {"Content-Type": "application/json"}):
            response = await client.request(
                "DELETE", group_at(group), content=content, headers=more
            )
            assert response.status_code == 400, (content, response.text)
    assert await everything(world) == before


@pytest.mark.parametrize("content", TOLERATED_BODIES, ids=lambda body: repr(body[:40]))
async def test_the_error_repeats_no_text_of_an_unused_body(client, world, content):
    group = await world.group()
    headers = {"Idempotency-Key": "k"}
    path = group_at(group, "pull/")
    first = await client.post(path, content=content, headers=headers)
    again = await client.post(path, content=content, headers=headers)
    said = TOLERATED_BODIES[content]
    for response in (first, again):
        assert response.status_code == 202, response.text
        assert response.headers.get("Warning") == (said and f'299 - "{said}"')
    assert "s3cr3t" not in await world.value("SELECT headers::text FROM idempotency_keys")


async def test_a_packed_body_of_a_change_is_refused(client, world):
    group = await world.group()
    before = await everything(world)
    packed = gzip.compress(json.dumps({"dry_run": True}).encode())
    for headers in ({"Content-Encoding": "gzip"}, {"Content-Encoding": "identity, br"}, {}):
        response = await client.request("DELETE", group_at(group), content=packed, headers=headers)
        assert response.status_code == 415, headers
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    response = await client.patch(group_at(group), content=packed, headers=headers)
    assert response.status_code == 415
    assert await everything(world) == before
    headers["Content-Encoding"] = "Identity"
    response = await client.patch(group_at(group), content=b'{"name": "z"}', headers=headers)
    assert response.status_code == 200


async def test_keys_within_ignored_values_are_checked(client, world):
    group = await world.group()
    before = await everything(world)
    for more in ({"options": {"dry_run": True}}, {"a": [{"b": {"planToken": ""}}]}, {"noop": 1}):
        response = await client.patch(group_at(group), json={"description": "z"} | more)
        assert response.status_code == 400, more
    assert await everything(world) == before
    body = {"description": "dry_run", "project_name": "dry-run", "a": {"b": "detached"}}
    assert (await client.patch(group_at(group), json=body)).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json;versoin=2026-10", 406),
        ("application/json; Versions=2026-10", 406),
        ("application/json; api-version=2026-10", 406),
        ("application/json; v=2026-10", 406),
        ("application/json; version=2026-10; versoin=2025-11", 406),
        ("*/*; vresion=2026-10", 406),
        ("application/json; q=0.9; charset=utf-8; indent=4", 202),
        ("application/json; versoin=2026-10, */*", 202),
    ],
)
async def test_a_misspelt_version_is_not_the_default(client, world, accept, status):
    path = group_at(await world.group(), "pull/")
    assert (await client.post(path, headers={"Accept": accept})).status_code == status


@pytest.mark.usefixtures("world")
async def test_the_links_of_a_list_are_bounded(client):
    response = await client.get(f"{GROUPS}?query={'x' * 7000}")
    assert response.status_code == 200
    assert len(response.headers["Link"]) < 33_000
    for query in ("query=" + "x" * 27_000, "query=" + "%5B" * 3000, "x=" + "[" * 3000):
        response = await client.get(f"{GROUPS}?{query}")
        assert response.status_code == 400, response.headers
        assert "8192" in response.text
