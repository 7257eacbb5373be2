"""What evidence about a cloud's groups is measured by: the cloud's own clock and first rules.

Two machines' clocks are not compared, and the rules of a new group are the administrator's to set.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from ringfence.database.pool import Database
from ringfence.neutron.port import (
    USUAL_FIRST_RULES,
    CloudGroup,
    CloudRule,
    NetworkCloud,
    without_identity,
)
from ringfence.security_groups.rules import RuleKey, canonical
from ringfence.sync.plan import rule_from_cloud

_NOW: LiteralString = "SELECT clock_timestamp()"


def _keys(rules: tuple[CloudRule, ...]) -> frozenset[RuleKey]:
    return frozenset(canonical(rule_from_cloud(rule)) for rule in rules)


@dataclass(frozen=True, slots=True)
class CloudView:
    """`ahead` is how far the cloud's clock is ahead of the database's, which our moments are of."""

    ahead: timedelta = timedelta()
    first_rules: AbstractSet[RuleKey] = _keys(USUAL_FIRST_RULES)

    def is_as_made(self, found: CloudGroup) -> bool:
        """Return whether the group has the rules of a new one, and no other."""
        return not found.unreadable and _keys(without_identity(found)) == self.first_rules


SAME_CLOCK = CloudView()


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
    return CloudView(ahead, _keys(tuple(await cloud.first_rules(project))))
