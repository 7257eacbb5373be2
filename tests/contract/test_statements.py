"""The statements of a read: few, and none that writes."""

import itertools

import httpx
import psycopg
import pytest
from psycopg import sql
from tests.contract.paths import GROUPS, a_rule, group_at
from tests.contract.test_lists import make_groups

from ringfence.access import identity
from ringfence.database.binary_rows import numbered
from ringfence.database.pool import Database
from ringfence.database.prepared import PreparedStatements
from ringfence.security_groups.read_model import list_statements

READS = [
    "",
    "?page=2&page_size=3",
    "?page=last",
    "?o=-name,created&state=OK&state=ERRED&query=e&can_manage=true",
    "?field=name&field=rules&tenant_uuid=00000000-0000-0000-0000-000000000000",
]


@pytest.fixture
def statements(monkeypatch):
    """Collect every statement, including those that begin and end a transaction."""
    seen = []
    execute, command = psycopg.AsyncCursor.execute, psycopg.AsyncConnection._exec_command  # noqa: SLF001 - what BEGIN goes through
    rows = PreparedStatements._rows  # noqa: SLF001 - what hot reads go through

    async def note_execute(self, query, *arguments, **options):
        seen.append(query)
        return await execute(self, query, *arguments, **options)

    def note_command(self, query, *arguments, **options):
        seen.append(query)
        return command(self, query, *arguments, **options)

    async def note_rows(self, statement, values):
        seen.append(statement)
        return await rows(self, statement, values)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", note_execute)
    monkeypatch.setattr(PreparedStatements, "_rows", note_rows)
    monkeypatch.setattr(psycopg.AsyncConnection, "_exec_command", note_command)
    return seen


def as_bytes(statement):
    return statement.encode() if isinstance(statement, str) else statement


async def test_a_list_is_one_statement_once_the_identity_is_cached(client, world, statements):
    for number in range(12):
        await world.group(f"group {number}")
    await client.get(GROUPS)
    statements.clear()
    for query, method in itertools.product(READS, ("GET", "HEAD")):
        response = await client.request(method, GROUPS + query)
        assert response.status_code == 200, response.text
        assert len(statements) == 1, statements
        statements.clear()


async def test_a_retrieve_is_one_statement_once_the_identity_is_cached(client, world, statements):
    group = await world.group()
    await client.get(GROUPS)
    statements.clear()
    for query in ("", "?field=name", "?name=web"):
        assert (await client.get(group_at(group) + query)).status_code == 200
        assert len(statements) == 1, statements
        statements.clear()


async def test_a_change_opens_one_transaction(client, world, statements):
    group = await world.group()
    statements.clear()
    assert (await client.post(group_at(group, "set_rules/"), json=[a_rule()])).is_success
    assert [statement for statement in statements if b"BEGIN" in as_bytes(statement)] == [b"BEGIN"]


async def test_the_first_statement_of_a_change_reads_the_identity_again(client, world, statements):
    group = await world.group()
    await client.post(group_at(group, "pull/"))
    await world.execute("UPDATE security_groups SET state = 'OK'")
    statements.clear()
    assert (await client.post(group_at(group, "set_rules/"), json=[a_rule()])).is_success
    seen = [as_bytes(statement) for statement in statements]
    first = seen[seen.index(b"BEGIN") + 1]
    assert b"FOR SHARE OF account FOR KEY SHARE OF token" in first
    assert [text for text in seen if b"FOR SHARE OF account" in text] == [first]


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
        # The setting is effective: a change fails, as on a standby.
        assert (await client.delete(group_at(group))).status_code == 503


# The index that each ordering uses, in both directions; the rest of a plan is negligible.
INDEXES = {
    "": "order",
    "name": "name",
    "state": "state",
    "created": "created",
    "project_name": "project_name",
    "service_name": "service_name",
    "customer_name": "customer_name",
    "customer_native_name": "customer_native_name",
    "customer_abbreviation": "customer_abbreviation",
}


@pytest.fixture
async def plan_of(api, world, monkeypatch):
    """Return a function that returns the query plan of a request, with some thousand groups."""
    await make_groups(world, 3_000, other=world.foreign_tenant_id)
    await world.execute("ANALYZE")
    read = []
    original = identity.read_rows

    async def note(database, statement, parameters):
        read[:] = [statement, parameters]
        return await original(database, statement, parameters)

    monkeypatch.setattr(identity, "read_rows", note)

    async def plan(user, query):
        response = await api(user).get(GROUPS, params=query)
        assert response.status_code == 200, response.text
        async with world.database.connection() as connection:
            return await explained(connection, *read)

    return plan


async def explained(connection, statement, parameters):
    """Return the generic plan, which the service uses for all parameters."""
    text, names = numbered(statement)
    values = sql.SQL(", ").join([sql.Literal(parameters[name]) for name in names])
    await connection.execute(b"PREPARE read AS " + text, prepare=False)
    explain = sql.SQL("EXPLAIN (ANALYZE) EXECUTE read ({})").format(values)
    cursor = await connection.execute(explain, prepare=False)
    await connection.execute("DEALLOCATE read", prepare=False)
    return "\n".join([line for (line,) in await cursor.fetchall()])


async def test_each_order_is_a_piece_of_an_index_in_both_directions(plan_of):
    for order, index in INDEXES.items():
        for sign, way in (("", ""), ("-", "Backward ")):
            if sign and not order:
                continue
            plan = await plan_of("staff", {"o": sign + order})
            assert f"Index Scan {way}using security_group_documents_{index} on" in plan, plan
            assert "Sort Key: stored." not in plan, plan


async def test_the_last_page_is_read_from_the_end(plan_of):
    plan = await plan_of("staff", {"page": "last"})
    assert "Index Scan Backward using security_group_documents_order on" in plan, plan


async def test_a_page_with_a_cursor_begins_at_its_position_in_the_index(plan_of, api):
    first = await api("staff").get(GROUPS, params={"o": "name"})
    plan = await plan_of("staff", dict(httpx.URL(first.links["next"]["url"]).params))
    condition = "Index Cond: (ROW(name, tenant_name, created, security_group_id) > ROW("
    assert condition in plan, plan


@pytest.mark.parametrize("user", ["admin", "owner"])
async def test_a_user_with_a_scope_reads_that_part_of_an_index(plan_of, user):
    ancestor = {"admin": "project", "owner": "customer"}[user]
    plan = await plan_of(user, {})
    assert f"using security_group_documents_{ancestor} on" in plan, plan
    assert f"Index Cond: ({ancestor}_id = (" in plan, plan
    # The rows of one ancestor are read in order.
    assert "Sort Key: stored." not in plan, plan


TEXTS = {"name": ["name"], "description": ["description"], "query": ["name", "description"]}


async def assert_found_by(plan_of, part, index):
    """Check that each filter uses the index of each of its columns, and no other."""
    for parameter, columns in TEXTS.items():
        plan = await plan_of("staff", {parameter: part})
        for column in columns:
            assert plan.count(f"Bitmap Index Scan on {index.format(column)} ") == 1, plan
        assert plan.count("Bitmap Index Scan") == len(columns), plan


async def test_a_part_of_a_text_is_found_by_its_parts_of_five_characters_alone(plan_of):
    await assert_found_by(plan_of, "oup 0123", "security_groups_{}_substrings")


async def test_a_part_of_less_than_five_characters_is_found_by_its_trigrams(plan_of):
    await assert_found_by(plan_of, "0123", "security_group_documents_{}_contains")


async def test_a_part_of_a_text_is_found_by_index_where_there_are_no_trigrams(plan_of, world):
    await world.execute("DROP EXTENSION pg_trgm CASCADE")
    await assert_found_by(plan_of, "oup 0123", "security_groups_{}_substrings")


async def test_few_groups_in_an_ancestor_are_read_without_a_text_index(plan_of):
    for parameter in TEXTS:
        plan = await plan_of("admin", {parameter: "oup 0123"})
        scans = [line for line in plan.splitlines() if "_substrings" in line and "Scan" in line]
        assert all("never executed" in line for line in scans), plan
        assert "Filter: (substrings_of_five" not in plan, plan


async def test_many_groups_in_an_ancestor_are_found_by_the_text_index(plan_of, api, monkeypatch):
    query = {"name": "oup 012", "o": "name", "page_size": 100}
    wanted = (await api("admin").get(GROUPS, params=query)).json()
    assert len(wanted) > 10
    # A distinct ordering, so that the statement is built again
    query["o"] = "-name"
    monkeypatch.setattr(list_statements, "_MAX_SCANNED", "0")
    plan = await plan_of("admin", query)
    scan = "Bitmap Index Scan on security_groups_name_substrings"
    assert "never executed" not in next(line for line in plan.splitlines() if scan in line), plan
    assert (await api("admin").get(GROUPS, params=query)).json() == wanted[::-1]


async def test_no_unfiltered_count_reads_the_groups(plan_of):
    for user, query in (("staff", {}), ("admin", {}), ("staff", {"state": "ERRED"})):
        plan = await plan_of(user, query)
        shown = [line for line in plan.splitlines() if "security_group_documents" in line]
        # The rows of the page only
        assert len(shown) == 1, plan
        assert "rows=10.00" in shown[0], plan
