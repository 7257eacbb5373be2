"""The sync status for staff, and confirming a mass removal that a pull held back."""

from tests.contract.paths import tenant_at

STATUS = "/api/sync-status/"


async def test_staff_sees_each_tenant_with_its_counts(api, world):
    await world.group("a")
    await world.group("b", state="ERRED", applied_version=0)
    await world.group("c", state="UPDATING")
    tenants = (await api("staff").get(STATUS)).json()
    [shown] = [each for each in tenants if each["uuid"] == world.tenant_uuid.hex]
    assert shown["groups"] == 3
    assert (shown["erred"], shown["in_flight"], shown["scheduled"]) == (1, 1, 0)
    assert (shown["cloud_state"], shown["mode"], shown["pulled_at"]) == ("OK", "adopt", None)


async def test_confirming_schedules_a_pull_that_marks_missing_groups(api, world):
    response = await api("staff").post(tenant_at(world.tenant_uuid, "confirm_missing/"))
    assert response.status_code == 202
    job = await world.value("SELECT args FROM procrastinate_jobs WHERE task_name = 'pull_tenant'")
    assert job["confirmed"] is True
    assert (
        await world.value("SELECT state FROM tenants WHERE id = %s", world.tenant_id)
        == "UPDATE_SCHEDULED"
    )


async def test_an_ordinary_pull_confirms_nothing(client, world):
    await client.post(tenant_at(world.tenant_uuid, "pull/"))
    job = await world.value("SELECT args FROM procrastinate_jobs WHERE task_name = 'pull_tenant'")
    assert "confirmed" not in job
