"""Stored discoveries: what to repeat, what staff requested, and what the last run reported.

`ringfence discover --load` stores one, and staff can in the console. Workers run those that are
requested or followed (`follow`). A run holds a lease: a worker that dies loses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ringfence.database.pool import Connection, Database
from ringfence.discovery.found import Selection
from ringfence.discovery.report import Report
from ringfence.errors import Conflict
from ringfence.neutron.storable_text import storable

LEASE_SECONDS = 60.0
LONGEST_MESSAGE = 2000
FOLLOWED = (
    "This cloud is followed with other entries or customers: request the report with those, or"
    " stop following it first."
)

_COLUMNS: LiteralString = """
    id, uuid, cloud, entries, domains, name_pattern, customer, by_parent, follow, created,
    requested, creates_tenants, running_until > now() AS is_running, progress, finished,
    error_message, report
"""

_ALL: LiteralString = "SELECT" + _COLUMNS + "FROM discoveries ORDER BY cloud, domains, name_pattern"
_ONE: LiteralString = "SELECT" + _COLUMNS + "FROM discoveries WHERE uuid = %s FOR UPDATE"

_SAVE: LiteralString = """
INSERT INTO discoveries AS stored (
    cloud, entries, domains, name_pattern, customer, by_parent, follow, requested, creates_tenants
)
VALUES (
    %(cloud)s, %(entries)s, %(domains)s, %(match)s, %(customer)s, %(by_parent)s,
    coalesce(%(follow)s, false), CASE WHEN %(requested)s THEN now() END, %(creates_tenants)s
)
ON CONFLICT (cloud, domains, name_pattern) DO UPDATE
SET
    entries = excluded.entries,
    customer = excluded.customer,
    by_parent = excluded.by_parent,
    follow = coalesce(%(follow)s, stored.follow),
    requested = coalesce(excluded.requested, stored.requested),
    creates_tenants = excluded.creates_tenants
-- A report leaves what is followed as it is.
WHERE
    NOT stored.follow OR excluded.creates_tenants
    OR ROW(stored.entries, stored.customer, stored.by_parent)
    IS NOT DISTINCT FROM ROW(excluded.entries, excluded.customer, excluded.by_parent)
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_REMOVE: LiteralString = "DELETE FROM discoveries WHERE id = %s"

# A lease further ahead than any was taken before the clock was set back.
_CLAIM: LiteralString = """
UPDATE discoveries
SET running_until = now() + make_interval(secs => %(lease)s), progress = ''
WHERE
    id = (
        SELECT due.id FROM discoveries AS due
        WHERE
            (
                due.running_until IS NULL
                OR due.running_until NOT BETWEEN
                now() AND now() + make_interval(secs => 2 * %(lease)s)
            )
            AND (
                due.requested IS NOT NULL
                OR (
                    due.follow
                    AND (
                        due.finished IS NULL
                        OR due.finished NOT BETWEEN
                        now() - make_interval(secs => %(interval)s) AND now()
                    )
                )
            )
        ORDER BY due.requested, due.finished NULLS FIRST
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_EXTEND: LiteralString = """
UPDATE discoveries
SET running_until = now() + make_interval(secs => %(lease)s), progress = %(progress)s
WHERE id = %(id)s AND running_until IS NOT NULL
"""

# A run that was requested in the meantime still waits. A failed one keeps the last report.
_FINISH: LiteralString = """
UPDATE discoveries
SET
    requested = CASE WHEN requested > %(started)s THEN requested END,
    running_until = NULL,
    progress = '',
    finished = now(),
    error_message = %(error)s,
    report = coalesce(%(report)s, report)
WHERE id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Discovery:
    """A stored discovery."""

    id: int
    uuid: UUID
    cloud: str
    entries: list[str]
    domains: list[str]
    name_pattern: str
    customer: str | None
    by_parent: bool
    follow: bool
    created: datetime
    requested: datetime | None
    creates_tenants: bool
    is_running: bool | None
    progress: str
    finished: datetime | None
    error_message: str
    report: Mapping[str, Any] | None

    @property
    def only_reports(self) -> bool:
        """Whether a claimed run is to report only; what workers repeat creates tenants."""
        return self.requested is not None and not self.creates_tenants

    @property
    def selection(self) -> Selection:
        return Selection(
            cloud=self.cloud,
            entries=tuple(self.entries),
            domains=tuple(self.domains),
            match=self.name_pattern,
            customer=self.customer,
            by_parent=self.by_parent,
        )

    def document(self) -> dict[str, object]:
        """Return the document of the API."""
        state = "running" if self.is_running else "requested" if self.requested else "idle"
        return {
            "uuid": self.uuid.hex,
            "cloud": self.cloud,
            "entries": self.entries,
            "domains": self.domains,
            "match": self.name_pattern,
            "customer": self.customer,
            "by_parent": self.by_parent,
            "follow": self.follow,
            "created": self.created.isoformat(),
            "state": state,
            "progress": self.progress,
            "finished": self.finished and self.finished.isoformat(),
            "error_message": self.error_message,
            "report": self.report,
        }


@dataclass(frozen=True, slots=True)
class Request:
    """A discovery to store; `follow` is None to keep what is stored."""

    selection: Selection
    follow: bool | None = None
    # Whether a worker is to run it, and whether that run creates tenants
    requested: bool = False
    creates_tenants: bool = True


async def discoveries(database: Database) -> list[Discovery]:
    """Return all stored discoveries."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Discovery))
        await cursor.execute(_ALL)
        return await cursor.fetchall()


async def find(connection: Connection, uuid: UUID) -> Discovery | None:
    """Lock and return a discovery."""
    cursor = connection.cursor(row_factory=class_row(Discovery))
    await cursor.execute(_ONE, [uuid])
    return await cursor.fetchone()


async def save(connection: Connection, request: Request) -> Discovery:
    """Store a discovery; one of the same cloud, domains and names is replaced.

    Raises `Conflict` for a report with other entries or customers than one that is followed.
    """
    selection = request.selection
    values = {
        "cloud": selection.cloud,
        "entries": list(selection.entries),
        "domains": sorted(set(selection.domains)),
        "match": selection.match,
        "customer": selection.customer,
        "by_parent": selection.by_parent,
        "follow": request.follow,
        "requested": request.requested,
        "creates_tenants": request.creates_tenants,
    }
    cursor = connection.cursor(row_factory=class_row(Discovery))
    await cursor.execute(_SAVE, values)
    row = await cursor.fetchone()
    if row is None:
        raise Conflict(FOLLOWED)
    return row


async def remove(connection: Connection, discovery: Discovery) -> None:
    """Forget a discovery; its tenants stay."""
    await connection.execute(_REMOVE, [discovery.id])


async def claim(database: Database, interval: float) -> Discovery | None:
    """Return a discovery that is due, with its lease; `interval` of repetition in seconds."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Discovery))
        await cursor.execute(_CLAIM, {"lease": LEASE_SECONDS, "interval": interval})
        return await cursor.fetchone()


async def extend(database: Database, discovery: Discovery, progress: str) -> None:
    """Extend the lease of a run, and show how far it is."""
    async with database.transaction() as connection:
        values = {"id": discovery.id, "lease": LEASE_SECONDS, "progress": storable(progress)}
        await connection.execute(_EXTEND, values)


async def finish(
    database: Database,
    discovery: Discovery,
    started: datetime,
    *,
    report: Report | None = None,
    error: str = "",
) -> None:
    """Store how a run ended that began at `started`."""
    values = {
        "id": discovery.id,
        "started": started,
        "error": storable(error, LONGEST_MESSAGE),
        "report": None if report is None else Jsonb(report.document()),
    }
    async with database.transaction() as connection:
        await connection.execute(_FINISH, values)
