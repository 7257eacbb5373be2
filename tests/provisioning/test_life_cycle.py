"""The life cycle of what a file declares: shown before it is stored, removed, pruned and pushed."""

import json

from tests.provisioning.example import EXAMPLE, small
from tests.provisioning.test_load import rows_with_their_transactions

from ringfence.provisioning import json_lines
from ringfence.provisioning.differences import FieldChange
from ringfence.provisioning.options import LoadOptions
from ringfence.provisioning.resumable import load_resumable
from ringfence.provisioning.summary import Counts

# Two projects, of which the second has two tenants, with groups and roles
SITE = """
clouds: [{name: east, backend: sandbox}, {name: west, backend: sandbox}]
users: [{username: alice, token: 0123456789abcdef}, {username: bob}]
customers:
  - name: Acme
    projects:
      - {name: Web, tenants: [{name: prod, cloud: east, security_groups: [{name: web}]}]}
      - name: Lab
        tenants:
          - name: one
            cloud: west
            security_groups: [{name: a}, {name: b, rules: [{remote_group: a}]}]
          - {name: two, cloud: west}
  - {name: Other, projects: [{name: Web}]}
roles:
  - {user: alice, role: CUSTOMER.OWNER, customer: Acme}
  - {user: bob, role: PROJECT.ADMIN, project: Lab}
  - {user: bob, role: CUSTOMER.SUPPORT, customer: Other}
"""


def tenant(text):
    """Return a file with the tenant `one` of SITE, and what it states."""
    project = f"{{name: Lab, tenants: [{{name: one, cloud: west, {text}}}]}}"
    return f"customers: [{{name: Acme, projects: [{project}]}}]"


async def names(query, table):
    return [name for (name,) in await query(f"SELECT name FROM {table} ORDER BY name, id")]  # noqa: S608


async def event_types(query):
    rows = await query(
        "SELECT event_type FROM events WHERE event_type <> 'ringfence_loaded' ORDER BY id"
    )
    return [kind for (kind,) in rows]


async def test_a_dry_run_shows_each_change_and_stores_nothing(load, query):
    await load(EXAMPLE)
    before = await rows_with_their_transactions(query)
    changed = (
        EXAMPLE.replace("abbreviation: ACME", "abbreviation: AC")
        .replace("security_group_count: 100", "security_group_count: 7")
        .replace("category_name: VPC", "category_name: Clouds")
        .replace(" cloud: east", " drift_mode: report\n            cloud: east")
        .replace("from_port: 443", "from_port: 80")
        .replace("{protocol: icmp, remote_group", "{protocol: udp, remote_group")
        .replace(" cloud: east", " cloud: far")
        .replace("  - name: east", "  - {name: near, backend: sandbox}\n  - name: far")
        .replace("username: bob", "username: bob\n    is_staff: true\n    token: secret-of-bob")
        .replace("user: bob, role: CUSTOMER.OWNER", "user: bob, role: CUSTOMER.MANAGER")
    )

    report = await load(changed, dry_run=True)

    assert await rows_with_their_transactions(query) == before
    lines = "\n".join(line for one in report.differences for line in one.lines()).splitlines()
    assert "secret" not in "".join(lines)
    assert lines == [
        "+ cloud near",
        "~ cloud far",
        '    name: "east" -> "far"',
        "~ user bob",
        "    is_staff: false -> true",
        "+ token of bob (not shown)",
        "~ customer Acme",
        '    abbreviation: "ACME" -> "AC"',
        "~ tenant Acme / Web / web-prod",
        "    quotas.security_group_count: 100 -> 7",
        '    drift_mode: "adopt" -> "report"',
        '    marketplace.category_name: "VPC" -> "Clouds"',
        "~ security group Acme / Web / web-prod / web",
        "    - in ipv4 tcp 443 0.0.0.0/0",
        "    + in ipv4 tcp 80-443 0.0.0.0/0",
        "~ security group Acme / Web / web-prod / db",
        "    - in ipv4 icmp group web",
        "    + in ipv4 udp any group web",
        "+ role CUSTOMER.MANAGER of bob in customer Acme",
    ]
    assert not (await load(EXAMPLE, dry_run=True)).differences
    for before, after in (
        ({"cidr": "0.0.0.0/0"}, {}),
        ({"remote_group": ""}, {"protocol": "udp"}),
        ({"remote_address_group": "a"}, {}),
    ):
        assert FieldChange("rules", [before], [after]).lines() == [
            f"    - rule {json.dumps(before)}",
            f"    + rule {json.dumps(after)}",
        ]
    assert (await load(EXAMPLE, dry_run=True)).nothing_changed


async def test_what_is_absent_is_removed_with_an_event_and_stays_away(load, query):
    await load(SITE)
    absent = """
    clouds: [{name: west, state: absent}]
    users: [{username: alice, state: absent}]
    customers:
      - name: Acme
        projects:
          - name: Lab
            state: absent
            tenants: [{name: one, state: absent}, {name: two, state: absent}]
          - name: Web
            tenants:
              - {name: prod, cloud: east, security_groups: [{name: web, state: absent}]}
      - {name: Other, state: absent, projects: [{name: Web, state: absent}]}
    roles: [{user: bob, role: PROJECT.ADMIN, project: Lab, state: absent}]
    """

    await query(
        "INSERT INTO tokens (user_id, project_id, digest) SELECT account.id, project.id,"
        " sha256('x') FROM users AS account, projects AS project"
        " WHERE account.username = 'bob' AND project.name = 'Lab'"
    )

    shown = await load(absent, dry_run=True)
    report = await load(absent)

    assert report.counts["tenants"] == Counts(unchanged=1, removed=2)
    assert report.counts["security groups"] == Counts(removed=3)
    assert len(shown.differences) == 3 + 3 + 2 + 2 + 1 + 1 + 1
    for table, left in (
        ("clouds", ["east"]),
        ("customers", ["Acme"]),
        ("projects", ["Web"]),
        ("tenants", ["prod"]),
        ("security_groups", []),
    ):
        assert await names(query, table) == left
    assert await query("SELECT username FROM users") == [("bob",)]
    assert await query("SELECT * FROM tokens") == []
    assert await query("SELECT * FROM role_grants") == []
    assert await query("SELECT * FROM procrastinate_jobs") == []
    assert await event_types(query) == [
        *["role_revoked"] * 3,
        *["openstack_security_group_removed_locally"] * 3,
        *["openstack_tenant_removed_locally"] * 2,
        "token_revoked",
        *["project_deletion_succeeded"] * 2,
        "customer_deletion_succeeded",
        "openstack_cloud_removed",
        "user_deletion_succeeded",
    ]
    assert (await load(absent)).nothing_changed


async def test_rules_that_name_a_removed_group_admit_nobody_else(load, problems, query):
    await load(SITE)

    await load(tenant("security_groups: [{name: a, state: absent}]"))

    assert await query(
        "SELECT unresolved_group_name, remote_group_id FROM security_group_rules"
    ) == [("a", None)]
    [line] = await problems(tenant("security_groups: [{name: b, rules: [{protocol: tcp}]}]"))
    assert "would be open to any address" in line


REFUSED = [
    (
        "customers: [{name: Acme, state: absent}]",
        (
            "customers[0]: the customer has projects that stay: 'Lab', 'Web'; remove them as well"
            " (state: absent)"
        ),
    ),
    (
        "clouds: [{name: west, state: absent}]",
        (
            "clouds[0]: the cloud has tenants that stay: 'one', 'two'; remove them as well"
            " (state: absent)"
        ),
    ),
    (
        (
            "customers: [{name: Acme, projects: [{name: Lab, state: absent, tenants: ["
            "{name: one, state: absent}, {name: two, cloud: west}]}]}]"
        ),
        (
            "customers[0].projects[0].tenants[1]: what contains it is absent in these files"
            " (customers[0].projects[0])"
        ),
    ),
    (
        (
            "users: [{username: bob, state: absent}]\n"
            "roles: [{user: bob, role: CUSTOMER.OWNER, customer: Acme}]"
        ),
        "roles[0].user: the user 'bob' is absent in these files",
    ),
    (
        (
            "roles: [{user: bob, role: PROJECT.ADMIN, project: Lab}, "
            "{user: bob, role: PROJECT.ADMIN, project: Lab, state: absent}]"
        ),
        "roles[1].state: contradicts another entry, which grants this role",
    ),
    (
        "users: [{username: bob, state: absent}, {username: bob}]",
        "users[1].state: contradicts users[0].state: one of them is absent",
    ),
    (
        "customers: [{name: Acme, projects: [{name: Lab, tenants: [{name: one}]}]}]",
        "customers[0].projects[0].tenants[0].cloud: is missing",
    ),
    ("users: [{username: bob, state: OK}]", "users[0].state: 'OK' is not allowed"),
    (
        tenant("security_groups: [{name: a, delete_in_cloud: true}]"),
        (
            "customers[0].projects[0].tenants[0].security_groups[0]: delete_in_cloud needs"
            " 'state: absent'"
        ),
    ),
    (
        tenant(
            "security_groups: [{name: a, state: absent}, {name: c, rules: [{remote_group: a}]}]"
        ),
        (
            "customers[0].projects[0].tenants[0].security_groups[1].rules[0].remote_group: no"
            " security group of this tenant is called 'a'"
        ),
    ),
]


async def test_what_would_lose_its_place_is_named_and_nothing_is_removed(load, problems, query):
    await load(SITE)
    before = await rows_with_their_transactions(query)

    for text, complaint in REFUSED:
        [line] = await problems(text)
        assert line.startswith(complaint)

    assert await rows_with_their_transactions(query) == before


async def test_the_groups_of_a_removed_tenant_are_limited_by_the_guard(load, problems, query):
    await load(SITE)
    many = ", ".join(f"{{name: group-{number}}}" for number in range(6))
    await load(tenant(f"security_groups: [{many}]"))
    absent = tenant("state: absent")

    assert await problems(absent) == [
        (
            "the load would remove 8 security groups that no file names; see what with --dry-run,"
            " and allow it with --max-removals 8"
        )
    ]
    assert len(await problems(absent, max_removals=7)) == 1
    shown = await load(absent, dry_run=True)
    assert shown.warnings[0].startswith("warning: the load would remove 8 security groups")
    await load(absent, max_removals=8)
    assert await names(query, "tenants") == ["prod", "two"]


async def test_one_tenant_that_loses_its_groups_is_not_hidden_by_the_groups_of_others(
    load, problems, query
):
    """What a template renders whose loop over one tenant found nothing."""
    many = ", ".join(f"{{name: group-{number}}}" for number in range(6))
    kept = ", ".join(f"{{name: kept-{number}}}" for number in range(20))
    site = SITE.replace("[{name: web}]", f"[{kept}]")
    await load(site.replace("[{name: a}, {name: b, rules: [{remote_group: a}]}]", f"[{many}]"))
    empty = site.replace("[{name: a}, {name: b, rules: [{remote_group: a}]}]", "[]")

    [line] = await problems(empty, prune=True)
    assert line.startswith("the load would remove 6 security groups that no file names")
    assert len(await names(query, "security_groups")) == 26
    await load(empty, prune=True, max_removals=6)
    assert len(await names(query, "security_groups")) == 20


async def test_a_group_is_deleted_in_the_cloud_only_if_the_file_says_so(load, problems, query):
    await load(SITE)
    await load(tenant("security_groups: [{name: a, backend_id: x}, {name: default}]"))
    deleted = "state: absent, delete_in_cloud: true"

    report = await load(tenant(f"security_groups: [{{name: a, {deleted}}}]"))

    assert report.counts["security groups"] == Counts(removed=1)
    assert await query("SELECT state FROM security_groups WHERE name = 'a'") == [
        ("DELETION_SCHEDULED",)
    ]
    assert await query("SELECT task_name FROM procrastinate_jobs") == [("delete_group",)]
    assert (await load(tenant(f"security_groups: [{{name: a, {deleted}}}]"))).nothing_changed
    [line] = await problems(tenant(f"security_groups: [{{name: default, {deleted}}}]"))
    assert line.endswith("the default security group is managed by OpenStack itself")


async def test_pruning_removes_what_stated_lists_leave_out_and_nothing_else(load, query):
    await load(SITE)
    await load(tenant("security_groups: [{name: default}]"))
    left = """
    clouds: [{name: east, backend: sandbox}, {name: west, backend: sandbox}]
    customers:
      - name: Acme
        projects:
          - {name: Lab, tenants: [{name: one, cloud: west, security_groups: [{name: b}]}]}
    """

    shown = await load(left, prune=True, dry_run=True)
    report = await load(left, prune=True)

    assert [line for one in shown.differences for line in one.lines()] == [
        "- security group Acme / Lab / one / a",
        "- security group Acme / Web / prod / web",
        "- tenant Acme / Lab / two",
        "- tenant Acme / Web / prod",
        "- project Acme / Web",
    ]
    assert report.warnings == [
        "warning: no role was taken back, because no file lists roles (write 'roles: []' for none)"
    ]
    assert await names(query, "security_groups") == ["b", "default"]
    assert await names(query, "projects") == ["Lab", "Web"]
    assert await names(query, "customers") == ["Acme", "Other"]
    assert len(await query("SELECT * FROM role_grants")) == 3
    assert (await load(left, prune=True)).nothing_changed


async def test_pruning_takes_roles_back_within_the_declared_customers(load, query):
    await load(SITE)

    report = await load("customers: [{name: Acme}]\nroles: []", prune=True)

    assert report.counts["roles"] == Counts(removed=2)
    assert await query("SELECT role FROM role_grants") == [("CUSTOMER.SUPPORT",)]
    assert await names(query, "projects") == ["Lab", "Web", "Web"]


async def test_a_push_creates_groups_and_pushes_changes_once(load, query):
    text = tenant(
        "security_groups: [{name: new, state: OK}, {name: default}, {name: a},"
        " {name: bound, backend_id: x, rules: [{protocol: tcp}]}]"
    )
    await load(SITE)
    await load(tenant("security_groups: [{name: bound, backend_id: x}]"))

    report = await load(text, push=True)

    states = dict(await query("SELECT name, state FROM security_groups"))
    assert states == {
        "web": "OK",
        "b": "OK",
        "default": "OK",
        "new": "CREATION_SCHEDULED",
        "a": "UPDATE_SCHEDULED",
        "bound": "UPDATE_SCHEDULED",
    }
    assert report.pushed == 3
    assert "pushes: 3 scheduled" in report.lines()
    assert await query("SELECT task_name, count(*) FROM procrastinate_jobs GROUP BY 1") == [
        ("push_group", 3)
    ]
    assert await query(
        "SELECT version, applied_version FROM security_groups WHERE name IN ('a', 'bound', 'new')"
        " ORDER BY name"
    ) == [(1, 0), (2, 1), (1, 0)]
    assert (await load(text, push=True)).nothing_changed


async def test_a_project_is_needed_by_a_push_and_not_by_a_removal(load, problems):
    entry = "backend: openstack, openstack_cloud: e"
    text = small("[{name: a}]").replace("backend: sandbox", entry)
    assert await problems(text, push=True) == [
        (
            "customers[0].projects[0].tenants[0].security_groups[0]: the tenant 'prod' has no"
            " backend_id: nothing can be pushed"
        )
    ]
    wrong = "cloud: east, backend_id: 90e15607-8a94-41db-91ea-e242bc071c03"
    absent = f"[{{name: P, tenants: [{{name: t, state: absent, {wrong}}}]}}]"
    report = await load(
        f"clouds: [{{name: east, {entry}}}]\ncustomers: [{{name: C, projects: {absent}}}]"
    )
    assert report.counts["tenants"] == Counts(unchanged=1)


async def test_a_dry_run_of_json_lines_sees_what_earlier_lines_declare(
    database, query, tmp_path, monkeypatch
):
    monkeypatch.setattr(json_lines, "BATCH_BYTES", 1)
    lines = tmp_path / "site.jsonl"
    lines.write_text(
        '{"clouds": [{"name": "east", "backend": "sandbox"}]}\n'
        '{"customers": [{"name": "A", "projects": [{"name": "P", "tenants": '
        '[{"name": "t", "cloud": "east"}]}]}]}\n'
    )
    options = LoadOptions(dry_run=True)

    shown = await load_resumable(database, [lines], lambda *_told: None, options)

    assert [one.kind for one in shown.report.differences] == [
        "cloud",
        "customer",
        "project",
        "tenant",
    ]
    assert await names(query, "clouds") == []
    assert await query("SELECT * FROM load_progress") == []
