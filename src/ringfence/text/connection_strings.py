"""Connection strings of PostgreSQL, as an operator writes them: libpq alone says what they mean."""

import re
from collections.abc import Mapping
from typing import Any

VARIABLE = "RINGFENCE_DATABASE_URL"
EXPECTED = (
    "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE or another connection string of "
    "PostgreSQL; in a URL, write @ : / ? # % of a password as %40 %3A %2F %3F %23 %25"
)
_URI = re.compile(r"postgres(?:ql)?://(?P<authority>[^/]*)(?P<path>[^?]*)")


def check(conninfo: str) -> None:
    """Raise `ValueError` for what libpq does not accept, or where a password would end early.

    The text repeats nothing of the string: any part of it may be of the password.
    """
    parsed = parse(conninfo)
    if parsed is None:
        raise ValueError(EXPECTED)
    if uri := _URI.match(conninfo):
        # libpq takes the first @ for the end of the password, and / for the end of the host.
        _, _, hosts = uri["authority"].partition("@")
        if "@" in hosts.partition("?")[0] + uri["path"]:
            raise ValueError(EXPECTED)
    ports = str(parsed.get("port") or "").split(",")
    if not all(port == "" or (port.isascii() and port.isdecimal()) for port in ports):
        raise ValueError(EXPECTED)


def parse(conninfo: str) -> dict[str, Any] | None:
    """Return the parameters by name, or None for what libpq does not accept."""
    # Loaded where there is a string: without one, the settings need no driver.
    import psycopg  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        return dict(conninfo_to_dict(conninfo))
    except psycopg.Error:
        return None


def where(parameters: Mapping[str, Any]) -> str:
    """Return what a connection string says of the place of the server."""
    for name in ("host", "hostaddr"):
        if value := parameters.get(name):
            return str(value)
    if service := parameters.get("service"):
        return f"the service {service}"
    return "the local socket"
