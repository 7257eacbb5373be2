"""A request whose database connection fails is retried once if that is safe."""

from contextlib import asynccontextmanager

import pytest
from tests.contract.paths import GROUPS, group_at, tenant_at

from ringfence.database import pool
from ringfence.database.pool import Database
from ringfence.errors import Interrupted


@pytest.fixture
def interrupt(monkeypatch):
    """Return a function that makes the first transaction of a request fail."""
    transaction = Database.transaction
    begun = []

    def fail(*, is_undone, is_committed=False):
        @asynccontextmanager
        async def failing(self):
            if pool._enclosing.get() is None:  # noqa: SLF001 - what is within is a part of it
                begun.append(self)
                is_first = len(begun) == 1
            else:
                is_first = False
            async with transaction(self) as connection:
                yield connection
                if is_first and not is_committed:
                    raise Interrupted("gone", is_undone=is_undone)
            if is_first:
                raise Interrupted("gone", is_undone=is_undone)

        monkeypatch.setattr(Database, "transaction", failing)
        return begun

    return fail


async def create(client, world, **headers):
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    return await client.post(path, json={"name": "web"}, headers=headers)


async def groups(client):
    return (await client.get(GROUPS)).json()


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}], ids=["plain", "with a key"])
async def test_a_change_that_has_not_begun_is_retried(client, world, interrupt, headers):
    interrupt(is_undone=True)
    assert (await create(client, world, **headers)).status_code == 201
    assert len(await groups(client)) == 1


async def test_a_change_that_may_be_committed_is_not_retried(client, world, interrupt):
    begun = interrupt(is_undone=False)
    assert (await create(client, world)).status_code == 503
    assert len(begun) == 1


async def test_a_change_after_a_committed_one_is_not_retried(client, world, interrupt):
    begun = interrupt(is_undone=True, is_committed=True)
    assert (await create(client, world)).status_code == 503
    assert len(begun) == 1
    assert len(await groups(client)) == 1


@pytest.mark.parametrize("path", ["", "versions/", "plan/", "usage/"])
async def test_a_read_is_retried_once(client, world, monkeypatch, path):
    group = await world.group()
    connection = Database.connection
    lent = []

    @asynccontextmanager
    async def failing(self):
        async with connection(self) as lent_one:
            lent.append(lent_one)
            yield lent_one
        if len(lent) == 1:
            raise Interrupted("gone", is_undone=False)

    monkeypatch.setattr(Database, "connection", failing)
    response = await client.get(group_at(group, path))
    # GET on a plan is rejected as usual.
    assert response.status_code == (405 if path == "plan/" else 200), response.text
    assert len(lent) > 1
