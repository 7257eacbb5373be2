"""What staff changes about discoveries: request a run, follow or stop following, forget."""

from uuid import UUID

from ringfence.access.permissions import Actor
from ringfence.database.pool import Connection, Database
from ringfence.discovery import runs
from ringfence.discovery.found import Selection
from ringfence.discovery.runs import Discovery, Request
from ringfence.errors import NotFound
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType

NO_SUCH_DISCOVERY = "No Discovery matches the given query."


async def request_run(database: Database, actor: Actor, request: Request) -> Discovery:
    """Store a discovery for the next free worker to run, and return it; raises `Conflict`."""
    async with database.transaction() as connection:
        discovery = await runs.save(connection, request)
        await _record(
            connection, actor, discovery, EventType.DISCOVERY_REQUESTED, "has been requested"
        )
    return discovery


async def follow(database: Database, actor: Actor, uuid: UUID, *, is_followed: bool) -> Discovery:
    """Set whether workers repeat a discovery, and return it; raises `NotFound`."""
    async with database.transaction() as connection:
        discovery = await _get(connection, uuid)
        if discovery.follow is is_followed:
            return discovery
        request = Request(discovery.selection, follow=is_followed)
        discovery = await runs.save(connection, request)
        words = "is followed now" if is_followed else "is not followed any more"
        await _record(connection, actor, discovery, EventType.DISCOVERY_FOLLOWED, words)
    return discovery


async def forget(database: Database, actor: Actor, uuid: UUID) -> None:
    """Remove a discovery; raises `NotFound`."""
    async with database.transaction() as connection:
        discovery = await _get(connection, uuid)
        await runs.remove(connection, discovery)
        await _record(connection, actor, discovery, EventType.DISCOVERY_REMOVED, "has been removed")


async def _get(connection: Connection, uuid: UUID) -> Discovery:
    discovery = await runs.find(connection, uuid)
    if discovery is None:
        raise NotFound(NO_SUCH_DISCOVERY)
    return discovery


async def _record(
    connection: Connection, actor: Actor, discovery: Discovery, kind: EventType, words: str
) -> None:
    await record(
        connection,
        Event(
            kind,
            f"The discovery of cloud {discovery.cloud} {words}.",
            actor,
            context=_context(discovery.selection) | {"follow": discovery.follow},
        ),
    )


def _context(selection: Selection) -> dict[str, object]:
    return {
        "cloud": selection.cloud,
        "entries": list(selection.entries),
        "domains": list(selection.domains),
        "match": selection.match,
        "customer": selection.customer,
        "by_parent": selection.by_parent,
    }
