"""Scope: which rows exist for an actor, as a condition in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from ringfence.access.permissions import MATRIX, Actor, Permission


@dataclass(frozen=True, slots=True)
class Scope:
    """The customers and projects (row ids) in which an actor has a permission, or everything."""

    everything: bool
    customers: list[int]
    projects: list[int]

    @classmethod
    def of(cls, actor: Actor, permission: Permission = Permission.SECURITY_GROUP_READ) -> "Scope":
        """Return the scope in which the actor has the permission."""
        roles = MATRIX[permission]
        grants = [grant for grant in actor.grants if grant.role in roles]
        return cls(
            everything=bool(actor.global_roles() & roles),
            customers=_unique(grant.customer_id for grant in grants),
            projects=_unique(grant.project_id for grant in grants),
        )


def _unique(ids: Iterable[int | None]) -> list[int]:
    return sorted({number for number in ids if number is not None})


# For statements that join `project`; takes `scope_parameters`
VISIBLE: LiteralString = """(
    %(sees_everything)s
    OR project.customer_id = ANY(%(sees_customers)s::bigint[])
    OR project.id = ANY(%(sees_projects)s::bigint[])
)"""


def scope_parameters(scope: Scope) -> dict[str, object]:
    return {
        "sees_everything": scope.everything,
        "sees_customers": scope.customers,
        "sees_projects": scope.projects,
    }


# For statements that join `account`: users see themselves, staff and support see all. A filter by a
# user out of scope finds nothing, like a filter by one that does not exist.
USER_VISIBLE: LiteralString = "(%(sees_everything)s OR account.id = %(actor_id)s)"

# What the actor may change, for statements that join `project`; takes `actor_parameters`
MANAGEABLE: LiteralString = """(
    %(manages_everything)s
    OR project.customer_id = ANY(%(manages_customers)s::bigint[])
    OR project.id = ANY(%(manages_projects)s::bigint[])
)"""


def actor_parameters(actor: Actor) -> dict[str, object]:
    """Return the parameters of `VISIBLE` and `MANAGEABLE`, with `actor_id` and `is_staff`.

    `only_project` is the project that the token is restricted to; None for all.
    """
    manages = Scope.of(actor, Permission.SECURITY_GROUP_UPDATE)
    return scope_parameters(Scope.of(actor)) | {
        "manages_everything": manages.everything,
        "manages_customers": manages.customers,
        "manages_projects": manages.projects,
        "actor_id": actor.user_id,
        "is_staff": actor.is_staff,
        "only_project": actor.token.project_id if actor.token else None,
    }
