"""The collections, the version, and what a portal reads before sign-in."""

import re
from collections.abc import Iterable
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ringfence.http.context import context_of
from ringfence.http.openapi.operation import Operation

API_ROOT = "/api/"
CONFIGURATION_PATH = "/api/configuration/"
IDENTITY_PROVIDERS_PATH = "/api/identity-providers/"

# These need no token.
PUBLIC_PATHS = frozenset({CONFIGURATION_PATH, IDENTITY_PROVIDERS_PATH})

# The keys that Waldur's portal reads first; others are about features that are not served here.
_CONFIGURATION = {
    "WALDUR_CORE": {
        "SITE_NAME": "Ringfence",
        "SHORT_PAGE_TITLE": "Ringfence",
        "FULL_PAGE_TITLE": "Ringfence | Security groups",
        "AUTHENTICATION_METHODS": ["LOCAL_SIGNIN"],
        "ONLY_STAFF_MANAGES_SERVICES": True,
        "OWNER_CAN_MANAGE_CUSTOMER": False,
        "LANGUAGE_CHOICES": "en",
        "USER_MANDATORY_FIELDS": [],
        "LOCAL_IDP_NAME": "Local DB",
        "LOCAL_IDP_LABEL": "Local DB",
        "LOCAL_IDP_MANAGEMENT_URL": "",
    },
    "FEATURES": {},
    "LANGUAGES": [["en", "English"]],
    "LANGUAGE_CODE": "en",
    "USE_24_HOUR_FORMAT": True,
}


async def show_configuration(_request: Request) -> Response:
    """Return the public configuration."""
    return JSONResponse(_CONFIGURATION)


async def list_identity_providers(_request: Request) -> Response:
    """Return an empty list: users sign in with a password or a token of this service."""
    return JSONResponse([], headers={"X-Result-Count": "0"})


async def show_version(_request: Request) -> Response:
    """Return the installed version."""
    return JSONResponse({"version": version("ringfence")})


def collections_of(operations: Iterable[Operation]) -> dict[str, str]:
    """Return the path of each collection by its name, sorted by name."""
    paths = {operation.path for operation in operations if operation.id.endswith("_list")}
    named = {match[1]: path for path in paths if (match := _COLLECTION.fullmatch(path))}
    return dict(sorted(named.items()))


_COLLECTION = re.compile(f"{API_ROOT}([a-z-]+)/")


def routes_of(operations: Iterable[Operation]) -> list[Route]:
    """Return the routes of this feature; the root lists the collections of the operations."""
    collections = collections_of(operations)

    async def list_collections(request: Request) -> Response:
        base = context_of(request).base_url
        return JSONResponse({name: base + path for name, path in collections.items()})

    # Not in the schema, which names the collections itself; Waldur's has no such operation either.
    root = Route(API_ROOT, list_collections, methods=["GET", "HEAD"], include_in_schema=False)
    return [root, *_routes]


_routes = [
    Route(CONFIGURATION_PATH, show_configuration, methods=["GET", "HEAD"]),
    Route(IDENTITY_PROVIDERS_PATH, list_identity_providers, methods=["GET", "HEAD"]),
    Route("/api/version/", show_version, methods=["GET", "HEAD"]),
]
