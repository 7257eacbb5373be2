"""Read what each entry of clouds.yaml may do, for the tenants that use it.

One set of calls for an entry, whatever the number of its tenants: a token, one item of each list,
the extensions, and the projects of Keystone. `rights` judges the facts. Only sign-in and GET
requests are sent, unless a write test was requested (`write_test`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from ringfence.background import in_background, pause
from ringfence.cli.doctor.rights import Facts, Project, Tenant, judge
from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.monitoring.checks.check import Check, failed, few, passed
from ringfence.neutron.port import CloudError, GiveUp, NoSuchResource, ProjectStatus
from ringfence.sync.status import find_tenant

if TYPE_CHECKING:
    from ringfence.neutron.credentials import Credentials
    from ringfence.neutron.inspection import Inspection

CALL_SECONDS = 15.0
ENTRY_SECONDS = 60.0
ENTRIES_AT_ONCE = 8
# Each of a few projects is looked up. Of more, Keystone's list is read first, and of those that it
# leaves out, this many at most are looked up.
FEW_PROJECTS = 3
MOST_LOOKUPS = 50
LOOKUPS_AT_ONCE = 4
PROGRESS_SECONDS = 0.5
# A cloud with more passing tenants shows them as one line.
MOST_PASSED = 20

_LISTS: Sequence[tuple[str, Mapping[str, str]]] = (
    ("/security-groups", {"limit": "1", "fields": "id"}),
    ("/ports", {"limit": "1", "fields": "id"}),
    ("/floatingips", {"limit": "1", "fields": "id"}),
    ("/extensions", {"fields": "alias"}),
)

# Called with the part done, the total and a note
Advance = Callable[[int, int, str], None]

_PROJECTS: Mapping[ProjectStatus, Project] = {
    ProjectStatus.FOUND: Project.ENABLED,
    ProjectStatus.MISSING: Project.MISSING,
    ProjectStatus.UNKNOWN: Project.UNKNOWN,
}

_TENANTS: LiteralString = """
SELECT
    tenant.uuid, tenant.name, tenant.backend_id AS project_id, cloud.name AS cloud, cloud.backend,
    coalesce(tenant.openstack_cloud, cloud.openstack_cloud, '') AS entry
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
ORDER BY cloud.backend, entry, cloud.name, tenant.name, tenant.id
"""


class UnknownTenant(OperatorError):
    """The operator named no tenant, or several."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tenants to check: all, or the one of this name or UUID.

    `confirm` is given, if a write test is requested: it is called with the questions and returns
    whether to do it.
    """

    tenant: str | None = None
    confirm: Callable[[Sequence[str]], bool] | None = None


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant with its cloud, project and entry."""

    uuid: UUID
    name: str
    project_id: str
    cloud: str
    backend: str
    entry: str

    @property
    def is_openstack(self) -> bool:
        return self.backend == "openstack"


EVERYTHING = Selection()


def ignore_progress(_done: int, _total: int, _note: str) -> None:
    """Show no progress."""


async def checks(conninfo: str, selection: Selection, advance: Advance) -> list[Check]:
    """Check the clouds of all tenants, or of one; raises `UnknownTenant`."""
    async with Database.open(conninfo, size=2) as database:
        tenants = await _tenants(database, selection.tenant)
        if selection.confirm is None:
            return await _read_only(tenants, advance)
        from ringfence.cli.doctor import write_test  # noqa: PLC0415 - it loads the drivers

        chosen = write_test.choose(tenants, is_named=selection.tenant is not None)
        if chosen and not selection.confirm([write_test.question(one) for one in chosen]):
            chosen = []
        found = await _read_only(tenants, advance)
        return [*found, *await write_test.run(database, chosen)]


async def _tenants(database: Database, named: str | None) -> list[TenantRow]:
    async with database.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(TenantRow))
        await cursor.execute(_TENANTS)
        tenants = await cursor.fetchall()
    if named is None:
        return tenants
    try:
        uuid = (await find_tenant(database, named)).uuid
    except OperatorError as error:
        raise UnknownTenant(str(error)) from None
    return [tenant for tenant in tenants if tenant.uuid == uuid]


async def _read_only(tenants: Sequence[TenantRow], advance: Advance) -> list[Check]:
    real = [tenant for tenant in tenants if tenant.is_openstack]
    usable = [tenant for tenant in real if tenant.project_id and tenant.entry]
    checks = [
        *_sandboxes([tenant for tenant in tenants if not tenant.is_openstack]),
        *(_incomplete(tenant) for tenant in real if not (tenant.project_id and tenant.entry)),
    ]
    if usable:
        checks += await _entries(usable, advance)
    return checks


def _sandboxes(tenants: Sequence[TenantRow]) -> list[Check]:
    return [
        passed(f"cloud {cloud}", f"sandbox, {len(list(group))} tenants", "nothing to test")
        for cloud, group in groupby(tenants, lambda tenant: tenant.cloud)
    ]


def _incomplete(tenant: TenantRow) -> Check:
    name, tested = f"cloud {tenant.cloud}, tenant {tenant.name}", "the provisioned values"
    if not tenant.project_id:
        fix = "set it to the id of the tenant's OpenStack project"
        return failed(name, "the tenant has no backend_id", tested, fix)
    fix = "set openstack_cloud of its cloud to one"
    return failed(name, "the tenant has no entry of clouds.yaml", tested, fix)


async def _entries(tenants: Sequence[TenantRow], advance: Advance) -> list[Check]:
    from ringfence.neutron.inspection import Inspection  # noqa: PLC0415 - the SDK is slow to load
    from ringfence.neutron.openstack import MAX_RESPONSE_BYTES  # noqa: PLC0415
    from ringfence.neutron.sessions import EntrySessions  # noqa: PLC0415

    sessions = EntrySessions(MAX_RESPONSE_BYTES)
    at_once = asyncio.Semaphore(ENTRIES_AT_ONCE)
    groups = [(entry, list(group)) for entry, group in groupby(tenants, lambda one: one.entry)]
    waiting = [entry for entry, _ in groups]

    async def check(entry: str, group: Sequence[TenantRow]) -> list[Check]:
        async with at_once:
            found = await _entry(Inspection(sessions, entry, CALL_SECONDS), group)
        waiting.remove(entry)
        return found

    async def show_progress(stop: asyncio.Event) -> None:
        while not stop.is_set():
            advance(len(groups) - len(waiting), len(groups), f"waiting for {few(waiting)}")
            await pause(stop, PROGRESS_SECONDS)

    try:
        async with in_background(show_progress, "progress"):
            results = await asyncio.gather(*(check(*one) for one in groups))
        return [each for found in results for each in found]
    finally:
        sessions.close()


async def _entry(inspection: "Inspection", rows: Sequence[TenantRow]) -> list[Check]:
    name = f"credentials {inspection.entry}"
    tested = f"sign-in with the entry {inspection.entry}, for {_names(rows)}"
    try:
        async with asyncio.timeout(ENTRY_SECONDS):
            facts = await read_facts(inspection, [row.project_id for row in rows])
    except TimeoutError:
        fix = "check auth_url, and the network between this machine and the cloud"
        return [failed(name, f"no response within {ENTRY_SECONDS:.0f} s", tested, fix)]
    except CloudError as error:
        is_wrong = isinstance(error, GiveUp)
        fix = "correct the entry in clouds.yaml" if is_wrong else "check auth_url and the network"
        return [failed(name, str(error), tested, fix)]
    tenants = [Tenant(row.name, row.cloud, row.project_id) for row in rows]
    return _shortened(judge(facts, tenants), inspection.entry)


def _names(rows: Sequence[TenantRow]) -> str:
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"tenant {rows[0].name}{more}"


def _shortened(checks: list[Check], entry: str) -> list[Check]:
    """Return the checks with many passing tenants in one."""
    good = [
        check for check in checks if check.passed and not check.fix and ", tenant " in check.name
    ]
    if len(good) <= MOST_PASSED:
        return checks
    found = f"as {good[0].name.partition(', ')[2]}: {good[0].found}"
    rest = [check for check in checks if check not in good]
    return [*rest, passed(f"{len(good)} tenants of {entry}", found, good[0].tested)]


async def read_facts(inspection: "Inspection", projects: Sequence[str]) -> Facts:
    """Return what the entry shows; raises `CloudError` if it cannot be used at all."""
    token = await inspection.credentials()
    if token is not None and not token.project_id:
        return Facts(inspection.entry, token)
    refused: dict[str, str] = {}
    quota, lists = await asyncio.gather(
        _quota(inspection, refused, token), _lists(inspection, refused)
    )
    others = [project for project in projects if token is None or project != token.project_id]
    known = await _look_up(inspection, others)
    if token is not None:
        known[token.project_id] = Project.ENABLED
    extensions = lists["/extensions"]
    return Facts(
        entry=inspection.entry,
        credentials=token,
        refused=refused,
        extensions=(
            None if extensions is None else frozenset(str(one.get("alias")) for one in extensions)
        ),
        quota=quota,
        projects=known,
        reads_others=await _reads_another(inspection, token, others, known),
        seconds_ahead=_seconds_ahead(inspection),
    )


async def _lists(
    inspection: "Inspection", refused: dict[str, str]
) -> dict[str, Sequence[Mapping[str, object]] | None]:
    """Return one item of each list, and the extensions."""
    found = await asyncio.gather(*(_first(inspection, refused, *one) for one in _LISTS))
    return dict(found)


async def _first(
    inspection: "Inspection", refused: dict[str, str], path: str, query: Mapping[str, str]
) -> tuple[str, Sequence[Mapping[str, object]] | None]:
    """Return the list at the path; without one, note why in `refused`."""
    try:
        return path, await inspection.items(path, query)
    except NoSuchResource:
        # The cloud does not have the extension, which another check says.
        return path, []
    except CloudError as error:
        refused[path] = str(error)
        return path, None


async def _quota(
    inspection: "Inspection", refused: dict[str, str], token: "Credentials | None"
) -> Mapping[str, tuple[int, int]]:
    """Return limit and use in the project of the token."""
    try:
        return {} if token is None else await inspection.quota(token.project_id)
    except CloudError as error:
        refused["/quotas"] = str(error)
        return {}


async def _look_up(inspection: "Inspection", projects: Sequence[str]) -> dict[str, Project]:
    """Return which of the projects exist, as far as Keystone says."""
    if not projects:
        return {}
    are_few = len(projects) <= FEW_PROJECTS
    listed = await inspection.listed_projects(only_disabled=are_few) or {}
    known = {
        project: Project.ENABLED if listed[project] else Project.DISABLED
        for project in projects
        if project in listed
    }
    at_once = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def look_up(project: str) -> None:
        async with at_once:
            try:
                known[project] = _PROJECTS[await inspection.project_status(project)]
            except CloudError:
                known[project] = Project.UNKNOWN

    rest = [project for project in projects if project not in known]
    await asyncio.gather(*map(look_up, rest[:MOST_LOOKUPS]))
    return known


async def _reads_another(
    inspection: "Inspection",
    token: "Credentials | None",
    others: Sequence[str],
    known: Mapping[str, Project],
) -> bool | None:
    """Return whether groups of another project are shown: each has at least `default`."""
    if token is None:
        return None
    # Neutron creates a default group even for a project that does not exist.
    there = [project for project in others if known.get(project) is Project.ENABLED]
    if not there:
        return None
    query = {"project_id": there[0], "limit": "1", "fields": "project_id"}
    try:
        groups = await inspection.items("/security-groups", query)
    except CloudError:
        return False
    return any(group.get("project_id") == there[0] for group in groups)


def _seconds_ahead(inspection: "Inspection") -> float | None:
    now = inspection.now()
    return None if now is None else (now - datetime.now(UTC)).total_seconds()
