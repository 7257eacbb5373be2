"""Change, version, event, job and document commit together or not at all."""

import asyncio
import itertools
import random
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.contract.paths import a_rule, group_at, tenant_at, to_group

from ringfence.clouds import queries as tenants
from ringfence.security_groups.read_model import documents

TABLES = (
    *("tenants", "security_groups", "security_group_rules", "security_group_versions"),
    *("security_group_documents", "events", "procrastinate_jobs"),
)
RULE = {"ethertype": "IPv4", "direction": "ingress"}


async def everything(world):
    """Return all rows that a command could change."""
    return {
        table: await world.value(f"SELECT jsonb_agg(t ORDER BY t::text) FROM {table} AS t")  # noqa: S608 - names from above
        for table in TABLES
    }


async def stale(world):
    async with world.database.connection() as connection:
        return await documents.stale(connection)


async def make_fail(world, table, event):
    """Make every change of a table fail, as a full disk or a violated constraint does."""
    await world.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'out of order'; END $$"
    )
    await world.execute(
        f"CREATE TRIGGER fail BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION fail()"
    )


def commands(world, group):
    return {
        "create": (
            "POST",
            tenant_at(world.tenant_uuid, "create_security_group/"),
            {"name": "new", "rules": [a_rule()]},
        ),
        "update": ("PATCH", group_at(group), {"name": "new"}),
        "set_rules": ("POST", group_at(group, "set_rules/"), [a_rule(), to_group(group)]),
        "pull": ("POST", group_at(group, "pull/"), None),
        "delete": ("DELETE", group_at(group), None),
        "unlink": ("POST", group_at(group, "unlink/"), None),
        "tenant_pull": ("POST", tenant_at(world.tenant_uuid, "pull_security_groups/"), None),
    }


WRITES = {
    "create": [*TABLES[1:]],
    "update": ["security_groups", *TABLES[3:]],
    "set_rules": [*TABLES[1:]],
    "pull": ["security_groups", *TABLES[4:]],
    "delete": ["security_groups", *TABLES[4:]],
    "unlink": ["security_groups", "security_group_rules", "security_group_documents", "events"],
    "tenant_pull": ["tenants", "events", "procrastinate_jobs"],
}


@pytest.mark.parametrize("table", TABLES)
async def test_where_one_part_fails_nothing_remains_of_the_others(api, world, table):
    group = await world.group("web", rules=[RULE])
    remote_id = await world.value("SELECT id FROM security_groups")
    await world.group("naming", rules=[RULE | {"remote_group_id": remote_id}])
    await make_fail(world, table, "INSERT OR UPDATE OR DELETE")
    before = await everything(world)
    staff = api("staff")
    for command, (method, path, body) in commands(world, group).items():
        if table in WRITES[command]:
            response = await staff.request(method, path, json=body)
            assert response.status_code == 500, command
            assert response.json()["reference"] == response.headers["X-Request-ID"]
            assert "out of order" not in response.text
            assert await everything(world) == before, command


async def test_an_internal_error_has_a_reference_of_its_own_whatever_the_request_id(
    client, world, caplog
):
    group = await world.group("web")
    await make_fail(world, "security_groups", "UPDATE")
    headers = {"X-Request-ID": "chosen-by-the-client"}
    response = await client.post(
        f"/api/openstack-security-groups/{group.hex}/pull/", headers=headers
    )
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] == "chosen-by-the-client"
    reference = response.json()["reference"]
    assert reference != "chosen-by-the-client"
    assert reference in response.json()["detail"]
    assert reference in caplog.text


async def test_a_possible_token_is_not_accepted_as_a_request_id(client):
    response = await client.get("/api/users/me/", headers={"X-Request-ID": "a1" * 32})
    assert response.headers["X-Request-ID"] != "a1" * 32
    response = await client.get("/api/users/me/", headers={"X-Request-ID": "a1" * 16})
    assert response.headers["X-Request-ID"] == "a1" * 16


async def test_the_response_follows_the_commit(client, world):
    group = await world.group()
    # A deferred constraint, which is checked at the commit.
    await world.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'too late'; END $$"
    )
    await world.execute(
        "CREATE CONSTRAINT TRIGGER fail AFTER UPDATE ON security_groups "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()"
    )
    before = await everything(world)
    for method, path, body in (
        ("PATCH", group_at(group), {"name": "new"}),
        ("POST", group_at(group, "set_rules/"), []),
        ("DELETE", group_at(group), None),
    ):
        assert (await client.request(method, path, json=body)).status_code == 500
    assert await everything(world) == before


async def test_of_two_writers_of_one_group_one_wins_and_the_other_gets_a_409(client, world):
    for attempt in range(5):
        group = await world.group(f"group {attempt}")
        path = group_at(group, "set_rules/")
        responses = await asyncio.gather(
            client.post(path, json=[a_rule(from_port=1)]),
            client.post(path, json=[a_rule(from_port=2)]),
            client.patch(group_at(group), json={"description": "x"}),
        )
        assert sorted(response.status_code for response in responses) == [200, 409, 409]
        assert await world.value("SELECT version FROM security_groups WHERE uuid = %s", group) == 2
    assert await world.value("SELECT count(*) FROM procrastinate_jobs") == 5
    assert await stale(world) == []


async def test_of_two_groups_of_one_name_that_are_created_at_once_one_is(client, world):
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    for name in ("a", "b", "c"):
        responses = await asyncio.gather(
            *(client.post(path, json={"name": name}) for _ in range(4))
        )
        assert sorted(response.status_code for response in responses) == [201, 400, 400, 400]
    assert await world.value("SELECT count(*) FROM security_groups") == 3


async def test_two_groups_that_take_one_name_at_once_do_not_share_it(client, world):
    groups = [await world.group(name) for name in "abc"]
    responses = await asyncio.gather(
        *(client.patch(group_at(group), json={"name": "new"}) for group in groups)
    )
    assert sorted(response.status_code for response in responses) == [200, 400, 400]


async def test_a_quota_holds_against_creations_at_once(client, world):
    await world.execute(
        "INSERT INTO tenant_quotas SELECT id, 'security_group_count', 3 FROM tenants"
    )
    path = tenant_at(world.tenant_uuid, "create_security_group/")
    responses = await asyncio.gather(
        *(client.post(path, json={"name": f"group {n}"}) for n in range(6))
    )
    assert sorted(response.status_code for response in responses) == [201] * 3 + [400] * 3


async def test_two_groups_may_name_each_other_at_once(client, world):
    for attempt in range(5):
        one, other = await world.group(f"one {attempt}"), await world.group(f"other {attempt}")
        responses = await asyncio.gather(
            client.post(group_at(one, "set_rules/"), json=[to_group(other)]),
            client.post(group_at(other, "set_rules/"), json=[to_group(one)]),
        )
        assert [response.status_code for response in responses] == [200, 200]
        await world.execute("UPDATE security_groups SET state = 'OK'")
        async with world.database.transaction() as connection:
            await documents.refresh(connection, documents.TENANTS, [world.tenant_id])
        responses = await asyncio.gather(
            client.patch(group_at(one), json={"name": f"new one {attempt}"}),
            client.patch(group_at(other), json={"name": f"new other {attempt}"}),
        )
        assert [response.status_code for response in responses] == [200, 200]
        shown = (await client.get(group_at(one))).json()
        assert shown["rules"][0]["remote_group_name"] == f"new other {attempt}"
    assert await stale(world) == []


async def test_a_group_may_be_unlinked_while_others_come_to_name_it(api, world):
    client, staff = api("admin"), api("staff")
    for attempt in range(5):
        remote = await world.group(f"remote {attempt}")
        group = await world.group(f"group {attempt}")
        naming, unlinking = await asyncio.gather(
            client.post(group_at(group, "set_rules/"), json=[to_group(remote)]),
            staff.post(group_at(remote, "unlink/")),
        )
        assert unlinking.status_code == 204
        assert naming.status_code in {200, 400}
    open_rules = await world.value(
        "SELECT count(*) FROM security_group_rules "
        "WHERE remote_group_id IS NULL AND unresolved_group_backend_id IS NULL"
    )
    assert open_rules == 0
    assert await stale(world) == []


async def test_a_group_may_be_unlinked_while_its_document_is_written(api, world):
    remote = await world.group("remote")
    remote_id = await world.value("SELECT id FROM security_groups")
    await world.group("naming", rules=[RULE | {"remote_group_id": remote_id}])
    async with world.database.transaction() as connection:
        await documents.hold(connection, [remote_id])
        unlinking = asyncio.create_task(api("staff").post(group_at(remote, "unlink/")))
        await asyncio.sleep(0.1)
        await documents.refresh(connection, documents.GROUPS, [remote_id])
    assert (await unlinking).status_code == 204
    assert await stale(world) == []


async def test_documents_equal_their_definition_after_every_command(api, world):
    staff = api("staff")
    for command in commands(world, uuid4()):
        group = await world.group(f"for {command}", rules=[RULE])
        group_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", group)
        await world.group(f"naming {command}", rules=[RULE | {"remote_group_id": group_id}])
        method, path, body = commands(world, group)[command]
        if command == "update":
            body = {"name": f"renamed by {command}"}
        assert (await staff.request(method, path, json=body)).is_success, command
        assert await stale(world) == [], command


class Mix:
    """Independent writers on one tenant."""

    def __init__(self, api, world, seed):
        self.random = random.Random(seed)  # noqa: S311 - an order of work, not a secret
        self.staff, self.world = api("staff"), world
        self.groups: list[UUID] = []
        self.statuses: set[int] = set()

    async def step(self):
        often = [self.set_rules, self.settle]
        once = [self.create, self.rename, self.pull, self.delete, self.unlink, self.rename_around]
        chosen = self.random.choice([*once, *often, *often])
        await chosen()

    async def ask(self, method, path, body=None):
        response = await self.staff.request(method, path, json=body)
        self.statuses.add(response.status_code)
        assert response.status_code < 500, response.text
        return response

    def any(self):
        return self.random.choice(self.groups) if self.groups else uuid4()

    def rules(self):
        count = self.random.randrange(4)
        ports = self.random.sample(range(1, 99), count)
        return [
            a_rule(from_port=port, to_port=port)
            if self.random.random() < 0.3
            else to_group(self.any(), from_port=port, to_port=port)
            for port in ports
        ]

    async def create(self):
        path = tenant_at(self.world.tenant_uuid, "create_security_group/")
        name = f"group {self.random.randrange(12)}"
        response = await self.ask("POST", path, {"name": name, "rules": self.rules()})
        if response.status_code == 201:
            self.groups.append(UUID(response.json()["uuid"]))

    async def rename(self):
        name = f"group {self.random.randrange(12)}"
        await self.ask("PATCH", group_at(self.any()), {"name": name})

    async def set_rules(self):
        await self.ask("POST", group_at(self.any(), "set_rules/"), self.rules())

    async def pull(self):
        await self.ask("POST", group_at(self.any(), "pull/"))

    async def delete(self):
        await self.ask("DELETE", group_at(self.any()))

    async def unlink(self):
        group = self.any()
        await self.ask("POST", group_at(group, "unlink/"))
        if group in self.groups:
            self.groups.remove(group)

    async def settle(self):
        """Act as the worker: the desired state is applied to the cloud."""
        async with self.world.database.transaction() as connection:
            await tenants.lock(connection, self.world.tenant_id)
            cursor = await connection.execute(
                "UPDATE security_groups SET state = 'OK', backend_id = hex(uuid), modified = now() "
                "WHERE uuid = %s RETURNING id",
                [self.any()],
            )
            ids = [row[0] for row in await cursor.fetchall()]
            await documents.refresh(connection, documents.GROUPS, ids)

    async def rename_around(self):
        """Act as `ringfence load`: change a name that all documents contain."""
        table, selection, row_id = self.random.choice(
            [
                ("tenants", documents.TENANTS, self.world.tenant_id),
                ("projects", documents.PROJECTS, self.world.project_id),
                ("customers", documents.CUSTOMERS, self.world.customer_id),
                ("clouds", documents.CLOUDS, self.world.cloud_id),
            ]
        )
        async with self.world.database.transaction() as connection:
            name = f"name {self.random.randrange(99)}"
            await connection.execute(
                f"UPDATE {table} SET name = %s WHERE id = %s",  # noqa: S608 - names from above
                [name, row_id],
            )
            await documents.refresh(connection, selection, [row_id])


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_mix_of_writers_leaves_every_document_current_and_every_group_versioned(
    api, world, seed
):
    mix = Mix(api, world, seed)
    for _ in range(6):
        await mix.create()

    async def writer():
        for _ in range(34):
            await mix.step()

    await asyncio.gather(*(writer() for _ in range(6)))
    assert {200, 201, 204} <= mix.statuses
    assert await stale(world) == []
    unversioned = await world.value(
        "SELECT count(*) FROM security_groups AS sg WHERE sg.version <> "
        "(SELECT max(number) FROM security_group_versions WHERE security_group_id = sg.id)"
    )
    assert unversioned == 0
    no_longer_said = await world.value(
        "SELECT count(*) FROM security_group_rules WHERE num_nonnulls("
        "nullif(cidr, ''), remote_group_id, unresolved_group_backend_id) <> 1"
    )
    assert no_longer_said == 0, "a rule lost its remote end"


async def test_the_database_itself_refuses_two_remote_ends(world):
    remote_id = await world.value(
        "SELECT id FROM security_groups WHERE uuid = %s", await world.group("db")
    )
    ends = {
        "cidr": "10.0.0.0/8",
        "remote_group_id": remote_id,
        "unresolved_group_backend_id": "f" * 32,
        "remote_address_group_backend_id": "a" * 32,
    }
    for pair in itertools.combinations(ends.items(), 2):
        rule = RULE | dict(pair)
        if "unresolved_group_backend_id" in rule:
            rule["unresolved_group_name"] = "gone"
        with pytest.raises(psycopg.errors.CheckViolation):
            await world.group("web", rules=[rule])


async def test_the_database_itself_refuses_a_delete_that_would_open_a_rule(world):
    remote = await world.group("db")
    remote_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", remote)
    await world.group("web", rules=[RULE | {"remote_group_id": remote_id}])
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await world.execute("DELETE FROM security_groups WHERE uuid = %s", remote)
