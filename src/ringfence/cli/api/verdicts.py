"""`ringfence verdict`: whether a packet is admitted between two ends, and by which rule."""

# ruff: noqa: PLC0415 - imports inside commands, so that `--help` responds at once

import ipaddress
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import listing
from ringfence.errors import OperatorError
from ringfence.text.rule_lines import line_of
from ringfence.text.uuids import parse_uuid

if TYPE_CHECKING:
    from ringfence.cli.api.client import Client

PORTS = "/api/openstack-ports/"
INSTANCES = "/api/openstack-instances/"
TENANTS = "/api/openstack-tenants/"

COLUMNS = ("direction", "verdict", "group", "rule", "reason")
EXIT_CODES = {"admitted": 0, "refused": 1}
NOT_DEFINITE = 3
# The last protocol number
LAST = 255
_ICMP = frozenset({"icmp", "icmpv6", "ipv6-icmp", "1", "58"})

End = Mapping[str, str]


def verdict(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="An IP address, a prefix, the UUID of a port or an instance, or an instance name.",
        ),
    ],
    destination: Annotated[
        str, typer.Argument(metavar="DESTINATION", help="The same for the destination.")
    ],
    traffic: Annotated[
        str,
        typer.Argument(
            metavar="PROTOCOL/PORT",
            help="tcp/443, udp/53, icmp, icmp/8/0 (type and code: ping), a number, or any.",
        ),
    ],
    *,
    tenant: Annotated[
        str | None,
        typer.Option(
            "--tenant",
            metavar="TENANT",
            help="The tenant (name or UUID) whose ports the addresses are.",
            show_default="that of a port or an instance",
        ),
    ] = None,
    desired: Annotated[
        bool, typer.Option("--desired", help="Judge the desired rules, not those in the cloud.")
    ] = False,
    output: listing.Output = None,
) -> None:
    """Show whether a packet is admitted, and by which rule; exit 1 if not, 3 if not certain."""
    from ringfence.cli.api.client import connect

    client = connect()
    requested = _traffic(traffic) | ({"at": "desired"} if desired else {})
    ends, found_tenant = _ends(client, source, destination, tenant)
    path = f"{TENANTS}{found_tenant}/verdict/"
    document: dict[str, Any] = dict(client.evaluate(path, {**ends, **requested}).body)
    if output in {listing.Format.JSON, listing.Format.YAML}:
        listing.show_one(document, tuple(document), listing.options(output, None))
    else:
        listing.show(_rows(document), COLUMNS, listing.options(output, None), in_order=True)
    raise typer.Exit(EXIT_CODES.get(str(document.get("verdict")), NOT_DEFINITE))


def _traffic(text: str) -> dict[str, Any]:
    """Return protocol and port, or type and code, of `tcp/443`; raises `OperatorError`."""
    protocol, *numbers = text.strip().lower().split("/")
    names = ("icmp_type", "icmp_code") if protocol in _ICMP else ("port",)
    if len(numbers) > len(names) or not all(each.isascii() and each.isdigit() for each in numbers):
        raise OperatorError(
            f"{text} is not a protocol with one port; pass one such as tcp/443 or icmp/8/0"
        )
    if not numbers and protocol.isascii() and protocol.isdigit() and int(protocol[:6]) > LAST:
        raise OperatorError(f"{text} is a port without a protocol; pass one such as tcp/{text}")
    values = {name: int(each[:6]) for name, each in zip(names, numbers, strict=False)}
    return {"protocol": "" if protocol == "any" else protocol, **values}


def _ends(
    client: "Client", source: str, destination: str, tenant: str | None
) -> tuple[dict[str, End], str]:
    """Return both ends and the UUID of the tenant; raises `OperatorError`."""
    from ringfence.cli.api.lookup import find_tenant

    within = None if tenant is None else str(find_tenant(client, tenant)["uuid"])
    found = {
        name: _end(client, text, within)
        for name, text in (("source", source), ("destination", destination))
    }
    tenants = [each for _, each in found.values() if each is not None]
    if within is None and not tenants:
        raise OperatorError("both ends are addresses; say with --tenant whose ports they are")
    return {name: end for name, (end, _) in found.items()}, within or tenants[-1]


def _end(client: "Client", text: str, tenant: str | None) -> tuple[End, str | None]:
    """Return an end, and the tenant of its port or instance."""
    text = text.strip()
    if _is_address(text):
        return {"cidr" if "/" in text else "address": text}, None
    uuid = parse_uuid(text)
    if uuid is not None:
        for path, key in ((PORTS, "port_uuid"), (INSTANCES, "instance_uuid")):
            found = _retrieved(client, f"{path}{uuid.hex}/")
            if found is not None:
                return {key: uuid.hex}, str(found["tenant_uuid"])
        raise OperatorError(f"there is no port or instance {text}")
    return _instance_named(client, text, tenant)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _retrieved(client: "Client", path: str) -> Mapping[str, Any] | None:
    from ringfence.cli.api.responses import ApiError

    try:
        found: Mapping[str, Any] = client.get(path).body
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    return found


def _instance_named(client: "Client", name: str, tenant: str | None) -> tuple[End, str]:
    query = [("name_exact", name)] + ([("tenant_uuid", tenant)] if tenant else [])
    named = [each for each in client.items(INSTANCES, query) if each.get("name") == name]
    if not named:
        raise OperatorError(f"{name} is not an IP address, and no instance has this name")
    if len(named) > 1:
        uuids = ", ".join(str(each["uuid"]) for each in named[:10])
        raise OperatorError(f"several instances are named {name}; say which by UUID: {uuids}")
    return {"instance_uuid": str(named[0]["uuid"])}, str(named[0]["tenant_uuid"])


def _rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the verdict, then each direction with its rules and the nearest ones."""
    reasons = ", ".join(document.get("because") or ())
    yield _row("whole", document.get("verdict"), reason=reasons)
    for direction in ("egress", "ingress", "reply"):
        judged = document.get(direction)
        if judged is None:
            continue
        rules = [(rule, "") for rule in judged["by"]]
        rules += [(rule, f"nearest: {rule['text']}") for rule in judged["nearest"]]
        if not rules:
            yield _row(direction, judged["verdict"], reason=", ".join(judged["because"]))
        for rule, reason in rules:
            yield _row(
                direction, judged["verdict"], rule["security_group_name"], line_of(rule), reason
            )


def _row(
    direction: str, outcome: object, group: str = "", rule: str = "", reason: str = ""
) -> dict[str, Any]:
    values = (direction, outcome, group, rule, reason)
    return dict(zip(COLUMNS, values, strict=True))
