"""What Ringfence requests from a cloud: each operation with its call, policy and least role.

Roles are those of OpenStack's default policies. `access rules` are those of an application
credential: each names a service, a method and a path, and everything else is refused.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

# What a path of an access rule consists of: wildcards for one part, for several, other characters.
_PATTERN = re.compile(r"(?P<part>\{[^}]*\}|\*(?!\*))|(?P<parts>\*\*)|(?P<other>[^{}*])")
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
        return re.match(f"^{_expression(self.path)}$", path) is not None


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


def _expression(pattern: str) -> str:
    """Return the regular expression that keystonemiddleware makes of a path pattern."""
    parts = []
    for match in _PATTERN.finditer(pattern):
        if match["part"]:
            parts.append(r"[^\/]+")
        elif match["parts"]:
            parts.append(".*")
        else:
            parts.append(re.escape(match["other"]))
    return "".join(parts)
