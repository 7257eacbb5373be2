"""Reverts the drift of groups, or only records it, as their drift modes require.

A group that changed here since the pull read it is left alone; the next pull compares it again.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import LiteralString

from ringfence.clouds.placement import Placement
from ringfence.database.outbox import Job, defer_for_group
from ringfence.database.pool import Connection
from ringfence.events.commands import record_all
from ringfence.events.types import Event, EventType
from ringfence.security_groups.cloud_state.refresh import GroupDiff, lock_unchanged_diffs
from ringfence.security_groups.group_events import group_event
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.representation import Remote, rule_document
from ringfence.security_groups.rule_input.rule_keys import ShownRule
from ringfence.security_groups.rules import Rule

# An event names this many rules of either kind, so that it stays when the drift is gone.
MOST_NAMED = 20

_REVERT: LiteralString = """
UPDATE security_groups SET state = 'UPDATE_SCHEDULED', modified = now()
WHERE id = ANY(%s) AND state IN ('OK', 'ERRED')
"""


async def revert(connection: Connection, placement: Placement, diffs: Sequence[GroupDiff]) -> int:
    """Schedule pushes of the desired state of OK and ERRED groups; return the number of groups."""
    unchanged = await lock_unchanged_diffs(connection, placement, diffs)
    if not unchanged:
        return 0
    ids = [diff.local.id for diff in unchanged]
    await connection.execute(_REVERT, [ids])
    message = "Security group {} has drifted in the cloud and is reverted to the desired state."
    kind = EventType.GROUP_DRIFT_ENFORCED
    await record_all(connection, [_event(placement, kind, diff, message) for diff in unchanged])
    for diff in unchanged:
        await defer_for_group(connection, Job.PUSH_GROUP, diff.local.uuid)
    documents.refresh_before_commit(connection, ids)
    return len(unchanged)


async def report_drift(
    connection: Connection, placement: Placement, diffs: Sequence[GroupDiff]
) -> None:
    """Record that groups have drifted, and change neither side."""
    message = (
        "Security group {} was found changed in the cloud by a pull. Who changed it is not known."
    )
    kind = EventType.GROUP_DRIFTED
    await record_all(connection, [_event(placement, kind, diff, message) for diff in diffs])


def _event(placement: Placement, kind: EventType, diff: GroupDiff, message: str) -> Event:
    local = diff.local
    context = {
        "backend_id": local.backend_id,
        "rules_missing_at_cloud": len(diff.remove),
        "rules_unexpected_at_cloud": len(diff.add),
        "missing_rules": _named(stored.rule for stored in diff.remove),
        "unexpected_rules": _named(diff.add),
        "rules_lost_with_their_remote_group": diff.lost_rules,
        "is_renamed": diff.is_renamed,
        "grade": diff.grade,
    }
    return group_event(placement, local.uuid, kind, message.format(local.name), context)


def _named(rules: Iterable[Rule]) -> list[ShownRule]:
    """Return the first rules as a response has them; other groups by their ids alone."""
    return [
        rule_document(rule, Remote("", rule.remote_group) if rule.remote_group else None, "")
        for rule in islice(rules, MOST_NAMED)
    ]
