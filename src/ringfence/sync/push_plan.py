"""What a push of a group would do now: its cloud is read, and nothing is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ringfence.clouds.placement import Placement
from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.neutron.port import CloudError, CloudGroup, CloudRule, GroupNotFound
from ringfence.security_groups import queries
from ringfence.security_groups.carriers import traffic_document
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.security_groups.cloud_state.bindings import CONTESTED
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.states import DEFAULT_NOT_FOUND, NOT_FOUND, State
from ringfence.security_groups.traffic_changes import Note, compare
from ringfence.sync.compare import mark_hidden_remotes, unreadable_notice
from ringfence.sync.drivers import Clouds, require_own
from ringfence.sync.dry_run import Remotes
from ringfence.sync.manual import find_group
from ringfence.sync.plan import GROUP_RECREATED, Changes, plan, rule_from_cloud
from ringfence.text.rule_lines import line_of, remote_of
from ringfence.text.traffic_lines import traffic_lines, traffic_rows

NAMELESS = "without a name"
NOTHING = "nothing: the cloud has the desired rules"
NOTHING_ELSE = "nothing else: the rest is as desired"

_NO_CHANGES = Changes((), (), (), ())


@dataclass(frozen=True, slots=True)
class PushPlan:
    """The calls of a push, what they open and close, and what is said beside them."""

    notices: Sequence[str] = ()
    changes: Changes = _NO_CHANGES
    traffic: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Return the plan as lines: rules in the order of the calls, then what they do."""
        rules = [f"{sign} {line_of(rule)}" for sign, rule in self._calls()]
        traffic = traffic_lines(self.traffic) if rules else ()
        return [*self.notices, *rules, *traffic]

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Yield the same rules as rows, and what opens and closes."""
        names = {"-": "removed", "+": "added"}
        for sign, rule in self._calls():
            yield {**rule, "change": names[sign], "remote": remote_of(rule)}
        yield from traffic_rows(self.traffic)

    def _calls(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        changes = self.changes
        yield from (("-", _shown(rule)) for rule in changes.remove_before)
        yield from (("+", _shown(rule)) for rule in changes.add)
        yield from (("-", _shown(rule)) for rule in changes.remove_after)


async def plan_push(database: Database, named: str, tenant: str | None = None) -> PushPlan:
    """Return the plan of a push of a group now. Raises `OperatorError`."""
    local, placement = await find_group(database, named, tenant)
    async with database.connection() as connection:
        desired = await lifecycle.desired_rules(connection, local.id)
    if desired.deleted_remotes or desired.pending_remotes:
        [name, *_] = (*desired.deleted_remotes, *desired.pending_remotes)
        return PushPlan([f"nothing: a rule names {name}, which is not in the cloud"])
    observed = await _observed(database, local, placement)
    if observed is None:
        notices = [_missing(local)] if local.backend_id else _creation(local)
        rules: Sequence[CloudRule] = ()
    else:
        observed = mark_hidden_remotes(observed, desired.rules)
        notices = [unreadable_notice(observed)] if observed.unreadable else []
        rules = observed.rules
    changes = plan(desired.rules, rules)
    if not changes.needed and observed is not None:
        return PushPlan([*notices, NOTHING_ELSE] if notices else [NOTHING])
    before = [rule_from_cloud(rule) for rule in rules]
    unreadable = [Note.RULES_UNREADABLE] if observed is not None and observed.unreadable else []
    async with database.connection() as connection:
        remotes = Remotes(await queries.remotes_of_tenant(connection, placement.tenant_id))
    traffic = await traffic_document(
        database,
        (local.id, placement.tenant_id),
        lambda: compare(before, desired.rules, unreadable),
        remotes.names,
    )
    return PushPlan(notices, changes, traffic)


async def _observed(
    database: Database, local: LocalGroup, placement: Placement
) -> CloudGroup | None:
    """Return the group as the cloud has it now; `None` if it has not."""
    if not local.backend_id:
        return None
    clouds = Clouds(database)
    try:
        return require_own(placement, await clouds.of(placement).get_group(local.backend_id))
    except GroupNotFound:
        return None
    except CloudError as error:
        raise OperatorError(f"tenant {placement.tenant_name}: {error}") from None
    finally:
        await clouds.close()


def _creation(local: LocalGroup) -> list[str]:
    _, contested, rest = local.error_message.partition(CONTESTED)
    return [*([f"{contested}{rest}"] if contested else ()), "create the group"]


def _missing(local: LocalGroup) -> str:
    is_marked = local.state is State.ERRED and local.error_message in {NOT_FOUND, DEFAULT_NOT_FOUND}
    now = "create the group" if is_marked else "nothing yet: a pull marks the group as not found"
    return f"{now}. {GROUP_RECREATED}"


def _shown(cloud_rule: CloudRule) -> Mapping[str, Any]:
    """Return a rule as a row; a remote without a name never reads like any address."""
    rule: Rule = rule_from_cloud(cloud_rule)
    shown = asdict(rule)
    if rule.remote_group is not None:
        shown["remote_group"] = rule.remote_group or NAMELESS
    if rule.remote_address_group is not None:
        shown["remote_address_group_backend_id"] = rule.remote_address_group or NAMELESS
    return shown
