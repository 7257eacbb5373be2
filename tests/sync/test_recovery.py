from uuid import uuid4

from ringfence.database.outbox import Job, defer_for_group
from ringfence.sync import recovery, schedule


async def jobs(place):
    async with place.database.connection() as connection:
        cursor = await connection.execute(
            "SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id"
        )
        return await cursor.fetchall()


async def long_ago(place):
    await place.world.execute("UPDATE security_groups SET modified = now() - interval '1 minute'")
    await place.world.execute(
        "UPDATE security_group_versions SET created = now() - interval '1 hour'"
    )


async def working(place, *, heartbeat_seconds_ago):
    uuid = await place.ask()
    async with place.database.transaction() as connection:
        await defer_for_group(connection, Job.PUSH_GROUP, uuid)
        cursor = await connection.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [heartbeat_seconds_ago],
        )
        (worker,) = await cursor.fetchone()
        await connection.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [worker]
        )
    return uuid


async def test_the_job_of_a_dead_worker_is_requeued(sandbox):
    await working(sandbox, heartbeat_seconds_ago=16)

    assert await recovery.requeue_stalled(sandbox.database) == 1

    assert await jobs(sandbox) == [("push_group", "todo")]


async def test_the_job_of_a_living_worker_is_left_alone(sandbox):
    await working(sandbox, heartbeat_seconds_ago=5)

    assert await recovery.requeue_stalled(sandbox.database) == 0

    assert await jobs(sandbox) == [("push_group", "doing")]


async def test_the_job_of_an_unknown_worker_is_requeued(sandbox):
    await working(sandbox, heartbeat_seconds_ago=5)
    await sandbox.world.execute("DELETE FROM procrastinate_workers")

    assert await recovery.requeue_stalled(sandbox.database) == 1


async def test_a_group_whose_job_was_lost_gets_one(sandbox):
    await sandbox.ask("created")
    await sandbox.ask("changed", state="UPDATE_SCHEDULED", backend_id="1", version=2)
    await sandbox.ask("pulled", state="UPDATING", backend_id="2", applied_version=1)
    await sandbox.ask("deleted", state="DELETION_SCHEDULED", backend_id="3", applied_version=1)
    await sandbox.ask("well", state="OK", backend_id="4", applied_version=1)
    await long_ago(sandbox)

    assert await recovery.requeue_lost(sandbox.database) == 4
    assert await recovery.requeue_lost(sandbox.database) == 0

    assert sorted(name for name, _ in await jobs(sandbox)) == [
        "delete_group",
        "pull_group",
        "push_group",
        "push_group",
    ]


async def test_a_group_that_was_loaded_in_such_a_state_stays_as_it_was_loaded(sandbox):
    await sandbox.ask("created")
    await sandbox.world.execute("UPDATE security_groups SET modified = now() - interval '1 minute'")

    assert await recovery.requeue_lost(sandbox.database) == 0


async def test_a_tenant_whose_job_was_lost_gets_one(sandbox):
    await sandbox.world.execute(
        "UPDATE tenants SET state = 'UPDATING', created = now() - interval '1 hour',"
        " modified = now() - interval '1 minute' WHERE uuid = %s",
        sandbox.tenant,
    )

    assert await recovery.requeue_lost(sandbox.database) == 1

    assert await jobs(sandbox) == [("pull_tenant", "todo")]


async def test_tenants_are_pulled_once_an_interval(sandbox):
    interval = 7200.0
    assert await schedule.queue_due_pulls(sandbox.database, interval) == 0
    await sandbox.world.execute("UPDATE tenants SET pull_scheduled = now() - interval '2 hours'")

    assert await schedule.queue_due_pulls(sandbox.database, interval) == 2
    assert await schedule.queue_due_pulls(sandbox.database, interval) == 0

    assert await jobs(sandbox) == [("pull_tenant", "todo")] * 2


async def test_a_queued_pull_is_not_queued_twice(sandbox):
    for _ in range(2):
        await sandbox.world.execute(
            "UPDATE tenants SET pull_scheduled = now() - interval '2 hours'"
        )
        await schedule.queue_due_pulls(sandbox.database, 7200.0)

    assert len(await jobs(sandbox)) == 2


async def test_jobs_that_ended_long_ago_are_deleted(sandbox):
    async with sandbox.database.transaction() as connection:
        await defer_for_group(connection, Job.PUSH_GROUP, uuid4())
        await defer_for_group(connection, Job.PUSH_GROUP, uuid4())
        await connection.execute("UPDATE procrastinate_jobs SET status = 'failed'")
        await connection.execute(
            "UPDATE procrastinate_events SET at = now() - interval '30 days'"
            " WHERE job_id = (SELECT min(id) FROM procrastinate_jobs)"
        )

    await recovery.delete_old_jobs(sandbox.database, 24)

    assert len(await jobs(sandbox)) == 1


async def test_a_job_that_is_assigned_to_a_worker_and_does_not_run_is_requeued_at_the_second_check(
    sandbox,
):
    await working(sandbox, heartbeat_seconds_ago=1)
    worker, job = await sandbox.world.one("SELECT worker_id, id FROM procrastinate_jobs")

    suspected = await recovery.requeue_abandoned(sandbox.database, worker, set(), set())
    assert (suspected, await jobs(sandbox)) == ({job}, [("push_group", "doing")])

    assert await recovery.requeue_abandoned(sandbox.database, worker, set(), suspected) == set()
    assert await jobs(sandbox) == [("push_group", "todo")]


async def test_a_job_that_runs_is_no_suspect(sandbox):
    await working(sandbox, heartbeat_seconds_ago=1)
    worker, job = await sandbox.world.one("SELECT worker_id, id FROM procrastinate_jobs")

    assert await recovery.requeue_abandoned(sandbox.database, worker, {job}, {job}) == set()

    assert await jobs(sandbox) == [("push_group", "doing")]


async def test_a_job_delayed_by_a_clock_that_was_set_back_runs_now(sandbox):
    async with sandbox.database.transaction() as connection:
        await defer_for_group(connection, Job.PUSH_GROUP, await sandbox.ask())
    for ahead, expected in (("2 minutes", 0), ("1 day", 1)):
        await sandbox.world.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() + %s::interval", ahead
        )
        assert await recovery.requeue_stalled(sandbox.database) == expected
