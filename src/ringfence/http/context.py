"""The context of one request: who sends it, from where, and what it may do.

The pipeline (`http/middleware/pipeline.py`) creates one `RequestContext` per request and keeps it
in the ASGI scope under one key. Middleware fills it in; handlers read it with `context_of`.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request

from ringfence.access.identity import RequestIdentity
from ringfence.access.permissions import Actor
from ringfence.database.pool import Database
from ringfence.http.limits import Limits
from ringfence.settings import ContractVersion

if TYPE_CHECKING:
    # It notes ignored names in the context.
    from ringfence.http.unknown_names.check import Expected

_KEY = "ringfence.context"

# The address of a client that is not known, for example on a Unix socket.
UNKNOWN = "unknown"


class Client(NamedTuple):
    """The IP address of the client, and the scheme, host and port of the URL that it requested.

    Where a trusted proxy does not name its client, `is_client` is false and the address is that of
    the proxy.
    """

    address: str
    scheme: str
    host: str
    is_client: bool = True


@dataclass(slots=True, eq=False)
class RequestContext:
    """What is known about a request while it is served.

    `base_url` is the start of every URL in the response, without a slash at its end.
    """

    client: Client
    base_url: str
    limits: Limits
    contract: ContractVersion
    # None on paths that need no token
    identity: RequestIdentity | None = None
    # None until the identity is known
    known_actor: Actor | None = None
    # The path with placeholders, of a request that bypasses the routes
    template: str | None = None
    expected: "Expected | None" = None
    # Query parameters that Waldur does not have
    own_parameters: Mapping[str, Any] | None = None
    # Unknown names that were ignored, by part of the request
    ignored: dict[str, dict[str, None]] | None = None
    # The body, once it was read
    body: bytes | None = None
    # Whether `Accept` names CSV before JSON, of an operation that has both
    prefers_csv: bool = False
    # A secret is never stored for an `Idempotency-Key`.
    response_is_secret: bool = False

    @property
    def actor(self) -> Actor:
        """Return the actor; raises `LookupError` on a path that needs none."""
        if self.known_actor is None:
            raise LookupError("this path needs no actor")
        return self.known_actor

    @property
    def request_identity(self) -> RequestIdentity:
        """Return the identity; raises `LookupError` on a path that needs none."""
        if self.identity is None:
            raise LookupError("this path needs no identity")
        return self.identity

    def own_parameter(self, name: str) -> Any:  # noqa: ANN401 - a text or a flag
        """Return a query parameter that Waldur does not have; None where it was not sent."""
        return self.own_parameters.get(name) if self.own_parameters else None

    def own_flag(self, name: str) -> bool:
        """Return whether the query sets such a parameter to true."""
        return self.own_parameter(name) is True

    def start_over(self, contract: ContractVersion) -> None:
        """Forget everything but the client and the body, which can be read only once."""
        self.contract = contract
        self.identity = self.known_actor = self.template = self.expected = self.ignored = None
        self.own_parameters = None
        self.response_is_secret = False


def context_of(request: Mapping[str, Any]) -> RequestContext:
    """Return the context of a request, or of its ASGI scope."""
    context: RequestContext = request[_KEY]
    return context


def actor_and_database(request: Request) -> tuple[Actor, Database]:
    """Return what queries and commands of features take first."""
    return context_of(request).actor, request.app.state.database


def set_context(scope: MutableMapping[str, Any], context: RequestContext) -> None:
    """Keep the context in the scope of its request."""
    scope[_KEY] = context
