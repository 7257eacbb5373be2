"""Spans for OpenTelemetry, where `OTEL_…` says where to send them; otherwise nothing at all.

Its packages are an extra (`ringfence[telemetry]`) and loaded only then. A span holds templates,
statements with places for parameters, and kinds of errors: never a parameter, a query string, a
header or the text of an error.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import structlog
from psycopg import AsyncCursor, AsyncRawCursor

from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

# ruff: noqa: PLC0415 - the packages may be missing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
HEADER = "traceparent"
Kind = Literal["SERVER", "CLIENT", "CONSUMER"]
Value = str | int | float | bool

_tracer: "Tracer | None" = None


def is_configured(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the environment asks for traces."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return any(environment.get(name) for name in ENDPOINTS)


def is_on() -> bool:
    """Tell whether spans are sent."""
    return _tracer is not None


@asynccontextmanager
async def sending() -> AsyncIterator[None]:
    """Send spans as long as the block runs, where that is configured; what is left goes at its end.

    Raises `OperatorError` where traces are asked for and the packages are missing. Begun after
    forking: a thread does the sending.
    """
    global _tracer  # noqa: PLW0603 - a process has one, as it has one log
    if not is_configured():
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise OperatorError(
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, which need more packages: "
            "install ringfence[telemetry]"
        ) from None
    release = version("ringfence")
    about = {SERVICE_VERSION: release}
    if not any(name in os.environ for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES")):
        about[SERVICE_NAME] = "ringfence"
    provider = TracerProvider(resource=Resource.create().merge(Resource(about)))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("ringfence", release)
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


@contextmanager
def span(
    name: str, kind: Kind, attributes: Mapping[str, Value], parent: str | None = None
) -> Iterator[None]:
    """Trace the block; `parent` is a `traceparent` (W3C), by default the span around this one.

    An exception marks the span as failed, by its kind.
    """
    if _tracer is None:
        yield
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    around = TraceContextTextMapPropagator().extract({HEADER: parent}) if parent else None
    with _tracer.start_as_current_span(
        name,
        context=around,
        kind=SpanKind[kind],
        attributes=dict(attributes),
        # Its text may hold anything, and would go out with it.
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            trace = f"{current.get_span_context().trace_id:032x}"
            with structlog.contextvars.bound_contextvars(trace_id=trace):
                yield
        except BaseException as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(Status(StatusCode.ERROR))
            raise


def end_request(method: str, route: str | None, status: int) -> None:
    """Tell what became of a request: known only once it was routed and answered."""
    if _tracer is None:
        return
    from opentelemetry.trace import Status, StatusCode, get_current_span

    current = get_current_span()
    if route:
        current.update_name(f"{method} {route}")
        current.set_attribute("http.route", route)
    current.set_attribute("http.response.status_code", status)
    if status >= 500:  # noqa: PLR2004 - HTTP's own number
        current.set_status(Status(StatusCode.ERROR))


def carried() -> dict[str, str]:
    """Give what a job carries, so that its span belongs to the request that asked for it."""
    if _tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {HEADER: carrier[HEADER]} if HEADER in carrier else {}


def traced_job(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Give the job's work with a span around it, and without what it carries for that."""

    async def work(context: Any, *, traceparent: str | None = None, **arguments: Any) -> None:  # noqa: ANN401 - Procrastinate's
        name: str = context.job.task_name
        attributes: dict[str, Value] = {
            "ringfence.job": name,
            "ringfence.job_id": context.job.id or 0,
            "ringfence.attempt": context.job.attempts,
        }
        if request_id := arguments.get("request_id"):
            attributes["ringfence.request_id"] = request_id
        with span(f"job {name}", "CONSUMER", attributes, traceparent):
            await function(context, **arguments)

    return work


def cursor_factory() -> "type[AsyncCursor[Any]]":
    """Give the cursors for new connections: with a span for each statement where spans are sent."""
    return _TracedCursor if _tracer is not None else AsyncCursor


def raw_cursor_factory() -> "type[AsyncRawCursor[Any]]":
    """Give the same for statements whose parameters are numbered."""
    return _TracedRawCursor if _tracer is not None else AsyncRawCursor


class _TracedCursor(AsyncCursor[Any]):
    """Traces statements as they were written; their parameters stay here."""

    async def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - psycopg's
        """Run the statement within a span."""
        query = query.decode() if isinstance(query, bytes) else query
        text = query if isinstance(query, str) else type(query).__name__
        word = (text.split(maxsplit=1) or [""])[0].upper()
        attributes = {"db.system.name": "postgresql", "db.query.text": text.strip()}
        with span(word, "CLIENT", attributes):
            return await super().execute(query, *arguments, **options)


class _TracedRawCursor(AsyncRawCursor[Any], _TracedCursor):
    """Does so for statements whose parameters are numbered."""
