"""Who may do what: one table, read by the code and walked cell by cell by a test."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ringfence.errors import Forbidden, NotFound


class Role(StrEnum):
    """How a user stands to an object: by a flag of its own, or by a grant."""

    STAFF = "STAFF"
    SUPPORT = "SUPPORT"
    CUSTOMER_OWNER = "CUSTOMER.OWNER"
    CUSTOMER_MANAGER = "CUSTOMER.MANAGER"
    CUSTOMER_SUPPORT = "CUSTOMER.SUPPORT"
    PROJECT_ADMIN = "PROJECT.ADMIN"
    PROJECT_MANAGER = "PROJECT.MANAGER"
    PROJECT_MEMBER = "PROJECT.MEMBER"


# The roles that a grant can have: on a customer with its projects, or on one project
CUSTOMER_ROLES = (Role.CUSTOMER_OWNER, Role.CUSTOMER_MANAGER, Role.CUSTOMER_SUPPORT)
PROJECT_ROLES = (Role.PROJECT_ADMIN, Role.PROJECT_MANAGER, Role.PROJECT_MEMBER)


class Permission(StrEnum):
    """What can be done to a security group, to a tenant with its groups, or to see of the sync."""

    SECURITY_GROUP_READ = "security_group.read"
    SECURITY_GROUP_CREATE = "security_group.create"
    SECURITY_GROUP_UPDATE = "security_group.update"
    SECURITY_GROUP_SET_RULES = "security_group.set_rules"
    SECURITY_GROUP_PULL = "security_group.pull"
    SECURITY_GROUP_DELETE = "security_group.delete"
    SECURITY_GROUP_UNLINK = "security_group.unlink"
    SECURITY_GROUP_SET_OK = "security_group.set_ok"
    SECURITY_GROUP_SET_ERRED = "security_group.set_erred"
    TENANT_PULL = "tenant.pull"
    TENANT_PULL_SECURITY_GROUPS = "tenant.pull_security_groups"
    TENANT_PUSH_SECURITY_GROUPS = "tenant.push_security_groups"
    TENANT_SET_DEFAULT_EGRESS = "tenant.set_default_egress"
    TENANT_CONFIRM_MISSING = "tenant.confirm_missing"
    SYNC_READ = "sync.read"


# RFC 9110, section 9.2.1, without TRACE, which is not served
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Methods that read an object or a list
READ_METHODS = frozenset({"GET", "HEAD"})

_EVERY_ROLE = frozenset(Role)
_CHANGING_ROLES = frozenset(
    {Role.STAFF, Role.CUSTOMER_OWNER, Role.PROJECT_ADMIN, Role.PROJECT_MANAGER}
)
_STAFF = frozenset({Role.STAFF})

MATRIX: Mapping[Permission, frozenset[Role]] = {
    Permission.SECURITY_GROUP_READ: _EVERY_ROLE,
    Permission.SECURITY_GROUP_CREATE: _CHANGING_ROLES,
    Permission.SECURITY_GROUP_UPDATE: _CHANGING_ROLES,
    Permission.SECURITY_GROUP_SET_RULES: _CHANGING_ROLES,
    Permission.SECURITY_GROUP_PULL: _CHANGING_ROLES,
    Permission.SECURITY_GROUP_DELETE: _CHANGING_ROLES,
    Permission.SECURITY_GROUP_UNLINK: _STAFF,
    Permission.SECURITY_GROUP_SET_OK: _STAFF,
    Permission.SECURITY_GROUP_SET_ERRED: _STAFF,
    Permission.TENANT_PULL: _CHANGING_ROLES,
    Permission.TENANT_PULL_SECURITY_GROUPS: _CHANGING_ROLES,
    Permission.TENANT_PUSH_SECURITY_GROUPS: _CHANGING_ROLES,
    Permission.TENANT_SET_DEFAULT_EGRESS: _STAFF,
    Permission.TENANT_CONFIRM_MISSING: _STAFF,
    # It tells of all tenants.
    Permission.SYNC_READ: _STAFF | {Role.SUPPORT},
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on one customer, or on one project (ids of rows)."""

    role: Role
    customer_id: int | None
    project_id: int | None


@dataclass(frozen=True, slots=True)
class TokenUsed:
    """The token of a request, but for its secret; `project_id` is the one project it reaches."""

    id: int
    uuid: UUID
    name: str = ""
    is_read_only: bool = False
    project_id: int | None = None
    # When it ends, or the session that was begun with it; None where it never does
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request, as far as the token reaches with which it is made."""

    user_id: int
    user_uuid: UUID
    username: str
    grants: tuple[Grant, ...]
    is_staff: bool = False
    is_support: bool = False
    token: TokenUsed | None = None
    # Up to where in the write-ahead log the user has written; told where a replica is read.
    written: int | None = None

    @property
    def is_limited(self) -> bool:
        """Tell whether the token allows less than its user may."""
        return self.token is not None and (
            self.token.is_read_only or self.token.project_id is not None
        )

    def global_roles(self) -> frozenset[Role]:
        """Give the roles that hold everywhere."""
        flags = {Role.STAFF: self.is_staff, Role.SUPPORT: self.is_support}
        return frozenset(role for role, held in flags.items() if held)

    def roles_at(self, customer_id: int, project_id: int) -> frozenset[Role]:
        """Give the roles that hold for objects of this project."""
        granted = (
            grant.role
            for grant in self.grants
            if grant.customer_id == customer_id or grant.project_id == project_id
        )
        return self.global_roles() | frozenset(granted)


def restricted_to_project(actor: Actor, customer_id: int, project_id: int) -> Actor:
    """Give the actor with what it may do in this project, and nothing else.

    Staff is staff there by a grant, so that what needs no object (`require_everywhere`), and what
    only the flag opens, stays closed.
    """
    held = sorted(actor.roles_at(customer_id, project_id))
    grants = tuple(Grant(role, None, project_id) for role in held)
    return replace(actor, grants=grants, is_staff=False, is_support=False)


def require_writable(actor: Actor, method: str) -> None:
    """Raise `Forbidden` where the token may only read and the method is one that changes."""
    if actor.token is not None and actor.token.is_read_only and method not in SAFE_METHODS:
        raise Forbidden("This token may only read; use one that may write.")


def require_unlimited(actor: Actor) -> None:
    """Raise `Forbidden` where the token is limited: it must not make, or end, one that is not."""
    if actor.is_limited:
        raise Forbidden("This token is limited; use one that is not to manage tokens.")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A permission that was needed: at one project of a customer (ids of rows), or everywhere."""

    permission: Permission
    customer_id: int | None = None
    project_id: int | None = None

    def check(self, actor: Actor) -> None:
        """Raise `Forbidden` unless the actor may do this."""
        if self.customer_id is None or self.project_id is None:
            held = actor.global_roles()
        else:
            held = actor.roles_at(self.customer_id, self.project_id)
        if not held & MATRIX[self.permission]:
            raise Forbidden

    def check_again(self, actor: Actor) -> None:
        """Check what was met before; raise `NotFound` where the actor sees nothing there by now."""
        if self.customer_id is not None and self.project_id is not None:
            held = actor.roles_at(self.customer_id, self.project_id)
            if not held & MATRIX[Permission.SECURITY_GROUP_READ]:
                raise NotFound("Not found.")
        self.check(actor)


_noted: ContextVar[list[Requirement] | None] = ContextVar("demands", default=None)


@contextmanager
def recording_requirements() -> Iterator[list[Requirement]]:
    """Note what is required within: on whose strength a response shows what it shows."""
    demands: list[Requirement] = []
    token = _noted.set(demands)
    try:
        yield demands
    finally:
        _noted.reset(token)


def require(actor: Actor, permission: Permission, *, customer_id: int, project_id: int) -> None:
    """Raise `Forbidden` unless the actor may do this to objects of the project."""
    _require(actor, Requirement(permission, customer_id, project_id))


def require_everywhere(actor: Actor, permission: Permission) -> None:
    """Raise `Forbidden` unless the actor may do this whatever the object, seen or not."""
    _require(actor, Requirement(permission))


def _require(actor: Actor, demand: Requirement) -> None:
    if (noted := _noted.get()) is not None:
        noted.append(demand)
    demand.check(actor)
