"""From a request to a real Neutron and back, with real processes that are killed half way."""

import os
import signal
import subprocess
import time

from tests.end_to_end.conftest import GROUPS, Site
from tests.lab.proxy import Delay
from tests.patience import PATIENCE_SECONDS
from tests.processes import signal_each

HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "0.0.0.0/0"}
SSH = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "192.0.2.0/24"}
PING = {
    "ethertype": "IPv6",
    "protocol": "icmp",
    "from_port": -1,
    "to_port": -1,
    "cidr": "2001:db8::/32",
}


def test_a_group_is_created_changed_pulled_and_deleted_at_neutron(site: Site):
    database = site.create("db", [])
    site.until_ok(database["uuid"])
    from_database = {
        "protocol": "tcp",
        "from_port": 5432,
        "to_port": 5432,
        "remote_group": database["url"],
    }
    created = site.create("web", [HTTPS, PING, from_database])
    assert (created["state"], created["backend_id"]) == ("CREATION_SCHEDULED", "")
    web = site.until_ok(created["uuid"])
    backend_id = site.until_ok(database["uuid"])["backend_id"]
    assert site.rules_in_the_cloud(web) == {
        ("ingress", "IPv4", "tcp", "443:443", "0.0.0.0/0", None),
        ("ingress", "IPv6", "ipv6-icmp", "", "2001:db8::/32", None),
        ("ingress", "IPv4", "tcp", "5432:5432", "0.0.0.0/0", backend_id),
    }

    site.proxy.calls.clear()
    status, _ = site.ask(
        "POST",
        f"{web['url'].removeprefix(site.address)}set_rules/",
        [
            HTTPS,
            from_database,
            SSH,
            SSH | {"from_port": 2222, "to_port": 2222},
        ],
    )
    assert status == 200
    site.until_ok(web["uuid"])
    changes = [str(call).split("?")[0].rsplit(" ", 1)[0] for call in site.proxy.changes()]
    assert [change.split("/security-group-rules")[0] for change in changes] == [
        "POST /v2.0",
        "DELETE /v2.0",
    ]

    rule = {
        "security_group_id": web["backend_id"],
        "direction": "ingress",
        "protocol": "udp",
        "port_range_min": 53,
        "port_range_max": 53,
        "remote_ip_prefix": "198.51.100.0/24",
    }
    site.lab.neutron("POST", "/v2.0/security-group-rules", {"security_group_rule": rule})
    assert site.ask("POST", f"{GROUPS}{web['uuid']}/pull/")[0] == 202
    pulled = site.until_ok(web["uuid"])
    assert ("udp", 53, "198.51.100.0/24") in {
        (rule["protocol"], rule["from_port"], rule["cidr"]) for rule in pulled["rules"]
    }

    assert site.ask("DELETE", f"{GROUPS}{web['uuid']}/")[0] == 204
    site.until(web["uuid"], lambda group: group is None)
    found = site.lab.neutron("GET", f"/v2.0/security-groups?project_id={site.project}&name=web")
    assert found["security_groups"] == []


def test_a_worker_that_is_killed_in_the_middle_of_a_push_loses_nothing(site: Site):
    site.proxy.fault("POST", "/security-group-rules", Delay(3.0))
    group = site.create("web", [HTTPS, SSH, PING])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while site.proxy.count("POST", "/security-groups") == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(job_worker(site), signal.SIGKILL)

    web = site.until_ok(group["uuid"])
    assert site.rules_in_the_cloud(web) == {
        ("ingress", "IPv4", "tcp", "443:443", "0.0.0.0/0", None),
        ("ingress", "IPv4", "tcp", "22:22", "192.0.2.0/24", None),
        ("ingress", "IPv6", "ipv6-icmp", "", "2001:db8::/32", None),
    }
    named_so = site.lab.neutron("GET", f"/v2.0/security-groups?project_id={site.project}&name=web")
    assert [found["id"] for found in named_so["security_groups"]] == [web["backend_id"]]


def test_after_everything_was_killed_every_acknowledged_write_is_there(site: Site):
    groups = [site.create(f"group-{number}", [HTTPS, SSH]) for number in range(10)]
    signal_each(processes(site))
    site.process.communicate()

    site.serve()
    for group in groups:
        status, found = site.ask("GET", f"{GROUPS}{group['uuid']}/")
        assert status == 200
        assert [rule["from_port"] for rule in found["rules"]] == [443, 22]
    for group in groups:
        site.until_ok(group["uuid"])


def job_worker(site: Site) -> int:
    """The child whose log says that it is the worker."""
    logs = sorted(site.operator.folder.glob("log-*"))
    for line in logs[-1].read_text().splitlines():
        if '"process_started"' in line and '"worker"' in line:
            return int(line.split('"child":')[1].split(",")[0].rstrip("}"))
    raise AssertionError(logs[-1].read_text())


def processes(site: Site) -> list[int]:
    """The service, its children, and the database server with its own."""
    postmaster = int((site.operator.folder / "home/data/postmaster.pid").read_text().split()[0])
    parents = [site.process.pid, postmaster]
    listing = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    return parents + [child for child, parent in pairs if parent in parents]
