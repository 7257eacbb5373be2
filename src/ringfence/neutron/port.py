"""The port to a cloud's network service, with its values and errors.

Two drivers implement it and pass one test suite: `openstack` (a real Neutron) and `sandbox`.
Values are Neutron's: `None` means any, remote groups are backend ids.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ringfence.errors import RingfenceError
from ringfence.security_groups.rule_input.refused_input import LONGEST_DESCRIPTION

NOT_FROM_NEUTRON = "The cloud sent a response that is not Neutron's"


def truncate_description(description: str) -> str:
    """Return the description, cut to the length that Neutron accepts."""
    return description[:LONGEST_DESCRIPTION]


@dataclass(frozen=True, slots=True)
class CloudRule:
    """One rule as the cloud has it, or as it is to be created (then `id` is empty)."""

    ethertype: str
    direction: str
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    remote_address_group_id: str | None = None
    description: str = ""
    id: str = ""


# The group itself as the remote group of its initial rules
PARENT = "PARENT"
# The revision of a group that nobody has changed since Neutron created it
DEFAULT_INITIAL_REVISION = 1
# The rules that Neutron gives a new group unless its administrator has set others
DEFAULT_INITIAL_RULES = (CloudRule("IPv4", "egress"), CloudRule("IPv6", "egress"))


@dataclass(frozen=True, slots=True)
class UnreadableRule:
    """A rule in the cloud that cannot be parsed: `reason` says what is wrong with it.

    It is neither missing nor known to admit anything, so it causes no rule to be added or removed.
    """

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CloudGroup:
    """One security group with all of its rules; those in `unreadable` are not among `rules`."""

    id: str
    project_id: str
    name: str
    description: str
    revision_number: int
    created_at: datetime
    rules: tuple[CloudRule, ...]
    unreadable: tuple[UnreadableRule, ...] = ()
    # Whether replies are admitted without a rule; `None` if the cloud does not report it.
    stateful: bool | None = None
    # Whether its rules have a key for the address group; not every cloud has address groups.
    shows_address_groups: bool = True
    # `None` if the cloud does not report it
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()


def comparable_rules(group: CloudGroup) -> tuple[CloudRule, ...]:
    """Return the group's rules without ids and descriptions, to compare those of two groups."""
    return tuple(
        replace(
            rule,
            id="",
            description="",
            remote_group_id=PARENT if rule.remote_group_id == group.id else rule.remote_group_id,
        )
        for rule in group.rules
    )


@dataclass(frozen=True, slots=True)
class FixedIp:
    """An address of a port, in a subnet of its network."""

    ip_address: str
    subnet_id: str = ""


@dataclass(frozen=True, slots=True)
class AddressPair:
    """A further address, or a prefix, that a port may use as its own."""

    ip_address: str
    mac_address: str = ""


@dataclass(frozen=True, slots=True)
class CloudPort:
    """A port (Neutron's connection of a device to a network) with its groups.

    `device_owner` is what it belongs to: `compute:…` is an instance, whose id is `device_id`.
    Groups, addresses and address pairs are whole, or `None`: not shown, or not readable.
    """

    id: str
    project_id: str
    name: str
    device_id: str
    device_owner: str
    fixed_ips: tuple[FixedIp, ...] | None
    security_group_ids: tuple[str, ...] | None
    revision_number: int
    description: str = ""
    network_id: str = ""
    mac_address: str = ""
    status: str = ""
    # Nova writes the instance's hostname here.
    dns_name: str = ""
    vnic_type: str = ""
    # `None` if the cloud does not say it
    port_security_enabled: bool | None = None
    admin_state_up: bool | None = None
    allowed_address_pairs: tuple[AddressPair, ...] | None = ()


@dataclass(frozen=True, slots=True)
class CloudAddressGroup:
    """An address group with all of its members, addresses or prefixes."""

    id: str
    name: str
    addresses: tuple[str, ...]


class FirewallDriver(StrEnum):
    """What enforces the rules of a cloud; its hosts may have `SEVERAL`."""

    OVN = "ovn"
    OPENVSWITCH = "openvswitch"
    IPTABLES = "iptables"
    SEVERAL = "several"


class ProjectStatus(StrEnum):
    """Whether a project exists, as far as the credentials show."""

    FOUND = "found"
    MISSING = "missing"
    UNKNOWN = "unknown"


class CloudError(RingfenceError):
    """Base of the errors of a cloud.

    The message is shown to users in `error_message`: it contains no URL and no credential.
    """


class Retry(CloudError):
    """Temporary: the same call may succeed later, after `after` seconds if the cloud says so."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class GiveUp(CloudError):
    """Permanent: repeating the call cannot help."""


class CloudUnreachable(Retry):
    """No valid response: connection refused or closed, timeout, 5xx, or not from Neutron."""


class Unusable(CloudUnreachable):
    """A response, or an item of one, that is not Neutron's; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{NOT_FROM_NEUTRON} ({reason}).")
        self.reason = reason


class UnknownPath(CloudUnreachable):
    """The cloud, or a proxy before it, knows no such path; the resource may exist."""


class NoSuchResource(UnknownPath):
    """Neutron has no resources of this kind: the cloud does not have the extension."""


class TooManyRequests(Retry):
    """The cloud's rate limit is exceeded."""


class Outdated(Retry):
    """The group or port is not at the expected revision; read it again."""


class QuotaExceeded(GiveUp):
    """The project's quota in the cloud is used up."""


class AccessRefused(GiveUp):
    """The credentials are wrong or lack a permission."""


class GroupNotFound(GiveUp):
    """The cloud does not have the group."""


class PortNotFound(GiveUp):
    """The cloud does not have the port."""


class RemoteNotFound(GiveUp):
    """A rule names a remote group, or an address group, that the cloud does not have."""


class GroupInUse(GiveUp):
    """The group is attached to a port."""


class RuleExists(GiveUp):
    """An equal rule exists already; reading the group again shows it."""


class ProjectNotFound(GiveUp):
    """The tenant's project does not exist, or the credentials cannot see it."""


class RequestRefused(GiveUp):
    """The cloud refuses the content of the request."""


class Misconfigured(GiveUp):
    """The settings of the cloud are invalid, for example no such entry in `clouds.yaml`."""


class NetworkCloud(Protocol):
    """A cloud's security groups and ports, with one set of credentials.

    Every method raises `CloudError` and nothing else. Creation in bulk is atomic: all rules or
    none. No call that may have had an effect is repeated.
    """

    async def list_groups(self, project_id: str, *, name: str | None = None) -> list[CloudGroup]:
        """Return the groups of the project with all of their rules."""
        ...

    async def get_group(self, group_id: str) -> CloudGroup:
        """Return one group; raise `GroupNotFound`."""
        ...

    async def create_group(
        self, project_id: str, name: str, description: str, *, stateful: bool | None = None
    ) -> CloudGroup:
        """Create a group and return it with the initial rules that the cloud gives it."""
        ...

    async def initial_rules(self, project_id: str) -> Sequence[CloudRule]:
        """Return the initial rules of a new group; `PARENT` stands for the group."""
        ...

    def initial_revision(self, project_id: str) -> int:
        """Return the revision of a new group that nobody has changed."""
        ...

    def now(self) -> datetime | None:
        """Return the time by the cloud's clock; `None` if it is unknown, or the database's."""
        ...

    async def update_group(
        self, group_id: str, *, name: str, description: str, revision: int | None = None
    ) -> CloudGroup:
        """Set name and description; raise `Outdated` if the group is not at the revision."""
        ...

    async def delete_group(self, group_id: str, *, revision: int | None = None) -> None:
        """Delete a group with its rules; raise `GroupNotFound`, `GroupInUse` or `Outdated`."""
        ...

    async def create_rules(
        self, project_id: str, group_id: str, rules: Sequence[CloudRule]
    ) -> list[CloudRule]:
        """Create rules in one call, all or none, and return them in the same order.

        Raises `RuleExists`, `QuotaExceeded`, `GroupNotFound` for the group itself, and
        `RemoteNotFound` for a group that a rule names.
        """
        ...

    async def delete_rule(self, rule_id: str) -> None:
        """Delete one rule; a missing one is not an error."""
        ...

    async def free_rule_quota(self, project_id: str) -> int | None:
        """Return how many more rules the project may hold; `None` for no or an unknown limit.

        It is less than 0 if the quota was lowered below what is used.
        """
        ...

    async def list_ports(self, project_id: str) -> list[CloudPort]:
        """Return the ports of the project."""
        ...

    async def get_port(self, port_id: str) -> CloudPort:
        """Return one port; raise `PortNotFound`."""
        ...

    async def list_floating_ips(self, project_id: str) -> Mapping[str, str]:
        """Return the project's floating IPs on ports, each with the id of its port.

        A cloud without the router extension has none.
        """
        ...

    async def list_address_groups(self, group_ids: Collection[str]) -> list[CloudAddressGroup]:
        """Return those of the address groups that are visible and readable, of any project.

        A cloud without the extension has none.
        """
        ...

    async def firewall_driver(self) -> FirewallDriver | None:
        """Return the firewall driver of the cloud's hosts; `None` if it is unknown.

        Raises no `CloudError`.
        """
        ...

    async def set_port_groups(
        self, port_id: str, group_ids: Sequence[str], *, revision: int
    ) -> None:
        """Set the groups of the port; raise `Outdated` if it is not at the revision.

        Raises `PortNotFound`, and `GroupNotFound` for a missing group.
        """
        ...

    async def project_status(self, project_id: str) -> ProjectStatus:
        """Return whether the project exists."""
        ...
