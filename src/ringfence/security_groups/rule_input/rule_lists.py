"""Reads a submitted list of rules, and checks it against its group and tenant."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request

from ringfence.database.pool import Connection
from ringfence.errors import Invalid
from ringfence.http.body import read_json
from ringfence.security_groups import queries
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.known_ends import (
    any_needs_known_ends,
    load_known_ends,
    opens_a_rule,
    referenced_groups,
)
from ringfence.security_groups.rule_input.remote_ends import known_ends_of
from ringfence.security_groups.rule_input.rule_requests import RuleRequest, key_of
from ringfence.security_groups.schemas import clean_rules
from ringfence.text.json_value import Json


@dataclass(frozen=True, slots=True)
class RuleList:
    """The desired and the stored rules of a group.

    `remote_groups` maps the UUIDs of the groups that the rules reference to ids of rows.
    """

    rules: list[RuleRequest]
    stored: list[RuleRequest]
    remote_groups: dict[str, int]


async def read_rules(request: Request) -> Json:
    """Return the body of a request with rules; raises `Invalid` if there are too many of them."""
    body = await read_json(request)
    limit: int = request.app.state.settings.rules_per_request
    count = _count(body)
    if count > limit:
        raise Invalid(
            {"non_field_errors": [f"A request has at most {limit} rules; this one has {count}."]}
        )
    return body


def _count(body: Json) -> int:
    """Count the rules in a list, a group, or a list of groups. Listed groups count as well."""
    if isinstance(body, list):
        return len(body) + sum(map(_rules_in, body))
    return _rules_in(body)


def _rules_in(group: Json) -> int:
    rules = group.get("rules") if isinstance(group, dict) else None
    return len(rules) if isinstance(rules, list) else 0


async def read_rule_list(
    connection: Connection,
    group: SecurityGroup,
    body: Json,
) -> RuleList:
    """Return the desired rules of a group from a request body; raises `Invalid`."""
    stored = await queries.rules_of(connection, group.id)
    groups = await referenced_groups(connection, group.tenant_id, body, stored)
    by_id = {rule.id: rule for rule in stored if rule.id is not None}
    known, ids = known_ends_of(stored, groups.ends), groups.ids
    if not any_needs_known_ends(body):
        rules = clean_rules(body, ids, by_id, known)
        if not opens_a_rule(rules, known):
            return RuleList(with_stored_ids(rules, stored), stored, ids)
    known, more_ids = await load_known_ends(connection, group, stored, groups.ends)
    ids |= more_ids
    rules = clean_rules(body, ids, by_id, known)
    return RuleList(with_stored_ids(rules, stored), stored, ids)


def with_stored_ids(
    rules: Sequence[RuleRequest], stored: Sequence[RuleRequest]
) -> list[RuleRequest]:
    """Return the rules, those without an id with that of a stored rule that admits the same.

    Its row stays, whatever its description is now.
    """
    taken = {rule.id for rule in rules if rule.id is not None}
    ids = {key_of(rule): rule.id for rule in stored if rule.id not in taken}
    return [
        replace(rule, id=ids.pop(key_of(rule), None)) if rule.id is None else rule for rule in rules
    ]
