"""`ringfence demo`: load demonstration data over a sandbox cloud, and show how to use it."""

import shlex
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, LiteralString
from urllib.parse import urlencode
from uuid import UUID

from ringfence.access.authentication import authenticate
from ringfence.access.permissions import Actor
from ringfence.database.pool import Database
from ringfence.errors import OperatorError
from ringfence.provisioning.demonstration import demonstration_file, demonstration_groups
from ringfence.provisioning.document import read_documents
from ringfence.provisioning.load import load_files
from ringfence.security_groups import commands
from ringfence.settings import Settings
from ringfence.users.tokens.administration import issue_token
from ringfence.users.tokens.issuing import Terms

USER = "alice"
# Each start issues one.
TOKEN_LIFE = timedelta(days=30)
SHOWN_FIELDS = ("name", "state", "tenant_name")

_OTHER_CUSTOMER: LiteralString = """
SELECT customer.name FROM customers AS customer
WHERE customer.name <> ALL(%(names)s)
ORDER BY customer.name
LIMIT 1
"""

_GROUPS: LiteralString = """
SELECT tenant.id, tenant.name, sg.name, sg.uuid
FROM tenants AS tenant
LEFT JOIN security_groups AS sg ON sg.tenant_id = tenant.id
WHERE tenant.name = ANY(%(tenants)s)
"""


def with_own_data_directory(settings: Settings) -> Settings:
    """Return settings with a data directory of the demonstration's own, unless one is set."""
    if settings.model_fields_set & {"home", "database_url"}:
        return settings
    return settings.model_copy(update={"home": settings.home / "demo"})


async def prepare(database: Database) -> str:
    """Load what is missing of the demonstration data, and return a token for its user.

    The groups are created by the API's own command, so that the worker pushes them to the sandbox
    cloud. Raises `OperatorError` if the database holds other customers.
    """
    with demonstration_file() as path:
        names = [each.name for _, read in read_documents([path]) for each in read.customers]
        await _refuse_other_data(database, names)
        await load_files(database, [path])
    token = await issue_token(database, USER, Terms(TOKEN_LIFE))
    await _create_groups(database, await authenticate(database, f"Token {token}"))
    return token


def welcome(host_and_port: str, token: str) -> list[str]:
    """Return lines with the URL, the token and a command to try."""
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
    async with database.connection() as connection:
        cursor = await connection.execute(_GROUPS, {"tenants": list(desired)})
        rows = await cursor.fetchall()
    tenants = {tenant: identifier for identifier, tenant, _, _ in rows}
    present: dict[tuple[str, str], UUID] = {
        (tenant, name): uuid for _, tenant, name, uuid in rows if uuid
    }
    for tenant, groups in desired.items():
        for group in groups:
            key = (tenant, group["name"])
            if key not in present:
                named = {name: uuid for (of, name), uuid in present.items() if of == tenant}
                body = _body(group, named)
                present[key] = await commands.create(database, actor, tenants[tenant], body)


def _body(group: Mapping[str, Any], named: Mapping[str, UUID]) -> dict[str, Any]:
    """Return the body of a request: remote groups as paths, no keys that are not set."""
    rules = []
    for rule in group["rules"] or []:
        entry = {key: value for key, value in rule.items() if value is not None}
        if remote := entry.get("remote_group"):
            entry["remote_group"] = f"/api/openstack-security-groups/{named[remote].hex}/"
        rules.append(entry)
    return {"name": group["name"], "description": group["description"], "rules": rules}
