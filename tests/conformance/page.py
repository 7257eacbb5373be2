"""The examples of the page by operation: what they share in all languages."""

from dataclasses import dataclass
from typing import Any

GROUPS = "/api/openstack-security-groups/"
EXAMPLE_NAME = "my-awesome-openstack-security-group"
EXAMPLE_UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
# The example of rules is not valid: it has nulls in required choices, and both a network and a
# remote group, which does not exist.
EXAMPLE_RULE: dict[str, Any] = {
    "ethertype": None,
    "direction": None,
    "protocol": None,
    "from_port": 8080,
    "to_port": 8080,
    "cidr": "192.168.1.0/24",
    "description": "A sample description.",
    "remote_group": f"https://api.example.com/api/remote-group/{EXAMPLE_UUID}/",
}
CORRECTED_RULE = EXAMPLE_RULE | {
    "ethertype": "IPv4",
    "direction": "ingress",
    "protocol": "tcp",
    "remote_group": None,
}


@dataclass(frozen=True)
class Example:
    """One operation of the page with its documented status."""

    operation: str
    method: str
    path: str
    status: int
    body: Any = None

    @property
    def address(self) -> str:
        """Return the path with the page's UUID."""
        return GROUPS + self.path.replace("{uuid}", EXAMPLE_UUID)


EXAMPLES = (
    Example("list", "GET", "", 200),
    Example("retrieve", "GET", "{uuid}/", 200),
    Example("pull", "POST", "{uuid}/pull/", 202),
    Example("unlink", "POST", "{uuid}/unlink/", 204),
    Example("update", "PUT", "{uuid}/", 200, {"name": EXAMPLE_NAME}),
    Example("partial_update", "PATCH", "{uuid}/", 200),
    Example("destroy", "DELETE", "{uuid}/", 204),
    Example("set_rules", "POST", "{uuid}/set_rules/", 200, [EXAMPLE_RULE]),
)
