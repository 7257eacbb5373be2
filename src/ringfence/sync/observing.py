"""From what a cloud said to what is kept of it, and back."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from operator import attrgetter

from ringfence.clouds import queries as tenants
from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection, Database
from ringfence.neutron.port import CloudGroup, CloudRule, UnreadableRule
from ringfence.neutron.read_rule import ADDRESS_GROUP
from ringfence.security_groups.cloud_state import drift, observations
from ringfence.security_groups.cloud_state.observations import MISSING, LastObservation, Observation
from ringfence.security_groups.cloud_state.refresh import GroupDiff
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.cloud_state.statefulness import adopt_stateful, tell_stateful
from ringfence.security_groups.cloud_state.unreadable import BEGINNING, says_unreadable
from ringfence.security_groups.rules import Rule, canonical
from ringfence.security_groups.states import State
from ringfence.sync.plan import rule_from_cloud

GROUPS_A_TRANSACTION = 200
# How many rules that cannot be read are named
SHOWN = 3

_VALUES = attrgetter(*CloudRule.__dataclass_fields__)
_IN_ORDER = attrgetter("id")

Seen = tuple[GroupDiff, CloudGroup]


def observation_of(group_id: int, found: CloudGroup, drift: str = "") -> Observation:
    """Give a look at a group as it is kept; rules in the order of their ids."""
    return Observation(
        security_group_id=group_id,
        name=found.name,
        description=found.description,
        rules=[asdict(rule) for rule in sorted(found.rules, key=_IN_ORDER)],
        unreadable=[asdict(rule) for rule in found.unreadable],
        revision_number=found.revision_number,
        stateful=found.stateful,
        digest=digest_of(found),
        drift_digest=drift,
    )


def said_of_unreadable(found: CloudGroup) -> str:
    """Return what is said of the group's rules that cannot be read; empty where all can be."""
    if not found.unreadable:
        return ""
    shown = [f"{rule.id or 'one without id'}: {rule.reason}" for rule in found.unreadable[:SHOWN]]
    more = len(found.unreadable) - len(shown)
    named = "; ".join(shown) + (f"; and {more} more" if more else "")
    return (
        f"{BEGINNING} ({named}). They are left as they are: correct or delete them in the cloud, "
        "then pull the group."
    )


def notice_of_unreadable(found: CloudGroup) -> str:
    """Return what a plan of the group says of them; empty where all rules can be read."""
    said = said_of_unreadable(found)
    return said and f"{said} Until then every change of the group ends as ERRED."


def with_hidden_ends(found: CloudGroup, known: Iterable[Rule]) -> CloudGroup:
    """Return the group with each rule as unreadable whose address group is not told any more.

    Such a rule reads like one that is open to any address, and equals a known one of an address
    group in everything else.
    """
    if found.tells_address_groups:
        return found
    ends = {
        canonical(replace(rule, remote_address_group=None))
        for rule in known
        if rule.remote_address_group is not None
    }
    hidden = [rule for rule in found.rules if canonical(rule_from_cloud(rule)) in ends]
    reason = f"{ADDRESS_GROUP} is missing"
    return replace(
        found,
        rules=tuple(rule for rule in found.rules if rule not in hidden),
        unreadable=(*found.unreadable, *(UnreadableRule(rule.id, reason) for rule in hidden)),
    )


def missing(local: LocalGroup) -> Observation:
    """Give the look at a group that the cloud does not have any more."""
    return Observation(
        local.id, local.name, local.description, [], 0, MISSING, MISSING, missing=True
    )


def digest_of(found: CloudGroup) -> str:
    """Give a digest of all that a cloud says of a group, whatever the order of its rules.

    The revision alone would not do: Neutron drops rules silently with the group that they name.
    """
    rules = [_VALUES(rule) for rule in sorted(found.rules, key=_IN_ORDER)]
    unreadable = sorted((rule.id, rule.reason) for rule in found.unreadable)
    about = (found.name, found.description, found.revision_number, found.stateful)
    return _digest((about, rules, unreadable))


def is_otherwise_stateful(*, desired: bool | None, observed: bool | None) -> bool:
    """Return whether both are known and differ."""
    return desired is not None and observed is not None and desired is not observed


def drift_of(refresh: GroupDiff, found: CloudGroup) -> str:
    """Return a digest of how the cloud differs from what is desired; empty where it does not."""
    lasting = lasting_drift(found, stateful=refresh.local.stateful)
    if not refresh.is_change:
        return lasting
    about = (refresh.local.name, refresh.name, refresh.local.description, refresh.description)
    renamed = (*about, lasting)
    added = sorted(map(repr, refresh.add))
    dropped = sorted(repr(stored.rule) for stored in refresh.drop)
    return _digest((renamed, added, dropped))


def lasting_drift(found: CloudGroup, *, stateful: bool | None) -> str:
    """Return a digest of the drift that no push ends; empty where there is none.

    That is rules that cannot be read, and a group that is otherwise stateful than desired.
    """
    unreadable = said_of_unreadable(found)
    otherwise = is_otherwise_stateful(desired=stateful, observed=found.stateful)
    return _digest((unreadable, found.stateful)) if unreadable or otherwise else ""


def is_adopted(refresh: GroupDiff) -> bool:
    """Whether what the cloud has is taken over: unless another mode says so, or work is unsent."""
    return refresh.local.drift_mode is DriftMode.ADOPT and not refresh.local.is_outstanding


async def observe(
    database: Database, placement: Placement, seen: Sequence[Seen], at: datetime | None
) -> int:
    """Keep what is new of what the cloud said at `at`, or now, after adoptable groups took it over.

    Gives how many groups differ, and otherwise than before, whose mode says that this is told.
    """
    async with database.connection() as connection:
        digests = await observations.digests(connection, placement.tenant_id)
    new = list(_news(seen, digests))
    told = 0
    for start in range(0, len(new), GROUPS_A_TRANSACTION):
        chunk = new[start : start + GROUPS_A_TRANSACTION]
        async with database.transaction() as connection:
            await tenants.lock(connection, placement.tenant_id)
            written = await observations.write(connection, [look for _, look in chunk], at)
            drifted = [
                refresh
                for refresh, look in chunk
                if look.security_group_id in written and _is_told(refresh, look, digests)
            ]
            await drift.report_drift(connection, placement, drifted)
            otherwise = [
                (refresh, look)
                for refresh, look in chunk
                if look.security_group_id in written
                and is_otherwise_stateful(desired=refresh.local.stateful, observed=look.stateful)
            ]
            await _settle_stateful(connection, placement, otherwise, digests)
            told += len(drifted)
    return told


async def _settle_stateful(
    connection: Connection,
    placement: Placement,
    otherwise: Sequence[tuple[GroupDiff, Observation]],
    digests: Mapping[int, tuple[str, str]],
) -> None:
    adopted = [
        (refresh.local, bool(look.stateful)) for refresh, look in otherwise if is_adopted(refresh)
    ]
    kept = [
        (refresh.local, bool(look.stateful))
        for refresh, look in otherwise
        if not is_adopted(refresh)
        and digests.get(refresh.local.id, ("", ""))[1] != look.drift_digest
    ]
    await adopt_stateful(connection, placement, adopted)
    await tell_stateful(connection, placement, kept)


def _news(
    seen: Iterable[Seen], digests: Mapping[int, tuple[str, str]]
) -> Iterator[tuple[GroupDiff, Observation]]:
    for refresh, group in seen:
        # A group with a rule that cannot be read is never known to be as desired.
        is_equal = is_adopted(refresh) and not refresh.unreadable
        drift = "" if is_equal else drift_of(refresh, group)
        if digests.get(refresh.local.id) != (digest_of(group), drift):
            yield refresh, observation_of(refresh.local.id, group, drift)


def _is_told(refresh: GroupDiff, look: Observation, digests: Mapping[int, tuple[str, str]]) -> bool:
    # Rules that cannot be read have an event of their own, and so has `stateful`.
    if not refresh.is_change or not look.drift_digest or refresh.local.is_outstanding:
        return False
    _, before = digests.get(refresh.local.id, ("", ""))
    return refresh.local.drift_mode is DriftMode.REPORT and before != look.drift_digest


def to_be_put_back(seen: Iterable[Seen]) -> list[GroupDiff]:
    """Give what the cloud changed of groups at rest whose mode says that what was asked for wins.

    What was asked for and never arrived is not drift, and is left to those who asked.
    """
    return [
        refresh
        for refresh, _ in seen
        if refresh.is_change
        and not refresh.unreadable
        and refresh.local.drift_mode is DriftMode.ENFORCE
        and (refresh.local.state is State.OK or says_unreadable(refresh.local))
        and not refresh.local.is_outstanding
    ]


def found_again(backend_id: str, last: LastObservation) -> CloudGroup:
    """Return what was kept as the cloud said it."""
    return CloudGroup(
        id=backend_id,
        project_id="",
        name=last.name,
        description=last.description,
        revision_number=last.revision_number,
        created_at=datetime.min.replace(tzinfo=UTC),
        rules=rules_of(last),
        unreadable=tuple(UnreadableRule(**rule) for rule in last.unreadable),
        stateful=last.stateful,
    )


def rules_of(last: LastObservation) -> tuple[CloudRule, ...]:
    """Give the rules that were kept."""
    return tuple(CloudRule(**rule) for rule in last.rules)


def _digest(value: Sequence[object]) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=16).hexdigest()
