"""Retrieving one group."""

from uuid import uuid4

from tests.contract.paths import GROUPS, group_at

MISSING = {"detail": "No SecurityGroup matches the given query."}


async def test_a_group_that_is_missing_or_out_of_scope_or_not_a_uuid_is_a_404(client, world):
    foreign = await world.group(tenant_id=world.foreign_tenant_id)
    for path in (
        group_at(uuid4()),
        group_at(foreign),
        f"{GROUPS}garbage/",
        f"{GROUPS}1/",
        f"{GROUPS}%FF%FE/",
        f"{GROUPS}%00/",
        f"{GROUPS}{'a' * 5000}/",
    ):
        response = await client.get(path)
        assert (response.status_code, response.json()) == (404, MISSING), path


async def test_head_of_a_group_shows_whether_it_exists(client, world):
    assert (await client.head(group_at(await world.group()))).status_code == 200
    assert (await client.head(group_at(uuid4()))).status_code == 404


async def test_a_group_reads_alike_alone_and_in_a_list(client, world):
    group = await world.group()
    (listed,) = (await client.get(GROUPS)).json()
    assert (await client.get(group_at(group))).json() == listed
