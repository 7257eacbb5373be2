"""HTTP routes of versions: list, retrieve, compare and roll back."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.access.permissions import Permission
from ringfence.errors import Invalid, Message, NotFound
from ringfence.http.body import read_json
from ringfence.http.collections.json_response import respond_built
from ringfence.http.collections.pagination import Links, read_page
from ringfence.http.context import actor_and_database, context_of
from ringfence.http.hints import allowed
from ringfence.security_groups.carriers import traffic_document
from ringfence.security_groups.history import queries
from ringfence.security_groups.history.commands import roll_back
from ringfence.security_groups.history.queries import (
    NO_SUCH_VERSION,
    PAGE_SIZE,
    Version,
    VersionSummary,
    difference,
)
from ringfence.security_groups.history.traffic import compare_traffic, names_of
from ringfence.security_groups.preconditions import etag, read_preconditions
from ringfence.security_groups.queries import GROUPS
from ringfence.security_groups.routes import changeable_group, visible_group
from ringfence.security_groups.states import Action


async def list_versions(request: Request) -> Response:
    """List the versions of a group, the newest first."""
    group = await visible_group(request)
    page = read_page(request.query_params, PAGE_SIZE)
    base = context_of(request).base_url
    async with request.app.state.database.connection() as connection:
        total = await queries.count(connection, group)
        numbered = page.resolve(total)
        offset = (numbered.number - 1) * page.size
        versions = await queries.list_versions(connection, group, page.size, offset)
    address = base + request.url.path
    headers = {
        "X-Result-Count": str(total),
        "Link": Links(request.query_params.multi_items()).header(address, numbered),
        "ETag": etag(group.version),
    }
    return JSONResponse([_summary(version) for version in versions], headers=headers)


async def retrieve_version(request: Request) -> Response:
    """Retrieve a version, or its changes from another version (`compare`)."""
    group = await visible_group(request)
    base = context_of(request).base_url
    other = request.query_params.get("compare")
    async with request.app.state.database.connection() as connection:
        version = await queries.get_version(connection, group, _path_number(request))
        before = (
            None
            if other is None
            else await queries.get_version(connection, group, _read_number(other))
        )
    headers = {"ETag": etag(group.version)}
    if before is None:
        return await respond_built(lambda: _detail(version, base), headers=headers)
    traffic = await traffic_document(
        request.app.state.database,
        (group.id, group.tenant_id),
        lambda: compare_traffic(version, before),
        names_of((*version.rules, *before.rules)),
    )
    return await respond_built(
        lambda: _comparison(version, before, base) | {"traffic": traffic}, headers=headers
    )


async def roll_back_group(request: Request) -> Response:
    """Roll back to the rules of an earlier version."""
    actor, database = actor_and_database(request)
    group = await changeable_group(request, Permission.SECURITY_GROUP_SET_RULES, Action.ROLLBACK)
    body = await read_json(request)
    await roll_back(database, actor, group, body, read_preconditions(request))
    return JSONResponse({"status": "Rollback was successfully scheduled."}, 202)


def _path_number(request: Request) -> int:
    number = _number(request.path_params["number"])
    if number is None:
        raise NotFound(NO_SUCH_VERSION)
    return number


def _read_number(text: str) -> int:
    number = _number(text.strip())
    if number is None:
        raise Invalid({"compare": [Message("Enter a number.", allowed("the number of a version"))]})
    return number


def _number(text: str) -> int | None:
    # No group has a version number of more than nine digits.
    is_number = text.isascii() and text.isdecimal() and len(text) <= 9  # noqa: PLR2004
    return int(text) if is_number else None


def _head(version: Version | VersionSummary) -> dict[str, Any]:
    return {
        "number": version.number,
        "created": version.created.isoformat(),
        "author": version.author,
        "cause": version.cause,
        "name": version.name,
        "description": version.description,
    }


def _summary(version: VersionSummary) -> dict[str, Any]:
    return _head(version) | {
        "compared_with": version.compared_with,
        "rules_count": version.rules_count,
        "rules_added": version.rules_added,
        "rules_removed": version.rules_removed,
    }


def _detail(version: Version, base_url: str) -> dict[str, Any]:
    return _head(version) | {"rules": [rule.document(base_url) for rule in version.rules]}


def _comparison(version: Version, before: Version, base_url: str) -> dict[str, Any]:
    change = difference(version, before)
    return {
        "number": version.number,
        "compared_with": before.number,
        "added": [rule.document(base_url) for rule in change.added],
        "removed": [rule.document(base_url) for rule in change.removed],
        "description_only": [
            rule.document(base_url) | {"description_before": description}
            for rule, description in change.described
        ],
        "name": {"from": before.name, "to": version.name},
        "description": {"from": before.description, "to": version.description},
    }


_GROUP = GROUPS.path + "{uuid}/"

routes = [
    Route(_GROUP + "versions/", list_versions, methods=["GET"]),
    Route(_GROUP + "versions/{number}/", retrieve_version, methods=["GET"]),
    Route(_GROUP + "rollback/", roll_back_group, methods=["POST"]),
]
