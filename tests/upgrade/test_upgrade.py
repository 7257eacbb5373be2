"""A database of each release is migrated to the newest schema and shows what it showed before."""

import json
from pathlib import Path

import psycopg
import pytest
from tests.upgrade.reading import read_all, staff_client

from ringfence.database.migrate import migrate, pending
from ringfence.database.pool import Database
from ringfence.security_groups.read_model import documents

DUMPS = sorted(Path(__file__).parent.glob("*.sql"))


def kept(recorded, shown):
    """Return `shown` without fields that newer releases have added."""
    if isinstance(recorded, dict) and isinstance(shown, dict):
        return {name: kept(value, shown.get(name)) for name, value in recorded.items()}
    if isinstance(recorded, list) and isinstance(shown, list) and len(recorded) == len(shown):
        return [kept(*pair) for pair in zip(recorded, shown, strict=True)]
    return shown


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
async def test_an_upgrade_keeps_documents_rules_versions_and_events(empty_conninfo, dump):
    with psycopg.connect(empty_conninfo, autocommit=True) as connection:
        connection.execute(dump.read_text())
    recorded = json.loads(dump.with_suffix(".json").read_text())

    await migrate(empty_conninfo)

    assert await pending(empty_conninfo) == []
    async with Database.open(empty_conninfo, size=2) as database:
        async with staff_client(database) as client:
            shown = await read_all(client)
        async with database.connection() as connection:
            assert await documents.stale(connection) == []
            assert await documents.miscounted(connection) == 0
    for path, objects in recorded.items():
        assert kept(objects, shown[path]) == objects, path
