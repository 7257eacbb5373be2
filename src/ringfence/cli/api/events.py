"""`ringfence event`: list, follow and export events."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli import listing
from ringfence.cli.api.options import InTenant
from ringfence.errors import OperatorError

if TYPE_CHECKING:
    from ringfence.cli.api.client import Client, Query

event = typer.Typer(help="List and follow events, through the API.", no_args_is_help=True)

COLUMNS = listing.Columns(
    known=(
        "created", "event_type", "user_username", "message", "uuid", "user_uuid",
        "security_group_uuid", "tenant_uuid", "project_uuid", "customer_uuid", "context",
    ),
    in_table=("created", "event_type", "user_username", "message"),
)  # fmt: skip
DEFAULT_LIMIT = 100

Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Start.", show_default="the beginning")
]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type", metavar="TYPE", help="Only this type. May be repeated.", show_default="all"
    ),
]
OfGroup = Annotated[
    str | None,
    typer.Option(
        "--group", metavar="GROUP", help="Only of this group (name or UUID).", show_default="all"
    ),
]


@event.command("list", epilog="Example: ringfence event list --group web --since 2026-11-01")
def list_events(  # noqa: PLR0913 - one for each option
    *,
    since: Since = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="End (exclusive).", show_default="now")
    ] = None,
    types: Types = None,
    group: OfGroup = None,
    tenant: InTenant = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Show at most this many; 0 is no limit.")
    ] = DEFAULT_LIMIT,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List events, the newest first.

    Times are ISO 8601, in UTC if they have no zone.
    """
    from itertools import islice

    from ringfence.cli.api.client import EVENTS, connect
    from ringfence.cli.api.following import row_of
    from ringfence.cli.times import read_time

    options = listing.options(output, fields)
    COLUMNS.chosen(options)
    first, last = read_time("--since", since), read_time("--until", until)
    client = connect()
    query = [*_filters(client, types, group, tenant), ("o", "-created")]
    query += [("created_from", f"{first.timestamp():.6f}")] if first else []
    query += [("created_to", f"{last.timestamp():.6f}")] if last else []
    rows = map(row_of, client.items(EVENTS, query))
    listing.show(islice(rows, limit) if limit else rows, COLUMNS, options, in_order=True)
    if limit and next(rows, None) is not None:
        typer.echo(f"ringfence: {limit} shown, there are more: pass --limit", err=True)


@event.command(
    epilog="Example: ringfence event follow --type openstack_security_group_erred -o json"
)
def follow(  # noqa: PLR0913 - one for each option
    *,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Start.", show_default="now")
    ] = None,
    types: Types = None,
    group: OfGroup = None,
    tenant: InTenant = None,
    interval: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Pause between two requests.")
    ] = 2.0,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """Print events as they happen, the oldest first, each once, until interrupted.

    With -o json, one object a line. Continues when the service is back after an outage.
    """
    import time
    from datetime import UTC, datetime

    from ringfence.cli.api.client import EVENTS, connect
    from ringfence.cli.api.following import Follower
    from ringfence.cli.times import read_time

    options = listing.options(output, fields)
    COLUMNS.chosen(options)
    start = read_time("--since", since) or datetime.now(UTC)
    client = connect()
    follower = Follower(client, EVENTS, _filters(client, types, group, tenant), start)
    listing.stream(follower.rows(lambda: time.sleep(interval)), COLUMNS, options)


def _filters(
    client: "Client", types: list[str] | None, group: str | None, tenant: str | None
) -> "Query":
    from ringfence.cli.api.client import GROUPS, TENANTS
    from ringfence.cli.api.lookup import find_group, find_tenant
    from ringfence.text.uuids import parse_uuid

    if types:
        _require_types(client, types)
    query = [("event_type", each) for each in types or ()]
    # Events outlive their objects: a UUID is taken as it is.
    if group is not None:
        uuid = parse_uuid(group)
        found = uuid.hex if uuid else find_group(client, group, tenant)["uuid"]
        return [*query, ("scope", f"{GROUPS}{found}/")]
    if tenant is not None:
        uuid = parse_uuid(tenant)
        found = uuid.hex if uuid else find_tenant(client, tenant)["uuid"]
        return [*query, ("scope", f"{TENANTS}{found}/")]
    return query


def _require_types(client: "Client", types: Sequence[str]) -> None:
    """Raise `OperatorError` for a type that the service does not have: no event would be shown."""
    from difflib import get_close_matches

    from ringfence.cli.api.client import EVENTS

    groups = client.get(f"{EVENTS}event_groups/").body
    known = sorted({each for group in groups.values() for each in group})
    for name in types:
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.4) or known
            raise OperatorError(f"--type {name!r} is not a type of event; use {', '.join(near)}")
