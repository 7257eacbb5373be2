"""Scan a cloud: its projects and domains, then its floating IPs, ports, policies and groups.

Each list is read once, for all projects, and page by page: `report` counts the items, and `spool`
keeps those of the projects that become tenants. `neutron/inventory` sends the requests, GET only.

Credentials that may not list projects see their own project, and that is the tenant.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

import structlog

from ringfence.discovery.found import Found, FoundProject, Selection, select
from ringfence.discovery.report import Report, Tally
from ringfence.discovery.spool import Spool
from ringfence.errors import OperatorError
from ringfence.neutron import translate
from ringfence.neutron.error_mapping import NO_CONNECTION
from ringfence.neutron.identity import Account, CloudDomain, CloudProject
from ringfence.neutron.inventory import Inventory, Kind
from ringfence.neutron.port import AccessRefused, CloudError, CloudGroup, CloudPort, Unusable
from ringfence.neutron.read_port import read_port
from ringfence.text.json_value import Json

logger = structlog.get_logger(__name__)

# Called with what is being read, and how many items of it were
Advance = Callable[[str, int], None]

CUT = (
    "Keystone cut its list of projects (list_limit in its configuration): "
    "the projects beyond it are not found"
)
NO_PORTS = "ports may not be read: which groups are in use is not known"


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found: the projects, the counts, and the groups and ports by project."""

    found: Found
    selected: tuple[FoundProject, ...]
    report: Report
    # The first entry's: it looks up what the lists do not have.
    inventory: Inventory
    # Whether ports were read: without the permission their use is unknown
    has_ports: bool
    groups: Spool
    ports: Spool
    # By the id of their port
    floating_ips: dict[str, list[str]]

    def groups_of(self, project_id: str) -> list[CloudGroup]:
        return [translate.read_group(item) for item in self.groups.of(project_id)]

    def ports_of(self, project_id: str) -> list[CloudPort]:
        return [read_port(item) for item in self.ports.of(project_id)]


@dataclass(frozen=True, slots=True)
class _Scope:
    """An entry, and the project that it shows; an empty one is all projects."""

    inventory: Inventory
    account: Account
    project_id: str = ""


@asynccontextmanager
async def scanning(
    selection: Selection, advance: Advance, is_kept: Callable[[str], bool] = lambda _project: False
) -> AsyncIterator[Scan]:
    """Scan the cloud and yield the result; raise `OperatorError`, also for the block.

    The groups and ports of the selected projects are kept for which `is_kept` is true.
    """
    with ExitStack() as stack:
        stack.enter_context(_explained(selection))
        inventories = tuple(Inventory(entry) for entry in selection.entries)
        for inventory in inventories:
            stack.callback(inventory.close)
        found, scopes = await _find_projects(inventories, advance)
        groups, ports = stack.enter_context(Spool()), stack.enter_context(Spool())
        scanner = _Scanner(found, selection, groups, ports, advance, is_kept)
        for scope in scopes:
            await scanner.read(scope)
        yield scanner.scan(scopes)


@contextmanager
def _explained(selection: Selection) -> Iterator[None]:
    """Raise the errors of the cloud as those of the operator."""
    try:
        yield
    except CloudError as error:
        line = f"the cloud {selection.cloud}: {error}"
        if str(error) == NO_CONNECTION:
            line = f"{line.rstrip('.')}; check auth_url in clouds.yaml and the network"
        raise OperatorError(line) from None


async def _find_projects(
    inventories: Sequence[Inventory], advance: Advance
) -> tuple[Found, list[_Scope]]:
    """Return the projects and domains, and what each entry shows of the network service."""
    found = Found()
    scopes: list[_Scope] = []
    for inventory in inventories:
        account = await inventory.account()
        _require_same_cloud(scopes, inventory, account)
        listed = await inventory.projects()
        if listed is None:
            found = _with_own_project(found, inventory.entry, account)
            scopes.append(_Scope(inventory, account, account.project_id))
        else:
            domains = tuple(await inventory.domains())
            projects = tuple(map(FoundProject, listed.projects))
            warnings = () if listed.is_complete else (CUT,)
            # It shows all projects: further entries could only repeat them.
            found = Found(projects, domains, listed.is_complete, warnings)
            scopes = [_Scope(inventory, account)]
            break
        advance("projects", len(found.projects))
    return found, scopes


def _require_same_cloud(scopes: Sequence[_Scope], inventory: Inventory, account: Account) -> None:
    if scopes and scopes[0].account.cloud != account.cloud:
        raise OperatorError(
            f"the entries {scopes[0].inventory.entry} and {inventory.entry} lead to different "
            "clouds or regions: discover each of them with a command of its own"
        )


def _with_own_project(found: Found, entry: str, account: Account) -> Found:
    if not account.project_id:
        raise OperatorError(
            f"the credentials of the entry {entry} have no project and may not list projects: "
            "give them the role admin in a project"
        )
    project = CloudProject(account.project_id, account.project_name, account.domain_id)
    if project.id in found.project_ids:
        return found
    domains = {one.id: one for one in found.domains}
    domains[account.domain_id] = CloudDomain(account.domain_id, account.domain_name)
    return replace(
        found,
        projects=(*found.projects, FoundProject(project, entry)),
        domains=tuple(domains.values()),
    )


@dataclass(slots=True)
class _Scanner:
    """Reads the lists of the network service, counts their items and spools them."""

    found: Found
    selection: Selection
    groups: Spool
    ports: Spool
    advance: Advance
    is_kept: Callable[[str], bool]
    tally: Tally = field(init=False)
    floating_ips: dict[str, list[str]] = field(default_factory=dict)
    has_ports: bool = True
    skipped: int = 0
    # Whether a group or port of another project than that of the credentials was listed
    _sees_others: bool = False

    def __post_init__(self) -> None:
        selected = select(self.found, self.selection)
        names = {one.project.id: one.project.name for one in selected}
        knows_all = self.found.is_complete
        self.tally = Tally(names, self.found.project_ids, knows_all=knows_all)

    async def read(self, scope: _Scope) -> None:
        """Read all lists through one entry."""
        await self._each(scope, Kind.FLOATING_IPS, self._add_floating_ip)
        try:
            await self._each(scope, Kind.PORTS, self._add_port)
        except AccessRefused as refused:
            logger.warning("ports_not_read", entry=scope.inventory.entry, error=str(refused))
            self.has_ports = False
        await self._each(scope, Kind.POLICIES, self._add_policy)
        await self._each(scope, Kind.GROUPS, self._add_group)

    async def _each(self, scope: _Scope, kind: Kind, add: Callable[[Json], str]) -> None:
        """Pass each item of a list to `add`, which returns the id of its project."""
        number = 0
        filtered = "" if kind is Kind.POLICIES else scope.project_id
        async for items in scope.inventory.pages(kind, filtered):
            for item in items:
                try:
                    project = add(item)
                except Unusable as error:
                    self.skipped += 1
                    logger.warning(
                        "cloud_item_skipped",
                        entry=scope.inventory.entry,
                        kind=kind,
                        reason=error.reason,
                    )
                    continue
                self._sees_others |= project not in {"", scope.account.project_id}
            number += len(items)
            self.advance(kind, number)

    def _add_floating_ip(self, item: Json) -> str:
        address, port, project = translate.read_floating_ip(item)
        if port:
            self.floating_ips.setdefault(port, []).append(address)
        return project

    def _add_port(self, item: Json) -> str:
        port = read_port(item)
        is_selected = self.tally.add_port(port, has_floating_ip=port.id in self.floating_ips)
        if is_selected and self.is_kept(port.project_id):
            self.ports.add(port.project_id, item)
        return port.project_id

    def _add_policy(self, item: Json) -> str:
        if isinstance(item, dict) and isinstance(group := item.get("object_id"), str):
            self.tally.shared_ids.add(group)
        return ""

    def _add_group(self, item: Json) -> str:
        group = translate.read_group(item)
        is_selected = self.tally.add_group(group, is_shared=item.get("shared") is True)
        if is_selected and self.is_kept(group.project_id):
            self.groups.add(group.project_id, item)
        # Without a policy for it, a shared group may be all that one sees of other projects.
        return "" if item.get("shared") is True else group.project_id

    def scan(self, scopes: Sequence[_Scope]) -> Scan:
        """Return the result; raise `OperatorError` if the groups are hidden."""
        found = self._visible(scopes[0]) if scopes else self.found
        selected = tuple(select(found, self.selection))
        self.tally.selected = {one.project.id: one.project.name for one in selected}
        warnings = (*found.warnings, *(() if self.has_ports else (NO_PORTS,)))
        report = self.tally.report(
            self.selection.cloud,
            (one.project.name for one in selected),
            domains=len(found.domains),
            requests=sum(scope.inventory.requests for scope in scopes),
            skipped=self.skipped + sum(scope.inventory.skipped for scope in scopes),
        )
        return Scan(
            found=found,
            selected=selected,
            report=replace(report, warnings=warnings),
            inventory=scopes[0].inventory,
            has_ports=self.has_ports,
            groups=self.groups,
            ports=self.ports,
            floating_ips=self.floating_ips,
        )

    def _visible(self, scope: _Scope) -> Found:
        """Return the projects whose groups the credentials may read.

        Keystone may list all projects to credentials to which Neutron shows only their own.
        """
        account = scope.account
        is_trusted = account.is_admin and account.project_id
        if scope.project_id or is_trusted or self._sees_others:
            return self.found
        entry = scope.inventory.entry
        own = [one for one in self.found.projects if one.project.id == account.project_id]
        if not own:
            raise OperatorError(
                f"Keystone lists {len(self.found.projects)} projects to the entry {entry}, and "
                "Neutron shows none of their security groups to it: use credentials with the role "
                "admin in a project (not system_scope), or those of each project"
            )
        hidden = len(self.found.projects) - len(own)
        warning = (
            f"{hidden} further projects are left out: Neutron shows the entry {entry} only the "
            "security groups of its own project; give it the role admin there"
        )
        warnings = (*self.found.warnings, *([warning] if hidden else []))
        return replace(self.found, projects=tuple(own), is_complete=False, warnings=warnings)
