"""Parse one port, and one address group, of Neutron's JSON.

What decides which traffic a port admits is read whole or is not known (`None`): a list without its
unreadable items would admit less than the port does. What only describes it is made storable.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ringfence.neutron.fields import identifier, is_identifier, mapping_of, owner, revision
from ringfence.neutron.port import (
    AddressPair,
    CloudAddressGroup,
    CloudPort,
    FixedIp,
    Unusable,
)
from ringfence.neutron.storable_text import storable_value
from ringfence.text.json_value import Json

Item = TypeVar("Item")

# More groups, pairs or fixed IPs than any port has; Neutron allows 10 pairs and 5 fixed IPs unless
# its administrator allows more.
MOST_ITEMS = 1_000
# More members than any address group has
MOST_ADDRESSES = 10_000
LONGEST_ADDRESS = 64


def read_port(item: Json) -> CloudPort:
    """Read one port; raise `Unusable` if it has no identity."""
    port = mapping_of(item)
    return CloudPort(
        id=identifier(port, "id"),
        project_id=owner(port),
        name=storable_value(port.get("name")),
        device_id=storable_value(port.get("device_id")),
        device_owner=storable_value(port.get("device_owner")),
        fixed_ips=_whole(port.get("fixed_ips"), _fixed_ip),
        security_group_ids=_whole(port.get("security_groups"), _group_id),
        revision_number=revision(port),
        description=storable_value(port.get("description")),
        network_id=storable_value(port.get("network_id")),
        mac_address=storable_value(port.get("mac_address")),
        status=storable_value(port.get("status")),
        dns_name=storable_value(port.get("dns_name")),
        vnic_type=storable_value(port.get("binding:vnic_type")),
        port_security_enabled=_flag(port.get("port_security_enabled")),
        admin_state_up=_flag(port.get("admin_state_up")),
        allowed_address_pairs=_pairs(port),
    )


def read_address_group(item: Json) -> CloudAddressGroup:
    """Read one address group; raise `Unusable` if not all of its members can be read."""
    group = mapping_of(item)
    addresses = _whole(group.get("addresses"), _address, MOST_ADDRESSES)
    if addresses is None:
        raise Unusable("addresses is not a list of addresses")
    return CloudAddressGroup(identifier(group, "id"), storable_value(group.get("name")), addresses)


def _whole(
    value: object, read: Callable[[object], Item], most: int = MOST_ITEMS
) -> tuple[Item, ...] | None:
    """Return all items of a list, or `None` if one cannot be read."""
    if not isinstance(value, list) or len(value) > most:
        return None
    try:
        return tuple(map(read, value))
    except Unusable:
        return None


def _pairs(port: Mapping[str, Any]) -> tuple[AddressPair, ...] | None:
    # A cloud without the extension has no such key, and no pairs.
    return _whole(port.get("allowed_address_pairs", []), _pair)


def _pair(item: object) -> AddressPair:
    pair = mapping_of(item)
    return AddressPair(_address(pair.get("ip_address")), storable_value(pair.get("mac_address")))


def _fixed_ip(item: object) -> FixedIp:
    fixed = mapping_of(item)
    address = _address(fixed.get("ip_address"))
    if "/" in address:
        raise Unusable("ip_address is a prefix")
    return FixedIp(address, storable_value(fixed.get("subnet_id")))


def _group_id(item: object) -> str:
    if not is_identifier(item):
        raise Unusable("not an id")
    return str(item)


def _address(value: object) -> str:
    """Return an IP address or a prefix, as the cloud writes it."""
    if not isinstance(value, str) or len(value) > LONGEST_ADDRESS:
        raise Unusable("not an address")
    text, slash, length = value.partition("/")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Unusable("not an address") from None
    is_length = length.isascii() and length.isdigit() and int(length) <= address.max_prefixlen
    if "%" in text or (slash and not is_length):
        raise Unusable("not a prefix")
    return value


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
