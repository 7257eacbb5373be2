"""Remotes that are not groups of the tenant stay as they are and never become any."""

from uuid import uuid4

import pytest
from tests.sync.conftest import cloud_tcp, tcp

from ringfence.neutron.port import RemoteNotFound
from ringfence.sync.pull import pull_group, pull_tenant
from ringfence.sync.push import push_group


async def pull(place, uuid):
    await place.schedule(uuid, "UPDATE_SCHEDULED")
    await pull_group(place.database, place.clouds, uuid)


async def push(place, uuid):
    await push_group(place.database, place.clouds, uuid)


@pytest.fixture
def address_group(lab, neutron):
    """An address group of the tenant's project."""
    values = {"name": "offices", "addresses": ["192.0.2.0/24"], "project_id": neutron.project}
    body = {"address_group": values}
    return lab.neutron("POST", "/v2.0/address-groups", body)["address_group"]["id"]


@pytest.fixture
def shared_group(lab, neutron):
    """A group of another project that the tenant's project may name."""
    owner = lab.make_project()
    values = {"name": "shared", "project_id": owner}
    body = {"security_group": values}
    group = lab.neutron("POST", "/v2.0/security-groups", body)["security_group"]["id"]
    policy = {
        "object_type": "security_group",
        "object_id": group,
        "action": "access_as_shared",
        "target_tenant": neutron.project,
        "project_id": owner,
    }
    lab.neutron("POST", "/v2.0/rbac-policies", {"rbac_policy": policy})
    return group


async def remote_ends(place):
    """The remote of each rule of the tenant's groups, and whether it admits anyone."""
    async with place.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT from_port, cidr, unresolved_group_backend_id, remote_address_group_backend_id"
            " FROM security_group_rules WHERE from_port IS NOT NULL ORDER BY from_port"
        )
        return await cursor.fetchall()


async def test_address_groups_and_shared_groups_go_to_the_rows_and_back_unchanged(
    neutron, address_group, shared_group
):
    uuid = await neutron.ask(rules=[tcp(22)])
    await push(neutron, uuid)
    backend_id = (await neutron.row(uuid))[1]
    ends = [
        cloud_tcp(80, remote_ip_prefix=None, remote_address_group_id=address_group),
        cloud_tcp(81, remote_ip_prefix=None, remote_group_id=shared_group),
    ]
    await neutron.cloud.create_rules(neutron.project, backend_id, ends)
    before = await neutron.keys(uuid)

    await pull(neutron, uuid)
    assert await remote_ends(neutron) == [
        (22, "10.0.0.0/8", None, None),
        (80, None, None, address_group),
        (81, None, shared_group, None),
    ]
    # They are pushed to a cloud that has lost them.
    for rule in (await neutron.found(uuid)).rules:
        await neutron.cloud.delete_rule(rule.id)
    await neutron.schedule(uuid, "UPDATE_SCHEDULED")
    await push(neutron, uuid)

    assert await neutron.keys(uuid) == before
    assert await neutron.documents_are_fresh()


async def test_an_address_group_that_does_not_exist_is_refused_in_words(neutron):
    uuid = await neutron.ask(
        rules=[tcp(22, cidr=None, remote_address_group_backend_id=str(uuid4()))]
    )

    with pytest.raises(RemoteNotFound, match="could not be found"):
        await push(neutron, uuid)

    assert all(rule.direction == "egress" for rule in (await neutron.found(uuid)).rules)


async def naming(place):
    """Two groups in the cloud: `web` has a rule that names `db`."""
    db = await place.ask("db")
    await push(place, db)
    web = await place.ask("web", rules=[tcp(22), tcp(5432)])
    await place.world.execute(
        "UPDATE security_group_rules SET cidr = NULL, remote_group_id ="
        " (SELECT id FROM security_groups WHERE name = 'db') WHERE from_port = 5432"
    )
    await push(place, web)
    return web, db


async def test_a_rule_that_was_deleted_with_its_remote_group_is_noticed_by_the_next_pull(place):
    web, db = await naming(place)
    await place.cloud.delete_group((await place.row(db))[1])
    assert len((await place.found(web)).rules) == 1

    await pull_tenant(place.database, place.clouds, place.tenant, requested=False)

    assert (await place.row(db))[0] == "ERRED"
    assert [row[1] for row in await place.rows(web)] == [22]
    assert (await place.row(web))[:4:2] == ("OK", 2)
    pulled = await place.world.value(
        "SELECT context FROM events WHERE event_type = 'openstack_security_group_pulled'"
    )
    assert pulled["rules_removed"] == 1
    assert await place.documents_are_fresh()


async def test_a_rule_whose_remote_group_is_missing_is_not_pushed_as_any(place):
    web, db = await naming(place)
    await place.cloud.delete_group((await place.row(db))[1])
    await place.schedule(web, "UPDATE_SCHEDULED")

    with pytest.raises(RemoteNotFound):
        await push(place, web)

    assert [rule.port_range_min for rule in (await place.found(web)).rules] == [22]


async def test_a_group_created_again_is_named_by_the_rules_that_named_it(place):
    web, db = await naming(place)
    await place.cloud.delete_group((await place.row(db))[1])
    await place.world.execute("UPDATE security_groups SET applied_version = 0 WHERE name = 'db'")
    await place.schedule(db, "UPDATE_SCHEDULED")

    await push(place, db)
    await place.schedule(web, "UPDATE_SCHEDULED")
    await push(place, web)

    named = {rule.remote_group_id for rule in (await place.found(web)).rules}
    assert named == {None, (await place.row(db))[1]}
