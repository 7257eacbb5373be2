"""What a read costs the database: few statements, and none that writes."""

import itertools

import psycopg
import pytest
from tests.contract.addresses import GROUPS, a_rule, group_at

from ringfence.database.pool import Database

READS = [
    "",
    "?page=2&page_size=3",
    "?page=last",
    "?o=-name,created&state=OK&state=ERRED&query=e&can_manage=true",
    "?field=name&field=rules&tenant_uuid=00000000-0000-0000-0000-000000000000",
]


@pytest.fixture
def statements(monkeypatch):
    """Collect every statement, those that open and close a transaction included."""
    seen = []
    execute, command = psycopg.AsyncCursor.execute, psycopg.AsyncConnection._exec_command  # noqa: SLF001 - what BEGIN goes through

    async def note_execute(self, query, *arguments, **options):
        seen.append(query)
        return await execute(self, query, *arguments, **options)

    def note_command(self, query, *arguments, **options):
        seen.append(query)
        return command(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", note_execute)
    monkeypatch.setattr(psycopg.AsyncConnection, "_exec_command", note_command)
    return seen


def as_bytes(statement):
    return statement.encode() if isinstance(statement, str) else statement


async def test_a_list_of_ten_takes_at_most_three_statements(client, world, statements):
    for number in range(12):
        await world.group(f"group {number}")
    statements.clear()
    for query, method in itertools.product(READS, ("GET", "HEAD")):
        response = await client.request(method, GROUPS + query)
        assert response.status_code == 200, response.text
        assert 2 <= len(statements) <= 3, statements
        statements.clear()


async def test_a_retrieve_takes_at_most_two_statements(client, world, statements):
    group = await world.group()
    statements.clear()
    for query in ("", "?field=name", "?name=web"):
        assert (await client.get(group_at(group) + query)).status_code == 200
        assert len(statements) == 2, statements
        statements.clear()


async def test_a_change_opens_one_transaction(client, world, statements):
    group = await world.group()
    statements.clear()
    assert (await client.post(group_at(group, "set_rules/"), json=[a_rule()])).is_success
    assert [statement for statement in statements if b"BEGIN" in as_bytes(statement)] == [b"BEGIN"]


async def test_reads_work_where_nothing_can_be_written(app, api, world, conninfo):
    group, *_ = [await world.group(f"group {number}") for number in range(4)]
    name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
    await world.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    async with Database.open(conninfo, size=2) as read_only:
        app.state.database = read_only
        client = api("staff")
        for query, method in itertools.product(READS, ("GET", "HEAD")):
            assert (await client.request(method, GROUPS + query)).status_code == 200
        assert (await client.get(group_at(group))).status_code == 200
        # The setting does hold: a change fails.
        assert (await client.delete(group_at(group))).status_code == 500
