"""How files are loaded: the options of `ringfence load`."""

from collections.abc import Collection
from dataclasses import dataclass

from ringfence.sync.compare import DEFAULT_GUARD, MassRemovalGuard


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The options of a load; by default it adds and changes, and pushes nothing.

    `moves` are names and UUIDs of tenants that may become another project in the cloud. `prune`
    removes what the files do not declare within the customers that they declare, `push` creates
    their groups in the cloud. `dry_run` stores nothing. Removals of objects that no file names are
    limited to `max_removals` or, without it, by `guard`.
    """

    moves: Collection[str] = ()
    dry_run: bool = False
    prune: bool = False
    push: bool = False
    # Whether the report lists the differences, as that of a dry run does
    detailed: bool = False
    max_removals: int | None = None
    guard: MassRemovalGuard = DEFAULT_GUARD


DEFAULT_OPTIONS = LoadOptions()
