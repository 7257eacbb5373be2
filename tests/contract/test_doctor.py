"""The doctor in an API process: the checks that need no cloud, for staff."""

import asyncio
import json

import pytest
from tests.cli.operating import url_of

from ringfence.cli.doctor.examination import examine
from ringfence.monitoring.checks import in_process, sync_state
from ringfence.settings import Settings

PATH = "/api/doctor/"


async def checks_of(api):
    response = await api("staff").get(PATH)
    assert response.status_code == 200, response.text
    return {check["name"]: check for check in response.json()}


async def test_staff_gets_the_checks_of_the_command_and_what_is_skipped(api, world, conninfo):
    await world.execute("UPDATE clouds SET backend = 'sandbox'")
    shown = await checks_of(api)
    of_command = [
        check.name
        for check in await examine(Settings(database_url=url_of(conninfo)))
        if not check.name.startswith(("cloud ", "file modes"))
    ]
    names = [name for name in shown if name not in {"clouds", "file modes"}]
    assert names == of_command
    assert {name for name, each in shown.items() if each["outcome"] == "skipped"} == {
        "clouds",
        "file modes",
    }
    assert shown["clouds"]["fix"] == "Run `ringfence doctor` beside the worker"
    assert shown["migrations"]["outcome"] == "passed"
    assert all(
        set(each) == {"name", "outcome", "found", "tested", "fix"} for each in shown.values()
    )


async def test_what_fails_has_its_fix_and_no_secret(api, world, conninfo):
    await world.group("broken", state="ERRED")
    await world.execute("DELETE FROM procrastinate_workers")
    shown = await checks_of(api)
    assert shown["groups in ERRED"]["outcome"] == "failed"
    assert "broken" in shown["groups in ERRED"]["found"]
    assert shown["workers"]["outcome"] == "failed"
    assert "start ringfence worker" in shown["workers"]["fix"]
    text = json.dumps(shown)
    assert url_of(conninfo) not in text
    assert "password" not in text


async def test_a_missing_migration_is_a_result(api, world):
    await world.execute("UPDATE schema_migrations SET name = 'x' WHERE name = '0002_functions'")
    try:
        shown = await checks_of(api)
    finally:
        await world.execute("UPDATE schema_migrations SET name = '0002_functions' WHERE name = 'x'")
    assert list(shown) == ["database", "migrations"]
    assert shown["migrations"]["fix"] == "run ringfence migrate"


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("statement", ["SELECT pg_sleep(60)", "DELETE FROM events", "SELECT nope"])
async def test_a_check_that_is_slow_writes_or_fails_does_not_harm(api, monkeypatch, statement):
    async def misbehave(connection):
        await connection.execute(statement)

    monkeypatch.setattr(in_process, "CHECK_SECONDS", 0.5)
    monkeypatch.setattr(sync_state, "_pulls", misbehave)
    shown = await checks_of(api)
    assert shown["pulls"]["outcome"] == ("skipped" if "sleep" in statement else "failed")
    assert "nope" not in json.dumps(shown)
    assert shown["overdue pulls"]["outcome"] == "passed"


@pytest.mark.usefixtures("world")
async def test_all_checks_together_end_in_time(api, monkeypatch):
    async def wait(_connection):
        await asyncio.sleep(60)

    monkeypatch.setattr(in_process, "TOTAL_SECONDS", 0.5)
    monkeypatch.setattr(sync_state, "_workers", wait)
    shown = await checks_of(api)
    assert {shown[name]["outcome"] for name in ("workers", "pulls", "documents")} == {"skipped"}


@pytest.mark.usefixtures("world")
async def test_others_are_refused_with_a_hint(api):
    for user in ("support", "owner", "unrelated"):
        response = await api(user).get(PATH)
        assert response.status_code == 403
        assert "STAFF" in response.headers["Ringfence-Hint"]


async def test_nothing_is_changed(api, world):
    before = await world.value("SELECT count(*) FROM events")
    await checks_of(api)
    assert await world.value("SELECT count(*) FROM events") == before
