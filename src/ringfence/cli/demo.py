"""`ringfence demo`: load demonstration data over a sandbox cloud, and show how to use it."""

import shlex
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, LiteralString
from urllib.parse import urlencode
from uuid import UUID

from ringfence.access.authentication import authenticate
from ringfence.access.permissions import Actor
from ringfence.cli import output
from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.provisioning.demonstration import (
    demonstration_file,
    demonstration_groups,
    demonstration_instances,
)
from ringfence.provisioning.document import read_documents
from ringfence.provisioning.load import load_files
from ringfence.security_groups import commands
from ringfence.settings import Settings
from ringfence.sync.sandbox_instances import Instance, add_instances
from ringfence.users.tokens.administration import issue_token
from ringfence.users.tokens.issuing import Terms

USER = "alice"
# Each start issues one.
TOKEN_LIFE = timedelta(days=30)
# The file in the data directory that says where the demonstration is served
_SERVED = "demonstration"
_SECONDS = 5
SHOWN_FIELDS = ("name", "state", "tenant_name")

_OTHER_CUSTOMER: LiteralString = """
SELECT customer.name FROM customers AS customer
WHERE customer.name <> ALL(%(names)s)
ORDER BY customer.name
LIMIT 1
"""

_GROUPS: LiteralString = """
SELECT tenant.id, tenant.uuid, tenant.name, sg.name, sg.uuid
FROM tenants AS tenant
LEFT JOIN security_groups AS sg ON sg.tenant_id = tenant.id
WHERE tenant.name = ANY(%(tenants)s)
"""


def demonstration_settings(settings: Settings) -> Settings:
    """Return the settings of the demonstration, as far as they are not set.

    It has a data directory of its own, and logs warnings only, so that what it prints stays in
    view.
    """
    update: dict[str, object] = {}
    if not settings.model_fields_set & {"home", "database_url"}:
        update["home"] = settings.home / "demo"
    if "log_level" not in settings.model_fields_set:
        update["log_level"] = "warning"
    return settings.model_copy(update=update)


def steps(settings: Settings) -> Callable[[str], None]:
    """Return a function that says what begins, unless only errors are to be logged."""
    return output.step if settings.log_level in {"debug", "info", "warning"} else lambda _text: None


def starting(settings: Settings) -> str:
    """Return what is said while the database starts."""
    if settings.database_url is not None:
        return "preparing the database"
    return f"starting the database in {settings.home} (the first time takes up to 30 s)"


@contextmanager
def noting(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Yield a function that notes where the demonstration is served, for `--show`."""
    path = settings.home / _SERVED

    def note(host_and_port: str) -> None:
        # Without a data directory that can be written, `--show` finds nothing.
        with suppress(OSError):
            path.write_text(host_and_port, "utf-8")

    try:
        yield note
    finally:
        with suppress(OSError):
            path.unlink()


def served_at(settings: Settings) -> str:
    """Return host and port of the demonstration that runs; raises `OperatorError`."""
    with suppress(OSError):
        host_and_port = (settings.home / _SERVED).read_text("utf-8")
        host, _, port = host_and_port.rpartition(":")
        socket.create_connection((host, int(port)), _SECONDS).close()
        return host_and_port
    raise OperatorError(
        f"no demonstration runs with the data directory {settings.home}; start one: ringfence demo"
    )


async def new_token(database: Database) -> str:
    """Issue a token for the demonstration's user."""
    return await issue_token(database, USER, Terms(TOKEN_LIFE))


async def prepare(database: Database) -> str:
    """Load what is missing of the demonstration data, and return a token for its user.

    The groups are created by the API's own command, and pushed to the sandbox cloud, which gets
    instances that carry them. Raises `OperatorError` if the database holds other customers.
    """
    with demonstration_file() as path:
        names = [each.name for _, read in read_documents([path]) for each in read.customers]
        await _refuse_other_data(database, names)
        await load_files(database, [path])
    token = await new_token(database)
    await _create_groups(database, await authenticate(database, f"Token {token}"))
    await _create_instances(database)
    return token


def welcome(host_and_port: str, token: str) -> list[str]:
    """Return lines with the URLs of API and console, the token and a command to try."""
    query = urlencode([("field", name) for name in SHOWN_FIELDS])
    command = [
        "curl",
        "-s",
        "-H",
        f"Authorization: Token {token}",
        f"http://{host_and_port}/api/openstack-security-groups/?{query}",
    ]
    return [
        f"address  http://{host_and_port}/api/",
        f"token    {token}",
        f"try      {shlex.join(command)}",
        f"console  http://{host_and_port}/console/",
    ]


async def _refuse_other_data(database: Database, names: list[str]) -> None:
    async with database.connection() as connection:
        row = await (await connection.execute(_OTHER_CUSTOMER, {"names": names})).fetchone()
    if row is not None:
        raise OperatorError(
            f"this database holds other data (customer {row[0]!r}), which the demonstration data "
            "would mix with; unset RINGFENCE_HOME and RINGFENCE_DATABASE_URL, or use serve"
        )


async def _create_groups(database: Database, actor: Actor) -> None:
    desired = demonstration_groups()
    rows = await _stored_groups(database, desired)
    tenants = {tenant: identifier for identifier, _, tenant, _, _ in rows}
    present: dict[tuple[str, str], UUID] = {
        (tenant, name): uuid for _, _, tenant, name, uuid in rows if uuid
    }
    for tenant, groups in desired.items():
        for group in groups:
            key = (tenant, group["name"])
            if key not in present:
                named = {name: uuid for (of, name), uuid in present.items() if of == tenant}
                body = _body(group, named)
                present[key] = await commands.create(database, actor, tenants[tenant], body)


async def _create_instances(database: Database) -> None:
    desired = demonstration_instances()
    rows = await _stored_groups(database, desired)
    groups = {(tenant, name): uuid for _, _, tenant, name, uuid in rows}
    for uuid, tenant in dict.fromkeys((uuid, tenant) for _, uuid, tenant, _, _ in rows):
        instances = [
            # A group that a user deleted is left out.
            Instance(
                each.name,
                each.address,
                [groups[tenant, name] for name in each.groups if (tenant, name) in groups],
                each.floating_ip,
            )
            for each in desired[tenant]
        ]
        await add_instances(database, uuid, instances)


async def _stored_groups(
    database: Database, tenants: Iterable[str]
) -> Sequence[tuple[int, UUID, str, str, UUID]]:
    """Return id, UUID and name of the tenants, each with name and UUID of a group."""
    async with database.connection() as connection:
        cursor = await connection.execute(_GROUPS, {"tenants": list(tenants)})
        return await cursor.fetchall()


def _body(group: Mapping[str, Any], named: Mapping[str, UUID]) -> dict[str, Any]:
    """Return the body of a request: remote groups as paths, no keys that are not set."""
    rules = []
    for rule in group["rules"] or []:
        entry = {key: value for key, value in rule.items() if value is not None}
        if remote := entry.get("remote_group"):
            entry["remote_group"] = f"/api/openstack-security-groups/{named[remote].hex}/"
        rules.append(entry)
    return {"name": group["name"], "description": group["description"], "rules": rules}
