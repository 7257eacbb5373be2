"""What the settings no longer keep is removed, and whoever reads what is left is told."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.contract.paths import group_at
from tests.contract.test_audit import HTTPS, serving  # noqa: F401 - a fixture

from ringfence.database.audit_partitions import read_names
from ringfence.errors import Ungranted
from ringfence.events import retention
from ringfence.events.export import exported
from ringfence.settings import Settings
from ringfence.sync.cleanup import clean

DAY = timedelta(days=1)
TABLES = ("events", "refusals")
NAMES = (
    "events_until_2026_02",
    "events_2026_02",
    "events_2025_12",
    "refusals_2026_02",
    "events_default",
    "events_2026_13",
    "users",
)


@pytest.mark.parametrize(
    ("now", "days", "names"),
    [
        ("2026-03-31", 31, ["events_until_2026_02", "refusals_2026_02"]),
        ("2026-04-01", 31, ["events_until_2026_02", "events_2026_02", "refusals_2026_02"]),
        ("2026-04-01", None, ["refusals_2026_02"]),
        ("2026-03-30", 36_500, []),
    ],
)
def test_a_month_expires_as_a_whole_when_its_newest_row_has(now, days, names):
    then = datetime.fromisoformat(now).replace(tzinfo=UTC)
    limits = {"events": days, "refusals": 30 if names else 36_500}
    months = [month for month in read_names(NAMES) if month.name != "events_2025_12"]
    assert [each.partition for each in retention.expired(months, limits, then)] == names


def settings(conninfo, **values):
    return Settings(database_url=conninfo, **values)


async def happened(world, table, *created):
    """Insert a row of each time into a table of the audit trail."""
    columns = {
        "events": ("event_type, message", "'resource_pull_scheduled', 'old'"),
        "refusals": ("method, path, status, detail", "'POST', '/', 400, ''"),
    }
    names, values = columns[table]
    for time in created:
        await world.execute(
            f"INSERT INTO {table} (created, {names}) VALUES (%s, {values})",  # noqa: S608
            time,
        )


async def add_month(world, table, first):
    (month,) = read_names([f"{table}_{first:%Y_%m}"])
    await world.execute("SELECT add_audit_partition(%s, %s, %s)", table, month.name, month.bounds)
    return month


async def left(world, table):
    count = f"SELECT count(*) FROM {table}"  # noqa: S608 - a word of this test
    if table == "events":
        count += " WHERE event_type <> 'audit_trail_shortened'"
    return await world.value(count)


async def aged(world, table):
    """Insert two rows of an old month, an older one in no month, and a new one."""
    month = await add_month(world, table, datetime.now(UTC) - 400 * DAY)
    times = (month.first, month.end - DAY, month.first - 99 * DAY, datetime.now(UTC))
    await happened(world, table, *times)
    return month


@pytest.mark.parametrize("table", TABLES)
async def test_months_are_removed_with_an_event_and_readers_are_told(api, world, conninfo, table):
    month = await aged(world, table)
    await clean(settings(conninfo, event_days=3000, refusal_days=3000), conninfo, world.database)
    assert await left(world, table) == 4
    await clean(settings(conninfo, event_days=200, refusal_days=200), conninfo, world.database)
    assert await left(world, table) == 1
    # An insert never fails, whatever month it is of.
    await happened(world, table, month.first, datetime.now(UTC) + 400 * DAY)
    assert await left(world, table) == 3
    lines = [json.loads(line) async for line in exported(world.database)]
    assert lines[0] == {"kind": "removed", "removed": table, "before": month.end.isoformat()}
    later = [json.loads(line) async for line in exported(world.database, month.end)]
    assert "removed" not in [line["kind"] for line in later]
    shown = (await api("staff").get("/api/events/?event_type=audit_trail_shortened")).json()
    assert [event["message"].partition(" before ")[2] for event in shown] == [
        f"{before.isoformat()} were removed after 200 days."
        for before in (month.first - 99 * DAY + timedelta(seconds=1), month.end)
    ]
    told = {"events": month.end.isoformat()}.get(table)
    headers = (await api("admin").get("/api/events/")).headers
    assert headers.get("Ringfence-Events-Removed-Before") == told


async def test_the_rows_of_a_month_are_unknown_before_the_first_vacuum_and_not_none(world):
    await aged(world, "events")
    months = await retention.list_months(world.database, {"events": None, "refusals": None})
    assert {month["rows"] for month in months} == {None}


async def test_a_month_in_use_is_left_for_the_next_time(world, conninfo, monkeypatch):
    monkeypatch.setattr(retention, "LOCK_MILLISECONDS", 20)
    month = await aged(world, "events")
    limits = settings(conninfo, event_days=200)
    with psycopg.connect(conninfo) as reader:
        reader.execute(f"SELECT FROM {month.name}")
        cleaned = await clean(limits, conninfo, world.database)
        assert [each.partition for each in cleaned.left] == [month.name]
    cleaned = await clean(limits, conninfo, world.database)
    assert cleaned.left == []
    assert await left(world, "events") == 1


async def test_the_role_that_serves_adds_months_and_removes_none(world, conninfo, serving):  # noqa: F811
    month = await aged(world, "events")
    newest = max(name for name in await tables(world) if name.startswith("events_2"))
    await world.execute(f"DROP TABLE {newest}")
    cleaned = await clean(settings(conninfo, event_days=200), conninfo, serving)
    assert newest in await tables(world)
    assert ([each.partition for each in cleaned.left], cleaned.is_owner) == ([month.name], False)
    for statement in (
        f"DELETE FROM {month.name}",  # noqa: S608 - a name of this test
        f"DELETE FROM {newest}",  # noqa: S608
        f"SELECT FROM {newest}",
        f"INSERT INTO {newest} (event_type, message) VALUES ('', '')",  # noqa: S608
        f"DROP TABLE {month.name}",
        f"ALTER TABLE events DETACH PARTITION {month.name}",
        "SELECT add_audit_partition('events', 'mine', 'DEFAULT')",
    ):
        with pytest.raises(Ungranted):
            async with serving.connection() as connection:
                await connection.execute(statement)
    # Nor does the owner change rows by mistake.
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="neither changed nor"):
        await world.execute(f"DELETE FROM {month.name}")  # noqa: S608


async def tables(world):
    return await world.value(
        "SELECT array_agg(inhrelid::regclass::text) FROM pg_inherits"
        " WHERE inhparent = 'events'::regclass"
    )


async def versioned(world, name, causes, **columns):
    """Insert a group with versions of these causes, all of them a year old."""
    group = await world.group(name, version=len(causes), **columns)
    await world.execute(
        "DELETE FROM security_group_versions WHERE security_group_id ="
        " (SELECT id FROM security_groups WHERE uuid = %s)",
        group,
    )
    await world.execute(
        "INSERT INTO security_group_versions"
        " (security_group_id, number, created, cause, name, description, rules)"
        " SELECT sg.id, made.number, now() - interval '1 year', made.cause, sg.name, '', '[]'"
        " FROM security_groups AS sg, unnest(%s::text[]) WITH ORDINALITY AS made (cause, number)"
        " WHERE sg.uuid = %s",
        list(causes),
        group,
    )
    return group


USER, PULL = "user", "pull"


@pytest.mark.parametrize(
    ("causes", "applied", "days", "kept"),
    [
        ([USER] * 9, 9, 30, [1, 7, 8, 9]),
        ([USER] * 9, 9, 500, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        # Neither the applied version nor what follows it
        ([USER] * 9, 4, 30, [1, 4, 5, 6, 7, 8, 9]),
        ([USER] * 9, 0, 30, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        # The last one that is not the cloud's
        ([PULL, USER, USER, PULL, PULL, PULL, PULL, PULL], 8, 30, [1, 3, 6, 7, 8]),
        ([USER] * 3, 3, 30, [1, 2, 3]),
    ],
)
async def test_old_versions_are_removed_and_those_that_something_needs_are_kept(
    world, conninfo, causes, applied, days, kept
):
    await versioned(world, "web", causes, applied_version=applied)
    limits = settings(conninfo, version_days=days, version_count=3)
    cleaned = await clean(limits, conninfo, world.database)
    numbers = await world.value(
        "SELECT array_agg(number::integer ORDER BY number) FROM security_group_versions"
    )
    assert (numbers, cleaned.versions) == (kept, len(causes) - len(kept))


async def test_a_history_shows_where_versions_were_removed(client, world, conninfo):
    group = await versioned(world, "web", [USER] * 6, applied_version=6)
    await clean(settings(conninfo, version_days=30, version_count=2), conninfo, world.database)
    listed = (await client.get(group_at(group, "versions/"))).json()
    assert [(each["number"], each["compared_with"]) for each in listed] == [
        (6, 5),
        (5, 1),
        (1, None),
    ]
    for method, path, body in (
        ("GET", "versions/3/", None),
        ("GET", "versions/6/?compare=3", None),
        ("POST", "rollback/", {"version": 3}),
    ):
        missing = await client.request(method, group_at(group, path), json=body)
        assert missing.status_code == 404, path
        assert missing.json()["detail"].startswith("Version 3 was removed"), path
    assert (await client.post(group_at(group, "rollback/"), json={"version": 1})).status_code == 202


async def test_keys_and_jobs_that_nothing_repeats_are_removed(client, world, conninfo):
    group = await world.group()
    for key in ("one", "two"):
        await world.execute("UPDATE security_groups SET state = 'OK'")
        response = await client.post(
            group_at(group, "set_rules/"), json=[HTTPS], headers={"Idempotency-Key": key}
        )
        assert response.status_code == 200, response.text
    await world.execute(
        "UPDATE idempotency_keys SET created = now() - interval '25 hours' WHERE key = 'one'"
    )
    await world.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    await world.execute("UPDATE procrastinate_events SET at = now() - interval '8 days'")
    cleaned = await clean(settings(conninfo), conninfo, world.database)
    assert cleaned.keys == 1
    assert cleaned.jobs > 0
    assert await world.value("SELECT array_agg(key) FROM idempotency_keys") == ["two"]
    assert await world.value("SELECT count(*) FROM procrastinate_events") == 0
