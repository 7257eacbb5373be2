"""Check the database: server, migrations, versions, stored documents, counts and searches."""

import re
from collections.abc import Collection, Mapping
from typing import LiteralString

from ringfence.database import collation
from ringfence.database.embedded.binaries import Majors
from ringfence.database.migrate import RELEASE
from ringfence.database.migrate import migrations as migrations_here
from ringfence.database.pool import Connection
from ringfence.monitoring.checks.check import Check, Run, failed, few, passed, warning
from ringfence.security_groups.read_model import documents

_APPLIED: LiteralString = "SELECT schema_migrations.name FROM schema_migrations"

_DOCUMENTS: LiteralString = "SELECT count(*) FROM security_group_documents"

# `index_security_group_texts` creates this many; the 5-character indexes need no extension.
TRIGRAM_INDEXES = 4
_TRIGRAM_INDEXES: LiteralString = """
SELECT count(*)
FROM pg_index AS index
INNER JOIN pg_class AS class ON index.indexrelid = class.oid
WHERE class.relname LIKE '%\\_contains' AND index.indisvalid
"""

_UUIDS: LiteralString = "SELECT sg.uuid FROM security_groups AS sg WHERE sg.id = ANY(%(ids)s)"

_VIEWS = re.compile(r"views_([0-9]+(?:\.[0-9]+)*)\S*_[0-9a-f]{12}")
_REPORT = "report this as a bug"


def server(connection: Connection, majors: Majors | None) -> Check:
    """Return which PostgreSQL responds; `majors` are those of an embedded one."""
    version = connection.info.server_version
    shown = f"PostgreSQL {version // 10_000}.{version % 10_000} is available"
    if majors is not None and majors.is_older:
        found = f"{shown}, and the installed package is of {majors.package}"
        return warning("database", found, "a connection", "run ringfence upgrade-database")
    return passed("database", shown, "a connection")


def migrations(missing: list[str]) -> Check:
    """Return which migrations of this release are missing."""
    tested = "the migrations of this release against those in the database"
    if missing:
        names = ", ".join(missing)
        return failed("migrations", f"not applied: {names}", tested, "run ringfence migrate")
    return passed("migrations", "all applied", tested)


async def applied(connection: Connection) -> Check:
    """Return which migrations of this release are missing, in a database that has some."""
    rows = await (await connection.execute(_APPLIED)).fetchall()
    names = {row[0] for row in rows}
    return migrations([each.name for each in migrations_here() if each.name not in names])


def checks() -> Mapping[str, Run]:
    """Return the checks of the contents of a migrated database, by name."""
    return {
        "versions": _versions,
        "documents": _documents,
        "group counts": _counts,
        "substring search": _searches,
        "collation": _collation,
    }


async def _versions(connection: Connection) -> Check:
    rows = await (await connection.execute(_APPLIED)).fetchall()
    newer = newer_migrations({row[0] for row in rows}, {one.name for one in migrations_here()})
    tested = "the release of this program against the migrations in the database"
    if newer:
        found = f"this is Ringfence {RELEASE}, and a newer release has applied {few(newer)}"
        return warning("versions", found, tested, "upgrade this program and restart its processes")
    return passed("versions", f"Ringfence {RELEASE}, as the database", tested)


def newer_migrations(applied: Collection[str], known: Collection[str]) -> list[str]:
    """Return the migrations in the database that only a newer release has."""
    here = _numbers(RELEASE)
    unknown = sorted(set(applied) - set(known))
    views = {name: match[1] for name in unknown if (match := _VIEWS.fullmatch(name))}
    # Views of older releases stay, for their processes.
    return [name for name in unknown if name not in views or _numbers(views[name]) > here]


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])


async def _documents(connection: Connection) -> Check:
    tested = "each stored document against its definition"
    stale = await documents.stale(connection)
    if stale:
        rows = await (await connection.execute(_UUIDS, {"ids": stale})).fetchall()
        shown = few([uuid.hex for (uuid,) in rows] or [str(number) for number in stale])
        return failed("documents", f"{len(stale)} are stale: {shown}", tested, _REPORT)
    row = await (await connection.execute(_DOCUMENTS)).fetchone()
    return passed("documents", f"{row[0] if row else 0} are up to date", tested)


async def _counts(connection: Connection) -> Check:
    tested = "the stored counts against the groups"
    wrong = await documents.miscounted(connection)
    if wrong:
        found = f"wrong for {wrong} ancestors or states"
        return failed("group counts", found, tested, _REPORT)
    return passed("group counts", "correct", tested)


async def _searches(connection: Connection) -> Check:
    tested = "indexes of the extension pg_trgm"
    row = await (await connection.execute(_TRIGRAM_INDEXES)).fetchone()
    if row and row[0] == TRIGRAM_INDEXES:
        return passed("substring search", "indexed", tested)
    # Slow with many groups, but not an error.
    return warning(
        "substring search",
        "fewer than five characters read all groups in scope",
        tested,
        "let the database owner run CREATE EXTENSION pg_trgm, then run "
        "SELECT index_security_group_texts()",
    )


async def _collation(connection: Connection) -> Check:
    tested = "the version of the collation against that of the indexes"
    if found := await collation.changed(connection):
        return failed("collation", found[0], tested, found[1])
    return passed("collation", "as when the indexes were built", tested)
