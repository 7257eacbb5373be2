"""Routes of events."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.errors import NotFound
from ringfence.events.event_groups import EVENT_GROUPS, SCOPES
from ringfence.events.queries import EVENTS, NO_SUCH_EVENT, uuid_of
from ringfence.http.collections.handlers import count_of, respond_list, respond_one


async def list_events(request: Request) -> Response:
    """Respond with a page of events; a header says until when events were removed, if any were."""
    response = await respond_list(EVENTS, request)
    state = request.app.state
    if before := await state.removal_notice.read(state.database):
        response.headers["Ringfence-Events-Removed-Before"] = before.isoformat()
    return response


async def retrieve_event(request: Request) -> Response:
    """Return an event by its UUID or by its number."""
    text: str = request.path_params["uuid"]
    # Waldur's clients retrieve events by number; a UUID has more digits.
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):  # noqa: PLR2004
        return await respond_one(EVENTS, request)
    uuid = await uuid_of(request.app.state.database, int(text))
    if uuid is None:
        raise NotFound(NO_SUCH_EVENT)
    return await respond_one(EVENTS, request, uuid)


async def count_events(request: Request) -> Response:
    count = await count_of(EVENTS, request)
    return JSONResponse({"count": count}, headers={"X-Result-Count": str(count)})


async def list_event_groups(_request: Request) -> Response:
    return JSONResponse(
        {name: list(kinds) for name, kinds in EVENT_GROUPS.items()},
        headers={"X-Result-Count": str(len(EVENT_GROUPS))},
    )


async def list_scope_types(_request: Request) -> Response:
    return JSONResponse(list(SCOPES), headers={"X-Result-Count": str(len(SCOPES))})


routes = [
    Route("/api/events/", list_events, methods=["GET", "HEAD"]),
    Route("/api/events/count/", count_events, methods=["GET", "HEAD"]),
    Route("/api/events/event_groups/", list_event_groups, methods=["GET", "HEAD"]),
    Route("/api/events/scope_types/", list_scope_types, methods=["GET", "HEAD"]),
    Route("/api/events/{uuid}/", retrieve_event, methods=["GET", "HEAD"]),
]
