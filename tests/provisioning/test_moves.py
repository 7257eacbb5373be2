"""A tenant with groups keeps its project and its cloud unless the operator allows the move."""

import json

import pytest
import yaml

from ringfence.errors import OperatorError
from ringfence.provisioning.load import load_files
from ringfence.provisioning.options import LoadOptions
from ringfence.provisioning.resumable import load_resumable
from ringfence.security_groups.cloud_state.tenant_moves import MOVED

SITE = """
clouds: [{name: east, backend: sandbox}, {name: west, backend: sandbox}]
customers:
  - name: Acme
    projects:
      - name: Web
        tenants: [{name: prod, cloud: CLOUD, backend_id: "PROJECT", security_groups: GROUPS}]
"""
TENANT = "customers[0].projects[0].tenants[0]"
ONE = "[{name: web, backend_id: g1, rules: [{protocol: tcp, from_port: 22, to_port: 22}]}]"


def site(cloud="east", project="p1", groups=ONE):
    return SITE.replace("CLOUD", cloud).replace("PROJECT", project).replace("GROUPS", groups)


@pytest.mark.parametrize(
    ("moved", "key"),
    [
        (site(project="p2", groups="[]"), "backend_id"),
        (site(cloud="west", groups="[]"), "cloud"),
        (site(cloud="west", project="p2", groups="[]"), "backend_id"),
    ],
)
async def test_a_tenant_with_groups_stays_where_it_is(load, problems, query, moved, key):
    await load(site())
    [(uuid,)] = await query("SELECT hex(uuid) FROM tenants")

    lines = await problems(moved)

    words = "the tenant has 1 security groups in the project 'p1', which would stay there"
    assert lines == [f"{TENANT}.{key}: {words}; to allow that, add --move-tenant {uuid}"]
    assert await query("SELECT backend_id FROM tenants") == [("p1",)]


async def test_a_tenant_without_groups_or_without_a_project_goes_anywhere(load, query):
    await load(site(groups="[]"))
    await load(site(cloud="west", project="p2", groups="[]"))
    assert await query("SELECT backend_id FROM tenants") == [("p2",)]


@pytest.mark.parametrize("named", ["prod", "uuid"])
@pytest.mark.parametrize("resumable", [False, True])
async def test_an_allowed_move_clears_ids_and_keeps_what_is_desired(
    load, query, database, tmp_path, named, resumable
):
    await load(site())
    if named == "uuid":
        [(named,)] = await query("SELECT hex(uuid) FROM tenants")
    path = tmp_path / "moved.yaml"
    path.write_text(site(project="p2", groups="[{name: web, description: new}]"))

    if resumable:
        lines = tmp_path / "moved.jsonl"
        lines.write_text(json.dumps(yaml.safe_load(path.read_text())))
        await load_resumable(database, [lines], lambda *_told: None, LoadOptions(moves=[named]))
    else:
        await load_files(database, [path], LoadOptions(moves=[named]))

    assert await query(
        "SELECT backend_id, state, error_message, description, applied_version FROM security_groups"
    ) == [("", "ERRED", MOVED, "new", 0)]
    assert await query("SELECT from_port FROM security_group_rules") == [(22,)]
    [(context,)] = await query(
        "SELECT context FROM events WHERE event_type = 'openstack_tenant_moved'"
    )
    assert (context["from"]["backend_id"], context["to"]["backend_id"]) == ("p1", "p2")
    assert context["groups"] == 1
    # Allowing the move again changes nothing.
    assert (await load_files(database, [path], LoadOptions(moves=[named]))).nothing_changed


async def test_a_move_takes_the_ids_that_the_file_gives_and_never_the_old_ones(
    load, database, tmp_path, query
):
    await load(site())
    path = tmp_path / "moved.yaml"
    path.write_text(site(project="p2"))
    with pytest.raises(OperatorError) as refused:
        await load_files(database, [path], LoadOptions(moves=["prod"]))
    path.write_text(site(project="p2", groups=ONE.replace("g1", "g2")))

    await load_files(database, [path], LoadOptions(moves=["prod"]))

    assert str(refused.value) == (
        f"{TENANT}.security_groups[0].backend_id: 'g1' is in the project that the tenant leaves:"
        " remove it"
    )
    assert await query("SELECT backend_id, state, error_message FROM security_groups") == [
        ("g2", "OK", "")
    ]


OPENSTACK = """
clouds: [{name: east, backend: openstack, openstack_cloud: ENTRY}]
customers:
  - name: Acme
    projects:
      - name: Web
        tenants: [TENANT]
"""
OF_CLOUD = f'{{name: prod, cloud: east, backend_id: "p1", security_groups: {ONE}}}'
OF_ITS_OWN = OF_CLOUD.replace("cloud: east", "cloud: east, openstack_cloud: own")


def way(entry="first", tenant=OF_CLOUD):
    return OPENSTACK.replace("ENTRY", entry).replace("TENANT", tenant)


@pytest.mark.parametrize(
    "case",
    [
        (way(), way("second"), "clouds[0].openstack_cloud"),
        (way(), way("second", ""), "clouds[0].openstack_cloud"),
        (way(), way(tenant=OF_ITS_OWN), f"{TENANT}.openstack_cloud"),
        (
            way(tenant=OF_ITS_OWN),
            way(tenant=OF_ITS_OWN.replace("own", "other")),
            f"{TENANT}.openstack_cloud",
        ),
    ],
)
async def test_another_entry_of_clouds_yaml_is_another_cloud_unless_allowed(
    load, problems, query, database, tmp_path, case
):
    before, after, location = case
    await load(before)
    [(uuid,)] = await query("SELECT hex(uuid) FROM tenants")

    lines = await problems(after)

    words = "the tenant 'prod' has 1 security groups in the project 'p1', which would stay there"
    why = "(none was found there with the new entry)"
    assert lines == [f"{location}: {words} {why}; to allow that, add --move-tenant {uuid}"]
    path = tmp_path / "moved.yaml"
    path.write_text(after.replace("backend_id: g1, ", ""))
    await load_files(database, [path], LoadOptions(moves=["prod"]))
    assert await query("SELECT backend_id, error_message FROM security_groups") == [("", MOVED)]
    assert (await load_files(database, [path])).nothing_changed


async def test_another_entry_moves_no_tenant_that_does_not_take_it_or_has_nothing_there(
    load, query
):
    await load(way(tenant=OF_ITS_OWN))
    await load(way("second", OF_ITS_OWN))
    await load(OPENSTACK.replace("ENTRY", "second").replace("[TENANT]", "[]"))
    assert await query("SELECT backend_id FROM security_groups") == [("g1",)]
