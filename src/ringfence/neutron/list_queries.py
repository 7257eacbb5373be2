"""The queries of lists: which fields are read, and filters by many ids."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

# More pages than any project has, at Neutron's smallest useful page size
MAX_PAGES = 1000
PORT_FIELDS = (
    *("id", "project_id", "tenant_id", "name", "device_id", "device_owner", "fixed_ips"),
    *("security_groups", "revision_number", "description", "network_id", "mac_address", "status"),
    *("dns_name", "binding:vnic_type", "port_security_enabled", "admin_state_up"),
    "allowed_address_pairs",
)
ADDRESS_GROUP_FIELDS = ("id", "name", "addresses")
AGENT_FIELDS = ("id", "agent_type", "alive", "configurations")
# Who may not read these can work all the same: the credentials are not wrong.
MAY_BE_REFUSED = frozenset({"address-groups", "agents"})
# Characters of ids in one request: servers and proxies take at least 8,000 in a URL.
LONGEST_FILTER = 3_000


def filters_of(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield the ids without repetitions, in lists that are short enough for a URL."""
    chunk: list[str] = []
    length = 0
    for one in dict.fromkeys(ids):
        size = len("&id=") + len(quote(one, safe=""))
        if chunk and length + size > LONGEST_FILTER:
            yield chunk
            chunk, length = [], 0
        chunk.append(one)
        length += size
    if chunk:
        yield chunk
