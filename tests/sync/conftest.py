from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import pytest
from tests.factories.world import World, make_world
from tests.lab.fixtures import lab, neutron_proxy, openstack_project
from tests.lab.proxy import Proxy

from ringfence.clouds.placement import placement_of
from ringfence.neutron.port import CloudGroup, CloudRule, NetworkCloud
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.rules import canonical
from ringfence.sync.drivers import Clouds, project_of
from ringfence.sync.plan import rule_from_cloud

__all__ = ["lab", "neutron_proxy", "openstack_project"]


@dataclass
class Place:
    """A tenant: its rows and its cloud."""

    world: World
    clouds: Clouds
    cloud: NetworkCloud
    project: str

    @property
    def database(self):
        return self.world.database

    @property
    def tenant(self) -> UUID:
        return self.world.tenant_uuid

    async def ask(self, name="web", rules=(), **columns) -> UUID:
        """Create a group as the API leaves it: desired, and not in the cloud yet."""
        asked = {"state": "CREATION_SCHEDULED", "backend_id": "", "applied_version": 0}
        return await self.world.group(name, rules=list(rules), **asked | columns)

    async def change_rules(self, uuid: UUID, rules) -> None:
        """Set other rules, like `set_rules`."""
        async with self.database.transaction() as connection:
            cursor = await connection.execute(
                "UPDATE security_groups SET state = 'UPDATE_SCHEDULED', version = version + 1,"
                " modified = now() WHERE uuid = %s RETURNING id",
                [uuid],
            )
            (group,) = await cursor.fetchone()
            await connection.execute(
                "DELETE FROM security_group_rules WHERE security_group_id = %s", [group]
            )
            for position, rule in enumerate(rules):
                values = {"security_group_id": group, "position": position} | rule
                marks = ", ".join(f"%({name})s" for name in values)
                await connection.execute(
                    f"INSERT INTO security_group_rules ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 - names of columns
                    values,
                )
            await documents.refresh(connection, documents.GROUPS, [group])

    async def schedule(self, uuid: UUID, state: str) -> None:
        await self.world.execute(
            "UPDATE security_groups SET state = %s, modified = now() WHERE uuid = %s", state, uuid
        )

    async def row(self, uuid: UUID):
        return await self.world.one(
            "SELECT state, backend_id, version, applied_version, error_message, name"
            " FROM security_groups WHERE uuid = %s",
            uuid,
        )

    async def found(self, uuid: UUID) -> CloudGroup:
        return await self.cloud.get_group((await self.row(uuid))[1])

    async def keys(self, uuid: UUID) -> set:
        """The rules in the cloud as keys."""
        return {canonical(rule_from_cloud(rule)) for rule in (await self.found(uuid)).rules}

    async def rows(self, uuid: UUID) -> list:
        async with self.database.connection() as connection:
            cursor = await connection.execute(
                "SELECT rule.protocol, rule.from_port, rule.to_port, rule.cidr"
                " FROM security_group_rules AS rule INNER JOIN security_groups AS sg"
                " ON sg.id = rule.security_group_id WHERE sg.uuid = %s ORDER BY rule.position",
                [uuid],
            )
            return await cursor.fetchall()

    async def events(self) -> list[str]:
        async with self.database.connection() as connection:
            cursor = await connection.execute("SELECT event_type FROM events ORDER BY id")
            return [row[0].removeprefix("openstack_") for row in await cursor.fetchall()]

    async def documents_are_fresh(self) -> bool:
        async with self.database.connection() as connection:
            return await documents.stale(connection) == []


def tcp(port, **values) -> dict:
    return (
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
        | values
        | {
            "ethertype": "IPv4",
            "direction": "ingress",
        }
    )


def cloud_tcp(port, **values) -> CloudRule:
    return CloudRule(
        **{"remote_ip_prefix": "10.0.0.0/8"} | values,
        ethertype="IPv4",
        direction="ingress",
        protocol="tcp",
        port_range_min=port,
        port_range_max=port,
    )


async def _place(database) -> Place:
    world = await make_world(database)
    clouds = Clouds(database)
    async with database.connection() as connection:
        placement = await placement_of(connection, world.tenant_uuid)
    return Place(world, clouds, clouds.of(placement), project_of(placement))


@pytest.fixture
async def sandbox(database):
    """A tenant in a sandbox cloud."""
    return await _place(database)


@asynccontextmanager
async def place_at(database, clouds_yaml, project, monkeypatch):
    """A tenant of the project, in the cloud of the entry `east`."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_yaml))
    place = await _place(database)
    await place.world.execute("UPDATE clouds SET backend = 'openstack', openstack_cloud = 'east'")
    await place.world.execute(
        "UPDATE tenants SET backend_id = %s WHERE uuid = %s", project, place.tenant
    )
    async with database.connection() as connection:
        placement = await placement_of(connection, place.tenant)
    place.cloud, place.project = place.clouds.of(placement), project
    yield place
    await place.clouds.close()


@pytest.fixture
async def neutron(database, lab, neutron_proxy, openstack_project, tmp_path, monkeypatch):
    """A tenant in the lab's Neutron behind the recording proxy."""
    path = lab.write_clouds(tmp_path, east={"network_endpoint_override": neutron_proxy.url})
    async with place_at(database, path, openstack_project, monkeypatch) as place:
        yield place


@pytest.fixture(params=["sandbox", "neutron"])
def place(request) -> Place:
    """A tenant in each of the two clouds."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def calls(neutron_proxy) -> Proxy:
    """The proxy with the calls to Neutron."""
    return neutron_proxy
