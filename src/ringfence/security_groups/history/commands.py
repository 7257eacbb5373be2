"""Rolls a group back to the rules of an earlier version. Name and description stay."""

from collections import Counter
from dataclasses import replace

from ringfence.access.permissions import Actor
from ringfence.clouds.quotas import Growth, require_room
from ringfence.database.pool import Connection, Database
from ringfence.errors import Invalid
from ringfence.http.fields import FieldError, Integer, not_a_dictionary, required_message
from ringfence.security_groups import queries
from ringfence.security_groups.commands import require_allowed_name
from ringfence.security_groups.history.queries import Version, get_version
from ringfence.security_groups.preconditions import Preconditions
from ringfence.security_groups.queries import SecurityGroup
from ringfence.security_groups.rule_input.rule_lists import RuleList, with_stored_ids
from ringfence.security_groups.rule_input.rule_requests import RuleProblem, RuleRequest, key_of
from ringfence.security_groups.rule_input.validation import check_protocol
from ringfence.security_groups.rule_rows import replace_rules
from ringfence.security_groups.rules import RuleKey
from ringfence.security_groups.states import Action
from ringfence.security_groups.transaction_steps import PUSH_AGAIN, SET_RULES, schedule
from ringfence.security_groups.versions import Cause
from ringfence.text.json_value import Json

_NUMBER = Integer(minimum=1, maximum=2_147_483_647)
_STEP = replace(SET_RULES, outcome="rollback has been scheduled", cause=Cause.ROLLBACK)


async def roll_back(
    database: Database,
    actor: Actor,
    group: SecurityGroup,
    body: Json,
    preconditions: Preconditions,
) -> None:
    """Make the rules of the version in the body a new version.

    If they are the present rules of the present version, these are pushed again instead.
    A rule whose remote group was deleted gets the group's backend id. Raises `Invalid`, `NotFound`,
    `Conflict`, `PreconditionFailed`.
    """
    number = _clean_number(body)
    async with database.transaction() as connection:
        group = await preconditions.lock(connection, group, Action.ROLLBACK)
        require_allowed_name(group.name)
        desired = await _rules_of_version(connection, group, number)
        await preconditions.require_plan(connection, group, desired.rules)
        if number == group.version and _is_same(desired):
            await schedule(connection, actor, group, PUSH_AGAIN, {"version": number})
            return
        growth = Growth(rules=len(desired.rules) - len(desired.stored))
        await require_room(connection, group.tenant_id, growth)
        await replace_rules(connection, group.id, desired.rules, desired.remote_groups)
        change = {
            "rules_before": len(desired.stored),
            "rules_after": len(desired.rules),
            "rolled_back_to": number,
        }
        await schedule(connection, actor, group, _STEP, change)


def _is_same(desired: RuleList) -> bool:
    """Whether the rules are those that are stored, in any order."""
    return _contents(desired.rules) == _contents(desired.stored)


def _contents(rules: list[RuleRequest]) -> Counter[tuple[RuleKey, str]]:
    return Counter((key_of(request), request.rule.description) for request in rules)


async def read_version_rules(connection: Connection, group: SecurityGroup, body: Json) -> RuleList:
    """Return the rules that `roll_back` with this body would set. Raises its errors."""
    require_allowed_name(group.name)
    return await _rules_of_version(connection, group, _clean_number(body))


async def _rules_of_version(connection: Connection, group: SecurityGroup, number: int) -> RuleList:
    version = await get_version(connection, group, number)
    _refuse_impossible_rules(version)
    stored = await queries.rules_of(connection, group.id)
    remote_groups = {
        rule.request.rule.remote_group: rule.remote_id
        for rule in version.rules
        if rule.request.rule.remote_group and rule.remote_id
    }
    rules = [replace(rule.request, id=None) for rule in version.rules]
    return RuleList(with_stored_ids(rules, stored), stored, remote_groups)


def _refuse_impossible_rules(version: Version) -> None:
    """Raise `Invalid` for rules that every cloud refuses.

    Rules that only the contract refuses can be restored.
    """
    for number, rule in enumerate(version.rules, start=1):
        try:
            check_protocol(rule.request.rule)
        except RuleProblem as problem:
            raise Invalid(
                {
                    "version": [
                        f"No cloud accepts rule {number} of version {version.number}: {problem}"
                    ]
                }
            ) from None


def _clean_number(body: Json) -> int:
    if not isinstance(body, dict):
        raise Invalid(not_a_dictionary(body))
    if "version" not in body:
        raise Invalid({"version": [required_message(_NUMBER)]})
    try:
        number = _NUMBER.clean(body["version"])
    except FieldError as error:
        raise Invalid({"version": [str(error)]}) from None
    return number or 0
