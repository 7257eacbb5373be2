"""A group that was deleted in the cloud: reported, and created again when its rules are set."""

import pytest

from ringfence.clouds.placement import placement_of
from ringfence.security_groups.states import NOT_FOUND
from ringfence.sync.drivers import Clouds, project_of
from ringfence.sync.push import push_group

PORTS = {"from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"}
RULE = {"ethertype": "IPv4", "direction": "ingress", "protocol": "tcp"} | PORTS


@pytest.fixture
async def missing(world):
    """A group that is missing in the cloud."""
    return await world.group(
        state="ERRED", error_message=NOT_FOUND, version=3, applied_version=3, backend_id="f" * 32
    )


async def test_set_rules_creates_it_again_with_an_event(world, client, missing):
    address = f"/api/openstack-security-groups/{missing.hex}/"

    response = await client.post(f"{address}set_rules/", json=[RULE])
    assert response.status_code == 200, response.text
    clouds = Clouds(world.database)
    await push_group(world.database, clouds, missing)

    group = (await client.get(address)).json()
    assert (group["state"], group["error_message"]) == ("OK", "")
    assert group["backend_id"] != "f" * 32
    async with world.database.connection() as connection:
        placement = await placement_of(connection, world.tenant_uuid)
    listed = await clouds.of(placement).list_groups(project_of(placement), name="web")
    assert [found.id for found in listed] == [group["backend_id"]]
    assert [rule.protocol for rule in listed[0].rules] == ["tcp"]
    message = await world.value(
        "SELECT message FROM events WHERE event_type = 'openstack_security_group_removed_remotely'"
    )
    assert message == "Security group web was not found in the cloud and is created again."


async def test_any_other_erred_group_still_refuses_set_rules(world, client):
    uuid = await world.group(state="ERRED", error_message="The cloud cannot be reached.")

    response = await client.post(
        f"/api/openstack-security-groups/{uuid.hex}/set_rules/", json=[RULE]
    )

    assert response.status_code == 409
    assert response.json()["detail"] == "Valid states for operation: OK."


async def test_it_can_be_deleted(world, client, missing):
    response = await client.delete(f"/api/openstack-security-groups/{missing.hex}/")

    assert response.status_code == 204
    state = await world.value("SELECT state FROM security_groups WHERE uuid = %s", missing)
    assert state == "DELETION_SCHEDULED"
