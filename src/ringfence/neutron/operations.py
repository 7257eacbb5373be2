"""What Ringfence requests from a cloud: each operation with its call, policy and least role.

Roles are those of OpenStack's default policies. `access rules` are those of an application
credential: each names a service, a method and a path, and everything else is refused.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

# Wildcards in a path of an access rule: for one part, and for any number of them
_PART, _PARTS = "*", "**"
_READER, _MEMBER = "reader", "member"


@dataclass(frozen=True, slots=True)
class AccessRule:
    """A call that an application credential may make; the path may have wildcards."""

    service: str
    method: str
    path: str

    def allows(self, service: str, method: str, path: str) -> bool:
        """Return whether it allows the call, as keystonemiddleware decides."""
        if (self.service, self.method) != (service, method):
            return False
        return _matches(self.path, path)


@dataclass(frozen=True, slots=True)
class Operation:
    """A use of the cloud's API.

    `path` starts with the resource; `*` stands for an id. `without` is what is lost if the call is
    refused; an empty one means that Ringfence cannot work.
    """

    purpose: str
    method: str
    path: str
    policy: str
    role: str
    without: str = ""
    service: str = "network"

    @property
    def example(self) -> str:
        """Return a path that the call may have."""
        return self.path.replace("*", "0" * 32)


OPERATIONS = (
    Operation("pull", "GET", "/security-groups", "get_security_group", _READER),
    Operation("pull or push one group", "GET", "/security-groups/*", "get_security_group", _READER),
    Operation("create a group", "POST", "/security-groups", "create_security_group", _MEMBER),
    Operation("rename a group", "PUT", "/security-groups/*", "update_security_group", _MEMBER),
    Operation("delete a group", "DELETE", "/security-groups/*", "delete_security_group", _MEMBER),
    Operation("add rules", "POST", "/security-group-rules", "create_security_group_rule", _MEMBER),
    Operation(
        "remove a rule", "DELETE", "/security-group-rules/*", "delete_security_group_rule", _MEMBER
    ),
    Operation("usage", "GET", "/ports", "get_port", _READER, "the usage of groups stays unknown"),
    Operation(
        "usage: floating IPs",
        "GET",
        "/floatingips",
        "get_floatingip",
        _READER,
        "the usage of groups stays unknown",
    ),
    Operation(
        "set groups of a port",
        "GET",
        "/ports/*",
        "get_port",
        _READER,
        "the groups of ports and instances cannot be changed",
    ),
    Operation(
        "members of address groups",
        "GET",
        "/address-groups",
        "get_address_group",
        _READER,
        "what rules with an address group admit stays undetermined",
    ),
    Operation(
        "firewall driver",
        "GET",
        "/agents",
        "get_agent",
        "admin",
        "the firewall driver is not known unless the provisioning file names it",
    ),
    Operation("detach", "PUT", "/ports/*", "update_port", _MEMBER, "DELETE with detach=true fails"),
    Operation(
        "rules of a new group",
        "GET",
        "/default-security-group-rules",
        "get_default_security_group_rule",
        _READER,
        "Neutron's two egress rules are assumed",
    ),
    Operation(
        "free quota after a refusal",
        "GET",
        "/quotas/*/details.json",
        "none in the own project",
        "any in it, or admin",
        "after a refusal for quota, no rule is removed first",
    ),
    Operation(
        "check: extensions",
        "GET",
        "/extensions",
        "none",
        "any",
        "ringfence doctor cannot list missing extensions",
    ),
    Operation(
        "look up a project",
        "GET",
        "/projects/*",
        "identity:get_project",
        "any in it, or admin",
        "projects other than that of the credentials are not looked up",
        "identity",
    ),
    Operation(
        "discover; look up many projects",
        "GET",
        "/projects",
        "identity:list_projects",
        "admin",
        "ringfence discover finds one project, and each is looked up by a call of its own",
        "identity",
    ),
    Operation(
        "discover",
        "GET",
        "/domains",
        "identity:list_domains",
        "admin",
        "ringfence discover has no names of domains",
        "identity",
    ),
)


def refused_operations(
    rules: Collection[AccessRule], prefixes: dict[str, str]
) -> Iterator[Operation]:
    """Yield the operations that none of the access rules allows.

    `prefixes` is the path of each service's endpoint, such as `/v2.0` for `network`, or
    `/networking/v2.0` if the service is mounted below a path.
    """
    for operation in OPERATIONS:
        path = prefixes[operation.service] + operation.example
        if not any(rule.allows(operation.service, operation.method, path) for rule in rules):
            yield operation


def _matches(pattern: str, path: str) -> bool:
    """Return whether a path matches; takes time linear in the pattern, which others wrote."""
    ends = {0}
    for step in _steps(pattern):
        if step == _PARTS:
            ends = set(range(min(ends), len(path) + 1))
        elif step == _PART:
            ends = set(_part_ends(path, ends))
        else:
            ends = {end + 1 for end in ends if path[end : end + 1] == step}
        if not ends:
            return False
    return len(path) in ends


def _steps(pattern: str) -> Iterator[str]:
    """Yield wildcards and other characters; `{name}` is a wildcard, and a single brace nothing."""
    last_brace = pattern.rfind("}")
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "{" and position <= last_brace:
            position = pattern.index("}", position) + 1
            yield _PART
        elif pattern.startswith(_PARTS, position - 1):
            position += 1
            yield _PARTS
        elif character not in "{}":
            yield character


def _part_ends(path: str, begins: Collection[int]) -> Iterator[int]:
    """Yield where a part of the path that begins at one of these positions may end."""
    within = False
    for position, character in enumerate(path):
        within = character != "/" and (within or position in begins)
        if within:
            yield position + 1
