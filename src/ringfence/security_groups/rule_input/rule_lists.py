"""A list of rules that somebody asks for, checked against what its group and tenant hold."""

from dataclasses import dataclass

from starlette.requests import Request

from ringfence.database.pool import Connection
from ringfence.errors import Invalid
from ringfence.http.body import read_json
from ringfence.security_groups import queries
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.known_ends import (
    describes_ends,
    ends_of,
    opens,
    referenced_groups,
)
from ringfence.security_groups.rule_input.remote_ends import known_of_stored
from ringfence.security_groups.rule_input.rule_requests import RuleRequest
from ringfence.security_groups.schemas import clean_rules
from ringfence.text.json_value import Json


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules as they are to stand, those that stand, and the groups that are named, by uuid."""

    rules: list[RuleRequest]
    stored: list[RuleRequest]
    remote_groups: dict[str, int]


async def read_rules(request: Request) -> Json:
    """Give the body of a request that has rules; raises `Invalid` for too many of them."""
    body = await read_json(request)
    limit: int = request.app.state.settings.rules_per_request
    count = _count(body)
    if count > limit:
        raise Invalid(
            {"non_field_errors": [f"A request has at most {limit} rules; this one has {count}."]}
        )
    return body


def _count(body: Json) -> int:
    """Count rules: of a list, of a group, or of a list of groups, which count as well."""
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
    """Check a list of rules for the group; raises `Invalid`."""
    stored = await queries.rules_of(connection, group.id)
    groups = await referenced_groups(connection, group.tenant_id, body, stored)
    by_id = {rule.id: rule for rule in stored if rule.id is not None}
    known, ids = known_of_stored(stored, groups.ends), groups.ids
    if not describes_ends(body):
        rules = clean_rules(body, ids, by_id, known)
        if not opens(rules, known):
            return RuleList(rules, stored, ids)
    known, more = await ends_of(connection, group, stored, groups.ends)
    ids |= more
    return RuleList(clean_rules(body, ids, by_id, known), stored, ids)
