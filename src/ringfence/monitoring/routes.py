"""`/health/live` and `/health/ready`, which are public, and `/metrics`, which is not."""

import asyncio
import hmac
from collections.abc import Iterator
from ipaddress import ip_address

from prometheus_client import exposition
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.errors import Forbidden
from ringfence.http.context import UNKNOWN, context_of
from ringfence.http.middleware.hosts_and_cors import HEALTH, METRICS
from ringfence.monitoring.gauges import Gauges
from ringfence.monitoring.health import show_live, show_ready
from ringfence.settings import Settings
from ringfence.telemetry import metrics


async def show_metrics(request: Request) -> Response:
    """Return all metrics in the format that Prometheus accepts."""
    _require_allowed(request)
    gauges: Gauges = request.app.state.gauges
    families = await gauges.collect(request.app.state.database)
    metrics.current().write()
    encode, kind = exposition.choose_encoder(request.headers.get("accept", ""))
    # Reading the files of other processes takes milliseconds: do not block the event loop.
    text = await asyncio.to_thread(encode, _Collected(families))
    return Response(text, headers={"Content-Type": kind})


class _Collected(Collector):
    """The metrics of one scrape, instead of a registry."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from metrics.current().collect()
        yield from self._families


def _require_allowed(request: Request) -> None:
    """Raise `Forbidden` unless the client sends the metrics token or has an allowed IP address."""
    settings: Settings = request.app.state.settings
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if settings.metrics_token is not None and scheme.lower() == "bearer":
        expected = settings.metrics_token.get_secret_value()
        if hmac.compare_digest(given.strip().encode(), expected.encode()):
            return
    client = context_of(request).client
    # The IP address of a proxy that does not forward the client's says nothing about the client.
    if client.is_client and client.address != UNKNOWN:
        address = ip_address(client.address)
        if any(address in network for network in settings.metrics_allowed):
            return
    raise Forbidden(
        "Metrics are available to networks in RINGFENCE_METRICS_ALLOWED, "
        "and with RINGFENCE_METRICS_TOKEN."
    )


PAGES = (HEALTH, METRICS)

routes = [
    Route(HEALTH + "live", show_live, methods=["GET", "HEAD"], include_in_schema=False),
    Route(HEALTH + "ready", show_ready, methods=["GET", "HEAD"], include_in_schema=False),
    Route(METRICS, show_metrics, methods=["GET", "HEAD"], include_in_schema=False),
]
