"""The part of the walk that reads ports and instances, and sets their groups."""

from typing import Any
from uuid import uuid4

from tests.authorization.model import Group, Port, Token

GROUPS = "/api/openstack-security-groups/"
PORTS, INSTANCES = "/api/openstack-ports/", "/api/openstack-instances/"


class Wrong(AssertionError):
    """An answer is not what the model says."""


async def add_instance(walk: Any, group: Group) -> None:
    """Add an instance and its port, which carries the group and one of another tenant."""
    other = walk.random.choice(walk.model.groups)
    carried = [str(group.uuid), str(other.uuid)]
    tenant = group.tenant
    instance, port = uuid4(), uuid4()
    (instance_id,) = await walk.execute(
        "INSERT INTO cloud_instances (uuid, tenant_id, backend_id) VALUES (%s, %s, %s)"
        " RETURNING id",
        instance,
        tenant.id,
        f"vm {instance}",
    )
    await walk.execute(
        "INSERT INTO cloud_ports (uuid, tenant_id, backend_id, instance_id,"
        " security_group_ids) VALUES (%s, %s, %s, %s, %s)",
        port,
        tenant.id,
        f"port {port}",
        instance_id,
        carried,
    )
    walk.model.ports += [Port(port, PORTS, group), Port(instance, INSTANCES, group)]


async def read_port(walk: Any, token: Token) -> None:
    """Look at a port or an instance, or at all of them."""
    port = walk.random.choice(walk.model.ports)
    if walk.random.random() < 0.5:
        if answer := await walk.ask(token, "GET", f"{port.at}{walk.spelled(port.uuid)}/"):
            walk.hold(answer, 200 if walk.model.sees(token, port.project) else 404, token)
    elif answer := await walk.ask(token, "GET", f"{port.at}?page_size=300"):
        walk.hold(answer, 200, token)
        # Others of the walk's ports are listed, too.
        mine = {each.uuid.hex for each in walk.model.ports if each.at == port.at}
        found = {each["uuid"] for each in answer.json()} & mine
        seen = [
            each
            for each in walk.model.ports
            if each.at == port.at and walk.model.sees(token, each.project)
        ]
        if found != {each.uuid.hex for each in seen}:
            raise Wrong(f"{port.at}: {found}, not {seen}")


async def change_port(walk: Any, token: Token) -> None:
    """Set the groups of a port or an instance, or plan it; then its change is over."""
    port = walk.random.choice(walk.model.ports)
    action = walk.random.choice(("update_security_groups/", "update_security_groups/?dry_run=true"))
    action = walk.random.choice((action, "plan_security_groups/"))
    body: dict[str, list[str]] = {"security_groups": []}
    if any(group.uuid == port.group.uuid for group in walk.model.groups):
        body["security_groups"] = [f"{GROUPS}{port.group.uuid.hex}/"]
    await walk.settle()
    path = f"{port.at}{walk.spelled(port.uuid)}/{action}"
    if answer := await walk.ask(token, "POST", path, body):
        walk.hold(answer, walk.verdict(token, port.project, 200), token)
    await walk.execute(
        "UPDATE cloud_ports SET state = 'OK', desired_security_group_ids = NULL,"
        " base_security_group_ids = NULL WHERE state <> 'OK'"
    )
