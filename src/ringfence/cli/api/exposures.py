"""`ringfence exposures`: list what of each port is open to the internet."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from ringfence.cli import listing
from ringfence.cli import output as printed
from ringfence.errors import OperatorError
from ringfence.text.rule_lines import line_of

EXPOSED = 1
# What the last line counts if no service is named
_DEFAULT_SERVICE = "ssh"

COLUMNS = listing.Columns(
    known=(
        "instance_name", "port_name", "floating_ip", "fixed_ips", "reachable", "ethertype",
        "protocol", "from_port", "to_port", "cidr", "service", "services", "security_groups",
        "desired", "cause", "exact", "tenant_name", "project_name", "customer_name",
        "service_name", "groups", "port_uuid", "instance_uuid", "tenant_uuid", "project_uuid",
        "customer_uuid", "service_settings_uuid", "target", "traffic",
    ),
    in_table=("target", "tenant_name", "floating_ip", "reachable", "traffic", "security_groups"),
)  # fmt: skip


def exposures(
    *,
    tenant: Annotated[
        str | None,
        typer.Option(
            "--tenant",
            metavar="TENANT",
            help="Only ports of this tenant (name or UUID).",
            show_default="all",
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SERVICE",
            help="Only traffic to this service, such as ssh or rdp. May be repeated.",
            show_default="all",
        ),
    ] = None,
    reachable: Annotated[
        bool, typer.Option("--reachable", help="Only ports that the internet reaches.")
    ] = False,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="SERVICES",
            help="Exit 1 if a port has one of these services open; separated by commas.",
            show_default="never",
        ),
    ] = None,
    output: listing.Output = None,
    fields: listing.Fields = None,
) -> None:
    """List what of each port is open to the internet, by the rules of all of its groups.

    The last lines of a table count the groups that open a service, also groups on no port.
    """
    from ringfence.cli.api.client import EXPOSURES, connect
    from ringfence.cli.api.lookup import find_tenant

    options = listing.options(output, fields)
    COLUMNS.chosen(options)
    client = connect()
    query = []
    if tenant is not None:
        query.append(("tenant_uuid", str(find_tenant(client, tenant)["uuid"])))
    failing = _failing(fail_on)
    named = [word.lower() for word in service or ()]
    words = list(dict.fromkeys([*named, *failing])) or [_DEFAULT_SERVICE]
    # Counted first: a service that does not exist is refused before anything is printed.
    counting = [*query, *(("service", word) for word in words)]
    counts = client.get(f"{EXPOSURES}counts/", counting).body
    chosen = [*query, *(("service", word) for word in named)]
    chosen += [("reachable", "true")] if reachable else []
    rows = map(_with_words, client.items(EXPOSURES, chosen))
    listing.show(rows, COLUMNS, options, in_order=True)
    if options.format in {None, listing.Format.TABLE}:
        for line in _summary(counts):
            printed.say(line)
    if _is_failing(counts, failing, reachable=reachable):
        raise typer.Exit(EXPOSED)


def _failing(fail_on: str | None) -> list[str]:
    """Return the services of `--fail-on`; raises `OperatorError` if it is there and names none."""
    words = [word.strip().lower() for word in (fail_on or "").split(",") if word.strip()]
    if fail_on is not None and not words:
        raise OperatorError("--fail-on names no service; pass some, such as ssh,rdp")
    return words


def _with_words(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row with texts for people: what is open, by which groups, and to what."""
    groups = row.get("groups") or ()
    names = (group["name"] or "(of another tenant)" for group in groups)
    addresses = row.get("fixed_ips") or ("",)
    named = (row.get("instance_name"), row.get("port_name"), addresses[0], row.get("port_uuid"))
    return {
        **row,
        "security_groups": ", ".join(names),
        "target": next(filter(None, named), ""),
        "traffic": line_of(row).removeprefix("in "),
    }


def _summary(counts: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Yield a sentence for each service."""
    for each in counts:
        number, floating = each["groups"], each["groups_on_floating_ips"]
        groups = "1 group opens" if number == 1 else f"{number:,} groups open"
        whole = f"{groups} {each['name']} to the internet"
        yield f"{whole}, {floating:,} of them on a floating IP" if number else whole


def _is_failing(
    counts: Iterable[Mapping[str, Any]], failing: Sequence[str], *, reachable: bool
) -> bool:
    key = "reachable_ports" if reachable else "ports"
    return any(each["service"] in failing and each[key] for each in counts)
