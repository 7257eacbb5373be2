"""Logs: one form for our records and the libraries', on standard error, without secrets.

JSON lines where standard error is a file or a pipe, readable colours in a terminal.
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

# Libraries that tell at "info" what only their authors need.
_QUIET = ("procrastinate", "psycopg", "keystoneauth", "openstack", "urllib3", "asyncio")


# So long a line may wait for others.
LINE_SECONDS = 0.02

_encode = msgspec.json.Encoder(enc_hook=str).encode

log = structlog.get_logger(__name__)


class _Lines(logging.StreamHandler[TextIO]):
    """Writes records, and lines that are made already, in the order in which they came.

    In an event loop a line waits a moment for others. Each write lets another thread have the
    interpreter, and to get it back costs a busy process more than all else about a line.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, line: str) -> None:
        """Write a line, soon."""
        with self.lock or nullcontext():
            self._waiting.append(line)
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
                return
            # One that has ended flushes nothing any more.
            if len(self._waiting) == 1 or loop is not self._loop:
                self._loop = loop
                loop.call_later(LINE_SECONDS, self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, after what waits."""
        if self._waiting:
            self.flush()
        super().emit(record)

    def flush(self) -> None:
        """Write what waits, and have the stream pass it on."""
        with self.lock or nullcontext():
            if self._waiting:
                lines = "".join(self._waiting)
                self._waiting.clear()
                self.stream.write(lines)
            super().flush()


# Where lines go that are made without the detour of a formatter; None in a terminal.
_lines: _Lines | None = None


def configure(level: LogLevel = "info") -> None:
    """Send every record of this process, and of those it forks, through one formatter."""
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


def write_line(level: int, event: str, path: str, **more: str | float | None) -> None:
    """Write a record whose one text from outside is `path`, as any other would be written.

    There is one for each request: made here, it takes a tenth of the time. `flush_lines` at the
    end writes those that still wait.
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
    """Write the lines that wait for others, before the loop ends that they wait in."""
    if _lines is not None:
        _lines.flush()


def add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Add the process id: several processes write to one stream."""
    event["pid"] = os.getpid()
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what is secret, formatted exceptions included."""
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
        # A lone surrogate, which UTF-8 does not have: JSON's escape of it does.
        return json.dumps(record, default=str)


def _readable() -> Processor:
    render = structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)

    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> str:
        # Before it is coloured: afterwards, the colours' own sequences are among them.
        trace = event.pop("exception", None)
        shown = {escaping.terminal(str(key)): _shown(value) for key, value in event.items()}
        line = str(render(logger, method, shown))
        lines = [] if trace is None else str(trace).splitlines()
        return "\n".join([line, *map(escaping.terminal, lines)])

    return rendered


def _shown(value: Any) -> Any:  # noqa: ANN401 - a record holds anything
    is_plain = value is None or isinstance(value, bool | int | float)
    return value if is_plain else escaping.terminal(str(value))
