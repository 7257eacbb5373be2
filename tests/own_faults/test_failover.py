"""The primary dies and its standby takes over, in the midst of reads and writes."""

import time

from tests.cli.operating import operating
from tests.database.replicated import PASSWORD, Pair, replicated
from tests.folders import unused
from tests.own_faults.served import Served
from tests.own_faults.traffic import Traffic


def url_of(pair: Pair) -> str:
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in (pair.primary, pair.replica))
    return f"postgresql://ringfence:{PASSWORD}@{hosts}/postgres?target_session_attrs=read-write"


def acknowledge_what_the_standby_has(pair: Pair) -> None:
    """Without it, a write can be acknowledged that is at the primary alone when that dies."""
    pair.primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    pair.primary.execute("SELECT pg_reload_conf()")


def test_the_service_goes_on_at_the_standby(database_server, short_folder, outcome):  # noqa: ARG001 - it copies the programs
    folder = unused("failover")
    with replicated(folder, short_folder / "home") as pair, operating(migrated=False) as operator:
        operator.environment["RINGFENCE_DATABASE_URL"] = url_of(pair)
        served = Served(operator)
        served.load()
        acknowledge_what_the_standby_has(pair)
        served.serve("--workers", "2")
        with Traffic(served) as traffic:
            traffic.until_written()
            time.sleep(1)
            pair.primary.stop()
            time.sleep(1)
            pair.replica.execute("SELECT pg_promote()")
            recovered = traffic.until_written()
            time.sleep(1)
        traffic.assert_answered_well()
        kept = traffic.assert_kept()
    outcome("the primary killed, its standby promoted", traffic, kept, recovered)
