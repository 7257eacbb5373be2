"""Roles of Waldur as entries of a provisioning file. Pure.

Roles of Waldur that do not exist here, and those that end at a time, are named and left out: the
nearest role would allow more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from ringfence.access.permissions import CUSTOMER_ROLES, PROJECT_ROLES
from ringfence.discovery.waldur.entries import make
from ringfence.discovery.waldur.existing import ExistingUser
from ringfence.discovery.waldur.items import Item
from ringfence.provisioning.problems import quote
from ringfence.provisioning.schema import RoleEntry, UserEntry

ROLE_FIELDS = ("role_name", "user_uuid", "user_username", "expiration_time")
# Flags of a user, and what they are called
_RIGHTS = {"is_active": "active", "is_staff": "staff", "is_support": "support"}
# The key of a role's entry, and the roles that can have it
_ROLES = {
    "customer": frozenset(str(role) for role in CUSTOMER_ROLES),
    "project": frozenset(str(role) for role in PROJECT_ROLES),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The customer or the project in which roles are granted; `kind` is one of these words."""

    kind: str
    uuid: UUID
    name: str


@dataclass(slots=True)
class Roles:
    """The roles that a file can state, and why others are left out."""

    users: Mapping[UUID, UserEntry]
    entries: list[RoleEntry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    holders: set[UUID] = field(default_factory=set)

    def add(self, scope: Scope, item: Item) -> None:
        """Add a role of a list of the scope's users."""
        role, user = item.text("role_name"), item.uuid("user_uuid")
        reason = self._reason(scope, item, role, user)
        if reason:
            self.left_out.append(
                f"role {quote(role)} of {quote(item.text('user_username'))} in the {scope.kind} "
                f"{quote(scope.name)} ({scope.uuid.hex}): {reason}"
            )
            return
        self.holders.add(user)
        self.entries.append(
            make(
                RoleEntry,
                item.where,
                user=self.users[user].username,
                role=role,
                # By UUID: names of customers and projects may occur twice.
                **{scope.kind: scope.uuid.hex},
            )
        )

    def _reason(self, scope: Scope, item: Item, role: str, user: UUID) -> str:
        if role not in _ROLES[scope.kind]:
            return f"there is no such role of a {scope.kind} here"
        if (end := item.time_or_none("expiration_time")) is not None:
            return f"it ends {end:%Y-%m-%d}, and roles do not end here"
        if user not in self.users:
            return "/api/users/ does not list the user"
        return ""

    def needed_users(self, existing: Mapping[UUID, ExistingUser]) -> list[UserEntry]:
        """Return the users with a role, staff and support, sorted by name.

        Existing ones too: they may have been deactivated, or lost their rights.
        """
        needed = (
            self._as_here(user, existing.get(uuid))
            for uuid, user in self.users.items()
            if uuid in self.holders or uuid in existing or user.is_staff or user.is_support
        )
        return sorted(needed, key=lambda user: user.username)

    def _as_here(self, user: UserEntry, here: ExistingUser | None) -> UserEntry:
        """Return the user without the rights that one lost, or never had, here."""
        if here is None:
            return user
        more = [flag for flag in _RIGHTS if getattr(user, flag) and not getattr(here, flag)]
        if not more:
            return user
        self.notes.append(
            f"the user {quote(user.username)} is {' and '.join(map(_RIGHTS.__getitem__, more))} in "
            "Waldur and not here, and stays so"
        )
        return user.model_copy(update=dict.fromkeys(more, False))
