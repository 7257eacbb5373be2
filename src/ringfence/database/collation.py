"""Whether the library that sorts texts has changed since the indexes of a database were built.

An upgrade of the operating system or of its libraries can change how texts sort. Indexes that were
built before may then miss rows, and unique ones accept duplicates.
"""

from typing import LiteralString

from ringfence.database.connect import Connection

_CHANGED: LiteralString = """
SELECT format(
    'texts sort as in version %s of the collation, and the indexes of %I are of version %s',
    found.present, found.database, found.recorded
), found.database
FROM (
    SELECT
        datname AS database,
        datcollversion AS recorded,
        pg_database_collation_actual_version(oid) AS present
    FROM pg_database
    WHERE datname = current_database()
) AS found
WHERE found.recorded <> found.present
"""


async def changed(connection: Connection) -> tuple[str, str] | None:
    """Return what has changed and the fix, or None."""
    row = await (await connection.execute(_CHANGED, prepare=False)).fetchone()
    if row is None:
        return None
    name = '"' + str(row[1]).replace('"', '""') + '"'
    fix = f"run REINDEX DATABASE {name}, then ALTER DATABASE {name} REFRESH COLLATION VERSION"
    return row[0], fix
