"""Store what a cloud reported about groups, and read it back as the cloud's group."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from operator import attrgetter

from ringfence.clouds import queries as tenants
from ringfence.clouds.drift_modes import DriftMode
from ringfence.clouds.placement import Placement
from ringfence.database.pool import Connection, Database
from ringfence.neutron.port import CloudGroup, CloudRule, UnreadableRule
from ringfence.security_groups.cloud_state import drift, observations
from ringfence.security_groups.cloud_state.observations import (
    MISSING,
    Digests,
    LastObservation,
    Observation,
)
from ringfence.security_groups.cloud_state.refresh import GroupDiff
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.cloud_state.statefulness import adopt_stateful, report_stateful
from ringfence.security_groups.traffic_changes import Grade
from ringfence.sync.compare import (
    ObservedGroup,
    drift_digest,
    drift_grade,
    is_adopted,
    is_stateful_drift,
    observation_digest,
)

GROUPS_PER_TRANSACTION = 200

# What is stored of the last observation of a group, by the id of its row
Stored = Mapping[int, Digests]


def observation_of(
    group_id: int, observed: CloudGroup, digest: str = "", grade: Grade = Grade.NONE
) -> Observation:
    """Return the observation to store of a cloud's group; rules in the order of their ids."""
    return Observation(
        security_group_id=group_id,
        name=observed.name,
        description=observed.description,
        rules=[asdict(rule) for rule in sorted(observed.rules, key=attrgetter("id"))],
        unreadable=[asdict(rule) for rule in observed.unreadable],
        revision_number=observed.revision_number,
        stateful=observed.stateful,
        digest=observation_digest(observed),
        drift_digest=digest,
        drift_grade=grade,
    )


def missing_observation(local: LocalGroup) -> Observation:
    """Return the observation of a group that the cloud does not have any more."""
    grade = Grade.CLOSES if local.rules else Grade.NONE
    return Observation(
        local.id, local.name, local.description, [], 0, MISSING, MISSING, grade, missing=True
    )


def observed_group(backend_id: str, last: LastObservation) -> CloudGroup:
    """Return a stored observation as the cloud's group."""
    return CloudGroup(
        id=backend_id,
        project_id="",
        name=last.name,
        description=last.description,
        revision_number=last.revision_number,
        created_at=datetime.min.replace(tzinfo=UTC),
        rules=observed_rules(last),
        unreadable=tuple(UnreadableRule(**rule) for rule in last.unreadable),
        stateful=last.stateful,
    )


def observed_rules(last: LastObservation) -> tuple[CloudRule, ...]:
    """Return the rules of a stored observation."""
    return tuple(CloudRule(**rule) for rule in last.rules)


async def observe(
    database: Database,
    placement: Placement,
    observed: Sequence[ObservedGroup],
    at: datetime | None,
) -> int:
    """Store the observations that are new, as made at `at` or now, and report new drift.

    Call it after drift was adopted. Returns the number of groups in mode `report` whose drift is
    new.
    """
    async with database.connection() as connection:
        before = await observations.digests(connection, placement.tenant_id)
    changed = list(_changed(observed, before))
    reported = 0
    for start in range(0, len(changed), GROUPS_PER_TRANSACTION):
        chunk = changed[start : start + GROUPS_PER_TRANSACTION]
        async with database.transaction() as connection:
            await tenants.lock(connection, placement.tenant_id)
            written = await observations.write(connection, [one for _, one in chunk], at)
            stored = [
                (diff, observation)
                for diff, observation in chunk
                if observation.security_group_id in written
            ]
            drifted = [diff for diff, one in stored if _is_reported(diff, one, before)]
            await drift.report_drift(connection, placement, drifted)
            await _record_stateful(connection, placement, stored, before)
            reported += len(drifted)
    return reported


async def _record_stateful(
    connection: Connection,
    placement: Placement,
    stored: Sequence[tuple[GroupDiff, Observation]],
    before: Stored,
) -> None:
    """Adopt a `stateful` that is not the desired one, or report it where drift is not adopted."""
    adopted: list[tuple[LocalGroup, bool]] = []
    reported: list[tuple[LocalGroup, bool]] = []
    for diff, observation in stored:
        if not is_stateful_drift(desired=diff.local.stateful, observed=observation.stateful):
            continue
        group = (diff.local, bool(observation.stateful))
        if is_adopted(diff):
            adopted.append(group)
        elif _is_new_drift(diff, observation, before):
            reported.append(group)
    await adopt_stateful(connection, placement, adopted)
    await report_stateful(connection, placement, reported)


def _changed(
    observed: Iterable[ObservedGroup], stored: Stored
) -> Iterator[tuple[GroupDiff, Observation]]:
    """Yield the groups of which something else is stored, or nothing."""
    for diff, group in observed:
        # A group with an unreadable rule is never known to be as desired.
        is_equal = is_adopted(diff) and not diff.unreadable
        digest = "" if is_equal else drift_digest(diff, group)
        grade = drift_grade(diff, group) if digest else Grade.NONE
        if stored.get(diff.local.id) != (observation_digest(group), digest, grade):
            yield diff, observation_of(diff.local.id, group, digest, grade)


def _is_reported(diff: GroupDiff, observation: Observation, stored: Stored) -> bool:
    # Unreadable rules and `stateful` have events of their own.
    if not diff.is_change or not observation.drift_digest or diff.local.is_outstanding:
        return False
    is_report = diff.local.drift_mode is DriftMode.REPORT
    return is_report and _is_new_drift(diff, observation, stored)


def _is_new_drift(diff: GroupDiff, observation: Observation, stored: Stored) -> bool:
    before = stored.get(diff.local.id)
    return (before.drift if before else "") != observation.drift_digest
