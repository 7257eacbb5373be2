"""What a verdict is computed from: ports, groups, address groups, and a packet. Pure.

`None` is "not known", which is never the same as "none". Ids are any strings, as long as ports,
rules and groups use the same ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ringfence.security_groups.rules import Rule

# Neutron filters no port with such an owner (`is_port_trusted` of neutron_lib).
_TRUSTED_OWNER = "network:"


class AddressPair(NamedTuple):
    """An allowed address pair; the address may be a prefix."""

    address: str
    mac_address: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """A port: its fixed addresses, and the ids of all of its groups, foreign ones too."""

    id: str
    addresses: tuple[str, ...] | None
    groups: tuple[str, ...] | None
    mac_address: str = ""
    address_pairs: tuple[AddressPair, ...] | None = ()
    # `None` if the cloud does not have port security, so every port is filtered
    port_security: bool | None = True
    device_owner: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether Neutron filters nothing because of the owner of the port."""
        return self.device_owner.startswith(_TRUSTED_OWNER)


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule of a group. `id` is what a verdict calls it by."""

    group: str
    id: int | str | None
    rule: Rule


@dataclass(frozen=True, slots=True)
class Group:
    """A group: its rules, and whether all ports that carry it are in the world."""

    id: str
    rules: tuple[GroupRule, ...] | None = None
    name: str = ""
    # `None` if the cloud does not say it, so it has stateful groups only
    stateful: bool | None = None
    members_known: bool = True
    # Whether `rules` are all of them: some may not be readable
    rules_complete: bool = True

    @classmethod
    def of(cls, group: str, rules: Iterable[Rule], *, stateful: bool | None = None) -> "Group":
        """Return a group whose rules are called by their positions."""
        numbered = (GroupRule(group, position, rule) for position, rule in enumerate(rules))
        return cls(group, tuple(numbered), stateful=stateful)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is known. What is missing is not known: a group, an address group."""

    ports: Mapping[str, Port]
    groups: Mapping[str, Group]
    # Prefixes by the id of the address group
    address_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Ports by the ids of their groups; those whose groups are not known, by `None`
    members: Mapping[str | None, list[Port]] = field(init=False)

    def __post_init__(self) -> None:
        """Index the ports by their groups."""
        members: dict[str | None, list[Port]] = {}
        for port in self.ports.values():
            for group in (None,) if port.groups is None else port.groups:
                members.setdefault(group, []).append(port)
        object.__setattr__(self, "members", members)

    @classmethod
    def of(
        cls,
        ports: Iterable[Port],
        groups: Iterable[Group],
        address_groups: Mapping[str, tuple[str, ...]] | None = None,
    ) -> "World":
        """Return a world of these ports and groups."""
        return cls(
            {port.id: port for port in ports},
            {group.id: group for group in groups},
            address_groups or {},
        )


@dataclass(frozen=True, slots=True)
class End:
    """A source or destination: ports of the world, or a prefix, or one address of a port."""

    ports: tuple[str, ...] = ()
    cidr: str | None = None
    # Whether `cidr` is a floating IP of the ports: a router then translates addresses
    is_floating: bool = False


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection.

    `protocol` is a number, and `None` for every protocol. Ports, types and codes are `None` for all
    of them; `port` is that of the destination. Without `source_port`, it may be any of a client's:
    from 1024 to 65535.
    """

    source: End
    destination: End
    protocol: int | None
    port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    source_port: int | None = None
