"""Which groups a change adds to a port and removes from it. Pure: no connection, no `await`.

A request names the groups that a port shall have. Ids that its sender cannot name stay. What
somebody else changes in the cloud before the request is carried out stays, too: only the difference
between the groups that were observed and those that were requested is applied.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ringfence.ports.queries import KnownGroup, Port


@dataclass(frozen=True, slots=True)
class PortChange:
    """The groups of one port before and after a change, by their ids in the cloud.

    `kept` are those that the sender of the request cannot name.
    """

    port: Port
    observed: Sequence[str]
    desired: Sequence[str]
    kept: Sequence[str]

    @property
    def added(self) -> list[str]:
        return [group for group in self.desired if group not in self.observed]

    @property
    def removed(self) -> list[str]:
        return [group for group in self.observed if group not in self.desired]


def change_of(
    port: Port, named: Sequence[KnownGroup], known: Mapping[str, KnownGroup]
) -> PortChange:
    """Return the change of a port to the named groups; `known` are those the sender may name.

    A group of another tenant stays where it is, and is not added to a port without it.
    """
    observed = list(dict.fromkeys(port.security_group_ids or ()))
    requested = [
        group.backend_id for group in named if group.is_own or group.backend_id in observed
    ]
    kept = [group for group in observed if group not in known]
    return PortChange(port, observed, [*requested, *kept], kept)


def merged(current: Sequence[str], base: Collection[str], desired: Sequence[str]) -> list[str]:
    """Return the groups that a port shall have: `current` with the change from base to desired."""
    added = [group for group in desired if group not in base]
    stays = [group for group in current if group in desired or group not in base]
    return [*stays, *(group for group in added if group not in stays)]
