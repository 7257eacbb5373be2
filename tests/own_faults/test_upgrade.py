"""A newer release migrates the database under the feet of one that goes on serving."""

import asyncio
import os
import signal
import time

import pytest
from tests.own_faults.traffic import Traffic

from ringfence.database import migrate as module
from ringfence.database.migrate import Migration, migrate, migrations

# What migrations do to the tables that are in use: each compatible with the release before.
NEXT = """
SET lock_timeout = '5s';
ALTER TABLE security_groups ADD COLUMN next_release text NOT NULL DEFAULT '';
ALTER TABLE security_group_rules ADD COLUMN next_release bigint;
ALTER TABLE users ADD COLUMN next_release jsonb NOT NULL DEFAULT '{}';
ALTER TABLE tokens ADD COLUMN next_release timestamptz;
ALTER TABLE events ALTER COLUMN message SET STATISTICS 200;
CREATE INDEX security_groups_next_release ON security_groups (next_release, id);
CREATE TABLE next_release (
    id bigint PRIMARY KEY REFERENCES security_groups ON DELETE CASCADE
);
UPDATE security_group_documents SET document = document;
"""


@pytest.fixture
def next_release(monkeypatch) -> None:
    """Let this process be of the release that has one more migration."""
    known = [*migrations(), Migration("9999_next_release", NEXT, "x")]
    monkeypatch.setattr(module, "migrations", lambda: known)


def test_an_older_release_serves_on_beside_a_newer_one(served, outcome, next_release):  # noqa: ARG001
    served.serve("--workers", "2")
    with Traffic(served) as traffic:
        traffic.until_written()
        time.sleep(1)
        assert asyncio.run(migrate(served.conninfo())) == ["9999_next_release"]
        recovered = traffic.until_written()
        # What replaces a process of the older release is of that release too.
        os.kill(served.children("api")[-1], signal.SIGKILL)
        os.kill(served.children("worker")[-1], signal.SIGKILL)
        traffic.until_written()
        time.sleep(1)
    traffic.assert_answered_well(cut=True)
    kept = traffic.assert_kept()
    outcome("the database migrated by a newer release", traffic, kept, recovered)
    # Only a start is refused: it could not tell what the newer one needs.
    assert "upgrade Ringfence" in served.operator.mistake("migrate")
