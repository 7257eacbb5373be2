"""Something to try at once: demonstration data over a sandbox cloud, and words of welcome."""

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
# Each start issues one; they leave by themselves.
TOKEN_LIFE = timedelta(days=30)
SHOWN_FIELDS = ("name", "state", "tenant_name")

_OTHER_DATA: LiteralString = """
SELECT customer.name FROM customers AS customer
WHERE customer.name <> ALL(%(ours)s)
ORDER BY customer.name
LIMIT 1
"""

_GROUPS: LiteralString = """
SELECT tenant.id, tenant.name, sg.name, sg.uuid
FROM tenants AS tenant
LEFT JOIN security_groups AS sg ON sg.tenant_id = tenant.id
WHERE tenant.name = ANY(%(tenants)s)
"""


def own_home(settings: Settings) -> Settings:
    """Keep the demonstration apart from the default home; a home or database given is obeyed."""
    if settings.model_fields_set & {"home", "database_url"}:
        return settings
    return settings.model_copy(update={"home": settings.home / "demo"})


async def prepare(database: Database) -> str:
    """Load what is missing of the demonstration, and give a token for its user.

    The groups are made by the same command as over HTTP, so that the sandbox cloud gets them too.
    Raises `OperatorError` where the database holds other customers.
    """
    with demonstration_file() as path:
        ours = [one.name for _, read in read_documents([path]) for one in read.customers]
        await _refuse_other_data(database, ours)
        await load_files(database, [path])
    token = await issue_token(database, USER, Terms(TOKEN_LIFE))
    await _create_groups(database, await authenticate(database, f"Token {token}"))
    return token


def welcome(address: str, token: str) -> list[str]:
    """Give the lines that tell where it is and what to try."""
    query = urlencode([("field", name) for name in SHOWN_FIELDS])
    command = [
        "curl",
        "-s",
        "-H",
        f"Authorization: Token {token}",
        f"http://{address}/api/openstack-security-groups/?{query}",
    ]
    return [
        f"address  http://{address}/api/",
        f"token    {token}",
        f"try      {shlex.join(command)}",
    ]


async def _refuse_other_data(database: Database, ours: list[str]) -> None:
    async with database.connection() as connection:
        row = await (await connection.execute(_OTHER_DATA, {"ours": ours})).fetchone()
    if row is not None:
        raise OperatorError(
            f"this database holds other data (customer {row[0]!r}), which the demonstration would "
            "mix with its own; unset RINGFENCE_HOME and RINGFENCE_DATABASE_URL, or use serve"
        )


async def _create_groups(database: Database, actor: Actor) -> None:
    wanted = demonstration_groups()
    async with database.connection() as connection:
        cursor = await connection.execute(_GROUPS, {"tenants": list(wanted)})
        rows = await cursor.fetchall()
    tenants = {tenant: identifier for identifier, tenant, _, _ in rows}
    present: dict[tuple[str, str], UUID] = {
        (tenant, name): uuid for _, tenant, name, uuid in rows if uuid
    }
    for tenant, groups in wanted.items():
        for group in groups:
            key = (tenant, group["name"])
            if key not in present:
                named = {name: uuid for (of, name), uuid in present.items() if of == tenant}
                body = _body(group, named)
                present[key] = await commands.create(database, actor, tenants[tenant], body)


def _body(group: Mapping[str, Any], named: Mapping[str, UUID]) -> dict[str, Any]:
    """Give the group as a request has it: remote groups by address, nothing that is not set."""
    rules = []
    for rule in group["rules"] or []:
        entry = {key: value for key, value in rule.items() if value is not None}
        if remote := entry.get("remote_group"):
            entry["remote_group"] = f"/api/openstack-security-groups/{named[remote].hex}/"
        rules.append(entry)
    return {"name": group["name"], "description": group["description"], "rules": rules}
