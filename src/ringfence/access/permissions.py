"""Roles and permissions: one table, which a test checks cell by cell."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ringfence.errors import NO_PERMISSION, Forbidden, Message, NotFound


class Role(StrEnum):
    """A role, by a flag of the user (the first two) or by a grant."""

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
    """An action on a security group, on a tenant with its groups, or on the sync."""

    SECURITY_GROUP_READ = "security_group.read"
    SECURITY_GROUP_CREATE = "security_group.create"
    SECURITY_GROUP_UPDATE = "security_group.update"
    SECURITY_GROUP_SET_RULES = "security_group.set_rules"
    SECURITY_GROUP_PULL = "security_group.pull"
    SECURITY_GROUP_DELETE = "security_group.delete"
    SECURITY_GROUP_UNLINK = "security_group.unlink"
    SECURITY_GROUP_SET_OK = "security_group.set_ok"
    SECURITY_GROUP_SET_ERRED = "security_group.set_erred"
    # Of one port, or of all ports of an instance
    PORT_UPDATE_SECURITY_GROUPS = "port.update_security_groups"
    TENANT_PULL = "tenant.pull"
    TENANT_PULL_SECURITY_GROUPS = "tenant.pull_security_groups"
    TENANT_PUSH_SECURITY_GROUPS = "tenant.push_security_groups"
    TENANT_SET_DEFAULT_EGRESS = "tenant.set_default_egress"
    TENANT_CONFIRM_MISSING = "tenant.confirm_missing"
    SYNC_READ = "sync.read"
    DISCOVERY_CHANGE = "discovery.change"
    DOCTOR_READ = "doctor.read"


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
    Permission.PORT_UPDATE_SECURITY_GROUPS: _CHANGING_ROLES,
    Permission.TENANT_PULL: _CHANGING_ROLES,
    Permission.TENANT_PULL_SECURITY_GROUPS: _CHANGING_ROLES,
    Permission.TENANT_PUSH_SECURITY_GROUPS: _CHANGING_ROLES,
    Permission.TENANT_SET_DEFAULT_EGRESS: _STAFF,
    Permission.TENANT_CONFIRM_MISSING: _STAFF,
    # It shows all tenants.
    Permission.SYNC_READ: _STAFF | {Role.SUPPORT},
    Permission.DISCOVERY_CHANGE: _STAFF,
    # It names groups, tenants and errors of all customers, and how the service is run.
    Permission.DOCTOR_READ: _STAFF,
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on one customer or one project (row ids)."""

    role: Role
    customer_id: int | None
    project_id: int | None


@dataclass(frozen=True, slots=True)
class TokenUsed:
    """The token of a request; `project_id` is the only project that it can access, if set."""

    id: int
    uuid: UUID
    name: str = ""
    is_read_only: bool = False
    project_id: int | None = None
    # When the token, or the session that was started with it, expires; None for never
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A user with the rights of the token of the request."""

    user_id: int
    user_uuid: UUID
    username: str
    grants: tuple[Grant, ...]
    is_staff: bool = False
    is_support: bool = False
    token: TokenUsed | None = None
    # The position in the write-ahead log that a replica must have replayed to read for this user
    written: int | None = None

    @property
    def is_limited(self) -> bool:
        """Return whether the token restricts the rights of its user."""
        return self.token is not None and (
            self.token.is_read_only or self.token.project_id is not None
        )

    def global_roles(self) -> frozenset[Role]:
        """Return the roles on all objects."""
        flags = {Role.STAFF: self.is_staff, Role.SUPPORT: self.is_support}
        return frozenset(role for role, held in flags.items() if held)

    def roles_at(self, customer_id: int, project_id: int) -> frozenset[Role]:
        """Return the roles on objects of this project."""
        granted = (
            grant.role
            for grant in self.grants
            if grant.customer_id == customer_id or grant.project_id == project_id
        )
        return self.global_roles() | frozenset(granted)


def restricted_to_project(actor: Actor, customer_id: int, project_id: int) -> Actor:
    """Return the actor with its rights in this project, and no others.

    Staff gets the role by a grant on the project, so that permissions without an object
    (`require_everywhere`) and everything that depends on the flag are refused.
    """
    held = sorted(actor.roles_at(customer_id, project_id))
    grants = tuple(Grant(role, None, project_id) for role in held)
    return replace(actor, grants=grants, is_staff=False, is_support=False)


def require_writable(actor: Actor) -> None:
    """Raise `Forbidden` for a read-only token."""
    if actor.token is not None and actor.token.is_read_only:
        raise Forbidden("This token may only read; use one that may write.")


def require_unlimited(actor: Actor) -> None:
    """Raise `Forbidden` for a restricted token: it must not create or end an unrestricted one."""
    if actor.is_limited:
        raise Forbidden("Managing tokens requires a token without restrictions.")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A required permission, on one project of a customer (row ids) or everywhere."""

    permission: Permission
    customer_id: int | None = None
    project_id: int | None = None

    def check(self, actor: Actor) -> None:
        """Raise `Forbidden` unless the actor has the permission."""
        if self.customer_id is None or self.project_id is None:
            held = actor.global_roles()
        else:
            held = actor.roles_at(self.customer_id, self.project_id)
        if not held & MATRIX[self.permission]:
            roles = ", ".join(sorted(MATRIX[self.permission]))
            yours = ", ".join(sorted(held)) or "none"
            raise Forbidden(Message(NO_PERMISSION, f"It takes one of {roles}; you have {yours}."))

    def check_again(self, actor: Actor) -> None:
        """Check again later; raises `NotFound` if the project is out of scope by now."""
        if self.customer_id is not None and self.project_id is not None:
            held = actor.roles_at(self.customer_id, self.project_id)
            if not held & MATRIX[Permission.SECURITY_GROUP_READ]:
                raise NotFound("Not found.")
        self.check(actor)


_recorded: ContextVar[list[Requirement] | None] = ContextVar("requirements", default=None)


@contextmanager
def recording_requirements() -> Iterator[list[Requirement]]:
    """Record the permissions that are required within, and yield the list."""
    requirements: list[Requirement] = []
    token = _recorded.set(requirements)
    try:
        yield requirements
    finally:
        _recorded.reset(token)


def require(actor: Actor, permission: Permission, *, customer_id: int, project_id: int) -> None:
    """Raise `Forbidden` unless the actor has the permission on the project."""
    _require(actor, Requirement(permission, customer_id, project_id))


def require_everywhere(actor: Actor, permission: Permission) -> None:
    """Raise `Forbidden` unless the actor has the permission on all objects."""
    _require(actor, Requirement(permission))


def _require(actor: Actor, requirement: Requirement) -> None:
    if (recorded := _recorded.get()) is not None:
        recorded.append(requirement)
    requirement.check(actor)
