"""All groups of a tenant set at once, and pushed job by job."""

from uuid import UUID

import pytest
from tests.sync.conftest import tcp

from ringfence.access.permissions import Actor
from ringfence.neutron.port import Retry
from ringfence.security_groups.tenant_groups.commands import replace_groups
from ringfence.sync.push import delete_group, push_group


async def uuids(place) -> dict[str, UUID]:
    async with place.database.connection() as connection:
        cursor = await connection.execute("SELECT name, uuid FROM security_groups")
        return dict(await cursor.fetchall())


async def test_a_cloud_gets_the_desired_rules_whichever_job_runs_first(sandbox):
    old, web = await sandbox.ask("old", rules=[tcp(22)]), await sandbox.ask("web", rules=[tcp(80)])
    for uuid in (old, web):
        await push_group(sandbox.database, sandbox.clouds, uuid)
    gone = (await sandbox.row(old))[1]
    by_name = {"protocol": "tcp", "from_port": 443, "to_port": 443}
    asked = [
        {"uuid": web.hex, "name": "front", "rules": [by_name | {"remote_group_name": "back"}]},
        {"name": "back", "rules": [by_name | {"remote_group_name": "front"}]},
    ]
    world = sandbox.world
    row = await world.one("SELECT id, uuid, username FROM users WHERE username = 'staff'")
    actor = Actor(*row, grants=(), is_staff=True)

    await replace_groups(sandbox.database, actor, world.tenant_id, asked)

    back = (await uuids(sandbox))["back"]
    # Its remote group is not in the cloud yet: the rule waits, and never admits anyone else.
    with pytest.raises(Retry):
        await push_group(sandbox.database, sandbox.clouds, web)
    await delete_group(sandbox.database, sandbox.clouds, old)
    await push_group(sandbox.database, sandbox.clouds, back)
    await push_group(sandbox.database, sandbox.clouds, web)

    at_cloud = {group.name: group for group in await sandbox.cloud.list_groups(sandbox.project)}
    assert set(at_cloud) - {"default"} == {"front", "back"}
    for name, remote in (("front", "back"), ("back", "front")):
        found = [rule.remote_group_id for rule in at_cloud[name].rules]
        assert found == [at_cloud[remote].id]
    assert gone not in {group.id for group in at_cloud.values()}
    assert [(await sandbox.row(uuid))[0] for uuid in (web, back)] == ["OK", "OK"]
    assert set(await uuids(sandbox)) == {"front", "back"}
    assert await sandbox.documents_are_fresh()
