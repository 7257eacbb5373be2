"""Which group in the cloud a row without backend id is. Everything here is pure.

Identity is an id. A row that has none yet becomes a group in the cloud by evidence alone: the
group came of a creation of ours whose outcome is not known, or it is the one `default` group that
Neutron keeps for each project. A name proves nothing: Neutron allows many groups of one name, and
other tools make them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ringfence.neutron.port import CloudGroup, kept_description
from ringfence.security_groups.cloud_state.lifecycle import CREATION_IS_LATE, Group
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.sync.binding.cloud_view import SAME_CLOCK, CloudView

# A response says the time in whole seconds, and the servers of a cloud differ a little.
CLOCK_TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Creations whose outcome is not known: what they may have made, from when until when."""

    name: str
    description: str
    started: datetime
    # None: they go on.
    ended: datetime | None
    # As it was sent; `None` leaves it to the cloud, which makes it so.
    stateful: bool | None = None

    def may_have_made(self, found: CloudGroup, view: CloudView = SAME_CLOCK) -> bool:
        """Return whether the group has the name, and was made in that time, in the cloud's words.

        Who asks checks besides that no row has the group.
        """
        since = self.started + view.ahead - CLOCK_TOLERANCE
        until = self.ended and self.ended + view.ahead + CREATION_IS_LATE
        is_in_time = since <= found.created_at and (until is None or found.created_at <= until)
        return found.name == self.name and is_in_time and self._is_untouched(found, view)

    def _is_untouched(self, found: CloudGroup, view: CloudView) -> bool:
        """Return whether the group is as the cloud makes it for us: nobody uses it yet."""
        return (
            view.is_as_made(found)
            and found.description == kept_description(self.description)
            and (found.stateful is False) == (self.stateful is False)
        )


def attempt_of(group: Group | LocalGroup) -> Attempt | None:
    """Return the creations of a group whose outcome is not known, if there were any."""
    if group.creation_started is None:
        return None
    return Attempt(
        group.name,
        group.description,
        group.creation_started,
        group.creation_ended,
        group.stateful,
    )


def recognised(
    rows: Sequence[LocalGroup],
    listed: Sequence[CloudGroup],
    known: set[str],
    view: CloudView = SAME_CLOCK,
) -> list[tuple[LocalGroup, CloudGroup]]:
    """Pair rows without backend id with groups of the list that are theirs by evidence.

    `known` are the ids that rows have; the oldest group counts where an attempt made several.
    """
    free = sorted(
        (group for group in listed if group.id not in known), key=lambda group: group.created_at
    )
    pairs: list[tuple[LocalGroup, CloudGroup]] = []
    for row in rows:
        found = _group_of(row, listed, free, view)
        if found is not None:
            free.remove(found)
            pairs.append((row, found))
    return pairs


def _group_of(
    row: LocalGroup, listed: Sequence[CloudGroup], free: Sequence[CloudGroup], view: CloudView
) -> CloudGroup | None:
    if row.name == DEFAULT_NAME:
        # Neutron: the table `default_security_group` has one row for each project.
        defaults = [group for group in listed if group.name == DEFAULT_NAME]
        return defaults[0] if len(defaults) == 1 and defaults[0] in free else None
    attempt = attempt_of(row)
    if attempt is None:
        return None
    return next((group for group in free if attempt.may_have_made(group, view)), None)


def namesakes(row: LocalGroup, listed: Sequence[CloudGroup]) -> tuple[str, ...]:
    """Return the ids of the groups in the cloud that have the name of a row without backend id."""
    return tuple(sorted(group.id for group in listed if group.name == row.name))
