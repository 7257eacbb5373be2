"""What one rule admits, as each of Neutron's firewall drivers reads it. Pure.

Changes are compared reading by reading: nobody says which driver a cloud has, nor whether it stays.
"""

from functools import lru_cache
from typing import NamedTuple

from ringfence.security_groups.driver_protocols import (
    DRIVERS,
    Difference,
    Parts,
    protocol_parts,
)
from ringfence.security_groups.intervals import Interval
from ringfence.security_groups.rules import Rule
from ringfence.security_groups.traffic_boxes import Box, Symbol, end_of


class Reading(NamedTuple):
    """What a rule admits at least, and what at most."""

    sure: tuple[Box, ...]
    possible: tuple[Box, ...]


class Meaning(NamedTuple):
    """What a rule admits: one `Reading` if all drivers agree, or one for each driver.

    Rules with equal meanings admit the same in every cloud.
    """

    kind: tuple[str, str]
    readings: tuple[Reading, ...]
    differs: Difference | None = None

    def reading(self, driver: int) -> Reading:
        """Return what a driver takes it for, by its position in `DRIVERS`."""
        return self.readings[driver if len(self.readings) > 1 else 0]


def meaning_of(rule: Rule) -> Meaning:
    """Return what a rule admits."""
    parts = _parts(rule.ethertype, rule.protocol, rule.from_port, rule.to_port)
    kind = rule.ethertype, rule.direction
    end = end_of(rule)
    return Meaning(kind, tuple(_reading(kind, each, end) for each in parts), parts[0].differs)


def _reading(
    kind: tuple[str, str], parts: Parts, end: tuple[Interval | None, Symbol | None]
) -> Reading:
    sure = tuple([Box(*kind, *part, *end) for part in parts.sure])
    if not parts.possible:
        return Reading(sure, sure)
    return Reading(sure, tuple([Box(*kind, *part, *end) for part in parts.possible]))


def most_of(rule: Rule) -> list[Box]:
    """Return all that a rule admits in any cloud, as boxes that may overlap."""
    readings = meaning_of(rule).readings
    return list(dict.fromkeys(box for each in readings for box in each.possible))


@lru_cache(maxsize=4096)
def _parts(ethertype: str, word: str, first: int | None, last: int | None) -> tuple[Parts, ...]:
    found = tuple(
        protocol_parts(ethertype, word.strip().lower(), first, last, driver) for driver in DRIVERS
    )
    is_one = len({each[:2] for each in found}) == 1
    return (found[0]._replace(differs=None),) if is_one else found
