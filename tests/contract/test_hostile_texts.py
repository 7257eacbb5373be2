"""Texts that JSON allows and PostgreSQL does not: no position in a body passes them to SQL."""

import json

import pytest
from tests.contract.paths import a_rule
from tests.contract.test_unknown_names import CHANGING, body_of, path_of

from ringfence.security_groups.rule_input.rule_keys import KNOWN_KEYS

__all__ = ["path_of"]

TEXTS = ("\ud800", "a\udfffb", "a\x00b")
WITH_BODY = [operation for operation in CHANGING if body_of(operation) is not None]
# The rules that are sent: a remote in every key, so that each is read.
RULE = a_rule(cidr=None, direction="ingress", ethertype="IPv4", description="x")


def positions(body, path=()):
    """Every position in a body: of a value or of a key."""
    yield path, False
    if isinstance(body, dict):
        for key, value in body.items():
            yield (*path, key), True
            yield from positions(value, (*path, key))
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from positions(value, (*path, index))


def changed(body, path, text, is_key):
    """The body with a text at that position."""
    if not path:
        return text
    first, *rest = path
    entries = dict(body) if isinstance(body, dict) else list(body)
    if is_key and not rest:
        entries[text] = entries.pop(first)
    else:
        entries[first] = changed(body[first], rest, text, is_key)
    return entries


def rich(operation):
    """The bodies of an operation, one for each key that its rules accept."""
    body = body_of(operation)
    if "rules" not in json.dumps(body) and body != [a_rule()]:
        return [body]
    rules = [[RULE | {key: RULE.get(key, "x")}] for key in sorted(KNOWN_KEYS)]
    if body == [a_rule()]:
        return rules
    if isinstance(body, list):
        return [[{"name": "db", "description": "x", "uuid": "x", "rules": one}] for one in rules]
    return [{"name": "db", "description": "x", "rules": one} for one in rules]


@pytest.mark.parametrize("operation", WITH_BODY, ids=[each.id for each in WITH_BODY])
async def test_a_text_that_postgresql_rejects_is_never_an_internal_error(
    api,
    path_of,
    operation,
):
    client, path = api("staff"), path_of(operation)
    tried = set()
    for body in rich(operation):
        for position, is_key in positions(body):
            if (position, is_key) in tried:
                continue
            tried.add((position, is_key))
            for text in TEXTS:
                response = await client.request(
                    operation.method,
                    path,
                    content=json.dumps(changed(body, position, text, is_key)).encode(),
                    headers={"Content-Type": "application/json"},
                )
                assert response.status_code < 500, (position, text, response.text)
