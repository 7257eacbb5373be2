"""What a cloud's evidence is compared with: its clock, its new groups and its ports.

Times of the cloud are compared by the cloud's clock. The administrator of a cloud may change the
rules of new groups.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from ringfence.database.pool import Database
from ringfence.neutron.port import (
    DEFAULT_INITIAL_REVISION,
    DEFAULT_INITIAL_RULES,
    CloudGroup,
    CloudRule,
    GiveUp,
    NetworkCloud,
    comparable_rules,
)
from ringfence.security_groups.rules import RuleKey, canonical
from ringfence.sync.plan import rule_from_cloud

# The revision of groups in a cloud that counts none
NO_REVISIONS = 0
# Neutron reports times in whole seconds.
CLOCK_RESOLUTION = timedelta(seconds=1)

_NOW: LiteralString = "SELECT clock_timestamp()"


def _keys(rules: tuple[CloudRule, ...]) -> frozenset[RuleKey]:
    return frozenset(canonical(rule_from_cloud(rule)) for rule in rules)


@dataclass(frozen=True, slots=True)
class CloudView:
    """`ahead` is how far the cloud's clock is ahead of the database's, which dates the rows.

    `attached` are the ids of groups on ports; `None` if the groups of any port are not known.
    """

    ahead: timedelta = timedelta()
    initial_rules: AbstractSet[RuleKey] = _keys(DEFAULT_INITIAL_RULES)
    initial_revision: int = DEFAULT_INITIAL_REVISION
    attached: AbstractSet[str] | None = frozenset()

    def is_untouched(self, group: CloudGroup) -> bool:
        """Return whether all evidence agrees that nobody has changed the group, or uses it."""
        return (
            not group.unreadable
            and _keys(comparable_rules(group)) == self.initial_rules
            and self._has_initial_revision(group)
            and not group.tags
            and self.attached is not None
            and group.id not in self.attached
        )

    def _has_initial_revision(self, group: CloudGroup) -> bool:
        if group.revision_number != NO_REVISIONS:
            return group.revision_number == self.initial_revision
        return group.updated_at is None or group.updated_at - group.created_at <= CLOCK_RESOLUTION


SAME_CLOCK = CloudView()


async def _attached(cloud: NetworkCloud, project: str) -> AbstractSet[str] | None:
    try:
        ports = await cloud.list_ports(project)
    except GiveUp:
        return None
    attached: set[str] = set()
    for port in ports:
        if port.security_group_ids is None:
            # It may have any group.
            return None
        attached.update(port.security_group_ids)
    return attached


async def view_of(database: Database, cloud: NetworkCloud, project: str) -> CloudView:
    """Return the view of a cloud that has just been called: its response had the time.

    Raises `CloudError`.
    """
    now = cloud.now()
    ahead = timedelta()
    if now is not None:
        async with database.connection() as connection:
            row = await (await connection.execute(_NOW)).fetchone()
        database_time: datetime = row[0] if row else now
        ahead = now - database_time
    return CloudView(
        ahead,
        _keys(tuple(await cloud.initial_rules(project))),
        cloud.initial_revision(project),
        await _attached(cloud, project),
    )
