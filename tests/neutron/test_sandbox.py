import asyncio

import psycopg
import pytest
from tests.neutron.pairs import tcp, v4

from ringfence.database.pool import Database
from ringfence.neutron.port import CloudUnreachable, RequestRefused, RuleExists
from ringfence.neutron.sandbox import ports
from ringfence.neutron.sandbox.cloud import SandboxCloud

PROJECT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def sandbox(database):
    return SandboxCloud(database)


async def test_the_default_group_is_not_deleted(sandbox):
    (default,) = await sandbox.list_groups(PROJECT)
    with pytest.raises(RequestRefused, match="default security group"):
        await sandbox.delete_group(default.id)


async def test_what_one_process_made_another_sees(sandbox, conninfo):
    group = await sandbox.create_group(PROJECT, "web", "")
    await sandbox.create_rules(PROJECT, group.id, [tcp(80, 80)])
    async with Database.open(conninfo, size=1) as database:
        seen = await SandboxCloud(database).get_group(group.id)
    assert seen == await sandbox.get_group(group.id)


async def test_concurrent_first_lists_of_a_project_create_one_default_group(sandbox):
    lists = await asyncio.gather(*(sandbox.list_groups(PROJECT) for _ in range(8)))
    assert len({group.id for found in lists for group in found}) == 1


async def test_of_equal_rules_created_at_once_one_is_kept(sandbox):
    group = await sandbox.create_group(PROJECT, "web", "")
    calls = (sandbox.create_rules(PROJECT, group.id, [tcp(80, 80)]) for _ in range(8))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, RuleExists) for result in results) == 7
    assert len((await sandbox.get_group(group.id)).rules) == 3


async def test_groups_that_name_each_other_are_deleted_at_once(sandbox):
    groups = [await sandbox.create_group(PROJECT, str(number), "") for number in range(4)]
    for group in groups:
        rules = [v4(remote_group_id=other.id) for other in groups]
        await sandbox.create_rules(PROJECT, group.id, rules)
    await asyncio.gather(*(sandbox.delete_group(group.id) for group in groups))
    assert [group.name for group in await sandbox.list_groups(PROJECT)] == ["default"]


async def test_a_database_that_is_away_is_an_unreachable_cloud():
    nowhere = psycopg.conninfo.make_conninfo(host="/nonexistent", dbname="none")
    async with Database.open(nowhere, size=1) as database:
        with pytest.raises(CloudUnreachable):
            await SandboxCloud(database).list_groups(PROJECT)


async def test_floating_addresses_lead_to_ports_of_the_project(sandbox, database):
    async with database.transaction() as connection:
        port = await ports.add_port(connection, PROJECT, [])
        await ports.add_floating_ip(connection, "203.0.113.7", port)
    assert await sandbox.list_floating_ips(PROJECT) == {"203.0.113.7": port}
    assert await sandbox.list_floating_ips("p" * 32) == {}
