"""Logging: one format for all records, libraries included, on standard error, without secrets.

JSON Lines if standard error is a file or a pipe, coloured text in a terminal.
"""

import asyncio
import json
import logging
import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ringfence.settings import LogLevel
from ringfence.text import escaping
from ringfence.text.masking import is_clean, mask, masked

# Libraries whose records at "info" only help their authors.
_QUIET = ("procrastinate", "psycopg", "keystoneauth", "openstack", "urllib3", "asyncio")


# A line waits at most this long to be written together with others.
LINE_SECONDS = 0.02

_encode = msgspec.json.Encoder(enc_hook=str).encode

log = structlog.get_logger(__name__)


class _Lines(logging.StreamHandler[TextIO]):
    """Writes records and formatted lines in their order.

    In an event loop, lines are written in batches: each write releases the interpreter lock, and
    taking it back costs a busy process more than everything else about a line.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, line: str) -> None:
        """Write a line within LINE_SECONDS."""
        with self.lock or nullcontext():
            self._waiting.append(line)
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
                return
            # A loop that has ended would never call it.
            if len(self._waiting) == 1 or loop is not self._loop:
                self._loop = loop
                loop.call_later(LINE_SECONDS, self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record after the waiting lines."""
        if self._waiting:
            self.flush()
        super().emit(record)

    def flush(self) -> None:
        """Write the waiting lines and flush the stream."""
        with self.lock or nullcontext():
            if self._waiting:
                lines = "".join(self._waiting)
                self._waiting.clear()
                self.stream.write(lines)
            super().flush()


# The handler of lines that need no formatter; None in a terminal.
_lines: _Lines | None = None


def configure(level: LogLevel = "info") -> None:
    """Send all records of this process and its forks through one formatter."""
    terminal = sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_process,
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _Lines(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _readable() if terminal else structlog.processors.JSONRenderer(_json),
            ],
        )
    )
    global _lines  # noqa: PLW0603 - a process has one log
    _lines = None if terminal else handler
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    # It warns of a cloud that cannot be reached; the error that follows says so too.
    logging.getLogger("keystoneauth.identity").setLevel(logging.ERROR)


def write_line(level: int, event: str, path: str, **more: str | float | None) -> None:
    """Write a record in which only `path` comes from a client.

    Each request writes one: this takes a tenth of the time of a logger. Call `flush_lines` before
    the event loop ends.
    """
    if not logging.root.isEnabledFor(level):
        return
    if _lines is None or _lines not in logging.root.handlers:
        log.log(level, event, path=path, **more)
        return
    record = {
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "level": logging.getLevelName(level).lower(),
        "event": event,
        "path": path if is_clean(path) else mask(path),
        **more,
        "pid": os.getpid(),
    }
    _lines.add(_encoded(record) + "\n")


def flush_lines() -> None:
    """Write the waiting lines, before the event loop ends."""
    if _lines is not None:
        _lines.flush()


def add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the process id: several processes write to one stream."""
    event["pid"] = os.getpid()
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask secrets, in formatted exceptions too."""
    for key, value in event.items():
        # ProcessorFormatter keeps its own objects under such keys.
        if not key.startswith("_"):
            event[key] = masked(key, value)
    return event


def _json(event: EventDict, **_options: object) -> str:
    first = {key: event.pop(key, None) for key in ("timestamp", "level", "event")}
    return _encoded(first | dict(event))


def _encoded(record: dict[str, Any]) -> str:
    try:
        return escaping.json_line(_encode(record).decode())
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8 encoding; JSON can escape it.
        return json.dumps(record, default=str)


def _readable() -> Processor:
    format_line = structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)

    def formatted(logger: WrappedLogger, method: str, event: EventDict) -> str:
        # Escaped before colours are added, which are escape sequences too.
        trace = event.pop("exception", None)
        shown = {escaping.terminal(str(key)): _shown(value) for key, value in event.items()}
        line = str(format_line(logger, method, shown))
        lines = [] if trace is None else str(trace).splitlines()
        return "\n".join([line, *map(escaping.terminal, lines)])

    return formatted


def _shown(value: Any) -> Any:  # noqa: ANN401 - a record holds anything
    is_plain = value is None or isinstance(value, bool | int | float)
    return value if is_plain else escaping.terminal(str(value))
