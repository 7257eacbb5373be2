"""What a load removes, and how much of it no file names. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from ringfence.clouds.commands import CloudRow, TenantRow
from ringfence.errors import OperatorError
from ringfence.organisations.commands import CustomerRow, ProjectRow
from ringfence.provisioning.options import LoadOptions
from ringfence.security_groups.bulk_load import Group
from ringfence.users.commands import GrantRow, UserRow


@dataclass(slots=True)
class Removals:
    """The rows to remove, by UUID.

    `gone` counts absent objects that do not exist any more. `unnamed` counts what is removed
    without being named by a file, and `known` among how many, both by kind. `shares` are the same
    two numbers for each object that contains them.
    """

    clouds: dict[UUID, CloudRow] = field(default_factory=dict)
    users: dict[UUID, UserRow] = field(default_factory=dict)
    customers: dict[UUID, CustomerRow] = field(default_factory=dict)
    projects: dict[UUID, ProjectRow] = field(default_factory=dict)
    tenants: dict[UUID, TenantRow] = field(default_factory=dict)
    groups: dict[UUID, Group] = field(default_factory=dict)
    deleted_in_cloud: dict[UUID, Group] = field(default_factory=dict)
    roles: list[GrantRow] = field(default_factory=list)
    # Full names, for the diff
    names: dict[UUID, str] = field(default_factory=dict)
    gone: Counter[str] = field(default_factory=Counter)
    unnamed: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    shares: list[tuple[int, int]] = field(default_factory=list)


def mass_removal(removals: Removals, options: LoadOptions) -> str:
    """Return why the load is stopped: too much that no file names; empty if it may go on."""
    total = removals.unnamed.total()
    if options.max_removals is not None:
        is_stopped = total > options.max_removals
    else:
        by_kind = [(number, removals.known[kind]) for kind, number in removals.unnamed.items()]
        # One tenant that loses all of its groups would be a small share of a large file.
        is_stopped = any(options.guard.stops(*share) for share in (*by_kind, *removals.shares))
    if not is_stopped:
        return ""
    return (
        f"the load would remove {' and '.join(_counts(removals.unnamed))} that no file names; see "
        f"what with --dry-run, and allow it with --max-removals {total}"
    )


def require_no_mass_removal(removals: Removals, options: LoadOptions) -> None:
    """Raise `OperatorError` if the load removes too much that no file names."""
    if reason := mass_removal(removals, options):
        raise OperatorError(reason)


def _counts(numbers: Counter[str]) -> Iterator[str]:
    for kind, number in numbers.items():
        if number:
            yield f"{number} {kind if number != 1 else kind.removesuffix('s')}"
