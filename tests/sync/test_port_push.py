"""Set the groups of ports in the cloud: merged with what others do, and never half."""

import asyncio
from uuid import UUID

import pytest
from tests.sync.conftest import Place
from tests.sync.test_ports import Net, instance, instances, made, net, pull

from ringfence.access.permissions import Actor
from ringfence.access.scope import Scope
from ringfence.neutron.port import CloudUnreachable, PortNotFound, Retry
from ringfence.ports import commands, lifecycle, queries
from ringfence.ports.group_changes import merged
from ringfence.sync import recovery
from ringfence.sync.failures import PortUpdateFailed, explain
from ringfence.sync.port_push import ATTEMPTS, PORT_NOT_FOUND, push_port

__all__ = ["net"]


async def row(place: Place, port: str):
    """Return the state, the observed and the desired groups of a port, and its error."""
    return await place.world.one(
        "SELECT state, security_group_ids, desired_security_group_ids, error_message"
        " FROM cloud_ports WHERE backend_id = %s",
        port,
    )


async def uuid_of(place: Place, port: str) -> UUID:
    return await place.world.value("SELECT uuid FROM cloud_ports WHERE backend_id = %s", port)


async def request(place: Place, port: str, *groups: UUID) -> UUID:
    """Set the groups of a port as a user does; return the port's UUID."""
    uuid = await uuid_of(place, port)
    staff = Actor(place.world.users["staff"], UUID(int=0), "staff", (), is_staff=True)
    target = await queries.get(place.database, Scope.of(staff), queries.PORT, uuid)
    body = {"security_groups": [f"/api/openstack-security-groups/{group.hex}/" for group in groups]}
    await commands.update_groups(place.database, staff, target, body)
    return uuid


async def ids(place: Place, *groups: UUID) -> set[str]:
    return {(await place.row(group))[1] for group in groups}


async def push(place: Place, uuid: UUID) -> bool:
    return await push_port(place.database, place.clouds, uuid)


async def test_the_port_gets_exactly_the_groups_and_the_instances_are_counted(place, net):
    web, db = [await made(place, name) for name in ("web", "db")]
    port = await net.port([web], **instance("vm-1"))
    await pull(place)
    assert [await instances(place, group) for group in (web, db)] == ["1", "0"]

    uuid = await request(place, port, db)
    assert await push(place, uuid)

    assert await net.carried(port) == await ids(place, db)
    state, observed, desired, error = await row(place, port)
    assert (state, set(observed), desired, error) == ("OK", await ids(place, db), None, "")
    assert [await instances(place, group) for group in (web, db)] == ["0", "1"]
    assert await place.documents_are_fresh()
    events = (await place.events())[-3:]
    assert events == [
        "port_security_groups_changed",
        "resource_update_security_groups_scheduled",
        "resource_update_security_groups_succeeded",
    ]
    # Again: nothing is pending, and the next pull finds no difference.
    assert not await push(place, uuid)
    await pull(place)
    assert (await row(place, port))[:2] == (state, observed)


async def test_all_groups_can_be_removed(place, net):
    web = await made(place, "web")
    port = await net.port([web])
    await pull(place)
    await push(place, await request(place, port))
    assert await net.carried(port) == set()


async def test_what_others_change_between_request_and_push_stays(place, net):
    web, db, mail, log = [await made(place, name) for name in ("web", "db", "mail", "log")]
    port = await net.port([web, log])
    await pull(place)
    uuid = await request(place, port, web, db)
    # Somebody else adds one group, and removes one that the user left.
    (read,) = await place.cloud.list_ports(place.project)
    others = sorted(await ids(place, log, mail))
    await place.cloud.set_port_groups(port, others, revision=read.revision_number)

    await push(place, uuid)

    assert await net.carried(port) == await ids(place, db, mail)
    context = await place.world.value(
        "SELECT context FROM events WHERE event_type LIKE '%%succeeded' ORDER BY id DESC LIMIT 1"
    )
    assert set(context["changed_by_others"]) == await ids(place, web, mail)


class Meddling:
    """A cloud in which somebody else changes the port right before each call sets its groups."""

    def __init__(self, cloud, times) -> None:
        self._cloud, self.times = cloud, times

    def __getattr__(self, name):
        return getattr(self._cloud, name)

    async def set_port_groups(self, port_id, group_ids, *, revision):
        if self.times:
            self.times -= 1
            found = await self._cloud.get_port(port_id)
            same = found.security_group_ids
            await self._cloud.set_port_groups(port_id, same, revision=found.revision_number)
        await self._cloud.set_port_groups(port_id, group_ids, revision=revision)


async def test_a_port_at_another_revision_is_read_again(sandbox, monkeypatch):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([])
    await pull(sandbox)
    uuid = await request(sandbox, port, web)
    cloud = Meddling(sandbox.cloud, ATTEMPTS - 2)
    monkeypatch.setattr(sandbox.clouds, "of", lambda _: cloud)
    await push(sandbox, uuid)
    assert (await net.carried(port), cloud.times) == (await ids(sandbox, web), 0)


async def test_a_port_that_never_rests_is_tried_again_later(sandbox, monkeypatch):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([])
    await pull(sandbox)
    uuid = await request(sandbox, port, web)
    with monkeypatch.context() as patch:
        patch.setattr(sandbox.clouds, "of", lambda _: Meddling(sandbox.cloud, 100))
        with pytest.raises(Retry, match="keeps changing"):
            await push(sandbox, uuid)
    assert (await row(sandbox, port))[0] == "UPDATING"
    await push(sandbox, uuid)
    assert await net.carried(port) == await ids(sandbox, web)


async def test_a_lost_response_is_no_error(sandbox, monkeypatch):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([])
    await pull(sandbox)
    uuid = await request(sandbox, port, web)

    class Losing(Meddling):
        async def set_port_groups(self, port_id, group_ids, *, revision):
            await self._cloud.set_port_groups(port_id, group_ids, revision=revision)
            raise CloudUnreachable("The response was lost.")

    with monkeypatch.context() as patch:
        patch.setattr(sandbox.clouds, "of", lambda _: Losing(sandbox.cloud, 0))
        with pytest.raises(CloudUnreachable):
            await push(sandbox, uuid)
    await push(sandbox, uuid)
    assert (await row(sandbox, port))[:2] == ("OK", list(await ids(sandbox, web)))


async def test_a_group_that_vanished_from_the_cloud_fails_the_change(place, net):
    web, db = [await made(place, name) for name in ("web", "db")]
    port = await net.port([web])
    await pull(place)
    uuid = await request(place, port, web, db)
    (db_id,) = await ids(place, db)
    await place.cloud.delete_group(db_id)
    with pytest.raises(PortUpdateFailed, match=f"{db_id}.*Nothing was changed") as failed:
        await push(place, uuid)
    assert await net.carried(port) == await ids(place, web)
    # The message says what to do, so none is added.
    assert explain(failed.value, "push_port") == str(failed.value)


async def test_a_port_that_vanished_fails_the_change(sandbox):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([])
    await pull(sandbox)
    uuid = await request(sandbox, port, web)
    await sandbox.world.execute("DELETE FROM sandbox_ports")
    with pytest.raises(PortUpdateFailed) as failed:
        await push(sandbox, uuid)
    assert str(failed.value) == PORT_NOT_FOUND
    with pytest.raises(PortNotFound):
        await sandbox.cloud.get_port(port)
    await pull(sandbox)
    assert await row(sandbox, port) is None
    # Nothing is left to do for its job.
    assert not await push(sandbox, uuid)


async def test_a_failure_shows_what_the_cloud_has_and_forgets_the_change(sandbox):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([])
    await pull(sandbox)
    uuid = await request(sandbox, port, web)
    async with sandbox.database.transaction() as connection:
        assert await lifecycle.record_failure(connection, uuid, "The cloud said no.")
        assert not await lifecycle.record_failure(connection, uuid, "Again.")
    assert await row(sandbox, port) == ("ERRED", [], None, "The cloud said no.")
    assert (await sandbox.events())[-1] == "resource_update_security_groups_failed"
    assert not await push(sandbox, uuid)
    # Requested again, it is carried out.
    await request(sandbox, port, web)
    await push(sandbox, uuid)
    assert (await row(sandbox, port))[0] == "OK"


async def test_a_list_that_was_read_before_the_push_does_not_undo_what_it_stored(sandbox):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([], **instance("vm-1"))
    await pull(sandbox)
    uuid = await request(sandbox, port, web)
    arrived, go_on = asyncio.Event(), asyncio.Event()
    list_floating_ips = sandbox.cloud.list_floating_ips

    async def slowly(project):
        arrived.set()
        await go_on.wait()
        return await list_floating_ips(project)

    sandbox.cloud.list_floating_ips = slowly
    pulling = asyncio.create_task(pull(sandbox))
    await arrived.wait()
    await push(sandbox, uuid)
    go_on.set()
    await pulling
    assert (await row(sandbox, port))[:2] == ("OK", list(await ids(sandbox, web)))
    assert await instances(sandbox, web) == "1"
    sandbox.cloud.list_floating_ips = list_floating_ips
    await pull(sandbox)
    assert (await row(sandbox, port))[1] == list(await ids(sandbox, web))


async def test_a_port_whose_job_was_lost_gets_one(sandbox):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([])
    await pull(sandbox)
    await request(sandbox, port, web)
    await sandbox.world.execute("DELETE FROM procrastinate_jobs")
    await sandbox.world.execute("UPDATE cloud_ports SET modified = now() - interval '1 minute'")
    assert await recovery.requeue_lost(sandbox.database) == 1
    assert await recovery.requeue_lost(sandbox.database) == 0
    assert await sandbox.world.value("SELECT task_name FROM procrastinate_jobs") == "push_port"


async def test_a_port_of_another_project_is_not_changed(sandbox):
    net = Net(sandbox)
    web = await made(sandbox, "web")
    port = await net.port([])
    await pull(sandbox)
    uuid = await request(sandbox, port, web)
    await sandbox.world.execute("UPDATE sandbox_ports SET project_id = 'another'")
    with pytest.raises(PortUpdateFailed, match="belongs to the project another"):
        await push(sandbox, uuid)


@pytest.mark.parametrize(
    ("current", "base", "desired", "expected"),
    [
        ("ab", "ab", "cd", "cd"),
        ("abx", "ab", "bc", "bxc"),
        ("b", "ab", "ac", "c"),
        ("cd", "ab", "cd", "cd"),
        ("", "a", "", ""),
        ("ax", "a", "", "x"),
        ("abc", "", "b", "abc"),
    ],
)
def test_only_the_requested_difference_is_applied(current, base, desired, expected):
    assert "".join(merged(current, base, desired)) == expected
