"""Columns beside the documents follow their sources, and counts add up."""

import asyncio
import random
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.factories.world import make_world

from ringfence.cli.doctor.examination import examine
from ringfence.security_groups.read_model import documents
from ringfence.settings import Settings

COUNTED = """
SELECT coalesce(sum(each.groups), 0)
FROM (
    SELECT level, id, groups FROM security_group_counts
    UNION ALL
    SELECT level, id, groups FROM security_group_count_changes
) AS each
WHERE each.level = %s AND each.id = %s
"""


@pytest.fixture
async def world(database):
    return await make_world(database)


async def wrong(world):
    async with world.database.connection() as connection:
        return await documents.stale(connection), await documents.miscounted(connection)


async def test_numbers_follow_what_is_made_moved_and_removed(world):
    for number in range(7):
        await world.group(f"g{number}", state="ERRED" if number % 2 else "OK")
    await world.group("foreign", tenant_id=world.foreign_tenant_id)
    assert await world.value(COUNTED, "all", 0) == 8
    assert await world.value(COUNTED, "tenant", world.tenant_id) == 7
    assert await world.value(COUNTED, "state", 4) == 3
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE security_groups SET state = 'OK' WHERE name = 'g1'")
        await connection.execute("DELETE FROM security_groups WHERE name IN ('g3', 'foreign')")
        cursor = await connection.execute("SELECT id FROM security_groups")
        ids = [row[0] for row in await cursor.fetchall()]
        await documents.refresh(connection, documents.GROUPS, ids)
    assert await world.value(COUNTED, "all", 0) == 6
    assert await world.value(COUNTED, "state", 4) == 1
    assert await wrong(world) == ([], 0)


async def test_a_change_that_is_rolled_back_counts_for_nothing(world):
    await world.group("stays")
    async with world.database.transaction() as connection:
        await connection.execute("DELETE FROM security_groups")
        await connection.execute("SELECT add_up_security_group_counts()")
        raise psycopg.Rollback
    assert await world.value(COUNTED, "all", 0) == 1
    assert await wrong(world) == ([], 0)


async def test_adding_up_changes_no_number_and_leaves_few_rows(world):
    for number in range(5):
        await world.group(f"g{number}")
    await world.execute("SELECT add_up_security_group_counts()")
    assert await world.value("SELECT count(*) FROM security_group_count_changes") == 0
    assert await world.value(COUNTED, "all", 0) == 5
    assert await wrong(world) == ([], 0)


async def test_numbers_are_right_after_many_writers_at_once_and_none_waits_for_another(world):
    chance = random.Random(1)  # noqa: S311 - the same each time

    async def write(name, kept):
        for number in range(8):
            tenant = chance.choice((world.tenant_id, world.foreign_tenant_id))
            uuid = await world.group(f"{name}-{number}", tenant_id=tenant)
            if number % 2 and not kept:
                await world.execute("DELETE FROM security_groups WHERE uuid = %s", uuid)
            if number % 3 == 0:
                await world.execute("SELECT add_up_security_group_counts()")

    await asyncio.gather(*(write(f"w{number}", number % 2) for number in range(4)))
    assert await world.value(COUNTED, "all", 0) == 24
    assert await wrong(world) == ([], 0)


async def test_the_check_finds_a_key_that_is_wrong_and_a_number_that_is(world):
    await world.group()
    await world.execute(
        "UPDATE security_group_documents SET name = 'other', revision = revision + 1"
    )
    await world.execute("INSERT INTO security_group_count_changes VALUES ('all', 0, 1)")
    stale, miscounted = await wrong(world)
    assert (len(stale), miscounted) == (1, 1)


async def test_all_answers_are_checked_however_many_there_are_at_once(world, monkeypatch):
    monkeypatch.setattr(documents, "_BATCH", 2)
    for number in range(5):
        await world.group(f"g{number}")
    await world.execute("DELETE FROM security_group_documents WHERE name IN ('g0', 'g4')")
    stale, _ = await wrong(world)
    assert len(stale) == 2


async def test_a_new_name_of_a_customer_is_one_statement_for_exactly_its_groups(world):
    for number in range(3):
        await world.group(f"g{number}")
    await world.group("foreign", tenant_id=world.foreign_tenant_id)
    revisions = "SELECT array_agg(revision ORDER BY name) FROM security_group_documents"
    before = await world.value(revisions)
    async with world.database.transaction() as connection:
        await connection.execute("UPDATE customers SET name = 'New' WHERE name = 'Acme'")
        await documents.refresh(connection, documents.CUSTOMERS, [world.customer_id])
    after = await world.value(revisions)
    assert [new - old for old, new in zip(before, after, strict=True)] == [0, 1, 1, 1]
    assert await wrong(world) == ([], 0)


async def examined(conninfo, name):
    server = conninfo_to_dict(conninfo)
    socket = quote(server["host"], safe="")
    url = f"postgresql://{server['user']}@{socket}/{server['dbname']}"
    checks = await examine(Settings(database_url=url))
    return next(check for check in checks if check.name == name)


async def searches_as_examined(conninfo):
    return await examined(conninfo, "substring search")


async def test_the_doctor_names_a_tenant_whose_comparison_failed(world, conninfo):
    assert (await examined(conninfo, "pulls")).passed
    await world.execute(
        "UPDATE tenants SET state = 'ERRED', error_message = 'Internal error.' WHERE uuid = %s",
        world.tenant_uuid,
    )
    check = await examined(conninfo, "pulls")
    assert not check.passed
    assert "web-prod (Internal error.)" in check.detail


async def test_texts_are_searched_by_index_where_the_server_has_it(world, conninfo):
    assert await world.value("SELECT index_security_group_texts()") is True
    assert (await searches_as_examined(conninfo)).detail == "indexed"
    await world.execute("DROP EXTENSION pg_trgm CASCADE")
    check = await searches_as_examined(conninfo)
    assert check.passed
    assert "CREATE EXTENSION pg_trgm" in check.detail
    # A server that lacks it is searched all the same.
    assert await world.value("SELECT index_security_group_texts()") is False
    await world.execute("CREATE EXTENSION pg_trgm")
    assert await world.value("SELECT index_security_group_texts()") is True
