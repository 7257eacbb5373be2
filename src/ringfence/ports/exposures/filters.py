"""The filters and orderings of exposures. A value that is not understood is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from ringfence.errors import Invalid, Message
from ringfence.http import hints
from ringfence.http.collections.filters import (
    NO_NULL_CHARACTER,
    Choices,
    Kind,
    Ordering,
    StrictFlag,
    uuid,
)
from ringfence.http.fields import printable
from ringfence.security_groups.rules import ETHERTYPES, protocol_number
from ringfence.security_groups.well_known_ports import SERVICES

_LAST_PORT = 65_535
_LONGEST_PREFIX = 128
# The longest value that an error repeats
_REPEATED = 100

DESIRED = ("all", "part", "none")


@dataclass(frozen=True, slots=True)
class One:
    """One value; an empty one, or several different ones, are refused."""

    condition: LiteralString
    convert: Callable[[str], Any]

    def read(self, values: Sequence[str]) -> Any:  # noqa: ANN401 - whatever is converted
        """Return the converted value; raises `Invalid`."""
        if any("\x00" in text for text in values):
            raise Invalid([NO_NULL_CHARACTER])
        given = {text.strip() for text in values}
        if len(given) != 1:
            raise Invalid(["This parameter is given more than once, with different values."])
        text = given.pop()
        if not text:
            raise Invalid(["This parameter may not be empty."])
        return self.convert(text)


def number(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of numbers within bounds."""

    def read(text: str) -> int:
        # No number that is allowed has more digits.
        if text.isascii() and text.isdecimal() and len(text) <= len(str(most)):
            value = int(text)
            if least <= value <= most:
                return value
        raise _refused(text, f"a number from {least} to {most}")

    return read


def _protocol(text: str) -> int:
    found = protocol_number(text) if text.isascii() else None
    if found is None:
        raise _refused(text, "a name such as tcp, udp or icmp, or a number from 0 to 255")
    return found


def _refused(text: str, allowed: str) -> Invalid:
    message = f"{printable(text[:_REPEATED])} is not allowed. Allowed: {allowed}."
    return Invalid([Message(message, hints.allowed(allowed))])


# By ancestor, for statements that join `tenant`, `project`, `customer` and `cloud`
ANCESTORS: Mapping[str, Kind] = {
    "tenant_uuid": One("tenant.uuid = %(tenant_uuid)s", uuid),
    "project_uuid": One("project.uuid = %(project_uuid)s", uuid),
    "customer_uuid": One("customer.uuid = %(customer_uuid)s", uuid),
    "service_settings_uuid": One("cloud.uuid = %(service_settings_uuid)s", uuid),
}

_OF_GROUP: LiteralString = """
exposure.security_group_ids && ARRAY(
    SELECT chosen.id FROM security_groups AS chosen
    INNER JOIN tenants AS tenant ON chosen.tenant_id = tenant.id
    INNER JOIN projects AS project ON tenant.project_id = project.id
    WHERE chosen.uuid = %(security_group_uuid)s AND {visible}
)
"""


def filters(visible: LiteralString) -> Mapping[str, Kind]:
    """Return the filters of the list; `visible` is the condition for projects in scope."""
    return {
        **ANCESTORS,
        "port_uuid": One(
            "exposure.port_id IN (SELECT one.id FROM cloud_ports AS one"
            " WHERE one.uuid = %(port_uuid)s)",
            uuid,
        ),
        "security_group_uuid": One(_OF_GROUP.replace("{visible}", visible), uuid),
        "ethertype": Choices("exposure.ethertype = ANY(%(ethertype)s)", ETHERTYPES),
        "protocol": One(
            # ICMP of IPv6 has another number, and is shown as icmp, too.
            "(%(protocol)s BETWEEN exposure.first_protocol AND exposure.last_protocol"
            " OR (%(protocol)s = 1"
            " AND 58 BETWEEN exposure.first_protocol AND exposure.last_protocol))",
            _protocol,
        ),
        "port": One(
            "%(port)s BETWEEN exposure.first_port AND exposure.last_port", number(0, _LAST_PORT)
        ),
        "service": Choices("exposure.services && %(service)s::text[]", sorted(SERVICES)),
        "reachable": StrictFlag("exposure.reachable = %(reachable)s"),
        "desired": Choices("exposure.desired = ANY(%(desired)s)", DESIRED),
        "wider_than": One("masklen(exposure.network) < %(wider_than)s", number(1, _LONGEST_PREFIX)),
    }


ORDERS = Ordering(
    {
        "instance_name": """(
            SELECT named.name FROM cloud_ports AS carrier
            INNER JOIN cloud_instances AS named ON carrier.instance_id = named.id
            WHERE carrier.id = exposure.port_id
        )""",
        "port": "exposure.first_port",
        "cidr": "masklen(exposure.network)",
        "tenant_name": "tenant.name",
        "reachable": "exposure.reachable",
    },
    default="exposure.tenant_id, exposure.port_id, exposure.id",
)
