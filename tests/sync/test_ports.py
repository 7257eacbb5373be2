"""Observe the ports of groups, and detach a group before it is deleted."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from tests.lab.proxy import Cut, Response
from tests.sync.conftest import Place, tcp

from ringfence.access.permissions import Actor
from ringfence.access.scope import Scope
from ringfence.neutron.port import CloudUnreachable, GroupInUse, Retry
from ringfence.neutron.sandbox import ports as sandbox_ports
from ringfence.neutron.sandbox.cloud import SandboxCloud
from ringfence.ports import observations
from ringfence.security_groups import commands, queries
from ringfence.security_groups.cloud_state import lifecycle
from ringfence.sync.jobs import JobHandlers
from ringfence.sync.ports import DETACH_ATTEMPTS, detach, group_in_use
from ringfence.sync.pull import pull_tenant
from ringfence.sync.push import delete_group, push_group

NUMBERS = (
    "SELECT substring(document FROM '\"instance_count\":([^,]*)') FROM security_group_documents"
    " WHERE security_group_id = (SELECT id FROM security_groups WHERE uuid = %s)"
)


@dataclass
class Net:
    """A network of the tenant's project for ports."""

    place: Place
    lab: object = None
    network: str = ""

    async def port(self, groups, **values) -> str:
        ids = [(await self.place.row(group))[1] for group in groups]
        if self.lab:
            values |= {"network": self.network, "project": self.place.project}
            return await asyncio.to_thread(self.lab.make_port, groups=ids, **values)
        async with self.place.database.transaction() as connection:
            return await sandbox_ports.add_port(connection, self.place.project, ids, **values)

    async def carried(self, port) -> set:
        listed = {
            found.id: found for found in await self.place.cloud.list_ports(self.place.project)
        }
        return set(listed[port].security_group_ids)


@pytest.fixture
def net(request, place) -> Net:
    if isinstance(place.cloud, SandboxCloud):
        return Net(place)
    lab = request.getfixturevalue("lab")
    return Net(place, lab, lab.make_network(place.project))


def instance(name):
    return {"device_id": name, "device_owner": "compute:nova", "name": f"{name}-eth0"}


async def made(place, name):
    uuid = await place.ask(name, rules=[tcp(22)])
    await push_group(place.database, place.clouds, uuid)
    return uuid


async def pull(place):
    return await pull_tenant(place.database, place.clouds, place.tenant, requested=True)


async def instances(place, uuid):
    return await place.world.value(NUMBERS, uuid)


async def scheduled(place, uuid):
    await place.schedule(uuid, "DELETION_SCHEDULED")
    return uuid


async def test_a_pull_of_a_tenant_counts_the_instances_that_carry_each_group(place, net):
    web, db, idle = [await made(place, name) for name in ("web", "db", "idle")]
    assert await instances(place, web) == "null"
    await net.port([web, db], **instance("vm-1"))
    # A second port of the same instance, and a port without an instance
    await net.port([web], **instance("vm-1"))
    await net.port([web], **instance("vm-2"))
    await net.port([web], device_owner="Octavia", device_id="lb-1")

    await pull(place)

    counts = [await instances(place, group) for group in (web, db, idle)]
    assert counts == ["2", "1", "0"]
    assert await place.documents_are_fresh()


async def test_a_pull_writes_only_what_changed_and_renders_only_whose_number_did(sandbox):
    net = Net(sandbox)
    web, db = [await made(sandbox, name) for name in ("web", "db")]
    await net.port([web, db], **instance("vm-1"))
    await pull(sandbox)
    versions = "SELECT array_agg((id, xmin)::text ORDER BY id) FROM cloud_ports"
    stored = (
        "SELECT array_agg((security_group_id, xmin)::text ORDER BY security_group_id)"
        " FROM security_group_documents"
    )
    before = [await sandbox.world.value(statement) for statement in (versions, stored)]

    await pull(sandbox)
    assert [await sandbox.world.value(statement) for statement in (versions, stored)] == before

    await net.port([db], **instance("vm-2"))
    await pull(sandbox)
    after = await sandbox.world.value(stored)
    assert sum(one != other for one, other in zip(after, before[1], strict=True)) == 1
    assert await instances(sandbox, db) == "2"


async def test_a_port_that_is_deleted_or_detached_is_not_counted_any_more(sandbox):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    first, _ = [await net.port([web], **instance(name)) for name in ("vm-1", "vm-2")]
    await pull(sandbox)
    await sandbox.cloud.set_port_groups(first, [], revision=1)
    await pull(sandbox)
    assert await instances(sandbox, web) == "1"
    await sandbox.world.execute("DELETE FROM sandbox_ports")
    await pull(sandbox)
    assert await instances(sandbox, web) == "0"
    assert await sandbox.world.value("SELECT count(*) FROM cloud_ports") == 0


async def test_floating_addresses_are_kept_with_their_port(sandbox):
    net = Net(sandbox)
    port = await net.port([await made(sandbox, "web")], fixed_ips=["10.0.0.3"], **instance("vm-1"))
    async with sandbox.database.transaction() as connection:
        await sandbox_ports.add_floating_ip(connection, "203.0.113.7", port)
    await pull(sandbox)
    row = await sandbox.world.one("SELECT addresses, floating_addresses FROM cloud_ports")
    assert row == (["10.0.0.3"], ["203.0.113.7"])


async def test_credentials_that_may_not_read_ports_leave_them_unknown(neutron, calls):
    web = await made(neutron, "web")
    refused = Response(403, b'{"NeutronError": {"type": "PolicyNotAuthorized", "message": "no"}}')
    calls.fault("GET", "/v2.0/ports", refused)
    await pull(neutron)
    assert await instances(neutron, web) == "null"


async def test_ports_that_cannot_be_read_for_now_are_read_by_the_next_try(neutron, calls):
    web = await made(neutron, "web")
    calls.fault("GET", "/v2.0/ports", Response(503))
    with pytest.raises(Retry):
        await pull(neutron)
    assert await instances(neutron, web) == "null"
    await pull(neutron)
    assert await instances(neutron, web) == "0"


async def test_a_group_that_only_the_cloud_knows_to_be_in_use_is_refused_by_name(place, net):
    web, other = [await made(place, name) for name in ("web", "other")]
    await place.world.execute(
        "UPDATE security_group_rules SET cidr = NULL, remote_group_id ="
        " (SELECT id FROM security_groups WHERE uuid = %s) WHERE security_group_id ="
        " (SELECT id FROM security_groups WHERE uuid = %s)",
        web,
        other,
    )
    port = await net.port([web], **instance("vm-1"))
    await scheduled(place, web)

    with pytest.raises(GroupInUse) as caught:
        await delete_group(place.database, place.clouds, web)

    said = str(caught.value)
    assert said.startswith("Security group web is in use by 1 port: ")
    assert f"vm-1-eth0 ({port})" in said
    assert "Rules of the security group other refer to it." in said
    assert "?detach=true" in said
    # The ports read on the way are stored, so the next request is refused early.
    assert await place.world.value("SELECT backend_id FROM cloud_ports") == port
    assert await instances(place, web) == "1"


async def test_use_by_a_port_that_is_not_visible_is_reported_as_such(sandbox):
    web = await made(sandbox, "web")
    group = await claim(sandbox, await scheduled(sandbox, web))
    error = await group_in_use(sandbox.database, sandbox.cloud, group)
    assert str(error) == (
        "Security group web is in use by a port that is not visible with the credentials for"
        " this cloud."
    )


async def claim(place, uuid):
    async with place.database.transaction() as connection:
        return await lifecycle.claim(connection, uuid, lifecycle.DELETED)


async def test_detach_takes_the_group_off_its_ports_which_keep_their_others(place, net):
    web, db = [await made(place, name) for name in ("web", "db")]
    both, only, none = [await net.port(groups) for groups in ([web, db], [web], [db])]
    (kept,) = await net.carried(none)
    await scheduled(place, web)

    assert await delete_group(place.database, place.clouds, web, detach=True)

    assert await place.row(web) is None
    assert [await net.carried(port) for port in (both, only, none)] == [{kept}, set(), {kept}]
    events = await place.events()
    assert events.count("security_group_detached") == 2
    assert events[-1] == "security_group_deleted"


class ChangingCloud:
    """A cloud where somebody changes a port between the read and the change."""

    def __init__(self, cloud, change):
        self._cloud = cloud
        self._change = change

    async def set_port_groups(self, port_id, group_ids, *, revision):
        await self._change(port_id, revision)
        await self._cloud.set_port_groups(port_id, group_ids, revision=revision)

    def __getattr__(self, name):
        return getattr(self._cloud, name)


async def test_a_concurrent_change_of_a_port_is_not_lost(place, net):
    web, db, late = [await made(place, name) for name in ("web", "db", "late")]
    port = await net.port([web, db])
    ids = {name: (await place.row(uuid))[1] for name, uuid in (("db", db), ("late", late))}
    web_id = (await place.row(web))[1]
    struck = []

    async def put_late_on(port_id, revision):
        if not struck:
            struck.append(port_id)
            groups = [web_id, ids["db"], ids["late"]]
            await place.cloud.set_port_groups(port_id, groups, revision=revision)

    group = await claim(place, await scheduled(place, web))
    await detach(place.database, ChangingCloud(place.cloud, put_late_on), group, web_id)

    assert struck == [port]
    assert await net.carried(port) == {ids["db"], ids["late"]}


async def test_ports_that_never_come_to_rest_are_left_for_another_try(sandbox):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    web_id = (await sandbox.row(web))[1]
    port = await net.port([web])
    attempts = []

    async def touch(port_id, revision):
        attempts.append(port_id)
        await sandbox.cloud.set_port_groups(port_id, [web_id], revision=revision)

    group = await claim(sandbox, await scheduled(sandbox, web))
    with pytest.raises(Retry):
        await detach(sandbox.database, ChangingCloud(sandbox.cloud, touch), group, web_id)
    assert attempts == [port] * DETACH_ATTEMPTS
    assert await net.carried(port) == {web_id}


async def test_detach_continues_after_an_interruption(neutron, lab, calls):
    net = Net(neutron, lab, lab.make_network(neutron.project))
    web = await made(neutron, "web")
    carrying = [await net.port([web]) for _ in range(3)]
    await scheduled(neutron, web)
    # The second change reaches the cloud, and its response is lost.
    calls.fault("PUT", "/v2.0/ports/", Cut(after=True), nth=2)

    with pytest.raises(CloudUnreachable):
        await delete_group(neutron.database, neutron.clouds, web, detach=True)
    assert calls.count("PUT", "/v2.0/ports/") == 2
    assert await delete_group(neutron.database, neutron.clouds, web, detach=True)

    assert calls.count("PUT", "/v2.0/ports/") == 3
    assert [await net.carried(port) for port in carrying] == [set()] * 3


async def test_of_two_readings_at_once_the_one_that_began_later_stands(sandbox):
    web = await made(sandbox, "web")
    await Net(sandbox).port([web], **instance("vm-1"))
    await pull(sandbox)
    async with sandbox.database.transaction() as connection:
        earlier = await observations.observation_time(connection) - timedelta(hours=1)
        tenant = sandbox.world.tenant_id
        assert not await observations.store_ports(connection, tenant, [], earlier)
    assert await instances(sandbox, web) == "1"


async def test_a_pulled_default_group_takes_rules_and_keeps_its_name(place):
    await pull(place)
    uuid = await place.world.value("SELECT uuid FROM security_groups WHERE name = 'default'")
    staff = Actor(place.world.users["staff"], uuid4(), "staff", (), is_staff=True)
    group = await queries.get(place.database, Scope.of(staff), uuid)
    ssh = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
    await commands.set_rules(place.database, staff, group, [ssh])

    assert await push_group(place.database, place.clouds, uuid)

    state, _, version, applied, error, name = await place.row(uuid)
    assert (state, version, applied, error, name) == ("OK", 2, 2, "", "default")
    found = await place.found(uuid)
    assert (found.name, len(found.rules)) == ("default", 1)


def job():
    return SimpleNamespace(job=SimpleNamespace(attempts=0, task_name="delete_group", id=1))


async def test_a_group_in_use_becomes_erred_with_its_ports_unless_the_job_detaches_it(sandbox):
    web = await made(sandbox, "web")
    port = await Net(sandbox).port([web], **instance("vm-1"))
    desk = JobHandlers(sandbox.database, sandbox.clouds)

    await desk.delete_group(job(), security_group=(await scheduled(sandbox, web)).hex)
    state, *_, error, _ = await sandbox.row(web)
    assert state == "ERRED"
    assert f"in use by 1 port: vm-1-eth0 ({port})" in error

    await scheduled(sandbox, web)
    await desk.delete_group(job(), security_group=web.hex, detach=True)
    assert await sandbox.row(web) is None
