"""The roles of grants: the code and the database know the same ones."""

import re

from ringfence.access.permissions import CUSTOMER_ROLES, PROJECT_ROLES


async def test_the_database_accepts_the_roles_of_grants_and_no_others(database):
    async with database.connection() as connection:
        cursor = await connection.execute(
            "SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint"
            " WHERE conrelid = 'role_grants'::regclass AND contype = 'c'"
        )
        (definition,) = await cursor.fetchone()
    accepted = set(re.findall(r"'((?:CUSTOMER|PROJECT)\.[A-Z]+)'", definition))
    assert accepted == {*CUSTOMER_ROLES, *PROJECT_ROLES}
