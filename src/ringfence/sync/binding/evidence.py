"""Decide which group in the cloud a row without a backend id is. Everything here is pure.

A group is identified by its id. A row without one is matched by evidence alone: the group came of
a creation by Ringfence whose outcome is unknown, or it is the one `default` group that Neutron
keeps for each project. A name proves nothing: Neutron allows many groups of one name, and other
tools create them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ringfence.neutron.port import CloudGroup, truncate_description
from ringfence.security_groups.cloud_state.lifecycle import CREATION_IS_LATE, Group
from ringfence.security_groups.cloud_state.snapshot import LocalGroup
from ringfence.security_groups.rules import DEFAULT_NAME
from ringfence.sync.binding.cloud_view import SAME_CLOCK, CloudView

# A response has the time in whole seconds, and the clocks of a cloud's servers differ a little.
CLOCK_TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class CreationAttempt:
    """Creations with an unknown outcome: what they may have created, and in which period."""

    name: str
    description: str
    started: datetime
    # None: they continue.
    ended: datetime | None
    # As it was sent; `None` leaves it to the cloud, which creates a stateful group.
    stateful: bool | None = None

    def may_have_created(self, group: CloudGroup, view: CloudView = SAME_CLOCK) -> bool:
        """Return whether the group has the name, was created in that period, and is untouched.

        Before it is used, check that no row has the group.
        """
        since = self.started + view.ahead - CLOCK_TOLERANCE
        until = self.ended and self.ended + view.ahead + CREATION_IS_LATE
        is_in_time = since <= group.created_at and (until is None or group.created_at <= until)
        return group.name == self.name and is_in_time and self._is_as_created(group, view)

    def _is_as_created(self, group: CloudGroup, view: CloudView) -> bool:
        """Return whether the group is as the cloud creates it for Ringfence, and nobody uses it."""
        return (
            view.is_untouched(group)
            and group.description == truncate_description(self.description)
            and (group.stateful is False) == (self.stateful is False)
        )


def creation_attempt(group: Group | LocalGroup) -> CreationAttempt | None:
    """Return the creations of a group with an unknown outcome, if there are any."""
    if group.creation_started is None:
        return None
    return CreationAttempt(
        group.name,
        group.description,
        group.creation_started,
        group.creation_ended,
        group.stateful,
    )


def match_rows(
    rows: Sequence[LocalGroup],
    listed: Sequence[CloudGroup],
    known: set[str],
    view: CloudView = SAME_CLOCK,
) -> list[tuple[LocalGroup, CloudGroup]]:
    """Pair rows without backend id with groups of the list that are theirs by evidence.

    `known` are the ids that rows have. The oldest group counts if there are several.
    """
    free = sorted(
        (group for group in listed if group.id not in known), key=lambda group: group.created_at
    )
    pairs: list[tuple[LocalGroup, CloudGroup]] = []
    for row in rows:
        group = _group_of(row, listed, free, view)
        if group is not None:
            free.remove(group)
            pairs.append((row, group))
    return pairs


def _group_of(
    row: LocalGroup, listed: Sequence[CloudGroup], free: Sequence[CloudGroup], view: CloudView
) -> CloudGroup | None:
    if row.name == DEFAULT_NAME:
        # Neutron: the table `default_security_group` has one row for each project.
        defaults = [group for group in listed if group.name == DEFAULT_NAME]
        return defaults[0] if len(defaults) == 1 and defaults[0] in free else None
    attempt = creation_attempt(row)
    if attempt is None:
        return None
    return next((group for group in free if attempt.may_have_created(group, view)), None)


def same_name_ids(row: LocalGroup, listed: Sequence[CloudGroup]) -> tuple[str, ...]:
    """Return the ids of the groups in the cloud that have the name of a row without backend id."""
    return tuple(sorted(group.id for group in listed if group.name == row.name))
