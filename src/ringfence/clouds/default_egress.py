"""Whether new groups of a tenant keep the two egress rules that Neutron adds to each group.

The two rules allow all outgoing traffic. Waldur removes them from each group that it creates, and
so does Ringfence by default.
"""

from collections.abc import Mapping
from typing import LiteralString

from ringfence.access.permissions import Actor
from ringfence.clouds.queries import Tenant, lock
from ringfence.database.pool import Connection, Database
from ringfence.events.commands import record
from ringfence.events.types import Event, EventType
from ringfence.http.fields import Boolean, Field, clean_fields
from ringfence.text.json_value import Json

_FIELDS: Mapping[str, Field] = {"keep": Boolean()}

_KEEPS: LiteralString = "SELECT tenant.keeps_default_egress FROM tenants AS tenant WHERE id = %s"

_SET: LiteralString = """
UPDATE tenants SET keeps_default_egress = %(keep)s, modified = now() WHERE id = %(id)s
"""


async def keeps_default_egress(connection: Connection, tenant_id: int) -> bool:
    """Return whether new groups of the tenant keep the two rules."""
    cursor = await connection.execute(_KEEPS, [tenant_id])
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def set_default_egress(database: Database, actor: Actor, tenant: Tenant, body: Json) -> bool:
    """Set and return whether new groups keep the two rules. Raises `Invalid`."""
    keep: bool = clean_fields(body, _FIELDS, required=["keep"])["keep"]
    async with database.transaction() as connection:
        await lock(connection, tenant.id)
        if await keeps_default_egress(connection, tenant.id) == keep:
            return keep
        await connection.execute(_SET, {"id": tenant.id, "keep": keep})
        word = "keep" if keep else "do not keep"
        await record(
            connection,
            Event(
                EventType.DEFAULT_EGRESS_SET,
                f"New security groups of tenant {tenant.name} {word} the default egress rules.",
                actor,
                customer=tenant.customer_uuid,
                project=tenant.project_uuid,
                tenant=tenant.uuid,
                context={"keep": keep},
            ),
        )
    return keep
