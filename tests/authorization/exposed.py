"""Ports that have a group of their own tenant and one that another tenant shares with it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.authorization.model import Group, Model, Token

EXPOSURES = "/api/security-group-exposures/"
COUNTS = (f"{EXPOSURES}counts/", f"{EXPOSURES}trend/?days=7")

Execute = Callable[..., Awaitable[Any]]


async def add_ports(execute: Execute, groups: Sequence[Group]) -> None:
    """Insert a port for each group, with what it and the next one's group open."""
    for own, shared in zip(groups, [*groups[1:], *groups[:1]], strict=True):
        (port,) = await execute(
            "INSERT INTO cloud_ports (tenant_id, backend_id) VALUES (%s, %s) RETURNING id",
            *(own.tenant.id, str(own.uuid)),
        )
        await execute(
            "INSERT INTO port_exposures (tenant_id, port_id, cause, ethertype, protocol,"
            " first_protocol, last_protocol, first_port, last_port, network, services, reachable,"
            " desired, exact, security_group_ids, observed_only_ids)"
            " SELECT %s, %s, 'rules', 'IPv4', 'tcp', 6, 6, 0, 65535, '0.0.0.0/0', '{ssh}', false,"
            " 'none', true, array_agg(id), array_agg(id) FROM security_groups"
            " WHERE uuid = ANY(%s)",
            *(own.tenant.id, port, [own.uuid, shared.uuid]),
        )


async def expected(execute: Execute, model: Model, token: Token) -> dict[str, list[str]]:
    """Return the ports that a token sees, each with the groups that it sees."""
    projects = set(model.seen_projects(token))
    tenants = [each.id for each in model.tenants if each.project in projects]
    (found,) = await execute(
        "SELECT coalesce(json_object_agg(hex(port.uuid), ("
        "     SELECT coalesce(json_agg(hex(sg.uuid) ORDER BY hex(sg.uuid)), '[]')"
        "     FROM security_groups AS sg"
        "     WHERE sg.id = ANY(exposure.security_group_ids) AND sg.tenant_id = ANY(%s)"
        " )), '{}')"
        " FROM port_exposures AS exposure"
        " INNER JOIN cloud_ports AS port ON exposure.port_id = port.id"
        " WHERE exposure.tenant_id = ANY(%s)",
        *(tenants, tenants),
    )
    return found


def shown(rows: Sequence[Any]) -> dict[str, list[str]]:
    """Return the same of a response; groups without a name must not say anything else either."""
    for group in (group for row in rows for group in row["groups"] if group["name"] is None):
        assert (group["uuid"], group["rules"]) == (None, [])
    return {
        row["port_uuid"]: sorted(group["uuid"] for group in row["groups"] if group["uuid"])
        for row in rows
    }
