"""What an actor may see, as a condition on rows: what is outside does not exist for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from ringfence.access.permissions import MATRIX, Actor, Permission


@dataclass(frozen=True, slots=True)
class Scope:
    """The customers and projects (ids of rows) in which a permission holds, or everything."""

    everything: bool
    customers: list[int]
    projects: list[int]

    @classmethod
    def of(cls, actor: Actor, permission: Permission = Permission.SECURITY_GROUP_READ) -> "Scope":
        """Give the scope in which the actor holds the permission."""
        roles = MATRIX[permission]
        grants = [grant for grant in actor.grants if grant.role in roles]
        return cls(
            everything=bool(actor.global_roles() & roles),
            customers=_once(grant.customer_id for grant in grants),
            projects=_once(grant.project_id for grant in grants),
        )


def _once(ids: Iterable[int | None]) -> list[int]:
    """Give what there is, each once: a user may hold several roles at one place."""
    return sorted({number for number in ids if number is not None})


# For statements that join `project`. Pass `scope_parameters`.
VISIBLE: LiteralString = """(
    %(sees_everything)s
    OR project.customer_id = ANY(%(sees_customers)s::bigint[])
    OR project.id = ANY(%(sees_projects)s::bigint[])
)"""


def scope_parameters(scope: Scope) -> dict[str, object]:
    """Give the parameters that `VISIBLE` takes."""
    return {
        "sees_everything": scope.everything,
        "sees_customers": scope.customers,
        "sees_projects": scope.projects,
    }


# For statements that join `account`: everybody sees itself, staff and support all. What is asked by
# a user that is not seen finds nothing, as by one that does not exist.
USER_VISIBLE: LiteralString = "(%(sees_everything)s OR account.id = %(actor_id)s)"

# What the actor may change, for statements that join `project`. Pass `actor_parameters`.
MANAGEABLE: LiteralString = """(
    %(manages_everything)s
    OR project.customer_id = ANY(%(manages_customers)s::bigint[])
    OR project.id = ANY(%(manages_projects)s::bigint[])
)"""


def actor_parameters(actor: Actor) -> dict[str, object]:
    """Give the parameters of `VISIBLE` and `MANAGEABLE`, with `actor_id`, `is_staff`.

    `only_project` is the one that the token reaches; None stands for all.
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
