"""What evidence about a cloud's groups is measured by: its clock, its new groups, and its ports.

Two machines' clocks are not compared, and the rules of a new group are the administrator's to set.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from ringfence.database.pool import Database
from ringfence.neutron.port import (
    USUAL_FIRST_REVISION,
    USUAL_FIRST_RULES,
    CloudGroup,
    CloudRule,
    GiveUp,
    NetworkCloud,
    without_identity,
)
from ringfence.security_groups.rules import RuleKey, canonical
from ringfence.sync.plan import rule_from_cloud

# The revision of groups in a cloud that counts none
NO_REVISIONS = 0
# A cloud says moments in whole seconds.
AT_ONCE = timedelta(seconds=1)

_NOW: LiteralString = "SELECT clock_timestamp()"


def _keys(rules: tuple[CloudRule, ...]) -> frozenset[RuleKey]:
    return frozenset(canonical(rule_from_cloud(rule)) for rule in rules)


@dataclass(frozen=True, slots=True)
class CloudView:
    """`ahead` is how far the cloud's clock is ahead of the database's, which our moments are of.

    `carried` are the groups that ports carry; `None` where the ports cannot be read.
    """

    ahead: timedelta = timedelta()
    first_rules: AbstractSet[RuleKey] = _keys(USUAL_FIRST_RULES)
    first_revision: int = USUAL_FIRST_REVISION
    carried: AbstractSet[str] | None = frozenset()

    def is_as_made(self, found: CloudGroup) -> bool:
        """Return whether everything says that nobody has changed the group, or uses it."""
        return (
            not found.unreadable
            and _keys(without_identity(found)) == self.first_rules
            and self._is_unchanged(found)
            and not found.tags
            and self.carried is not None
            and found.id not in self.carried
        )

    def _is_unchanged(self, found: CloudGroup) -> bool:
        if found.revision_number != NO_REVISIONS:
            return found.revision_number == self.first_revision
        return found.updated_at is None or found.updated_at - found.created_at <= AT_ONCE


SAME_CLOCK = CloudView()


async def _carried(cloud: NetworkCloud, project: str) -> AbstractSet[str] | None:
    try:
        ports = await cloud.list_ports(project)
    except GiveUp:
        return None
    return {group_id for port in ports for group_id in port.security_group_ids}


async def view_of(database: Database, cloud: NetworkCloud, project: str) -> CloudView:
    """Return the view of a cloud that has just been called: its response told its time.

    Raises `CloudError`.
    """
    now = cloud.now()
    ahead = timedelta()
    if now is not None:
        async with database.connection() as connection:
            row = await (await connection.execute(_NOW)).fetchone()
        ours: datetime = row[0] if row else now
        ahead = now - ours
    return CloudView(
        ahead,
        _keys(tuple(await cloud.first_rules(project))),
        cloud.first_revision(project),
        await _carried(cloud, project),
    )
