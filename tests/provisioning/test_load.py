import asyncio
import json

import psycopg
import pytest
from tests.provisioning.example import EXAMPLE, small

from ringfence.access.authentication import token_digest
from ringfence.provisioning import load as loading
from ringfence.provisioning.load import load_files
from ringfence.provisioning.summary import Counts
from ringfence.security_groups.bulk_load import store_groups
from ringfence.security_groups.read_model import documents

TABLES = (
    "users",
    "tokens",
    "customers",
    "projects",
    "role_grants",
    "clouds",
    "tenants",
    "tenant_quotas",
    "marketplace_references",
    "security_groups",
    "security_group_rules",
    "security_group_versions",
    "security_group_documents",
    "events",
)


async def rows_with_their_transactions(query) -> list:
    statements = [f"SELECT xmin::text, t::text FROM {name} AS t ORDER BY 2" for name in TABLES]  # noqa: S608
    return [await query(statement) for statement in statements]


async def document(query, name: str) -> dict:
    rows = await query(
        "SELECT document FROM security_group_documents"
        " JOIN security_groups AS sg ON sg.id = security_group_id WHERE sg.name = %s",
        name,
    )
    return json.loads(rows[0][0].replace("\x01", ""))


async def test_every_key_of_a_file_reaches_the_response_of_its_group(load, query):
    report = await load(EXAMPLE)

    assert report.counts["security groups"] == Counts(created=2)
    shown = await document(query, "web")
    rules = shown.pop("rules")
    assert shown["service_name"] == "east"
    assert shown["service_settings_uuid"] == "5f0c0000000000000000000000000001"
    assert shown["customer_abbreviation"] == "ACME"
    assert shown["project_uuid"] == "d0000000000000000000000000000001"
    assert shown["tenant_uuid"] == "e0000000000000000000000000000001"
    assert shown["uuid"] == "f0000000000000000000000000000001"
    assert shown["description"] == "what the world sees"
    assert shown["created"] == shown["modified"] == "2025-11-26T10:00:00+00:00"
    assert shown["marketplace_offering_plugin_options"] == {
        "flavors": 3,
        "ratio": 1.5,
        "nested": ["yes", True, None],
    }
    assert shown["marketplace_plan_uuid"] == "a0000000000000000000000000000004"
    assert (shown["is_usage_based"], shown["is_limit_based"]) == (False, True)
    assert [rule["protocol"] for rule in rules] == ["tcp", "tcp"]
    assert (rules[0]["from_port"], rules[0]["cidr"]) == (443, "0.0.0.0/0")
    assert rules[1]["remote_group_name"] == "db"


async def test_what_a_file_leaves_out_takes_the_default(load, query):
    await load(EXAMPLE)

    [icmp, egress] = (await document(query, "db"))["rules"]

    assert (icmp["ethertype"], icmp["direction"]) == ("IPv4", "ingress")
    assert (icmp["from_port"], icmp["to_port"], icmp["cidr"]) == (-1, -1, None)
    assert icmp["remote_group_name"] == "web"
    assert (egress["protocol"], egress["ethertype"]) == ("", "IPv6")
    assert await query("SELECT name, limit_value FROM tenant_quotas ORDER BY name") == [
        ("security_group_count", 100),
        ("security_group_rule_count", 1000),
    ]
    assert await query(
        "SELECT username, role FROM role_grants JOIN users ON users.id = user_id ORDER BY 1"
    ) == [("alice", "PROJECT.ADMIN"), ("bob", "CUSTOMER.OWNER")]


async def test_loading_again_changes_nothing_and_says_so(load, query):
    await load(EXAMPLE)
    before = await rows_with_their_transactions(query)

    report = await load(EXAMPLE)

    assert report.nothing_changed
    assert "nothing changed" in report.lines()
    assert "security groups: 0 created, 0 changed, 2 unchanged" in report.lines()
    assert await rows_with_their_transactions(query) == before


async def test_a_file_without_any_uuid_changes_nothing_the_second_time(load):
    text = small("[{name: a, rules: [{protocol: udp, remote_group: b}]}, {name: b}]")
    await load(text)

    assert (await load(text)).nothing_changed


async def test_nothing_is_pushed(load, query):
    await load(EXAMPLE)

    assert await query("SELECT * FROM procrastinate_jobs") == []
    assert await query("SELECT DISTINCT state, version, applied_version FROM security_groups") == [
        ("OK", 1, 1)
    ]


async def test_a_group_is_stored_as_stated_in_any_state(load, query):
    await load(small("[{name: a, state: ERRED, error_message: quota, backend_id: x}]"))

    assert await query(
        "SELECT state, error_message, backend_id, version, applied_version FROM security_groups"
    ) == [("ERRED", "quota", "x", 1, 0)]


async def test_each_loaded_version_is_kept_with_its_rules(load, query):
    await load(small("[{name: a, rules: [{protocol: tcp, from_port: 1, to_port: 2}]}]"))
    await load(small("[{name: a, rules: [{protocol: udp, from_port: 1, to_port: 2}]}]"))

    rows = await query("SELECT number, cause, rules FROM security_group_versions ORDER BY number")
    assert [(number, cause, rules[0]["protocol"]) for number, cause, rules in rows] == [
        (1, "load", "tcp"),
        (2, "load", "udp"),
    ]
    assert await query("SELECT applied_version FROM security_groups") == [(2,)]


async def test_stated_rules_replace_those_that_are_there(load, query):
    await load(small("[{name: a, rules: [{protocol: tcp}, {protocol: udp}]}]"))

    report = await load(small("[{name: a, rules: [{protocol: icmp}]}]"))

    assert report.counts["security groups"] == Counts(changed=1)
    assert [rule["protocol"] for rule in (await document(query, "a"))["rules"]] == ["icmp"]


async def test_a_key_that_is_absent_keeps_what_is_there(load, query):
    await load(small("[{name: a, description: kept, state: ERRED, rules: [{protocol: tcp}]}]"))

    report = await load(small("[{name: a}]"))

    assert report.nothing_changed
    shown = await document(query, "a")
    assert (shown["description"], shown["state"], len(shown["rules"])) == ("kept", "ERRED", 1)


async def test_a_uuid_with_another_name_renames(load, query):
    await load(EXAMPLE)
    renamed = (
        EXAMPLE.replace("name: web\n", "name: front\n")
        .replace("name: Acme", "name: Acme Ltd")
        .replace("customer: Acme", "customer: Acme Ltd")
        .replace("name: east", "name: west")
        .replace("cloud: east\n            backend", "cloud: west\n            backend")
        .replace("username: alice", "username: alicia")
        .replace("user: alice", "user: alicia")
    )

    report = await load(renamed)

    assert report.counts["users"] == Counts(changed=1, unchanged=1)
    assert report.counts["security groups"] == Counts(changed=1, unchanged=1)
    shown = await document(query, "front")
    assert (shown["customer_name"], shown["service_name"]) == ("Acme Ltd", "west")
    assert (await document(query, "db"))["rules"][0]["remote_group_name"] == "front"
    assert (await load(renamed)).nothing_changed


async def test_two_groups_swap_their_names(load, query):
    one, two = "1" * 32, "2" * 32
    await load(small(f"[{{name: a, uuid: {one}}}, {{name: b, uuid: {two}}}]"))

    await load(small(f"[{{name: b, uuid: {one}}}, {{name: a, uuid: {two}}}]"))

    assert await query("SELECT hex(uuid), name FROM security_groups ORDER BY 1") == [
        (one, "b"),
        (two, "a"),
    ]


async def test_documents_follow_every_change(load, database):
    await load(EXAMPLE)
    await load(
        EXAMPLE.replace("ACME", "AC")
        .replace("Private cloud", "Public cloud")
        .replace("name: web-prod", "name: web-live")
        .replace("name: Web\n", "name: Site\n")
        .replace("project: Web", "project: Site")
        .replace('error_message: ""\nusers', "error_message: away\nusers")
    )

    async with database.connection() as connection:
        assert await documents.stale(connection) == []


async def test_a_marketplace_reference_keeps_what_is_not_stated(load, query):
    await load(EXAMPLE)
    text = small("[]").replace("cloud: east\n", "cloud: east\n            MORE\n")
    text = text.replace("clouds: [{name: east, backend: sandbox}]", "")
    text = text.replace("MORE", "marketplace: {category_name: IaaS}")

    report = await load(text.replace("name: prod", "name: web-prod"))

    assert report.counts["tenants"] == Counts(changed=1)
    assert await query("SELECT category_name, offering_type FROM marketplace_references") == [
        ("IaaS", "OpenStack.Tenant")
    ]


async def test_only_the_digest_of_a_token_is_stored(load, query):
    await load(EXAMPLE)

    assert await query("SELECT digest, expires FROM tokens") == [
        (token_digest("0123456789abcdef"), None)
    ]
    for rows in await rows_with_their_transactions(query):
        assert not any("0123456789abcdef" in text for _, text in rows)


async def test_a_fixed_token_that_had_expired_works_again(load, query):
    await load(EXAMPLE)
    await query("UPDATE tokens SET expires = now() - interval '1 day'")

    await load(EXAMPLE)

    assert await query("SELECT expires FROM tokens") == [(None,)]


async def test_words_that_yaml_guesses_at_stay_text(load, query):
    await load("users: [{username: no, token: 1e10}, {username: 1.10, token: 0123456789}]")

    assert await query("SELECT username FROM users ORDER BY 1") == [("1.10",), ("no",)]
    assert {row[0] for row in await query("SELECT digest FROM tokens")} == {
        token_digest("1e10"),
        token_digest("0123456789"),
    }


async def test_a_sandbox_tenant_is_its_own_project(load, query):
    await load(small("[]"))

    assert await query("SELECT backend_id = hex(uuid) FROM tenants") == [(True,)]


async def test_several_files_may_repeat_what_they_share(load):
    report = await load(
        small("[{name: a}]") + "users: [{username: u}]",
        small("[{name: b, rules: [{protocol: tcp, remote_group: a}]}]")
        + "users: [{username: u, is_staff: true}]\n"
        + "roles: [{user: u, role: PROJECT.ADMIN, project: Web}]",
        "roles: [{user: u, role: PROJECT.ADMIN, project: Web}]",
    )

    assert report.counts["clouds"] == Counts(created=1)
    assert report.counts["users"] == Counts(created=1)
    assert report.counts["tenants"] == Counts(created=1)
    assert report.counts["security groups"] == Counts(created=2)
    assert report.counts["roles"] == Counts(created=1)


async def test_a_file_may_refer_to_what_an_earlier_load_stored(load):
    await load(small("[{name: a}]") + "users: [{username: u}]")
    text = small("[{name: b, rules: [{remote_group: a}]}]")

    report = await load(
        text.replace("clouds: [{name: east, backend: sandbox}]", "")
        + "roles: [{user: u, role: CUSTOMER.OWNER, customer: Acme}]"
    )

    assert report.counts["security groups"] == Counts(created=1)
    assert report.counts["roles"] == Counts(created=1)


async def test_two_projects_of_one_name_are_told_apart_by_uuid(load, query):
    uuid = "ab" * 16
    text = f"""
users: [{{username: u}}]
customers:
  - {{name: A, projects: [{{name: Web}}]}}
  - {{name: B, projects: [{{name: Web, uuid: {uuid}}}]}}
roles: [{{user: u, role: PROJECT.MEMBER, project: {uuid.upper()}}}]
"""
    await load(text)

    assert await query(
        "SELECT hex(uuid) FROM role_grants JOIN projects ON projects.id = project_id"
    ) == [(uuid,)]


async def test_two_concurrent_loads_create_each_object_once(query, database, tmp_path):
    path = tmp_path / "file.yaml"
    path.write_text(EXAMPLE)

    reports = await asyncio.gather(*(load_files(database, [path]) for _ in range(3)))

    assert sorted(report.nothing_changed for report in reports) == [False, True, True]
    assert await query("SELECT count(*) FROM security_groups") == [(2,)]


async def test_a_json_file_says_the_same(query, database, tmp_path):
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"users": [{"username": "ü😀", "is_staff": True}]}))

    await load_files(database, [path])

    assert await query("SELECT username, is_staff FROM users") == [("ü😀", True)]


async def test_a_load_leaves_one_event(load, query):
    await load(EXAMPLE)
    await load(EXAMPLE)

    rows = await query("SELECT event_type, context -> 'security groups' FROM events")
    assert rows == [("ringfence_loaded", {"created": 2, "changed": 0})]


async def test_groups_keep_the_order_of_the_file(load, query):
    await load(small(f"[{{name: z}}, {{name: b, uuid: {'1' * 32}}}, {{name: a}}]"))

    assert await query("SELECT name FROM security_groups ORDER BY created, id") == [
        ("z",),
        ("b",),
        ("a",),
    ]


async def test_a_duplicate_name_in_the_cloud_needs_the_uuid(load, problems, query):
    first, twin = "1" * 32, "2" * 32
    await load(small(f"[{{name: a, uuid: {first}}}]"))
    await query(
        "INSERT INTO security_groups (uuid, tenant_id, name, state, is_duplicate_name)"
        " SELECT %s::uuid, tenant_id, name, state, true FROM security_groups",
        twin,
    )

    report = await load(small(f"[{{name: a, uuid: {first}}}, {{name: a, uuid: {twin}}}]"))
    [mistake] = await problems(small("[{name: b, rules: [{remote_group: a}]}]"))
    renamed = await load(small(f"[{{name: c, uuid: {twin}}}]"))

    assert report.nothing_changed
    assert mistake.endswith("2 security groups are called 'a': give the UUID")
    assert renamed.counts["security groups"] == Counts(changed=1)
    assert await query("SELECT count(*) FROM security_groups WHERE is_duplicate_name") == [(0,)]


@pytest.mark.parametrize("times", [1, 2])
async def test_concurrent_creations_are_loaded_over_or_reported(
    load, problems, database, monkeypatch, times
):
    await load(small("[]"))
    names = ["a", "b"][:times]

    async def overtake(connection, changes):
        if names:
            async with database.connection() as other:
                await other.execute(
                    "INSERT INTO security_groups (tenant_id, name, state)"
                    " SELECT id, %s, 'OK' FROM tenants",
                    [names.pop(0)],
                )
        return await store_groups(connection, changes)

    monkeypatch.setattr("ringfence.provisioning.stores.store_groups", overtake)

    if times == 1:
        report = await load(small("[{name: a}, {name: b}]"))
        assert report.counts["security groups"] == Counts(created=1, unchanged=1)
    else:
        assert await problems(small("[{name: a}, {name: b}]")) == [
            "the database changed while the files were loaded: load them again"
        ]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "CREATE UNIQUE INDEX one_name ON security_groups (name)",
            ["security_groups", "one_name", "Key (name)=(a) already exists."],
        ),
        (
            "ALTER TABLE security_groups ADD CONSTRAINT short CHECK (length(name) < 1)",
            ["security_groups", "short", "Failing row contains"],
        ),
        (
            "ALTER TABLE security_groups ADD FOREIGN KEY (name) REFERENCES users (username)",
            ["security_groups", "name_fkey", 'Key (name)=(a) is not present in table "users".'],
        ),
        (
            "ALTER TABLE users ADD CONSTRAINT nobody CHECK (username = 'nobody') NOT VALID",
            ["users", "nobody"],
        ),
        (
            "ALTER TABLE clouds ALTER openstack_cloud SET NOT NULL",
            ["clouds", "openstack_cloud"],
        ),
    ],
)
async def test_what_the_database_refuses_is_named(problems, query, statement, words):
    await query(statement)
    tenants = "[{name: one, cloud: east, security_groups: [{name: a}]}, "
    tenants += "{name: two, cloud: east, security_groups: [{name: a}]}]"
    [mistake] = await problems(
        "clouds: [{name: east, backend: sandbox}]\nusers: [{username: alice}]\n"
        f"customers: [{{name: c, projects: [{{name: p, tenants: {tenants}}}]}}]"
    )
    assert all(word in mistake for word in words), mistake
    assert "others" not in mistake
    if "users" in words:
        assert "Failing row" not in mistake


async def test_a_rule_of_a_file_does_not_open_one_whose_remote_end_a_file_cannot_name(
    load, problems, query
):
    ssh = "{protocol: tcp, from_port: 22, to_port: 22"
    await load(small(f"[{{name: a, rules: [{ssh}, cidr: 10.0.0.0/8}}]}}]"))
    await query(
        "UPDATE security_group_rules SET cidr = NULL,"
        " remote_address_group_backend_id = 'offices' RETURNING 1"
    )

    for end in ("", ", cidr: ''", ", remote_group: ''"):
        [mistake] = await problems(small(f"[{{name: a, rules: [{ssh}{end}}}]}}]"))
        assert "rules[0]: would be open to any address" in mistake
        assert "'offices'" in mistake
    for wider in ("protocol: tcp", "protocol: tcp, from_port: 1, to_port: 22", "protocol: ''"):
        [mistake] = await problems(small(f"[{{name: a, rules: [{{{wider}}}]}}]"))
        assert "rules[0]: would be open to any address" in mistake
        assert "admits some of the same traffic has the remote end 'offices'" in mistake

    assert (await load(small("[{name: a}]"))).nothing_changed
    await load(small(f"[{{name: a, rules: [{ssh}, cidr: 0.0.0.0/0}}]}}]"))
    assert await query("SELECT cidr FROM security_group_rules") == [("0.0.0.0/0",)]
    # Traffic that is open already stays open, however a file states it.
    await load(small(f"[{{name: a, rules: [{ssh}}}]}}]"))


async def test_a_load_blocks_only_changes_of_users_whom_it_changes(load, conninfo, monkeypatch):
    """A change locks its user; it requests that lock while the load runs."""
    file = "users: [{username: alice}, {username: bob}]\ncustomers: [{name: Acme}]\n"
    await load(file)
    waits = {}
    store = loading.load

    async def watched(connection, *arguments):
        report = await store(connection, *arguments)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as other:
            for name in ("alice", "bob"):
                try:
                    await other.execute(
                        "SELECT 1 FROM users WHERE username = %s FOR SHARE NOWAIT", [name]
                    )
                    waits[name] = False
                except psycopg.errors.LockNotAvailable:
                    waits[name] = True
        return report

    monkeypatch.setattr(loading, "load", watched)
    await load(file.replace("bob", "bob, is_staff: true").replace("Acme", "New"))
    assert waits == {"alice": False, "bob": True}
