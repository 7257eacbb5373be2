"""OpenTelemetry spans, if `OTEL_…` variables name an endpoint; otherwise nothing.

The packages are an extra (`ringfence[telemetry]`), loaded only then. A span has route templates,
SQL with placeholders and the types of errors: never a parameter, a query string, a header or the
text of an error.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import structlog
from psycopg import AsyncCursor

from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

# ruff: noqa: PLC0415 - the packages may be missing

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
HEADER = "traceparent"
Kind = Literal["SERVER", "CLIENT", "CONSUMER"]
Value = str | int | float | bool

_tracer: "Tracer | None" = None
_UNTRACED = nullcontext()


def is_configured(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether the environment configures traces."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return any(environment.get(name) for name in ENDPOINTS)


def is_on() -> bool:
    """Return whether spans are sent."""
    return _tracer is not None


@asynccontextmanager
async def sending() -> AsyncIterator[None]:
    """Send spans during the block, if that is configured, and flush them at its end.

    Raises `OperatorError` if the packages are missing. Call it after forking: a thread sends.
    """
    global _tracer  # noqa: PLW0603 - one per process, as the log
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
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, and traces need more packages: "
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
    """Trace the block; `parent` is a W3C `traceparent`, by default the enclosing span.

    An exception marks the span as failed, with the exception's type.
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
        # The text of an exception may contain anything.
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
    """Set route and status of the current span; called when the response is known."""
    if _tracer is None:
        return
    from opentelemetry.trace import Status, StatusCode, get_current_span

    current = get_current_span()
    if route:
        current.update_name(f"{method} {route}")
        current.set_attribute("http.route", route)
    current.set_attribute("http.response.status_code", status)
    if status >= 500:  # noqa: PLR2004 - server errors
        current.set_status(Status(StatusCode.ERROR))


def trace_context() -> dict[str, str]:
    """Return the arguments of a job that make its span part of the request's trace."""
    if _tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {HEADER: carrier[HEADER]} if HEADER in carrier else {}


def traced_job(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Wrap a job in a span of the trace that it was deferred in."""

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
    """Return the cursor class for new connections, which traces statements if spans are sent."""
    return _TracedCursor if _tracer is not None else AsyncCursor


def statement(text: str) -> AbstractContextManager[None]:
    """Trace the text of a statement, without its parameters."""
    if _tracer is None:
        return _UNTRACED
    word = (text.split(maxsplit=1) or [""])[0].upper()
    return span(word, "CLIENT", {"db.system.name": "postgresql", "db.query.text": text.strip()})


class _TracedCursor(AsyncCursor[Any]):
    """Traces the text of statements, without their parameters."""

    async def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - psycopg's
        """Run the statement in a span."""
        query = query.decode() if isinstance(query, bytes) else query
        text = query if isinstance(query, str) else type(query).__name__
        with statement(text):
            return await super().execute(query, *arguments, **options)
