"""Routes of exposures."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.errors import Invalid
from ringfence.http.collections.handlers import respond_list
from ringfence.http.context import actor_and_database, context_of
from ringfence.ports.exposures import counts
from ringfence.ports.exposures.openapi import COLUMNS
from ringfence.ports.exposures.queries import EXPOSURES

_FORMATS = {"csv": True, "json": False}


async def list_exposures(request: Request) -> Response:
    """Respond with a page of exposures, as JSON or CSV."""
    if not _is_csv(request):
        return await respond_list(EXPOSURES, request)
    chosen = dict.fromkeys(
        name for name in request.query_params.getlist("field") if name in COLUMNS
    )
    return await respond_list(EXPOSURES, request, csv_columns=tuple(chosen) or COLUMNS)


async def count_by_service(request: Request) -> Response:
    actor, database = actor_and_database(request)
    return JSONResponse(await counts.counts_by_service(database, actor, request.query_params))


async def show_trend(request: Request) -> Response:
    actor, database = actor_and_database(request)
    return JSONResponse(await counts.trend(database, actor, request.query_params))


def _is_csv(request: Request) -> bool:
    context = context_of(request)
    word = context.own_parameter("format")
    if word is None:
        return context.prefers_csv
    if word not in _FORMATS:
        raise Invalid({"format": [f"Must be one of: {', '.join(_FORMATS)}."]})
    return _FORMATS[word]


routes = [
    Route(EXPOSURES.path, list_exposures, methods=["GET", "HEAD"]),
    Route(EXPOSURES.path + "counts/", count_by_service, methods=["GET", "HEAD"]),
    Route(EXPOSURES.path + "trend/", show_trend, methods=["GET", "HEAD"]),
]
