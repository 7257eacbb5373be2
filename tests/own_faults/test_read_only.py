"""PostgreSQL takes no writes for a while, as a primary does that was made a standby."""

import time

from tests.cli.operating import operating
from tests.database.replicated import replicated
from tests.folders import unused
from tests.own_faults.served import Served
from tests.own_faults.traffic import Traffic


def test_writes_wait_for_a_server_that_takes_them(
    database_server,  # noqa: ARG001 - it copies the programs
    short_folder,
    outcome,
):
    folder = unused("demoted")
    with replicated(folder, short_folder / "home") as pair, operating(migrated=False) as operator:
        operator.environment["RINGFENCE_DATABASE_URL"] = pair.primary.url
        served = Served(operator)
        served.load()
        served.serve("--workers", "1")
        with Traffic(served) as traffic:
            traffic.until_written()
            # Sessions go on, and write no more.
            pair.primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            pair.primary.execute("SELECT pg_reload_conf()")
            traffic.until_unavailable()
            pair.primary.execute("ALTER SYSTEM RESET default_transaction_read_only")
            pair.primary.execute("SELECT pg_reload_conf()")
            recovered = traffic.until_written()
            time.sleep(1)
        traffic.assert_answered_well()
        kept = traffic.assert_kept()
    outcome("PostgreSQL read only until somebody is told", traffic, kept, recovered)
