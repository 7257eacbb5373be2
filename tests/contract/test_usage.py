"""The usage of a group, in responses, in filters, and when it is deleted."""

from datetime import datetime, timedelta

import pytest
from tests.contract.paths import GROUPS, group_at
from tests.contract.test_delete_pull_unlink import naming

from ringfence.errors import NotFound
from ringfence.ports.observations import ObservedPort, observation_time, store_ports
from ringfence.security_groups.usage import usage_document


def port(name, *groups, **values):
    standing = {
        "backend_id": f"id-of-{name}",
        "device_id": "vm-1",
        "device_owner": "compute:nova",
        "addresses": ("10.0.0.3",),
        "floating_addresses": (),
    }
    return ObservedPort(**standing | values, name=name, security_group_ids=tuple(groups))


async def observe(world, *found):
    """Store these ports as observed in the tenant's cloud."""
    async with world.database.transaction() as connection:
        taken = await observation_time(connection)
        await store_ports(connection, world.tenant_id, found, taken)


async def deletion(world):
    return await world.value("SELECT args FROM procrastinate_jobs WHERE task_name = 'delete_group'")


@pytest.fixture
async def web(world):
    return await world.group("web", backend_id="b-web")


async def test_the_number_of_instances_shows_once_ports_were_read(client, world, web):
    assert (await client.get(group_at(web))).json()["instance_count"] is None
    await observe(world, port("eth0", "b-web"), port("eth1", "b-web", device_id="vm-2"))
    assert (await client.get(group_at(web))).json()["instance_count"] == 2
    await observe(world)
    listed = (await client.get(GROUPS, params={"field": "instance_count"})).json()
    assert listed == [{"instance_count": 0}]


async def test_usage_shows_ports_referring_groups_and_the_time_of_observation(client, world, web):
    named = await naming(world, web)
    await observe(
        world,
        port("eth0", "b-web", "b-unknown", floating_addresses=("203.0.113.7",)),
        port("lb", "b-web", device_owner="Octavia", device_id="lb-1"),
        port("other", "b-unknown"),
    )
    response = await client.get(group_at(web, "usage/"))
    assert response.headers["Content-Type"] == "application/json"
    shown = response.json()
    observed = datetime.fromisoformat(shown.pop("observed_at"))
    assert abs(datetime.now(observed.tzinfo) - observed) < timedelta(minutes=1)
    assert shown == {
        "ports": [
            {
                "backend_id": "id-of-eth0",
                "name": "eth0",
                "device_id": "vm-1",
                "device_owner": "compute:nova",
                "addresses": ["10.0.0.3"],
                "floating": ["203.0.113.7"],
            },
            {
                "backend_id": "id-of-lb",
                "name": "lb",
                "device_id": "lb-1",
                "device_owner": "Octavia",
                "addresses": ["10.0.0.3"],
                "floating": [],
            },
        ],
        "ports_of_other_tenants": 0,
        "referenced_by": [
            {
                "uuid": named.hex,
                "name": "naming",
                "url": f"http://api.example.com{group_at(named)}",
            }
        ],
        "instance_count": 1,
    }


async def test_usage_that_was_never_observed_is_null(client, web):
    shown = (await client.get(group_at(web, "usage/"))).json()
    assert shown == {
        "ports": [],
        "ports_of_other_tenants": 0,
        "referenced_by": [],
        "instance_count": None,
        "observed_at": None,
    }


async def test_usage_is_for_those_who_see_the_group(api, world, web):
    statuses = {
        user: (await api(user).get(group_at(web, "usage/"))).status_code
        for user in ("staff", "support", "member", "unrelated")
    }
    assert statuses == {"staff": 200, "support": 200, "member": 200, "unrelated": 404}
    foreign = await world.group(tenant_id=world.foreign_tenant_id)
    assert (await api("admin").get(group_at(foreign, "usage/"))).status_code == 404


async def test_external_ip_finds_the_groups_on_ports_with_that_floating_address(client, world, web):
    await world.group("db", backend_id="b-db")
    await observe(
        world,
        port("eth0", "b-web", floating_addresses=("203.0.113.7", "203.0.113.8")),
        port("eth1", "b-web", "b-db", floating_addresses=("203.0.113.9",)),
    )

    async def found(address):
        listed = (await client.get(GROUPS, params={"external_ip": address, "o": "name"})).json()
        return [group["name"] for group in listed]

    assert web
    assert await found("203.0.113.7") == ["web"]
    assert await found(" 203.0.113.8 ") == ["web"]
    assert await found("203.0.113.9") == ["db", "web"]
    # A fixed IP address does not match, nor does an invalid address.
    for nothing in ("10.0.0.3", "203.0.113", "203.0.113.0/24", "nonsense", "{}"):
        assert await found(nothing) == []


async def test_a_group_in_use_is_not_deleted_and_the_error_names_its_users(client, world, web):
    await naming(world, web)
    await observe(world, port("eth0", "b-web"), port("", "b-web", backend_id="nameless"))
    response = await client.delete(group_at(web))
    assert response.status_code == 409
    (message,) = response.json().values()
    assert list(response.json()) == ["detail"]
    assert message.startswith(
        "Security group web is in use by 2 ports: nameless, eth0 (id-of-eth0) "
    )
    assert "Rules of the security group naming refer to it." in message
    assert message.endswith("Remove it from these ports first, or delete it with ?detach=true.")
    assert (await client.get(group_at(web))).json()["state"] == "OK"
    assert await deletion(world) is None
    assert await world.value("SELECT count(*) FROM events") == 0


async def test_of_many_ports_the_first_are_named_and_the_rest_counted(client, world, web):
    await observe(world, *(port(f"eth{number:02}", "b-web") for number in range(25)))
    message = (await client.delete(group_at(web))).json()["detail"]
    assert "in use by 25 ports: eth00 (id-of-eth00), " in message
    assert "eth19 (id-of-eth19) and 5 more (as of " in message


async def test_detach_lets_a_group_in_use_go_and_says_so_to_the_job_and_the_event(
    client, world, web
):
    await observe(world, port("eth0", "b-web"))
    for no, status in (("", 400), ("false", 409), ("maybe", 400), ("1", 400)):
        response = await client.delete(group_at(web), params={"detach": no})
        assert response.status_code == status
    response = await client.delete(group_at(web), params={"detach": "true"})
    assert (response.status_code, response.content) == (204, b"")
    assert (await deletion(world))["detach"] is True
    context = await world.value("SELECT context FROM events")
    assert context["ports"] == ["eth0 (id-of-eth0)"]


async def test_a_group_that_only_others_refer_to_is_deleted_and_the_event_names_them(
    client, world, web
):
    await naming(world, web)
    await observe(world)
    assert (await client.delete(group_at(web))).status_code == 204
    assert "detach" not in await deletion(world)
    assert (await world.value("SELECT context FROM events"))["referred_to_by"] == ["naming"]


async def test_what_is_forgotten_of_a_group_leaves_the_ports_of_others(api, world, web):
    await world.group("db", backend_id="b-db")
    await observe(world, port("eth0", "b-web", "b-db"))
    assert (await api("staff").post(group_at(web, "unlink/"))).status_code == 204
    (left,) = (await api("admin").get(GROUPS)).json()
    assert left["instance_count"] == 1


async def test_a_group_that_is_deleted_after_it_was_looked_up_has_no_usage(world, web):
    group_id = await world.value("SELECT id FROM security_groups WHERE uuid = %s", web)
    await world.execute("DELETE FROM security_groups WHERE uuid = %s", web)
    with pytest.raises(NotFound):
        await usage_document(world.database, group_id, "http://localhost")
