"""Declarations of the operations for version, configuration and sign-in methods."""

from ringfence.about.routes import CONFIGURATION_PATH, IDENTITY_PROVIDERS_PATH
from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.schema import FREE_FORM, STRING, Model, array, described, object_of

_VERSION = Model(
    "Version",
    object_of(
        {"version": described(STRING, "The version of the package, for example `0.1.0`.")},
        ["version"],
    ),
)

operations = (
    Operation(
        "configuration_retrieve",
        "GET",
        CONFIGURATION_PATH,
        tag="configuration",
        title="Get public configuration",
        description="The configuration that a portal reads before sign-in.",
        responses={200: Response(FREE_FORM)},
        public=True,
    ),
    Operation(
        "identity_providers_list",
        "GET",
        IDENTITY_PROVIDERS_PATH,
        tag="identity-providers",
        title="List identity providers",
        description="An empty list: users sign in with a password or a token of this service.",
        responses={200: Response(array(FREE_FORM))},
        public=True,
    ),
    Operation(
        "version_retrieve",
        "GET",
        "/api/version/",
        tag="version",
        title="Get application version",
        description="The installed version.",
        responses={200: Response(_VERSION)},
    ),
)
