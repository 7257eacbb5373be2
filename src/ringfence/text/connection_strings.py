"""Parse and check PostgreSQL connection strings, with libpq's own parser."""

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
    """Raise `ValueError` if libpq refuses the string, or would end its password early.

    The message repeats nothing of the string: any part of it may belong to the password.
    """
    parsed = parse(conninfo)
    if parsed is None:
        raise ValueError(EXPECTED)
    if uri := _URI.match(conninfo):
        # For libpq, the first @ ends the password, and / the host.
        _, _, hosts = uri["authority"].partition("@")
        if "@" in hosts.partition("?")[0] + uri["path"]:
            raise ValueError(EXPECTED)
    ports = str(parsed.get("port") or "").split(",")
    if not all(port == "" or (port.isascii() and port.isdecimal()) for port in ports):
        raise ValueError(EXPECTED)


def parse(conninfo: str) -> dict[str, Any] | None:
    """Return the parameters by name, or None if libpq refuses the string."""
    # Settings without a connection string do not need the driver.
    import psycopg  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        return dict(conninfo_to_dict(conninfo))
    except psycopg.Error:
        return None


def where(parameters: Mapping[str, Any]) -> str:
    """Return the host, service or socket of the server, for messages."""
    for name in ("host", "hostaddr"):
        if value := parameters.get(name):
            return str(value)
    if service := parameters.get("service"):
        return f"the service {service}"
    return "the local socket"
