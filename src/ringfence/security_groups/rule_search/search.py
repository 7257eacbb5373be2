"""What a query searches for: the values of all filters, combined. Pure.

A filter and the same word in `query` both apply, so a search has lists of addresses, prefixes and
texts that a rule must all match, and lists of directions, IP versions and protocols of which a rule
must have one. `statements` builds the SQL, which names the parameters that `parameters` returns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.http.collections.filters import Conditions, contains
from ringfence.security_groups.rule_search.filters import ANCESTORS, EVERY_PROTOCOL_NUMBER
from ringfence.security_groups.rule_search.query_text import Address, Meaning, Network
from ringfence.security_groups.rules import DIRECTIONS, ETHERTYPES, WITH_PORTS

_AS_SENT = ("from_internet", "wider_than", "remote_group_uuid", "unresolved", "in_use")
# All protocols, and number 0, which is all protocols for some clouds
_EVERY = {EVERY_PROTOCOL_NUMBER, 0}


@dataclass(frozen=True, slots=True)
class Search:
    """The conditions of a query; an empty list or None is no condition unless said otherwise."""

    # A rule has one of these; nothing is found if a list is empty.
    directions: Sequence[str]
    ethertypes: Sequence[str]
    # None: any
    protocols: Sequence[int] | None
    # A rule admits all of these.
    ports: Sequence[int]
    admits: Sequence[Address]
    within: Sequence[Network]
    overlaps: Sequence[Network]
    # In the rule's description; the last in it or in the name of its group
    description: str | None
    text: str | None
    given: Mapping[str, Any]

    @property
    def from_internet(self) -> bool | None:
        """Return whether a rule must admit traffic from the internet, or must not."""
        return self.given.get("from_internet")

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a statement for this search."""
        internets = [True] if self.from_internet else [True, False]
        ancestors = {name: self.given.get(name) for name in ANCESTORS}
        return {
            **ancestors,
            "directions": list(self.directions),
            "ethertypes": list(self.ethertypes),
            "internets": internets,
            "protocols": list(self.protocols or ()),
            "least_port": min(self.ports, default=None),
            "greatest_port": max(self.ports, default=None),
            **_numbered("admits", self.admits),
            **_numbered("within", self.within),
            **_numbered("overlaps", self.overlaps),
            "description": self.description,
            "text": self.text,
            "name_pattern": contains(self.text or ""),
            **{name: self.given.get(name) for name in _AS_SENT},
        }


def search_of(conditions: Conditions) -> Search:
    """Return the search of the filters of a query."""
    given = conditions.parameters
    query: Meaning = given.get("query") or Meaning()
    ports = _present(given.get("port"), query.port)
    directions = _one_of(DIRECTIONS, given.get("direction"), query.direction)
    if given.get("from_internet"):
        directions = [word for word in directions if word == "ingress"]
    return Search(
        directions=directions,
        ethertypes=_one_of(ETHERTYPES, given.get("ethertype"), query.ethertype),
        protocols=_protocols(_present(given.get("protocol"), query.protocols), ports),
        ports=ports,
        admits=_present(given.get("admits"), query.admits),
        within=_present(given.get("within"), query.within),
        overlaps=_present(given.get("overlaps")),
        description=given.get("description"),
        text=query.text,
        given=given,
    )


def _present(*values: Any) -> list[Any]:  # noqa: ANN401 - what is not None of anything
    return [value for value in values if value is not None]


def _one_of(words: Sequence[str], *chosen: str | None) -> list[str]:
    return [word for word in words if all(each in (None, word) for each in chosen)]


def _protocols(chosen: Sequence[Sequence[int]], ports: Sequence[int]) -> list[int] | None:
    """Return the protocols of rules that admit all that is chosen; None for any protocol."""
    allowed = [_admitting(numbers) for numbers in chosen]
    if ports:
        allowed.append(_EVERY | WITH_PORTS)
    return sorted(set.intersection(*allowed)) if allowed else None


def _admitting(numbers: Sequence[int]) -> set[int]:
    """Return the protocols of rules that admit one of these; -1 alone is just that."""
    if set(numbers) == {EVERY_PROTOCOL_NUMBER}:
        return set(numbers)
    return {*numbers, *_EVERY}


def _numbered(name: str, values: Sequence[Address | Network]) -> dict[str, str | None]:
    """Return parameters for up to two values: one of a filter, one in `query`."""
    texts = [*map(str, values), None, None]
    return {f"{name}_{number}": text for number, text in enumerate(texts[:2])}
