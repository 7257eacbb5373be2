"""The sandbox's address groups, so that rules can refer to one."""

from collections.abc import Collection, Iterable, Sequence
from typing import LiteralString
from uuid import uuid4

from ringfence.database.pool import Connection
from ringfence.neutron.port import CloudAddressGroup, CloudRule, RemoteNotFound

_READ: LiteralString = """
SELECT address_group.id::text, address_group.name, address_group.addresses
FROM sandbox_address_groups AS address_group
WHERE address_group.id::text = ANY(%s)
ORDER BY address_group.id
"""

_ADD: LiteralString = """
INSERT INTO sandbox_address_groups (id, project_id, name, addresses) VALUES (%s, %s, %s, %s)
"""


async def read_address_groups(
    connection: Connection, group_ids: Collection[str]
) -> list[CloudAddressGroup]:
    """Return those of the address groups that exist."""
    cursor = await connection.execute(_READ, [list(group_ids)])
    return [
        CloudAddressGroup(group, name, tuple(addresses))
        for group, name, addresses in await cursor.fetchall()
    ]


async def require_address_groups(connection: Connection, rules: Iterable[CloudRule]) -> None:
    """Raise `RemoteNotFound` for a missing address group of the rules."""
    named = {rule.remote_address_group_id for rule in rules if rule.remote_address_group_id}
    if not named:
        return
    found = {group.id for group in await read_address_groups(connection, named)}
    for missing in sorted(named - found):
        raise RemoteNotFound(f"Address group {missing} could not be found.")


async def add_address_group(
    connection: Connection, project_id: str, addresses: Sequence[str], name: str = ""
) -> str:
    """Create an address group; return its id."""
    group = str(uuid4())
    await connection.execute(_ADD, [group, project_id, name, list(addresses)])
    return group
