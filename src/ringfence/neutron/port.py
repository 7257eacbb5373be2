"""What the sync needs of a cloud's network service.

Two drivers implement it and pass one test suite: `openstack` (a real Neutron) and `sandbox`.
Values are those that Neutron shows: `None` means any, remote ends are backend ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ringfence.errors import RingfenceError
from ringfence.security_groups.rule_input.refused_input import LONGEST_DESCRIPTION

NOT_NEUTRONS = "The cloud sent an answer that is not Neutron's"


def kept_description(description: str) -> str:
    """Give as much of a description as the cloud keeps; Neutron refuses a longer one."""
    return description[:LONGEST_DESCRIPTION]


@dataclass(frozen=True, slots=True)
class CloudRule:
    """One rule as the cloud holds it, or as it is to be created (then `id` is empty)."""

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


# The group itself, as a remote end of the rules that a cloud gives each new group
PARENT = "PARENT"
# The revision of a group that nobody has changed since Neutron made it
USUAL_FIRST_REVISION = 1
# What Neutron gives a new group where its administrator has set nothing else
USUAL_FIRST_RULES = (CloudRule("IPv4", "egress"), CloudRule("IPv6", "egress"))


@dataclass(frozen=True, slots=True)
class UnreadableRule:
    """A rule that the cloud has and that means nothing here: `reason` says what is wrong with it.

    It is neither absent nor known to admit anything, so nothing is removed or added because of it.
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
    # Whether replies are admitted without a rule; `None` where the cloud does not say it.
    stateful: bool | None = None
    # Whether its rules say which address group they name, be it none; not every cloud has any.
    tells_address_groups: bool = True
    # `None` where the cloud does not say it
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()


def without_identity(group: CloudGroup) -> tuple[CloudRule, ...]:
    """Return the group's rules as they compare with those of another: no ids, no descriptions."""
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
class CloudPort:
    """A port (Neutron's: a connection to a network) with the groups that it carries.

    `device_owner` says what it belongs to, `compute:…` an instance, whose id `device_id` is then.
    """

    id: str
    project_id: str
    name: str
    device_id: str
    device_owner: str
    fixed_ips: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    revision_number: int


class ProjectStatus(StrEnum):
    """Whether a project exists, as far as the credentials may know."""

    FOUND = "found"
    MISSING = "missing"
    UNKNOWN = "unknown"


class CloudError(RingfenceError):
    """Base of what a cloud can answer instead of doing what was asked.

    The message is shown to users in `error_message`: it holds no address and no credential.
    """


class Retry(CloudError):
    """Temporary: the same call may succeed later (`after`: seconds that the cloud asked for)."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class GiveUp(CloudError):
    """Permanent: repeating the call cannot help."""


class CloudUnreachable(Retry):
    """No usable answer: refused, timed out, cut, 5xx, or not what Neutron would say."""


class Unusable(CloudUnreachable):
    """A response, or an item of one, that is not Neutron's: `reason` is the part that tells."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{NOT_NEUTRONS} ({reason}).")
        self.reason = reason


class UnknownPath(CloudUnreachable):
    """The cloud, or something in front of it, knows no such path; what it names may exist."""


class NoSuchResource(UnknownPath):
    """Neutron has nothing of this kind: an extension that the cloud does not run."""


class TooManyRequests(Retry):
    """The cloud asks to slow down."""


class Outdated(Retry):
    """The group, or the port, is not at the revision that the call was meant for; look again."""


class QuotaExceeded(GiveUp):
    """The project's quota in the cloud is used up."""


class AccessRefused(GiveUp):
    """The credentials are wrong or lack the right."""


class GroupNotFound(GiveUp):
    """The cloud knows no such group."""


class PortNotFound(GiveUp):
    """The cloud knows no such port."""


class RemoteNotFound(GiveUp):
    """A rule names a remote group, or an address group, that the cloud does not have."""


class GroupInUse(GiveUp):
    """The group is attached to a port."""


class RuleExists(GiveUp):
    """An equal rule is there already; looking again shows it."""


class ProjectNotFound(GiveUp):
    """The project that a tenant stands for does not exist, or the credentials do not see it."""


class RequestRefused(GiveUp):
    """The cloud understood the call and refuses what it says."""


class Misconfigured(GiveUp):
    """The cloud's settings here are unusable, for example no such entry in `clouds.yaml`."""


class NetworkCloud(Protocol):
    """A cloud's security groups and who carries them, seen with one set of credentials.

    Every method raises `CloudError` and nothing else. Creation in bulk is atomic: all rules or
    none. Nothing here repeats a call that could have had an effect.
    """

    async def list_groups(self, project_id: str, *, name: str | None = None) -> list[CloudGroup]:
        """Give the groups that belong to the project, each whole."""
        ...

    async def get_group(self, group_id: str) -> CloudGroup:
        """Give one group; `GroupNotFound` where there is none."""
        ...

    async def create_group(
        self, project_id: str, name: str, description: str, *, stateful: bool | None = None
    ) -> CloudGroup:
        """Create a group; the answer has the rules that the cloud gave it by itself."""
        ...

    async def first_rules(self, project_id: str) -> Sequence[CloudRule]:
        """Return the rules that the cloud gives a new group; `PARENT` stands for the group."""
        ...

    def first_revision(self, project_id: str) -> int:
        """Return the revision of a new group, which nobody has changed."""
        ...

    def now(self) -> datetime | None:
        """Return the time by the cloud's clock; `None` where it is not known, or ours."""
        ...

    async def update_group(
        self, group_id: str, *, name: str, description: str, revision: int | None = None
    ) -> CloudGroup:
        """Set name and description; `Outdated` unless the group is at the revision, if given."""
        ...

    async def delete_group(self, group_id: str, *, revision: int | None = None) -> None:
        """Delete a group with its rules; `GroupNotFound`, `GroupInUse`, and `Outdated` as above."""
        ...

    async def create_rules(
        self, project_id: str, group_id: str, rules: Sequence[CloudRule]
    ) -> list[CloudRule]:
        """Create rules in one call, all or none, and give them in the same order.

        `RuleExists`, `QuotaExceeded`; `GroupNotFound` for the group itself, `RemoteNotFound` for
        a group that a rule names.
        """
        ...

    async def delete_rule(self, rule_id: str) -> None:
        """Delete one rule; one that is gone already is no error."""
        ...

    async def free_rule_quota(self, project_id: str) -> int | None:
        """Give how many more rules the project may hold; `None` for no limit, or none known.

        Less than 0 where it holds more than it may: a quota can be lowered below what is used.
        """
        ...

    async def list_ports(self, project_id: str) -> list[CloudPort]:
        """Give the ports that belong to the project."""
        ...

    async def list_floating_addresses(self, project_id: str) -> Mapping[str, str]:
        """Give the project's floating addresses in use, each with the id of its port.

        A cloud without floating addresses has none.
        """
        ...

    async def set_port_groups(
        self, port_id: str, group_ids: Sequence[str], *, revision: int
    ) -> None:
        """Let the port carry exactly these groups; `Outdated` unless it is at the revision.

        `PortNotFound`; `GroupNotFound` for a group that is not there.
        """
        ...

    async def project_status(self, project_id: str) -> ProjectStatus:
        """Return whether the project exists."""
        ...

    async def check(self, project_id: str) -> None:
        """Make the cheapest call that proves reachability and the right to read the project."""
        ...
