"""Where machines ask: `/health/live` and `/health/ready` for anyone, `/metrics` for who may."""

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
    """Give all that is counted, in the form that Prometheus asks for."""
    _require_allowed(request)
    gauges: Gauges = request.app.state.gauges
    families = await gauges.collect(request.app.state.database)
    metrics.current().write()
    encode, kind = exposition.choose_encoder(request.headers.get("accept", ""))
    # Reading what other processes wrote takes milliseconds, in which others are answered.
    text = await asyncio.to_thread(encode, _Collected(families))
    return Response(text, headers={"Content-Type": kind})


class _Collected(Collector):
    """What one scrape shows; it stands in for a registry, which would outlive it."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from metrics.current().collect()
        yield from self._families


def _require_allowed(request: Request) -> None:
    """Raise `Forbidden` unless the caller has the token of metrics or a place they are for."""
    settings: Settings = request.app.state.settings
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if settings.metrics_token is not None and scheme.lower() == "bearer":
        expected = settings.metrics_token.get_secret_value()
        if hmac.compare_digest(given.strip().encode(), expected.encode()):
            return
    caller = context_of(request).client
    # Of a proxy that does not say who asks, the address is no reason to trust whoever it is.
    if caller.is_client and caller.address != UNKNOWN:
        place = ip_address(caller.address)
        if any(place in network for network in settings.metrics_allowed):
            return
    raise Forbidden(
        "Metrics are for addresses in RINGFENCE_METRICS_ALLOWED, "
        "and for who sends RINGFENCE_METRICS_TOKEN."
    )


PAGES = (HEALTH, METRICS)

routes = [
    Route(HEALTH + "live", show_live, methods=["GET", "HEAD"], include_in_schema=False),
    Route(HEALTH + "ready", show_ready, methods=["GET", "HEAD"], include_in_schema=False),
    Route(METRICS, show_metrics, methods=["GET", "HEAD"], include_in_schema=False),
]
