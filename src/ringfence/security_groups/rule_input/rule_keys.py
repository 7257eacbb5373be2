"""The keys of a rule: requests may repeat those of responses, and no others. Pure.

A dropped key can open a rule, so an unknown key is refused, with a suggestion.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Required, TypedDict

from ringfence.http.fields import printable
from ringfence.http.unknown_names.spelling import nearest, plain


class ShownRule(TypedDict, total=False):
    """A rule in a response. A key that is not listed here can be neither shown nor sent back."""

    id: int
    ethertype: Required[str]
    direction: Required[str]
    protocol: Required[str]
    from_port: Required[int]
    to_port: Required[int]
    cidr: Required[str | None]
    description: Required[str]
    remote_group: Required[str | None]
    remote_group_name: str
    remote_group_uuid: str
    remote_group_backend_id: str
    remote_address_group_backend_id: str
    # The description on the other side, where two rules are compared
    description_before: str
    description_at_cloud: str


KNOWN_KEYS = frozenset(ShownRule.__annotations__)

# What the search among all rules shows besides. By themselves these could be meant as a remote end.
KEYS_OF_SEARCH = frozenset(
    {
        *("security_group", "security_group_uuid", "security_group_name", "tenant_uuid"),
        *("tenant_name", "project_uuid", "project_name", "customer_uuid", "customer_name"),
        *("instance_count", "internet"),
    }
)
# With these, a rule says what its remote end is.
_KEYS_OF_END = frozenset({"cidr", "remote_group"})

# Keys that describe a remote end, besides `remote_group` and `cidr`
REMOTE_GROUP_NAME: Final = "remote_group_name"
REMOTE_GROUP_UUID: Final = "remote_group_uuid"
REMOTE_GROUP_BACKEND_ID: Final = "remote_group_backend_id"
ADDRESS_GROUP_BACKEND_ID: Final = "remote_address_group_backend_id"

# Names of the keys in Neutron, its command line, Terraform, Ansible and other clouds
_SYNONYMS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("remoteipprefix", "remoteip", "remotecidr", "remoteprefix", "remoteaddress"),
            *("ipprefix", "prefix", "source", "sourcecidr", "sourceip", "sourceipprefix"),
            *("srcip", "destination", "dstip", "destinationipprefix", "cidrip", "cidripv6"),
            *("cidrblock", "cidrblocks", "ipv6cidrblocks", "ipranges", "iprange", "network"),
            *("subnet", "address", "addresses", "remote", "from", "to"),
        ),
        "cidr",
    ),
    **dict.fromkeys(
        ("portrangemin", "minport", "portmin", "fromports", "startport", "firstport"), "from_port"
    ),
    **dict.fromkeys(("portrangemax", "maxport", "portmax", "endport", "lastport"), "to_port"),
    **dict.fromkeys(
        ("port", "ports", "portrange", "dstport", "destinationport", "destinationports"),
        "from_port and to_port",
    ),
    **dict.fromkeys(
        (
            *("remotegroupid", "remotesecuritygroup", "remotesecuritygroupid", "remotegroupurl"),
            *("sourcegroup", "sourcegroupid", "sourcesecuritygroup", "sourcesecuritygroupid"),
            *("srcgroup", "group", "groupname", "securitygroup", "securitygroups"),
            *("referencedsecuritygroupid", "userids", "prefixlistids"),
        ),
        "remote_group",
    ),
    **dict.fromkeys(
        ("remoteaddressgroup", "remoteaddressgroupid", "addressgroup", "addressgroupid"),
        ADDRESS_GROUP_BACKEND_ID,
    ),
    **dict.fromkeys(
        ("iptype", "ipversion", "ipprotocolversion", "ethernettype", "family", "addressfamily"),
        "ethertype",
    ),
    **dict.fromkeys(("proto", "ipprotocol", "protocols", "protocolnumber"), "protocol"),
    **dict.fromkeys(("icmptype", "type"), "from_port, which is the type of ICMP"),
    **dict.fromkeys(("icmpcode", "code"), "to_port, which is the code of ICMP"),
    **dict.fromkeys(("flow", "way", "trafficdirection"), "direction"),
    **dict.fromkeys(
        ("comment", "comments", "desc", "note", "name", "ruledescription"), "description"
    ),
    **dict.fromkeys(("ruleid", "securitygroupruleid", "uuid"), "id"),
}
# Reported per rule: a request may have a thousand rules.
_MAX_REPORTED = 2
_LONGEST_COMPARED = 40


def unknown_keys(rule: Mapping[str, Any], settable: Iterable[str]) -> dict[str, list[str]]:
    """Return an error for each unknown key; `settable` are the keys that the error lists."""
    known = KNOWN_KEYS | KEYS_OF_SEARCH if rule.keys() >= _KEYS_OF_END else KNOWN_KEYS
    unknown = islice((key for key in rule if key not in known), _MAX_REPORTED)
    allowed = ", ".join(settable)
    return {
        printable(key): [
            f"Unknown key.{_suggestion(key)} Allowed: {allowed}, and what responses show."
        ]
        for key in unknown
    }


@lru_cache(maxsize=512)
def _suggestion(key: str) -> str:
    suggested = _SYNONYMS.get(plain(key[:_LONGEST_COMPARED])) or nearest(key, sorted(KNOWN_KEYS))
    if suggested is None:
        return ""
    name = f'"{suggested}"' if suggested in KNOWN_KEYS else suggested
    return f" Did you mean {name}?"
