"""What is open follows what happens in the cloud: pulls, pushes, groups of ports, deletions."""

from tests.sync.conftest import cloud_tcp
from tests.sync.test_port_push import push, request
from tests.sync.test_ports import instance, net, pull, tcp

from ringfence.sync.push import delete_group, push_group

__all__ = ["net"]

ANYWHERE = {"cidr": "0.0.0.0/0"}


async def opened(place):
    """Return the port numbers that are open, with how much of it is desired."""
    async with place.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT from_port, desired FROM port_exposures ORDER BY from_port"
        )
        return await cursor.fetchall()


async def made(place, name, *ports):
    uuid = await place.ask(name, rules=[tcp(port, **ANYWHERE) for port in ports])
    await push_group(place.database, place.clouds, uuid)
    return uuid


async def test_a_pull_finds_what_ports_have_open(place, net):
    web = await made(place, "web", 443)
    await made(place, "idle", 80)
    await pull(place)
    assert await opened(place) == []
    await net.port([web], **instance("vm-1"))
    await pull(place)
    assert await opened(place) == [(443, "all")]


async def test_a_rule_that_somebody_adds_in_the_cloud_is_open_after_a_pull(place, net):
    web = await made(place, "web", 443)
    await place.world.execute(
        "INSERT INTO tenant_drift_modes SELECT id, 'report' FROM tenants WHERE uuid = %s",
        place.tenant,
    )
    await net.port([web], **instance("vm-1"))
    backend_id = (await place.row(web))[1]
    rule = cloud_tcp(22, remote_ip_prefix="0.0.0.0/0")
    await place.cloud.create_rules(place.project, backend_id, [rule])
    await pull(place)
    assert await opened(place) == [(22, "none"), (443, "all")]


async def test_other_groups_of_a_port_open_something_else(place, net):
    web, db = await made(place, "web", 443), await made(place, "db", 5432)
    port = await net.port([web], **instance("vm-1"))
    await pull(place)
    uuid = await request(place, port, db)
    assert await opened(place) == [(443, "all")]
    assert await push(place, uuid)
    assert await opened(place) == [(5432, "all")]


async def test_a_group_that_is_detached_and_deleted_opens_nothing(place, net):
    web, db = await made(place, "web", 443), await made(place, "db", 5432)
    await net.port([web, db], **instance("vm-1"))
    await pull(place)
    assert await opened(place) == [(443, "all"), (5432, "all")]
    await place.schedule(web, "DELETION_SCHEDULED")
    await delete_group(place.database, place.clouds, web, detach=True)
    assert await opened(place) == [(5432, "all")]
    await pull(place)
    assert await opened(place) == [(5432, "all")]
