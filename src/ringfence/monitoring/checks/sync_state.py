"""Check the service: workers, jobs, pulls, discoveries, and groups that need an operator."""

from collections.abc import Mapping
from functools import partial
from typing import LiteralString

from ringfence.database.pool import Connection
from ringfence.monitoring.checks.check import (
    PREFIX,
    SHOWN_ITEMS,
    Check,
    Run,
    failed,
    few,
    passed,
    warning,
)
from ringfence.security_groups.cloud_state.never_pushed import never_pushed_groups

# As long as /health/ready waits; workers send a heartbeat every 5 s.
HEARTBEAT_SECONDS = 30
LONGEST_REASON = 120

_WORKERS: LiteralString = """
SELECT
    count(*) FILTER (WHERE abs(extract(EPOCH FROM now() - worker.last_heartbeat)) < %(seconds)s),
    extract(EPOCH FROM now() - max(worker.last_heartbeat))::bigint
FROM procrastinate_workers AS worker
"""

_ABANDONED: LiteralString = """
SELECT job.id, job.task_name
FROM procrastinate_jobs AS job
LEFT JOIN procrastinate_workers AS worker ON job.worker_id = worker.id
WHERE job.status = 'doing'
    AND coalesce(worker.last_heartbeat, '-infinity') < now() - interval '1 minute'
ORDER BY job.id
"""

_WAITING: LiteralString = """
SELECT job.id, job.task_name
FROM procrastinate_jobs AS job
INNER JOIN procrastinate_events AS event ON job.id = event.job_id AND event.type = 'deferred'
WHERE job.status = 'todo'
    AND greatest(event.at, job.scheduled_at) < now() - interval '5 minutes'
ORDER BY job.id
"""

_IN_TRANSITION: LiteralString = """
SELECT sg.uuid, sg.state
FROM security_groups AS sg
WHERE sg.state NOT IN ('OK', 'ERRED') AND sg.modified < now() - interval '15 minutes'
ORDER BY sg.id
"""

_ERRED: LiteralString = """
SELECT tenant.name, sg.name, sg.error_message, count(*) OVER ()
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE sg.state = 'ERRED'
ORDER BY tenant.name, sg.name, sg.id
LIMIT %(shown)s
"""

_FAILED_PULLS: LiteralString = """
SELECT tenant.name, tenant.error_message
FROM tenants AS tenant
WHERE tenant.state = 'ERRED' OR tenant.error_message <> ''
ORDER BY tenant.name, tenant.id
"""

_OF_WRITE_TESTS: LiteralString = """
SELECT tenant.name, sg.name
FROM security_groups AS sg
INNER JOIN tenants AS tenant ON sg.tenant_id = tenant.id
WHERE starts_with(sg.name, %(prefix)s)
ORDER BY tenant.name, sg.name
"""

# Those that the schedule pulls: a pull that fails has a message, and is another check.
_OVERDUE: LiteralString = """
SELECT tenant.name, pull.pulled_at
FROM tenants AS tenant
INNER JOIN clouds AS cloud ON tenant.cloud_id = cloud.id
LEFT JOIN tenant_pulls AS pull ON tenant.id = pull.tenant_id
WHERE
    tenant.state <> 'ERRED'
    AND tenant.error_message = ''
    AND (tenant.backend_id <> '' OR cloud.backend = 'sandbox')
    AND coalesce(pull.pulled_at, tenant.created) < now() - make_interval(secs => %(late)s)
ORDER BY pull.pulled_at NULLS FIRST, tenant.name, tenant.id
"""

_FAILED_DISCOVERIES: LiteralString = """
SELECT discovery.cloud, discovery.error_message
FROM discoveries AS discovery
WHERE discovery.follow AND discovery.error_message <> ''
ORDER BY discovery.cloud, discovery.id
"""


def checks(pull_interval: float) -> Mapping[str, Run]:
    """Return the checks of what runs and what waits, by name; `pull_interval` is in seconds."""
    return {
        "workers": _workers,
        "jobs of dead workers": partial(
            _jobs, name="jobs of dead workers", query=_ABANDONED, fix="start a worker"
        ),
        "waiting jobs": partial(
            _jobs, name="waiting jobs", query=_WAITING, fix="start more workers"
        ),
        "groups in transition": _in_transition,
        "groups in ERRED": _erred,
        "groups only here": _never_pushed,
        "pulls": _pulls,
        "overdue pulls": partial(_overdue, pull_interval=pull_interval),
        "discoveries": _discoveries,
        "groups of write tests": _write_tests,
    }


async def _workers(connection: Connection) -> Check:
    cursor = await connection.execute(_WORKERS, {"seconds": HEARTBEAT_SECONDS})
    running, age = await cursor.fetchone() or (0, None)
    tested = f"heartbeats within {HEARTBEAT_SECONDS} s"
    if running:
        found = f"{running} {'runs' if running == 1 else 'run'}, last heartbeat {age} s ago"
        return passed("workers", found, tested)
    last = "" if age is None else f", the last heartbeat was {age} s ago"
    return failed(
        "workers",
        f"none runs{last}: changes are queued and reach no cloud",
        tested,
        "start ringfence worker, or ringfence serve without --no-worker",
    )


async def _jobs(connection: Connection, name: str, query: LiteralString, fix: str) -> Check:
    rows = await (await connection.execute(query)).fetchall()
    found = [f"{task} ({job})" for job, task in rows]
    tested = "the job queue"
    return failed(name, few(found), tested, fix) if found else passed(name, "none", tested)


async def _in_transition(connection: Connection) -> Check:
    rows = await (await connection.execute(_IN_TRANSITION)).fetchall()
    found = [f"{uuid.hex} {state}" for uuid, state in rows]
    name, tested = "groups in transition", "states that did not change for 15 minutes"
    if not found:
        return passed(name, "none", tested)
    return failed(name, f"for more than 15 minutes: {few(found)}", tested, "see the worker's log")


async def _erred(connection: Connection) -> Check:
    cursor = await connection.execute(_ERRED, {"shown": SHOWN_ITEMS})
    rows = await cursor.fetchall()
    name, tested = "groups in ERRED", "states of all groups"
    if not rows:
        return passed(name, "none", tested)
    total = rows[0][3]
    shown = [f"{tenant} / {group} ({_cut(reason)})" for tenant, group, reason, _ in rows]
    more = f" and {total - len(rows)} more" if total > len(rows) else ""
    return failed(
        name,
        f"{total}: {', '.join(shown)}{more}",
        tested,
        "fix the cause, then push, change, pull or delete each group",
    )


async def _never_pushed(connection: Connection) -> Check:
    found = [f"{group.tenant} / {group.name}" for group in await never_pushed_groups(connection)]
    name, tested = "groups only here", "groups in OK without an ID in the cloud"
    if not found:
        return passed(name, "none", tested)
    return warning(
        name,
        f"{len(found)} never were in the cloud: {few(found)}",
        tested,
        "load their file with --push, or push each of them",
    )


async def _pulls(connection: Connection) -> Check:
    rows = await (await connection.execute(_FAILED_PULLS)).fetchall()
    found = [f"{name} ({message or 'ERRED'})" for name, message in rows]
    tested = "the last pull of each tenant"
    if not found:
        return passed("pulls", "none failed", tested)
    fix = "fix the cause, then run ringfence sync pull"
    return failed("pulls", f"failed or stopped: {few(found)}", tested, fix)


async def _overdue(connection: Connection, pull_interval: float) -> Check:
    # One interval late, and a minute for the queue
    late = 2 * pull_interval + 60
    rows = await (await connection.execute(_OVERDUE, {"late": late})).fetchall()
    found = [
        f"{name} ({f'{at:%Y-%m-%d %H:%M:%S} UTC' if at else 'never pulled'})" for name, at in rows
    ]
    name = "overdue pulls"
    tested = f"last pulls against RINGFENCE_PULL_INTERVAL, which is {pull_interval:g} s here"
    if not found:
        return passed(name, "none", tested)
    fix = "start more workers; see waiting jobs"
    return failed(name, f"{len(found)}: {few(found)}", tested, fix)


async def _discoveries(connection: Connection) -> Check:
    rows = await (await connection.execute(_FAILED_DISCOVERIES)).fetchall()
    found = [f"{cloud} ({_cut(reason)})" for cloud, reason in rows]
    name, tested = "discoveries", "the last run of each followed discovery"
    if not found:
        return passed(name, "none failed", tested)
    fix = "fix the cause, then run ringfence discover CLOUD --load"
    return failed(name, f"failed or stopped: {few(found)}", tested, fix)


async def _write_tests(connection: Connection) -> Check | None:
    """Return a warning for what a write test left in a cloud, and a pull has imported."""
    cursor = await connection.execute(_OF_WRITE_TESTS, {"prefix": PREFIX})
    found = [f"{tenant} / {name}" for tenant, name in await cursor.fetchall()]
    if not found:
        return None
    text = f"{len(found)} were left: {few(found)}"
    return warning("groups of write tests", text, "names of all groups", "delete them")


def _cut(reason: str) -> str:
    """Return an error message on one line, cut to a bounded length."""
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"
