# ruff: noqa: T201, S603 (a script that prints, and runs the command)
"""Cost of discovering a large cloud: `python -m bench.discovery [GROUPS] [TENANTS]`.

A stand-in serves Keystone's and Neutron's lists from memory, so that what is measured is ours:
the time of the command beside that of the cloud, its memory, and its requests. It runs the command
twice, and once again after killing it half way.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import psycopg
import yaml

from ringfence.database.embedded.server import running
from ringfence.settings import Settings

RULES = 8
PAGE = 500
MEGABYTE = 1024


def rule_of(group: str, project: str, number: int) -> dict[str, object]:
    """Return one rule; the first admits any address."""
    prefix = "0.0.0.0/0" if number == 0 and group.endswith("0") else f"10.{number}.0.0/16"
    return {
        "id": f"{group[:-4]}{number:04x}",
        "security_group_id": group,
        "project_id": project,
        "tenant_id": project,
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 1000 + number,
        "port_range_max": 1000 + number,
        "remote_ip_prefix": prefix,
        "remote_group_id": None,
        "remote_address_group_id": None,
        "description": "",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "revision_number": 0,
    }


class StandIn:
    """The lists of a cloud; pages of groups are made when they are requested."""

    def __init__(self, groups: int, tenants: int) -> None:
        self.groups, self.tenants = groups, tenants
        self.requests: list[str] = []
        # Time in the stand-in, which is not ours
        self.seconds = 0.0

    def respond(self, path: str) -> dict[str, object]:
        """Return the body for a path."""
        address = urlsplit(path)
        query = dict(parse_qsl(address.query))
        kind = address.path.rpartition("/")[2]
        if kind == "domains":
            return {"domains": [{"id": "default", "name": "Default"}], "links": {}}
        if kind == "projects":
            projects = [
                {"id": f"{n:032x}", "name": f"project-{n}", "domain_id": "default"}
                for n in range(self.tenants)
            ]
            return {"projects": projects, "links": {"next": None}}
        if kind in {"security-groups", "ports"}:
            return self._page(kind, query)
        return {kind.replace("-", "_"): []}

    def _page(self, kind: str, query: dict[str, str]) -> dict[str, object]:
        first = int(query["marker"].replace("-", ""), 16) // 0x10000 + 1 if "marker" in query else 0
        last = min(first + min(PAGE, int(query["limit"])), self.groups)
        make = self._group if kind == "security-groups" else self._port
        items = [make(number) for number in range(first, last)]
        body: dict[str, object] = {kind.replace("-", "_"): items}
        if last < self.groups:
            href = f"http://x/?marker={items[-1]['id']}"
            body[f"{kind.replace('-', '_')}_links"] = [{"rel": "next", "href": href}]
        return body

    def _group(self, number: int) -> dict[str, object]:
        project, name = f"{number % self.tenants:032x}", identifier(number)
        return {
            "id": name,
            "name": f"group-{number // self.tenants}" if number >= self.tenants else "default",
            "description": "",
            "project_id": project,
            "tenant_id": project,
            "revision_number": 1,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "stateful": True,
            "shared": False,
            "tags": [],
            "security_group_rules": [rule_of(name, project, n) for n in range(RULES)],
        }

    def _port(self, number: int) -> dict[str, object]:
        return {
            "id": identifier(number),
            "project_id": f"{number % self.tenants:032x}",
            "name": "",
            "device_id": identifier(number),
            "device_owner": "compute:nova",
            "fixed_ips": [{"subnet_id": identifier(0), "ip_address": "10.0.0.1"}],
            "security_groups": [identifier(number)],
            "revision_number": 1,
        }


def identifier(number: int) -> str:
    """Return an id in the order of numbers."""
    digits = f"{number * 0x10000:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def serve(cloud: StandIn) -> str:
    """Serve the stand-in in a thread; return its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            begun = time.thread_time()
            self._send(200, json.dumps(cloud.respond(self.path)).encode(), {})
            cloud.seconds += time.thread_time() - begun

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            domain = {"id": "default", "name": "Default"}
            project = {"id": f"{0:032x}", "name": "project-0", "domain": domain}
            token = {"methods": ["password"], "roles": [{"id": "a", "name": "admin"}]}
            token |= {"project": project, "user": {"id": "u", "name": "u", "domain": domain}}
            token |= {"catalog": [], "expires_at": "2999-01-01T00:00:00.000000Z"}
            token |= {"issued_at": "2020-01-01T00:00:00.000000Z"}
            self._send(201, json.dumps({"token": token}).encode(), {"X-Subject-Token": "t"})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            cloud.requests.append(f"{self.command} {self.path}")
            self.send_response(status)
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def clouds_yaml(url: str) -> str:
    """Return the entry of the stand-in."""
    auth = {"auth_url": f"{url}/v3", "username": "u", "password": "p", "user_domain_id": "default"}
    auth["project_id"] = f"{0:032x}"
    entry = {"auth_type": "v3password", "auth": auth, "network_endpoint_override": url}
    return yaml.safe_dump({"clouds": {"east": entry}})


def discover(environment: dict[str, str], cloud: StandIn, words: str) -> None:
    """Run the command and print what it took."""
    cloud.requests.clear()
    cloud.seconds = 0.0
    begun = time.monotonic()
    command = [sys.executable, "-m", "ringfence", "discover", "east", "--load"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    peak = max(memory_of(process), default=0)
    output = process.stdout.read() if process.stdout else ""
    seconds = time.monotonic() - begun
    pages = 2 * -(-cloud.groups // PAGE)
    print(f"{words}: {seconds:.1f} s, of them {cloud.seconds:.1f} s of the stand-in's CPU time")
    print(f"  peak memory {peak / MEGABYTE:.0f} MB; {len(cloud.requests)} requests, {pages} pages")
    print("  " + "; ".join(output.splitlines()[-5:]))


def memory_of(process: subprocess.Popen[str]) -> Iterator[int]:
    """Yield the resident memory of the process in KB (without the database) until it ends."""
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return
        for line in status.splitlines():
            if line.startswith("VmHWM"):
                yield int(line.split()[1])
        time.sleep(0.05)


def kill_half_way(environment: dict[str, str], conninfo: str, tenants: int) -> None:
    """Run the command, and kill it when half of the tenants have their groups."""
    command = [sys.executable, "-m", "ringfence", "discover", "east", "--load"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        count = "SELECT count(*) FROM tenant_pulls"
        while process.poll() is None:
            if connection.execute(count).fetchone()[0] >= tenants // 2:  # type: ignore[index] # a count
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.1)
    print(f"killed half way: exit status {process.wait()}")


def main() -> None:
    """Measure in a data directory of its own."""
    groups = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    tenants = int(sys.argv[2]) if len(sys.argv) > 2 else 2000  # noqa: PLR2004 - an argument
    cloud = StandIn(groups, tenants)
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "clouds.yaml").write_text(clouds_yaml(serve(cloud)))
        environment = os.environ | {
            "RINGFENCE_HOME": str(folder / "home"),
            "OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"),
        }
        subprocess.run([sys.executable, "-m", "ringfence", "migrate"], env=environment, check=True)
        with running(Settings(home=folder / "home")) as conninfo:
            if "kill" in sys.argv:
                kill_half_way(environment, conninfo, tenants)
            discover(environment, cloud, "first run")
            discover(environment, cloud, "second run")


if __name__ == "__main__":
    main()
