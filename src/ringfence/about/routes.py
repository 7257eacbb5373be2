"""What the service says of itself: its version, and what a portal asks before anybody signs in."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CONFIGURATION_PATH = "/api/configuration/"
IDENTITY_PROVIDERS_PATH = "/api/identity-providers/"

# Requested before anybody signs in.
PUBLIC_PATHS = frozenset({CONFIGURATION_PATH, IDENTITY_PROVIDERS_PATH})

# The keys that Waldur's portal reads first; all else of it is about what is not served here.
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
    """Give what may be known before signing in."""
    return JSONResponse(_CONFIGURATION)


async def list_identity_providers(_request: Request) -> Response:
    """Return none: users sign in here, with a password or a token."""
    return JSONResponse([], headers={"X-Result-Count": "0"})


async def show_version(_request: Request) -> Response:
    """Give the installed version."""
    return JSONResponse({"version": version("ringfence")})


routes = [
    Route(CONFIGURATION_PATH, show_configuration, methods=["GET", "HEAD"]),
    Route(IDENTITY_PROVIDERS_PATH, list_identity_providers, methods=["GET", "HEAD"]),
    Route("/api/version/", show_version, methods=["GET", "HEAD"]),
]
