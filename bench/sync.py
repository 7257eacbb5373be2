# ruff: noqa: T201, S608, ASYNC110, ASYNC240 (a script that prints; its SQL holds no input)
"""Cost of synchronization with a real Neutron on loopback: `python -m bench.sync [GROUPS] [RULES]`.

Starts the Keystone and Neutron of the tests and a PostgreSQL of its own, and prints each figure
with its bound. The groups of the large tenant are written to Neutron's database directly:
creating a thousand of them would take Neutron ten minutes.
"""

import asyncio
import logging
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path

import structlog
from tests.factories.world import World, make_world
from tests.lab.openstack import OPENER, Lab, running_lab
from tests.lab.proxy import Proxy, recording_proxy
from tests.sync.conftest import Place, tcp

from ringfence.clouds.placement import placement_of
from ringfence.database.embedded.server import running
from ringfence.database.migrate import migrate
from ringfence.database.outbox import Job, defer_for_group
from ringfence.database.pool import Database
from ringfence.settings import Settings
from ringfence.sync.drivers import Clouds, project_of
from ringfence.sync.pull import pull_tenant
from ringfence.sync.push import push_group
from ringfence.sync.worker import run_worker

CREATES = 100
TRIES = 5
MEGABYTE = 1024 * 1024
# Far from the ids that Neutron assigns.
FIRST_ATTRIBUTE = 1_000_000_000


def say(what: str, found: object, bound: str = "") -> None:
    """Print one figure."""
    print(f"{what:<58} {found!s:>14}  {bound}", flush=True)


def fill(lab: Lab, project: str, groups: int, rules: int) -> None:
    """Insert groups with rules into Neutron's database."""
    first = FIRST_ATTRIBUTE + int(uuid.uuid4().hex[:6], 16) * 100
    ids = [str(uuid.uuid4()) for _ in range(groups)]
    attributes = iter(range(first, first + groups * (rules + 1)))
    with sqlite3.connect(lab.state / "run" / "db" / "neutron.db", timeout=60) as neutron:
        made_groups = [(f"group-{n}", next(attributes), ids[n], project) for n in range(groups)]
        made_rules = [
            (group, 1000 + n, 1000 + n, f"10.{n}.0.0/16", next(attributes), project)
            for group in ids
            for n in range(rules)
        ]
        for kind, made in (("securitygroups", made_groups), ("securitygrouprules", made_rules)):
            place = 1 if kind == "securitygroups" else 4
            neutron.executemany(
                "INSERT INTO standardattributes (id, resource_type, description, revision_number,"
                f" created_at) VALUES (?, '{kind}', '', 1, datetime('now') || '.000000')",
                [(row[place],) for row in made],
            )
        neutron.executemany(
            "INSERT INTO securitygroups (name, stateful, standard_attr_id, id, project_id)"
            " VALUES (?, 1, ?, ?, ?)",
            made_groups,
        )
        neutron.executemany(
            "INSERT INTO securitygrouprules (security_group_id, direction, ethertype, protocol,"
            " port_range_min, port_range_max, remote_ip_prefix, standard_attr_id, id, project_id)"
            " VALUES (?, 'ingress', 'IPv4', 'tcp', ?, ?, ?, ?, lower(hex(randomblob(16))), ?)",
            made_rules,
        )


async def place_of(world: World, project: str) -> Place:
    """Map the world's tenant to an OpenStack project."""
    await world.execute("UPDATE clouds SET backend = 'openstack', openstack_cloud = 'east'")
    await world.execute(
        "UPDATE tenants SET backend_id = %s WHERE uuid = %s", project, world.tenant_uuid
    )
    clouds = Clouds(world.database)
    async with world.database.connection() as connection:
        placement = await placement_of(connection, world.tenant_uuid)
    return Place(world, clouds, clouds.of(placement), project_of(placement))


async def changes(place: Place, proxy: Proxy) -> None:
    """Count the calls of one group's changes."""
    rules = [tcp(port) for port in range(1000, 1010)]
    group = await place.ask(rules=rules)
    await push_group(place.database, place.clouds, group)
    for what, sent, bound in (
        ("set_rules that changes nothing", rules, "bound: 1 GET"),
        ("set_rules that drops 1 rule and adds 3", [*rules[1:], tcp(1), tcp(2), tcp(3)], ""),
    ):
        await place.change_rules(group, sent)
        proxy.calls.clear()
        await push_group(place.database, place.clouds, group)
        made = [call.method for call in proxy.calls]
        say(what, " ".join(made), bound or "bound: POST and DELETE, between looks")


async def creations(place: Place, proxy: Proxy, conninfo: str) -> None:
    """Create many groups at once, and count the concurrent calls to the cloud."""
    for number in range(CREATES):
        group = await place.ask(f"new-{number}", rules=[tcp(22), tcp(443)])
        async with place.database.transaction() as connection:
            await defer_for_group(connection, Job.PUSH_GROUP, group)
    proxy.calls.clear()
    proxy.busiest = 0
    stop = asyncio.Event()
    begun = time.perf_counter()
    worker = asyncio.create_task(run_worker(Settings(pull_interval=7200), conninfo, stop=stop))
    while await place.world.value(
        "SELECT count(*) FROM security_groups WHERE name LIKE 'new-%%' AND state <> 'OK'"
    ):
        await asyncio.sleep(0.1)
    taken = time.perf_counter() - begun
    stop.set()
    await worker
    say(f"{CREATES} creates of 2 rules each: seconds", f"{taken:.1f}")
    say("  calls to Neutron", len(proxy.calls))
    say("  calls in the cloud at once, at most", proxy.busiest, "bound: 8, and not 1")


async def pulls(place: Place, proxy: Proxy, lab: Lab, conninfo: str, groups: int) -> None:
    """Pull a large tenant, and measure the list call alone."""
    path = f"{proxy.url}/v2.0/security-groups?project_id={place.project}"
    headers = {"X-Auth-Token": lab.token}
    bare, pulled, sizes = [], [], []
    for attempt in range(TRIES + 1):
        begun = time.perf_counter()
        with OPENER.open(urllib.request.Request(path, headers=headers)) as response:  # noqa: S310 - loopback
            sizes.append(len(await asyncio.to_thread(response.read)))
        between = time.perf_counter()
        proxy.calls.clear()
        await pull_tenant(place.database, place.clouds, place.tenant, requested=True)
        ended = time.perf_counter()
        if attempt == 0:
            say("tenant pull, the first: seconds (all are imported)", f"{ended - between:.2f}")
            continue
        bare.append(between - begun)
        pulled.append(ended - between)
    lists = proxy.count("GET", "/security-groups")
    ratio = statistics.median(pulled) / statistics.median(bare)
    say("the list call alone: seconds, median", f"{statistics.median(bare):.2f}")
    say("  megabytes", f"{sizes[-1] / MEGABYTE:.1f}")
    say("tenant pull, nothing new: seconds, median", f"{statistics.median(pulled):.2f}")
    say("  times the list call", f"{ratio:.2f}", "bound: 1.3")
    say("  list calls for groups", lists, f"bound: 1 (of {groups} groups; pages where it pages)")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bench.sync", "--memory", conninfo, place.tenant.hex],
        check=True,
        capture_output=True,
        text=True,
    )
    say("  memory of a process that pulls, at most: MB", done.stdout.strip(), "bound: 150")


async def pull_once(conninfo: str, tenant: str) -> None:
    """Pull in a separate process and print its peak memory in megabytes."""
    async with Database.open(conninfo) as database:
        clouds = Clouds(database)
        await pull_tenant(database, clouds, uuid.UUID(tenant), requested=True)
        await clouds.close()
    # Not ru_maxrss, which includes the parent before exec.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(status.split("VmHWM:")[1].split()[0]) // 1024)


async def measure(lab: Lab, conninfo: str, groups: int, rules: int) -> None:
    await migrate(conninfo)
    with tempfile.TemporaryDirectory() as folder, recording_proxy(lab.network_url) as proxy:
        path = lab.write_clouds(Path(folder), east={"network_endpoint_override": proxy.url})
        os.environ["OS_CLIENT_CONFIG_FILE"] = str(path)
        async with Database.open(conninfo) as database:
            world = await make_world(database)
            place = await place_of(world, lab.make_project())
            await changes(place, proxy)
            await creations(place, proxy, conninfo)
            await world.execute("DELETE FROM security_groups")
            await place.clouds.close()
            project = lab.make_project()
            fill(lab, project, groups, rules)
            place = await place_of(world, project)
            print(f"\na tenant of {groups} groups with {rules} rules each")
            await pulls(place, proxy, lab, conninfo, groups)
            await place.clouds.close()


def main() -> None:
    """Start the servers and measure, or run as the process whose memory is measured."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if sys.argv[1:2] == ["--memory"]:
        asyncio.run(pull_once(*sys.argv[2:4]))
        return
    groups, rules = int((sys.argv[1:] or ["1000"])[0]), int((sys.argv[2:] or ["10"])[0])
    with running_lab() as lab, tempfile.TemporaryDirectory(dir="/tmp") as home:
        Path(home).chmod(0o711)
        with running(Settings(home=Path(home) / "home")) as conninfo:
            asyncio.run(measure(lab, conninfo, groups, rules))


if __name__ == "__main__":
    main()
