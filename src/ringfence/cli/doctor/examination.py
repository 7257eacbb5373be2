"""Run every check that is possible, in order; without a database, these are few."""

from collections.abc import Mapping

import psycopg

from ringfence.cli.doctor import clouds
from ringfence.cli.doctor.clouds import Advance, Selection
from ringfence.cli.doctor.files import file_modes
from ringfence.database.connect import Session
from ringfence.database.embedded import binaries, roles
from ringfence.database.embedded.server import running
from ringfence.database.migrate import pending
from ringfence.errors import OperatorError
from ringfence.monitoring.checks import database, sync_state
from ringfence.monitoring.checks.check import Check, Run, failed
from ringfence.settings import Settings

_TESTED = "a connection"


async def examine(
    settings: Settings,
    selection: Selection = clouds.EVERYTHING,
    advance: Advance = clouds.ignore_progress,
) -> list[Check]:
    """Return the results of all checks; `selection` limits those of clouds.

    Raises `OperatorError` if the selected tenant does not exist.
    """
    checks = await _of_database(settings, selection, advance)
    return [*checks, *file_modes(settings)]


async def _of_database(settings: Settings, selection: Selection, advance: Advance) -> list[Check]:
    try:
        with running(settings) as conninfo:
            return await _checks(settings, roles.serving(settings, conninfo), selection, advance)
    except clouds.UnknownTenant:
        raise
    except OperatorError as error:
        # The message ends with the fix.
        return [failed("database", str(error), _TESTED, "")]
    except psycopg.OperationalError:
        return [failed("database", "the connection was lost", _TESTED, "run this again")]


async def _checks(
    settings: Settings, conninfo: str, selection: Selection, advance: Advance
) -> list[Check]:
    # Raises `OperatorError` if the database cannot be reached or used.
    missing = await pending(conninfo)
    async with await Session.connect(conninfo, autocommit=True) as connection:
        majors = None if settings.database_url else binaries.majors(settings.home)
        checks = [database.server(connection, majors), database.migrations(missing)]
        if missing:
            return checks
        checks += [
            *await _run(connection, sync_state.checks(settings.pull_interval)),
            *await clouds.checks(conninfo, selection, advance),
            *await _run(connection, database.checks()),
        ]
        return checks


async def _run(connection: Session, runs: Mapping[str, Run]) -> list[Check]:
    return [check for run in runs.values() if (check := await run(connection)) is not None]
