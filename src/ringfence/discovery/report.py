"""Counts what a scan found, item by item, and reports it. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from ringfence.neutron.port import CloudGroup, CloudPort, CloudRule
from ringfence.security_groups.internet import is_internet
from ringfence.text.counting import counted

# How many names a line of the report shows
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Report:
    """What discovery found; the counts of groups are of the projects that become tenants."""

    cloud: str
    projects: int = 0
    domains: int = 0
    tenants: int = 0
    groups: int = 0
    rules: int = 0
    ports: int = 0
    open_groups: int = 0
    groups_on_floating_ips: int = 0
    open_groups_on_floating_ips: int = 0
    shared_groups: int = 0
    # Names that several groups of a project, or several projects, have
    duplicate_group_names: int = 0
    duplicate_project_names: int = 0
    # Rules whose remote group the cloud does not list
    unresolved_rules: int = 0
    unreadable_rules: int = 0
    # Projects with groups, of which Keystone knows nothing
    unknown_projects: int = 0
    groups_of_unknown_projects: int = 0
    skipped_items: int = 0
    requests: int = 0
    # Some of the names and ids that are counted, by the name of the count
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    def document(self) -> dict[str, object]:
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the report as `name: text` lines."""
        counts = [
            ("projects", f"{self.projects:,} in {counted(self.domains, 'domain')}"),
            ("tenants", f"{self.tenants:,}"),
            ("security groups", f"{self.groups:,} with {counted(self.rules, 'rule')}"),
            ("open to the internet", counted(self.open_groups, "group")),
            ("on floating IPs", self._on_floating_ips()),
            ("shared", self._with("shared_groups", "group")),
            ("duplicate names", self._duplicates()),
            ("unresolved remote groups", self._with("unresolved_rules", "rule")),
            ("unreadable", counted(self.unreadable_rules, "rule")),
            ("not in Keystone", self._unknown()),
            ("requests", f"{self.requests:,}"),
        ]
        return [f"{name}: {text}" for name, text in counts] + [
            f"warning: {warning}" for warning in self.warnings
        ]

    def _on_floating_ips(self) -> str:
        some = counted(self.groups_on_floating_ips, "group")
        return f"{some}, {self.open_groups_on_floating_ips:,} of them open to the internet"

    def _duplicates(self) -> str:
        groups = self._with("duplicate_group_names", "name", " of groups")
        return f"{groups}; {self._with('duplicate_project_names', 'name', ' of projects')}"

    def _unknown(self) -> str:
        projects = self._with("unknown_projects", "project")
        return f"{counted(self.groups_of_unknown_projects, 'group')} of {projects}"

    def _with(self, name: str, word: str, more: str = "") -> str:
        """Return a count with some of the names that it counts."""
        number = getattr(self, name)
        shown = self.examples.get(name, ())
        names = f" ({', '.join(shown)}{', …' if number > len(shown) else ''})" if shown else ""
        return counted(number, word) + more + names


@dataclass(slots=True)
class Tally:
    """The counts so far; `selected` are the projects that become tenants, with their names."""

    selected: Mapping[str, str]
    known: Collection[str]
    # Whether a project that is not known is known to be missing
    knows_all: bool = True
    rules: int = 0
    ports: int = 0
    unreadable: int = 0
    open_groups: set[str] = field(default_factory=set)
    # Groups that a policy shares, of any project
    shared_ids: set[str] = field(default_factory=set)
    # Shared groups by name
    shared: list[str] = field(default_factory=list)
    on_floating: set[str] = field(default_factory=set)
    _groups: set[str] = field(default_factory=set)
    _listed: set[str] = field(default_factory=set)
    _remotes: Counter[str] = field(default_factory=Counter)
    _names: Counter[tuple[str, str]] = field(default_factory=Counter)
    _unknown: Counter[str] = field(default_factory=Counter)

    @property
    def groups(self) -> int:
        return len(self._groups)

    def add_group(self, group: CloudGroup, *, is_shared: bool) -> bool:
        """Count a group; return whether it is new and belongs to a selected project."""
        if group.id in self._listed:
            return False
        self._listed.add(group.id)
        if group.project_id not in self.selected:
            if self.knows_all and group.project_id not in self.known:
                self._unknown[group.project_id] += 1
            return False
        self._groups.add(group.id)
        self._names[group.project_id, group.name] += 1
        self.rules += len(group.rules) + len(group.unreadable)
        self.unreadable += len(group.unreadable)
        if any(map(is_open, group.rules)):
            self.open_groups.add(group.id)
        if is_shared or group.id in self.shared_ids:
            self.shared.append(f"{self.selected[group.project_id]}/{group.name}")
        self._remotes.update(
            rule.remote_group_id
            for rule in group.rules
            if rule.remote_group_id is not None and rule.remote_group_id != group.id
        )
        return True

    def add_port(self, port: CloudPort, *, has_floating_ip: bool) -> bool:
        """Count a port with groups; return whether it belongs to a selected project."""
        groups = port.security_group_ids or ()
        if has_floating_ip:
            self.on_floating.update(groups)
        if port.project_id not in self.selected:
            return False
        self.ports += bool(groups)
        return True

    def report(
        self, cloud: str, names: Iterable[str], *, domains: int, requests: int, skipped: int
    ) -> Report:
        """Return the report; `names` are those of all selected projects, with repetitions."""
        unresolved = {one: n for one, n in self._remotes.items() if one not in self._listed}
        duplicates = [key for key, number in self._names.items() if number > 1]
        repeated = [name for name, number in Counter(names).items() if number > 1]
        on_floating = self.on_floating & self._groups
        return Report(
            cloud=cloud,
            projects=len(self.known),
            domains=domains,
            tenants=len(self.selected),
            groups=len(self._groups),
            rules=self.rules,
            ports=self.ports,
            open_groups=len(self.open_groups),
            groups_on_floating_ips=len(on_floating),
            open_groups_on_floating_ips=len(on_floating & self.open_groups),
            shared_groups=len(self.shared),
            duplicate_group_names=len(duplicates),
            duplicate_project_names=len(repeated),
            unresolved_rules=sum(unresolved.values()),
            unreadable_rules=self.unreadable,
            unknown_projects=len(self._unknown),
            groups_of_unknown_projects=sum(self._unknown.values()),
            skipped_items=skipped,
            requests=requests,
            examples={
                "shared_groups": sorted(self.shared)[:SHOWN],
                "duplicate_group_names": sorted(
                    f"{self.selected[project]}/{name}" for project, name in duplicates
                )[:SHOWN],
                "duplicate_project_names": sorted(repeated)[:SHOWN],
                "unresolved_rules": sorted(unresolved)[:SHOWN],
                "unknown_projects": sorted(self._unknown)[:SHOWN],
            },
        )


def is_open(rule: CloudRule) -> bool:
    """Return whether the rule admits traffic from the internet."""
    if rule.direction != "ingress" or rule.remote_group_id or rule.remote_address_group_id:
        return False
    return rule.remote_ip_prefix is None or is_internet(rule.remote_ip_prefix, rule.ethertype)
