"""The state of the sync by cloud and tenant: work to do, drift and errors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.clouds import queries as tenants
from ringfence.clouds.queries import Tenant
from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.security_groups.cloud_state.never_pushed import IS_NEVER_PUSHED
from ringfence.text.counting import counted
from ringfence.text.uuids import parse_uuid

_STATUS: LiteralString = """
SELECT
    cloud.name AS cloud,
    cloud.state AS cloud_state,
    cloud.error_message AS cloud_error_message,
    tenant.name AS tenant,
    tenant.uuid,
    tenant.state,
    coalesce(mode.drift_mode, 'adopt') AS mode,
    pull.pulled_at,
    tenant.error_message,
    count(sg.id) AS groups,
    count(*) FILTER (
        WHERE sg.state IN ('CREATION_SCHEDULED', 'UPDATE_SCHEDULED', 'DELETION_SCHEDULED')
    ) AS scheduled,
    count(*) FILTER (WHERE sg.state IN ('CREATING', 'UPDATING', 'DELETING')) AS in_flight,
    count(*) FILTER (WHERE sg.state = 'ERRED') AS erred,
    count(*) FILTER (WHERE observation.drift_digest <> '' AND NOT observation.missing) AS drifting,
    count(*) FILTER (WHERE observation.missing) AS missing,
    count(*) FILTER (WHERE {never_pushed}) AS never_pushed,
    count(*) FILTER (
        WHERE own.drift_mode <> coalesce(mode.drift_mode, 'adopt')
    ) AS other_modes
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
LEFT JOIN tenant_drift_modes AS mode ON tenant.id = mode.tenant_id
LEFT JOIN tenant_pulls AS pull ON tenant.id = pull.tenant_id
LEFT JOIN security_groups AS sg ON tenant.id = sg.tenant_id
LEFT JOIN security_group_drift_modes AS own ON sg.id = own.security_group_id
LEFT JOIN security_group_observations AS observation ON sg.id = observation.security_group_id
GROUP BY cloud.id, tenant.id, mode.drift_mode, pull.pulled_at
ORDER BY cloud.name, tenant.name, tenant.id
""".replace("{never_pushed}", IS_NEVER_PUSHED)

_FIND: LiteralString = """
SELECT tenant.id FROM tenants AS tenant
WHERE tenant.name = %(name)s OR tenant.uuid = %(uuid)s
ORDER BY tenant.id
"""

_ALL: LiteralString = "SELECT tenant.id FROM tenants AS tenant ORDER BY tenant.name, tenant.id"


class Condition(StrEnum):
    """What `ringfence sync status --fail-on` can name."""

    ERRED = "erred"
    # The last pull failed, or stopped until an operator decides.
    STOPPED = "stopped"
    # Groups that drift or are missing in the cloud
    DRIFT = "drift"
    NEVER_PUSHED = "never-pushed"


@dataclass(frozen=True, slots=True)
class TenantStatus:
    """One tenant with the counts of its groups by condition."""

    cloud: str
    cloud_state: str
    cloud_error_message: str
    tenant: str
    uuid: UUID
    state: str
    mode: str
    pulled_at: datetime | None
    error_message: str
    groups: int
    scheduled: int
    in_flight: int
    erred: int
    drifting: int
    missing: int
    never_pushed: int
    # Groups whose own drift mode is not that of the tenant
    other_modes: int = 0

    def document(self) -> dict[str, object]:
        """Return the document of the API."""
        times = {"pulled_at": self.pulled_at and self.pulled_at.isoformat()}
        return asdict(self) | {"uuid": self.uuid.hex} | times

    def line(self) -> str:
        """Return the line of `ringfence sync status`."""
        counts = ("scheduled", "in_flight", "erred", "drifting", "missing")
        shown = (*counts, *(["never_pushed"] if self.never_pushed else []))
        text = ", ".join(f"{getattr(self, name)} {name.replace('_', ' ')}" for name in shown)
        text = f"{counted(self.groups, 'group')}, {text}"
        when = f"{self.pulled_at:%Y-%m-%d %H:%M:%S} UTC" if self.pulled_at else "never"
        line = f"{self.cloud} / {self.tenant}: {text}; {self.mode}; last pull {when}"
        return f"{line}; {self.error_message}" if self.error_message else line


def failing(tenants: Sequence[TenantStatus], conditions: Collection[Condition]) -> list[str]:
    """Return a line for each tenant that is in one of the conditions."""
    found = ((tenant, _failing(tenant, conditions)) for tenant in tenants)
    return [
        f"{tenant.cloud} / {tenant.tenant}: {', '.join(texts)}" for tenant, texts in found if texts
    ]


def _failing(tenant: TenantStatus, conditions: Collection[Condition]) -> list[str]:
    texts = {
        Condition.ERRED: tenant.erred and f"{tenant.erred} erred",
        Condition.STOPPED: (tenant.error_message or tenant.state == "ERRED") and "stopped",
        Condition.DRIFT: (tenant.drifting or tenant.missing)
        and f"{tenant.drifting} drifting, {tenant.missing} missing",
        Condition.NEVER_PUSHED: tenant.never_pushed and f"{tenant.never_pushed} never pushed",
    }
    return [str(text) for condition, text in texts.items() if condition in conditions and text]


def conditions(words: Sequence[str]) -> set[Condition]:
    """Return the conditions that comma-separated lists name; raises `OperatorError`."""
    named = [word.strip() for words_ in words for word in words_.split(",")]
    known = [str(condition) for condition in Condition]
    for word in named:
        if word not in known:
            raise OperatorError(f"{word!r} is not a condition; use one of {', '.join(known)}")
    return {Condition(word) for word in named}


async def status(database: Database) -> list[TenantStatus]:
    """Return the status of every tenant."""
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(TenantStatus))
        await cursor.execute(_STATUS)
        return await cursor.fetchall()


async def find_tenant(database: Database, named: str) -> Tenant:
    """Return the tenant of this name or UUID; raises `OperatorError`."""
    values = {"name": named, "uuid": parse_uuid(named)}
    found = await _tenants(database, _FIND, values)
    if not found:
        raise OperatorError(f"there is no tenant {named}; ringfence sync status shows all")
    if len(found) > 1:
        uuids = ", ".join(tenant.uuid.hex for tenant in found)
        raise OperatorError(f"several tenants are named {named}; say which by UUID: {uuids}")
    return found[0]


async def all_tenants(database: Database) -> list[Tenant]:
    """Return every tenant."""
    return await _tenants(database, _ALL, {})


async def _tenants(
    database: Database, statement: LiteralString, values: Mapping[str, object]
) -> list[Tenant]:
    async with database.transaction() as connection:
        cursor = await connection.execute(statement, values)
        ids: Sequence[tuple[int]] = await cursor.fetchall()
        return [await tenants.lock(connection, tenant_id) for (tenant_id,) in ids]
