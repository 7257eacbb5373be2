"""Version, and the configuration and sign-in methods that a portal reads before sign-in."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

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


routes = [
    Route(CONFIGURATION_PATH, show_configuration, methods=["GET", "HEAD"]),
    Route(IDENTITY_PROVIDERS_PATH, list_identity_providers, methods=["GET", "HEAD"]),
    Route("/api/version/", show_version, methods=["GET", "HEAD"]),
]
