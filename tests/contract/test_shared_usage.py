"""The usage of a group that the cloud shares with other tenants (RBAC): counted, never named."""

import asyncio
from dataclasses import replace

import pytest
from tests.contract.paths import GROUPS, group_at
from tests.contract.test_usage import deletion, observe, port

from ringfence.ports.observations import observation_time, store_ports
from ringfence.security_groups.read_model import documents

SECRET = "their-secret-port"


async def observe_foreign(world, *found):
    """Store these ports as observed in the other tenant of the same cloud."""
    async with world.database.transaction() as connection:
        taken = await observation_time(connection)
        await store_ports(connection, world.foreign_tenant_id, found, taken)


def foreign_port(*groups, number=1, **values):
    values = {"device_id": f"their-vm-{number}", "backend_id": f"{SECRET}-{number}"} | values
    return port(SECRET, *groups, floating_addresses=("203.0.113.99",), **values)


@pytest.fixture
async def web(world):
    return await world.group("web", backend_id="b-web")


@pytest.fixture
async def shared(world, web):
    """A group on a port of its own tenant, and on two of another one."""
    await observe(world, port("eth0", "b-web"))
    await observe_foreign(world, foreign_port("b-web", "b-theirs"), foreign_port("b-web", number=2))
    return web


async def usage(client, group):
    return (await client.get(group_at(group, "usage/"))).json()


async def count(client, group):
    return (await client.get(group_at(group))).json()["instance_count"]


async def test_instances_of_another_tenant_count_while_they_have_the_group(client, world, shared):
    assert await count(client, shared) == 3
    await observe_foreign(world, foreign_port("b-web"), foreign_port(number=2))
    assert await count(client, shared) == 2
    await observe_foreign(world, replace(foreign_port(), security_group_ids=None))
    assert await count(client, shared) == 1
    async with world.database.connection() as connection:
        assert await documents.stale(connection) == []


async def test_ports_of_another_tenant_are_counted_and_never_named(api, shared):
    for user in ("member", "admin", "support", "staff"):
        response = await api(user).get(group_at(shared, "usage/"))
        shown = response.json()
        assert shown["ports_of_other_tenants"] == 2
        assert [one["name"] for one in shown["ports"]] == ["eth0"]
        assert shown["instance_count"] == 3
        assert "their" not in response.text


async def test_use_by_other_tenants_alone_is_unknown_until_the_own_ports_were_read(
    client, world, web
):
    await observe_foreign(world, foreign_port("b-web"))
    assert await count(client, web) is None
    await observe(world)
    assert await count(client, web) == 1


async def test_a_shared_group_in_use_is_not_deleted_and_the_error_says_how_many(client, shared):
    response = await client.delete(group_at(shared))
    assert response.status_code == 409
    message = response.json()["detail"]
    assert message.startswith(
        "Security group web is in use by 1 port: eth0 (id-of-eth0) and 2 ports of other tenants"
    )
    assert message.endswith(
        "It has to be removed from these ports first; ?detach=true does so for those of its own"
        " tenant."
    )
    assert "their" not in response.text


async def test_ports_of_other_tenants_alone_prevent_a_deletion(client, world, shared):
    await observe(world)
    response = await client.delete(group_at(shared))
    assert response.status_code == 409
    assert response.json()["detail"] == (
        "Security group web is in use by 2 ports of other tenants."
        " It has to be removed from these ports first."
    )
    assert await deletion(world) is None
    assert (await client.delete(group_at(shared), params={"detach": "true"})).status_code == 204
    context = await world.value("SELECT context FROM events")
    assert (context["ports"], context["ports_of_other_tenants"]) == ([], 2)


async def test_external_ip_does_not_tell_whose_address_a_shared_group_is_on(api, shared):
    found = await api("staff").get(GROUPS, params={"external_ip": "203.0.113.99"})
    assert found.json() == []
    assert shared


async def test_a_group_of_another_cloud_with_the_same_id_is_not_in_use(client, world, web):
    cloud = await world.value(
        "INSERT INTO clouds (name, backend) VALUES ('west', 'sandbox') RETURNING id"
    )
    await world.execute(
        "UPDATE tenants SET cloud_id = %s WHERE id = %s", cloud, world.foreign_tenant_id
    )
    await observe(world)
    await observe_foreign(world, foreign_port("b-web"))
    assert await count(client, web) == 0
    assert (await usage(client, web))["ports_of_other_tenants"] == 0


async def test_a_group_is_deleted_while_other_tenants_observe_it(api, world, shared):
    async def read_ports():
        for number in range(20):
            await observe_foreign(
                world, foreign_port("b-web", number=1), foreign_port(number=number)
            )

    async def unlink():
        await asyncio.sleep(0.05)
        assert (await api("staff").post(group_at(shared, "unlink/"))).status_code == 204

    await asyncio.wait_for(asyncio.gather(read_ports(), unlink()), 30)
    assert await world.value("SELECT count(*) FROM cloud_port_groups") == 0
