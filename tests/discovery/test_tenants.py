"""From found projects to a provisioning file: customers, names, UUIDs."""

from pathlib import Path
from uuid import UUID

import pytest

from ringfence.discovery.found import ExistingTenant, Found, FoundProject, Ids, Selection
from ringfence.discovery.provisioning_file import write_file
from ringfence.discovery.tenants import provisioning_tree
from ringfence.errors import OperatorError
from ringfence.neutron.identity import CloudDomain, CloudProject
from ringfence.provisioning.document import check_document, read_documents
from ringfence.provisioning.json_lines import read_batches, read_lines
from ringfence.provisioning.problems import Problems

EAST = Selection("east", ("east",))
DOMAINS = (CloudDomain("d1", "Acme"), CloudDomain("d2", "Umbrella"))
HOSTILE = ("yes", "null", "~", "0x1F", "1e3", "2025-11-26", "- a: {b}", "# c", "Büro 東京", " x ")


def found(*projects, **values):
    return Found(tuple(FoundProject(CloudProject(*one)) for one in projects), DOMAINS, **values)


def names(tree):
    """The names of projects by the name of their customer."""
    return {
        customer["name"]: [project["name"] for project in customer["projects"]]
        for customer in tree["customers"]
    }


CLOUD = found(
    ("p1", "web", "d1"), ("p2", "db", "d1", "p1"), ("p3", "web", "d2"), ("p4", "dev", "d2", "gone")
)


@pytest.mark.parametrize(
    ("options", "customers"),
    [
        ({}, {"Acme": ["db", "web"], "Umbrella": ["dev", "web"]}),
        ({"customer": "All"}, {"All": ["db", "web", "dev", "web"]}),
        (
            {"by_parent": True},
            {"web": ["db"], "Acme": ["web"], "gone": ["dev"], "Umbrella": ["web"]},
        ),
        ({"domains": ("Acme",)}, {"Acme": ["db", "web"]}),
        ({"domains": ("d1", "Umbrella"), "match": "w*"}, {"Acme": ["web"], "Umbrella": ["web"]}),
        ({"match": "W*"}, {}),
    ],
)
def test_projects_are_selected_and_have_a_customer(options, customers):
    assert names(provisioning_tree(CLOUD, Selection("east", ("east",), **options))) == customers


def test_an_unknown_domain_is_named_with_the_nearest_known_one():
    with pytest.raises(OperatorError, match=r"no domain 'Acne'; did you mean 'Acme'\?"):
        provisioning_tree(CLOUD, Selection("east", ("east",), domains=("Acne",)))


def test_every_machine_agrees_on_uuids_and_a_renamed_project_keeps_them():
    [before] = provisioning_tree(found(("p1", "web", "d1")), EAST)["customers"]
    [after] = provisioning_tree(found(("p1", "shop", "d1")), EAST)["customers"]
    ids = Ids.of("east")
    assert ids.tenant("p1") == UUID("9d17b040-257b-581a-878f-1f4988f5a29e")
    assert after["projects"][0]["name"] == after["projects"][0]["tenants"][0]["name"] == "shop"
    for one in (before, after):
        [project] = one["projects"]
        [tenant] = project["tenants"]
        uuids = (one["uuid"], project["uuid"], tenant["uuid"])
        assert uuids == (ids.customer("d1").hex, ids.project("p1").hex, ids.tenant("p1").hex)
    assert Ids.of("west").tenant("p1") != ids.tenant("p1")


def existing(project, **uuids):
    ids = Ids.of("east")
    values = {"uuid": ids.tenant(project), "project": ids.project(project)}
    values |= {"project_name": "old", "customer": ids.customer("d1"), "customer_name": "old"}
    return {project: ExistingTenant(**values | uuids)}


def test_a_tenant_that_exists_keeps_its_drift_mode_and_its_customer():
    [new] = provisioning_tree(found(("p1", "web", "d1")), EAST)["customers"]
    assert new["projects"][0]["tenants"][0]["drift_mode"] == "report"
    moved = existing("p1", customer=UUID(int=7), customer_name="Mine")
    for rows, customer, uuid in (
        (existing("p1"), "Acme", Ids.of("east").customer("d1")),
        (moved, "Mine", UUID(int=7)),
    ):
        [one] = provisioning_tree(found(("p1", "web", "d1")), EAST, rows)["customers"]
        assert "drift_mode" not in one["projects"][0]["tenants"][0]
        assert (one["name"], one["uuid"]) == (customer, uuid.hex)


def test_a_tenant_that_was_loaded_from_a_file_is_left_as_it_is():
    rows = existing("p1", uuid=UUID(int=7))
    assert provisioning_tree(found(("p1", "web", "d1")), EAST, rows)["customers"] == []


def test_each_entry_without_rights_leads_to_its_own_tenant():
    project = CloudProject("p1", "web", "d1")
    both = Found((FoundProject(project, "web-entry"),), DOMAINS)
    [one] = provisioning_tree(both, Selection("east", ("other",)))["customers"]
    assert one["projects"][0]["tenants"][0]["openstack_cloud"] == "web-entry"
    [one] = provisioning_tree(both, Selection("east", ("web-entry",)))["customers"]
    assert "openstack_cloud" not in one["projects"][0]["tenants"][0]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "p1"),
        (" \t", "p1"),
        ("a\nb\x1b[2J", "a�b�[2J"),
        ("\u202etxt", "�txt"),
        ("x" * 300, "x" * 255),
        ("Büro 東京", "Büro 東京"),
    ],
)
def test_a_hostile_name_becomes_one_that_can_be_loaded(name, shown):
    tree = provisioning_tree(found(("p1", name, "d1")), EAST)
    assert names(tree) == {"Acme": [shown]}
    problems = Problems()
    check_document(tree, "", problems)
    assert problems.lines == []


@pytest.mark.parametrize("suffix", ["yaml", "json", "jsonl"])
def test_what_is_written_is_what_is_read(tmp_path: Path, suffix):
    projects = [(f"{number}e5", name, "d1") for number, name in enumerate(HOSTILE)]
    tree = provisioning_tree(found(*projects), EAST)
    path = tmp_path / f"east.{suffix}"
    path.write_text("old")
    write_file(path, tree)
    if suffix == "jsonl":
        documents = [one for batch in read_batches(read_lines([path])) for one in batch.documents]
        assert len(documents) == len(HOSTILE)
    else:
        documents = read_documents([path])
    read = {
        (project.name, tenant.name, tenant.uuid, tenant.backend_id, tenant.drift_mode)
        for _, document in documents
        for customer in document.customers
        for project in customer.projects
        for tenant in project.tenants
    }
    ids = Ids.of("east")
    assert read == {(name, name, ids.tenant(one), one, "report") for one, name, _ in projects}
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path):
    with pytest.raises(OperatorError, match=r"nowhere/f\.yaml: cannot be written: No such file"):
        write_file(tmp_path / "nowhere" / "f.yaml", provisioning_tree(CLOUD, EAST))
