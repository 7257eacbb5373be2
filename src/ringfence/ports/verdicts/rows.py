"""Turns rows into the world of a verdict. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ringfence.ports.verdicts.queries import GroupRow, PortRow, Remotes
from ringfence.ports.verdicts.world import AddressPair, Group, GroupRule, Port, World
from ringfence.security_groups.rules import Rule, canonical, shown_protocol


@dataclass(frozen=True, slots=True)
class Named:
    """A group as a response calls it."""

    uuid: str
    name: str


def port_of(row: PortRow | Mapping[str, Any], *, desired: bool = False) -> Port:
    """Return a row as a port of the world."""
    value: Callable[[str], Any] = row.get if isinstance(row, Mapping) else partial(getattr, row)
    groups = value("security_group_ids")
    if desired and value("desired_security_group_ids") is not None:
        groups = value("desired_security_group_ids")
    addresses = value("addresses")
    pairs = value("allowed_address_pairs")
    return Port(
        str(value("uuid")),
        tuple(addresses) if value("has_fixed_ips") or addresses else None,
        None if groups is None else tuple(groups),
        value("mac_address"),
        None if pairs is None else tuple(map(_pair, pairs)),
        value("port_security_enabled"),
        value("device_owner"),
    )


def _pair(pair: Mapping[str, Any]) -> AddressPair:
    return AddressPair(str(pair.get("ip_address") or ""), str(pair.get("mac_address") or ""))


def group_of(row: GroupRow, *, desired: bool = False) -> Group:
    """Return a group with its desired rules, or those that were last observed in the cloud."""
    if desired:
        rules = tuple(GroupRule(row.backend_id, id_, rule) for id_, rule in _desired(row))
        return Group(
            row.backend_id,
            rules,
            row.name,
            row.stateful,
            members_known=False,
            # A push leaves rules in the cloud that cannot be read.
            rules_complete=not row.has_unreadable,
        )
    return Group(
        row.backend_id,
        None if row.observed is None else _observed(row),
        row.name,
        row.observed_stateful,
        members_known=False,
        rules_complete=not row.has_unreadable,
    )


def _desired(row: GroupRow) -> Iterable[tuple[int, Rule]]:
    for id_, *values in row.desired or ():
        yield id_, Rule(*values)


def _observed(row: GroupRow) -> tuple[GroupRule, ...]:
    """Return observed rules; those that are desired, too, are called by the ids of their rows."""
    ids = {canonical(rule): id_ for id_, rule in _desired(row)}
    rules = map(_observed_rule, row.observed or ())
    return tuple(GroupRule(row.backend_id, ids.get(canonical(rule)), rule) for rule in rules)


def _observed_rule(rule: Mapping[str, Any]) -> Rule:
    return Rule(
        rule["ethertype"],
        rule["direction"],
        shown_protocol(rule["protocol"], rule["ethertype"]),
        rule["port_range_min"],
        rule["port_range_max"],
        rule["remote_ip_prefix"],
        rule.get("description") or "",
        rule["remote_group_id"],
        rule["remote_address_group_id"],
    )


def world_of(
    ports: Sequence[PortRow],
    groups: Sequence[Group],
    remotes: Remotes,
    *,
    desired: bool = False,
) -> World:
    """Return the world; a group whose members are not all read or visible is marked so."""
    known = {group.id: group for group in groups}
    for remote in remotes.groups:
        is_known = (
            remotes.is_complete and remote["observed_at"] is not None and not remote["has_hidden"]
        )
        carried = known.get(remote["key"])
        known[remote["key"]] = Group(
            remote["key"],
            carried.rules if carried else None,
            remote["name"],
            carried.stateful if carried else None,
            members_known=is_known,
            rules_complete=carried.rules_complete if carried else True,
        )
    found = {port["uuid"]: port_of(port, desired=desired) for port in remotes.members}
    found |= {port.uuid: port_of(port, desired=desired) for port in ports}
    addresses = {key: tuple(each) for key, each in remotes.address_groups.items()}
    return World(found, known, addresses)


def names_of(groups: Iterable[GroupRow], remotes: Remotes) -> dict[str, Named]:
    """Return the visible groups by their ids in the world."""
    named = {row.backend_id: Named(row.uuid, row.name) for row in groups}
    return named | {each["key"]: Named(each["uuid"], each["name"]) for each in remotes.groups}
