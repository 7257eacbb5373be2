"""A list of rules that somebody asks for, checked against what its group and tenant hold."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from ringfence.database.pool import Connection
from ringfence.errors import Invalid
from ringfence.http.body import read_json
from ringfence.security_groups import queries
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.schemas import RuleRequest, clean_rules, remote_groups_named


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules as they are to stand, those that stand, and the groups that are named, by uuid."""

    rules: list[RuleRequest]
    stored: list[RuleRequest]
    named: dict[str, int]


async def read_rules(request: Request) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Give the body of a request that has rules; raises `Invalid` for too many of them."""
    body = await read_json(request)
    limit: int = request.app.state.settings.rules_per_request
    count = _count(body)
    if count > limit:
        raise Invalid(
            {"non_field_errors": [f"A request has at most {limit} rules; this one has {count}."]}
        )
    return body


def _count(body: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    """Count rules: of a list, of a group, or of a list of groups, which count as well."""
    if isinstance(body, list):
        return len(body) + sum(map(_rules_in, body))
    return _rules_in(body)


def _rules_in(group: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    rules = group.get("rules") if isinstance(group, dict) else None
    return len(rules) if isinstance(rules, list) else 0


async def read_rule_list(
    connection: Connection,
    group: SecurityGroup,
    body: Any,  # noqa: ANN401 - whatever JSON holds
) -> RuleList:
    """Check a list of rules for the group; raises `Invalid`."""
    stored = await queries.rules_of(connection, group.id)
    named = await queries.groups_of_tenant(
        connection, group.tenant_id, sorted(remote_groups_named(body))
    )
    # A rule that is kept may name its group without saying it again.
    standing = {rule.rule.remote_group for rule in stored if rule.rule.remote_group}
    named |= await queries.groups_of_tenant(connection, group.tenant_id, sorted(standing))
    by_id = {rule.id: rule for rule in stored if rule.id is not None}
    return RuleList(clean_rules(body, named, by_id), stored, named)
