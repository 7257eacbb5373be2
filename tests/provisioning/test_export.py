"""An export is a file that changes nothing when it is loaded, into any database."""

import json

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.provisioning.example import EXAMPLE, small
from tests.provisioning.test_load import rows_with_their_transactions
from tests.test_escaping import HOSTILE, is_quiet

from ringfence.errors import OperatorError
from ringfence.provisioning.demonstration import demonstration_file, demonstration_groups
from ringfence.provisioning.document import check_document
from ringfence.provisioning.export.entries import FlowEntry
from ringfence.provisioning.export.export import FileFormat, export, write_selection
from ringfence.provisioning.export.queries import Selection
from ringfence.provisioning.export.writers import (
    JsonLinesWriter,
    JsonWriter,
    Part,
    YamlWriter,
    dump,
)
from ringfence.provisioning.load import load_documents
from ringfence.provisioning.parser import read_text
from ringfence.provisioning.problems import Problems
from ringfence.provisioning.resumable import load_resumable
from ringfence.provisioning.schema import MarketplaceEntry


@pytest.fixture
def exported(database):
    """Return a function that exports, and returns the text and the notes."""

    async def run(named=None, file_format=FileFormat.YAML):
        texts, notes = [], []
        await export(database, named, file_format, texts.append, notes.append)
        return "".join(texts), notes

    return run


# Every kind of end, names that several have or that look like something else, and no defaults
AWKWARD = """
clouds:
  - {name: "yes", backend: sandbox}
  - {name: far, backend: openstack, openstack_cloud: f, firewall_driver: ovn}
users:
  - {username: "null", is_staff: true, token: fedcba9876543210}
  - {username: "0123", is_active: false}
customers:
  - {name: Twin, uuid: 11111111111111111111111111111111, projects: [{name: P}]}
  - name: Twin
    uuid: 22222222222222222222222222222222
    native_name: "zwei\nZeilen \u2028 \t"
    projects:
      - name: P
        tenants:
          - name: "- x: #y"
            cloud: "yes"
            drift_mode: enforce
            quotas: {security_group_rule_count: 7}
            marketplace: {offering_plugin_options: {a: [yes, "yes", 1e3, "1", null]}}
            security_groups:
              - {name: default, rules: []}
              - name: "11111111111111111111111111111111"
                description: ": {}"
                rules:
                  - {direction: ingress}
                  - {direction: egress, ethertype: IPv6, protocol: tcp, from_port: 1, to_port: 2}
                  - {protocol: "58", ethertype: IPv6, from_port: 8}
                  - {protocol: tcp, cidr: 10.1.2.3/8, description: "as written"}
                  - {protocol: udp, remote_group: default}
                  - {protocol: udp, remote_group: "11111111111111111111111111111111"}
              - {name: failed, state: ERRED, error_message: "no quota", backend_id: x}
  - {name: Empty}
roles:
  - {user: "null", role: CUSTOMER.OWNER, customer: 22222222222222222222222222222222}
  - {user: "0123", role: CUSTOMER.OWNER, customer: Empty}
"""


@pytest.mark.parametrize("source", [EXAMPLE, AWKWARD], ids=["example", "awkward"])
async def test_loading_an_export_changes_nothing_in_any_form(
    load, exported, query, database, tmp_path, source
):
    await load(source)
    before = await rows_with_their_transactions(query)
    text, notes = await exported()

    assert "0123456789abcdef" not in text
    assert "fedcba9876543210" not in text
    assert notes == []
    assert (await load(text, dry_run=True)).differences == []
    assert (await load(text)).nothing_changed
    in_json, _ = await exported(file_format=FileFormat.JSON)
    assert (await load(in_json)).nothing_changed
    lines = tmp_path / "site.jsonl"
    lines.write_text((await exported(file_format=FileFormat.JSON_LINES))[0])
    resumed = await load_resumable(database, [lines], lambda *_told: None)
    assert resumed.report.nothing_changed
    assert (await load(text, prune=True)).nothing_changed
    assert await rows_with_their_transactions(query) == before


async def test_an_export_makes_an_equal_database(load, exported, query):
    await load(AWKWARD)
    text, _ = await exported()
    for table in ("security_group_rules", "security_groups", "tenants", "projects", "customers"):
        await query(f"DELETE FROM {table}")  # noqa: S608
    for table in ("clouds", "users"):
        await query(f"DELETE FROM {table}")  # noqa: S608

    await load(text)

    assert (await exported())[0] == text


async def test_a_customer_or_a_tenant_is_exported_alone(load, exported):
    await load(EXAMPLE)
    await load(AWKWARD)

    customer, _ = await exported("Acme")
    tenant, _ = await exported("web-prod")

    assert "Twin" not in customer
    assert "0123" not in customer
    assert "PROJECT.ADMIN" in customer
    assert tenant.startswith("# One tenant: do not load this file with --prune")
    assert "alice" not in tenant
    for text in (customer, tenant):
        assert (await load(text)).nothing_changed
    for named, complaint in (
        ("nobody", "no customer and no tenant is called"),
        ("Twin", "several"),
    ):
        with pytest.raises(OperatorError, match=complaint):
            await exported(named)


async def test_what_a_file_cannot_state_is_left_out_and_stays(load, exported, query):
    await load(small("[{name: a}, {name: b, rules: [{remote_group: a}]}, {name: c}, {name: d}]"))
    await query(
        "INSERT INTO security_group_rules (security_group_id, position, ethertype, direction,"
        " unresolved_group_backend_id, unresolved_group_name)"
        " SELECT id, 0, 'IPv4', 'ingress', 'x', 'x' FROM security_groups WHERE name = 'c'"
    )
    await query(
        "INSERT INTO security_group_rules (security_group_id, position, ethertype, direction,"
        " remote_address_group_backend_id)"
        " SELECT id, 0, 'IPv4', 'ingress', 'x' FROM security_groups WHERE name = 'd'"
    )
    await query(
        "INSERT INTO security_groups (tenant_id, name, state, is_duplicate_name)"
        " SELECT tenant.id, entry.* FROM tenants AS tenant CROSS JOIN"
        " (VALUES ('', 'OK', false), ('e', 'DELETING', false), ('b', 'OK', true)) AS entry"
    )
    await query("UPDATE security_groups SET state = 'UPDATING' WHERE name = 'a'")
    before = await rows_with_their_transactions(query)

    text, notes = await exported()

    assert [
        note.partition("prod: ")[2].split(":")[0][:40] for note in notes if "rules of" in note
    ] == [
        "the rules of security group 'c' are left",
        "the rules of security group 'd' are left",
    ]
    assert len(notes) == 2 + 3 + 1
    assert all(f"# {note.partition('prod: ')[2]}" in text for note in notes)
    assert (await load(text, prune=True)).nothing_changed
    assert await rows_with_their_transactions(query) == before


WORDS = st.text("ab1:#-yesno'\"\\é€{}[],&*!|>%@`~\u00a0\U0001f600 ", min_size=1, max_size=8).filter(
    str.strip
)
ENDS = [
    {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr": "10.1.2.3/8"},
    {"direction": "egress"},
    {"protocol": "icmp", "from_port": 8},
    {"protocol": "58", "ethertype": "IPv6", "cidr": "::/0"},
]


@st.composite
def documents(draw):
    """Draw a document that can be loaded, with awkward names everywhere."""

    def named(key, low, make):
        return [
            {key: name, **make()}
            for name in draw(st.lists(WORDS, min_size=low, max_size=2, unique=True))
        ]

    def groups():
        found = named(
            "name", 0, lambda: {"description": draw(st.text(max_size=5).filter(plain_text))}
        )
        for group in found:
            ends = [*ENDS, *({"protocol": "udp", "remote_group": one["name"]} for one in found)]
            group["rules"] = draw(st.lists(st.sampled_from(ends), unique_by=str, max_size=3))
        return found

    clouds = named("name", 1, lambda: {"backend": "sandbox"})
    cloud = clouds[0]["name"]
    users = named("username", 1, lambda: {"is_staff": draw(st.booleans())})
    tenants = lambda: named("name", 0, lambda: {"cloud": cloud, "security_groups": groups()})  # noqa: E731
    projects = lambda: named("name", 0, lambda: {"tenants": tenants()})  # noqa: E731
    customers = named(
        "name",
        1,
        lambda: {"uuid": draw(st.uuids()).hex, "abbreviation": draw(WORDS), "projects": projects()},
    )
    customers[-1]["name"] = customers[0]["name"]
    roles = [
        {"user": users[0]["username"], "role": "CUSTOMER.OWNER", "customer": customers[0]["uuid"]}
    ]
    return {"clouds": clouds, "users": users, "customers": customers, "roles": roles}


def plain_text(text):
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


async def test_any_document_survives_its_export(database):
    drawn, loaded = [], 0

    @settings(max_examples=15)
    @given(documents())
    def draw(tree):
        drawn.append(tree)

    draw()
    for tree in drawn:
        async with database.enclosing() as connection:
            document = check_document(read_text(json.dumps(tree)), "", problems := Problems())
            problems.check()
            await load_documents(database, [("", document)])
            texts, notes = [], []
            await write_selection(connection, Selection(), YamlWriter(), texts.append, notes.append)
            again = check_document(read_text("".join(texts)), "", problems)
            problems.check()
            assert (await load_documents(database, [("", again)])).nothing_changed
            assert notes == []
            loaded += 1
            raise psycopg.Rollback
    assert loaded >= 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=8,
)


@example({"a\u2028": " x\u2028 y\x85z\n\n k \ufeff\x0c\u2029"})
@settings(max_examples=60)
@given(st.dictionaries(st.text(min_size=1), JSON, min_size=1, max_size=4))
def test_any_text_is_written_so_that_it_is_read_as_the_same_text(tree):
    customer = {"name": "a", "uuid": "b", "more": tree}
    writer = YamlWriter()
    text = writer.part(Part(customer, customer, customer, ["a note"]))
    text += "".join(writer.roles([customer, FlowEntry(customer)]))

    read = read_text(text)

    expected = plain(customer)
    [found] = read["customers"]
    [project] = found.pop("projects")
    assert project.pop("tenants") == [expected]
    assert found == project == expected
    assert read["roles"] == [expected, expected]


@pytest.mark.parametrize("writer", [YamlWriter, JsonWriter, JsonLinesWriter])
def test_an_export_to_a_terminal_is_text_that_it_does_not_interpret(writer):
    customer = {"name": "Ä 東京 " + "".join(HOSTILE), "uuid": "u"}
    tenant = {"name": "web", "security_groups": [FlowEntry(description=each) for each in HOSTILE]}
    written = writer()
    text = written.head({"users": [{"username": each} for each in HOSTILE]}, [])
    text += written.part(Part(customer, {"name": "p", "uuid": "v"}, tenant))
    text += "".join(written.roles([FlowEntry(user=HOSTILE[0])]))
    assert all(map(is_quiet, text.split("\n")))
    documents = text.splitlines() if writer is JsonLinesWriter else [text]
    trees = [read_text(each) for each in documents]
    (read,) = (each["customers"][0] for each in trees if "customers" in each)
    assert read["name"] == customer["name"]
    groups = read["projects"][0]["tenants"][0]["security_groups"]
    assert [each["description"] for each in groups] == HOSTILE


@pytest.mark.parametrize("text", ["1e5", "-1.5E+3", "12e03", "1e-2", "true", "0x1F", "1_000", "~"])
def test_a_text_in_options_does_not_become_a_number(text):
    (read,) = MarketplaceEntry.model_validate(
        read_text(dump({"offering_plugin_options": {"a": text}}))
    ).offering_plugin_options.values()
    assert read == text


def plain(value):
    """Return a tree as the parser has it: scalars without quotes are text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


async def test_the_demonstration_survives_its_export(load, exported):
    with demonstration_file() as path:
        await load(path.read_text())
    text, _ = await exported()
    tree = json.loads((await exported(file_format=FileFormat.JSON))[0])
    groups = demonstration_groups()
    for customer in tree["customers"]:
        for project in customer["projects"]:
            for tenant in project["tenants"]:
                tenant["security_groups"] = groups[tenant["name"]]
    await load(json.dumps(tree))

    text, notes = await exported()

    assert notes == []
    assert text.count("  - name: ") >= 12
    assert (await load(text)).nothing_changed


async def test_two_thousand_groups_survive_their_export(load, exported):
    groups = [
        {
            "name": f"group-{number}",
            "rules": [
                {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"},
                {"protocol": "udp", "remote_group": f"group-{(number * 7) % 2000}"},
            ],
        }
        for number in range(2000)
    ]
    await load(small(json.dumps(groups)))

    text, notes = await exported()

    assert notes == []
    report = await load(text)
    assert report.nothing_changed
    assert report.counts["security groups"].unchanged == 2000
