"""Judge what an entry of clouds.yaml may do in the projects of its tenants.

Pure: `clouds` reads the facts. Neutron has no request that tests a permission, so what a
token may write is inferred from its scope and roles by OpenStack's default policies, and the checks
say so; a write test proves it. What it may read is tried.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.monitoring.checks.check import Check, failed, few, passed, warning
from ringfence.neutron.credentials import Credentials, TokenScope
from ringfence.neutron.operations import refused_operations

GUIDE = "docs/how-to/connect-openstack.md"
# A token that one side takes for expired is renewed, so less than this does no harm.
TOLERATED_CLOCK_SECONDS = 60.0

ADMIN, READER = "admin", "reader"
WRITERS = frozenset({ADMIN, "member"})
# The roles that OpenStack's default policies name
KNOWN_ROLES = WRITERS | {READER, "manager", "service"}

_CHANGES = "groups can be created, changed, detached and deleted"
_SCOPE_AND_ROLES = "scope and roles of the token"
_INFERRED = f"{_SCOPE_AND_ROLES}, by Neutron's default policy; --write-test proves it"

# Alias -> what is lost without it, as docs/reference/openstack.md has it
OPTIONAL_EXTENSIONS: Mapping[str, str] = {
    "quota_details": "after a refusal for quota, no rule is removed first",
    "revision-if-match": "a change by another tool at the same moment is found by the next pull",
    "security-groups-default-rules": "Neutron's two egress rules are assumed for a new group",
    "standard-attr-description": "descriptions of rules stay here",
    "standard-attr-tag": "tags are no evidence that a group belongs to another tool",
    "standard-attr-timestamp": "the group of a creation without a response is not found by time",
    "stateful-security-group": "stateless groups are not recognised",
    "port-security": "ports may have no groups",
    "pagination": "lists come in one response",
    "router": "there are no floating IPs",
}
REQUIRED_EXTENSION = "security-group"


class Project(StrEnum):
    """A tenant's project as Keystone shows it."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with the name of its cloud and the id of its OpenStack project."""

    name: str
    cloud: str
    project_id: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read with one entry.

    `refused` maps the path of a list to the error. `extensions` is `None` if they are not listed,
    `reads_others` if no project but that of the token was read. `seconds_ahead` is how far the
    cloud's clock is ahead of the local one. `quota` has limit and use in the project of the token.
    """

    entry: str
    credentials: Credentials | None
    refused: Mapping[str, str] = field(default_factory=dict)
    extensions: frozenset[str] | None = None
    projects: Mapping[str, Project] = field(default_factory=dict)
    reads_others: bool | None = None
    seconds_ahead: float | None = None
    quota: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def judge(facts: Facts, tenants: Sequence[Tenant]) -> list[Check]:
    """Return the checks of an entry and of its tenants."""
    checks = [_sign_in(facts)]
    if checks[0].passed:
        checks += [*_limits(facts), *_reading(facts), *_quota(facts)]
        checks += [*_extensions(facts), *_clock(facts)]
        checks += [judge_tenant(facts, tenant) for tenant in tenants]
    return checks


def _sign_in(facts: Facts) -> Check:
    name, token = f"credentials {facts.entry}", facts.credentials
    if token is None:
        return warning(
            name,
            "it signs in without Keystone: rights are not known",
            "auth_type of the entry",
            "prove them with --write-test",
        )
    roles = f"with {_roles(token)}"
    if token.scope is TokenScope.PROJECT:
        found = f"{token.user} signs in for the project {token.project} {roles}"
        return passed(name, found, "a token of Keystone")
    written = {
        TokenScope.SYSTEM: "the system (system_scope)",
        TokenScope.DOMAIN: "a domain",
        TokenScope.NONE: "nothing",
    }[token.scope]
    remove = {
        TokenScope.SYSTEM: "replace system_scope by",
        TokenScope.DOMAIN: "replace domain_name or domain_id by",
        TokenScope.NONE: "add",
    }[token.scope]
    return failed(
        name,
        f"{token.user} signs in for {written} {roles}: without a project, Neutron lists no groups "
        "and creates none",
        _SCOPE_AND_ROLES,
        f"in this entry of clouds.yaml, {remove} project_name and project_domain_name",
    )


def _limits(facts: Facts) -> Iterator[Check]:
    """Check the access rules of an application credential, which limit it to certain calls."""
    token = facts.credentials
    if token is None or token.access_rules is None:
        return
    prefixes = {"network": token.network_path, "identity": token.identity_path}
    lost = list(refused_operations(token.access_rules, prefixes))
    name = f"access rules of {facts.entry}"
    tested = f"the token's {len(token.access_rules)} access rules against each call"
    calls = [f"{each.method} {prefixes[each.service]}{each.path} ({each.purpose})" for each in lost]
    needed = [call for call, each in zip(calls, lost, strict=True) if not each.without]
    if needed:
        yield failed(
            name,
            f"they refuse {few(needed)}",
            tested,
            "create an application credential with the access rules of " + GUIDE,
        )
    elif lost:
        without = "; ".join(dict.fromkeys(each.without for each in lost))
        found = f"they refuse {few(calls)}: {without}"
        yield warning(name, found, tested, "accept this, or add the rules as in " + GUIDE)
    else:
        yield passed(name, "they allow every call that Ringfence makes", tested)


def _reading(facts: Facts) -> Iterator[Check]:
    """Check the lists that were tried."""
    tested = "GET of one item each of security groups, ports and floating IPs"
    if error := facts.refused.get("/security-groups"):
        name = f"reading with {facts.entry}"
        fix = "permit get_security_group (role reader)"
        if facts.credentials is not None and facts.credentials.access_rules is not None:
            fix = (
                "let the cloud set service_type = network in [keystone_authtoken] of Neutron, "
                f"which refuses all tokens with access rules without it, or {fix}"
            )
        yield failed(name, f"security groups cannot be read: {error}", tested, fix)
        return
    unread = {
        "/ports": "ports cannot be read",
        "/floatingips": "floating IPs cannot be read",
    }
    found = [
        f"{text}: {facts.refused[path]}" for path, text in unread.items() if path in facts.refused
    ]
    if found:
        yield warning(
            f"reading with {facts.entry}",
            f"{'; '.join(found)}: the usage of groups stays unknown",
            tested,
            "permit get_port and get_floatingip (role reader)",
        )
        return
    kinds, lost = "groups, ports, floating IPs and free quotas", ""
    if "/quotas" in facts.refused:
        kinds = "groups, ports and floating IPs"
        lost = "; free quotas cannot: after a refusal for quota, no rule is removed first"
    name = f"reading with {facts.entry}"
    yield passed(name, f"{kinds} can be read{lost}", f"{tested}; GET of the quota")


def _quota(facts: Facts) -> Iterator[Check]:
    """Check the quota of the token's project: rights do not help where it is used up."""
    full = [
        f"{used} of {limit} {kind.replace('_', ' ')}s"
        for kind, (limit, used) in facts.quota.items()
        if 0 <= limit <= used
    ]
    if full:
        found = f"{few(full)} of the project of the credentials are used: new ones are refused"
        fix = "raise the quota: openstack quota set --secgroups … --secgroup-rules …"
        yield warning(f"quota of {facts.entry}", found, "GET of the quota", fix)


def _extensions(facts: Facts) -> Iterator[Check]:
    name, tested = f"extensions of {facts.entry}", "GET /v2.0/extensions"
    if facts.extensions is None:
        error = facts.refused.get("/extensions", "not tried")
        yield warning(
            name, f"they cannot be listed: {error}", tested, "permit GET /v2.0/extensions"
        )
        return
    if REQUIRED_EXTENSION not in facts.extensions:
        fix = "enable security groups in Neutron, or check region_name and interface"
        yield failed(name, f"{REQUIRED_EXTENSION} is missing", tested, fix)
        return
    missing = {
        alias: lost for alias, lost in OPTIONAL_EXTENSIONS.items() if alias not in facts.extensions
    }
    if missing:
        found = "; ".join(f"without {alias}, {lost}" for alias, lost in missing.items())
        yield passed(name, found, tested)
    else:
        yield passed(name, "all that Ringfence uses are there", tested)


def _clock(facts: Facts) -> Iterator[Check]:
    if facts.seconds_ahead is None:
        return
    name = f"clock of {facts.entry}"
    tested = "the Date header of the cloud's last response against this machine's clock"
    ahead = facts.seconds_ahead
    if abs(ahead) <= TOLERATED_CLOCK_SECONDS:
        yield passed(name, f"differs by less than {TOLERATED_CLOCK_SECONDS:.0f} s", tested)
        return
    way = "ahead of" if ahead > 0 else "behind"
    found = f"the cloud's clock is {abs(ahead):.0f} s {way} this one"
    yield warning(
        name, found, tested, "synchronize both clocks (NTP): tokens expire too early or too late"
    )


def judge_tenant(facts: Facts, tenant: Tenant) -> Check:
    """Return whether the entry can read and change the groups of the tenant."""
    name, token = f"cloud {tenant.cloud}, tenant {tenant.name}", facts.credentials
    project = facts.projects.get(tenant.project_id, Project.UNKNOWN)
    if project in {Project.MISSING, Project.DISABLED}:
        state = "does not exist" if project is Project.MISSING else "is disabled"
        return failed(
            name,
            f"the project {tenant.project_id} {state}",
            f"GET /v3/projects with the entry {facts.entry}",
            "correct the backend_id of the tenant, or enable the project",
        )
    if token is None:
        return warning(
            name, "rights are not known", "auth_type of the entry", "prove them with --write-test"
        )
    if tenant.project_id == token.project_id:
        return _in_own_project(name, token)
    return _in_other_project(name, token, facts, tenant)


def _in_own_project(name: str, token: Credentials) -> Check:
    if writers := [role for role in token.roles if role in WRITERS]:
        found = f"the project of the credentials; {_CHANGES} by the role {writers[0]}"
        return passed(name, found, _INFERRED)
    grant = f"grant the role member: openstack role add --user {token.user} --project "
    fix = f"{grant}{token.project_id} member"
    unknown = _unknown_roles(token)
    if unknown:
        found = f"the role member is missing; whether {few(unknown)} may change groups is not known"
        return warning(name, found, _INFERRED, f"prove it with --write-test, or {fix}")
    return failed(
        name,
        f"{token.user} has {_roles(token)} only: groups are read, and each creation, change and "
        "deletion is refused",
        _INFERRED,
        fix,
    )


def _in_other_project(name: str, token: Credentials, facts: Facts, tenant: Tenant) -> Check:
    where = f"the credentials belong to the project {token.project}"
    own = (
        f"set openstack_cloud of the tenant to an entry for the project {tenant.project_id}, "
        f"or grant {token.user} the role admin"
    )
    if ADMIN not in token.roles:
        if facts.reads_others and (unknown := _unknown_roles(token)):
            found = f"{where}; whether {few(unknown)} may change groups elsewhere is not known"
            return warning(name, found, _INFERRED, f"prove it with --write-test, or {own}")
        found = f"{where}, and without the role admin they reach no other: nothing is pushed"
        return failed(name, found, _SCOPE_AND_ROLES, own)
    if facts.reads_others is False:
        found = f"{where} with the role admin, and Neutron shows them no group of another project"
        tested = "GET of a group of another project, which each has"
        return failed(name, found, tested, f"check context_is_admin in Neutron's policy, or {own}")
    if not token.is_admin_project:
        found = f"{where}, which is not the cloud's admin project: some policies demand it"
        return warning(name, found, _INFERRED, "prove it with --write-test")
    if facts.projects.get(tenant.project_id, Project.UNKNOWN) is Project.UNKNOWN:
        found = f"Keystone does not say whether the project exists; {_CHANGES} by the "
        fix = "permit identity:get_project, or compare the backend_id with openstack project list"
        return warning(name, found + "role admin", _INFERRED, fix)
    found = f"the project exists; {_CHANGES} by the role admin"
    return passed(name, found, f"GET /v3/projects; {_INFERRED}")


def _roles(token: Credentials) -> str:
    if not token.roles:
        return "no role"
    return f"the role{'s' if len(token.roles) > 1 else ''} {', '.join(token.roles)}"


def _unknown_roles(token: Credentials) -> list[str]:
    return [role for role in token.roles if role not in KNOWN_ROLES]
