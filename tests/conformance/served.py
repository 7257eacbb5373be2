"""One served instance for all clients: `ringfence load`, then `serve` over a sandbox cloud.

It runs in both contract versions, on one database: one for clients up to 8.0.8, one for
newer ones.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.patience import PATIENCE_SECONDS

KEEPER = Path(__file__).with_name("keeper.py")
READY_SECONDS = 60
# More than the largest page that a client requests
MANY = 320

Json = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """The served instance."""

    address: str
    newer_address: str

    def address_of(self, contract: str) -> str:
        """Return the host and port of the process for a contract version."""
        return self.newer_address if contract == "2026-10" else self.address

    def client(self, user: str = "ann", **headers: str) -> httpx.Client:
        """Return an HTTP client that signs in as a user."""
        headers = {"Authorization": f"Token {token(user)}"} | headers
        return httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE_SECONDS)

    def create(self, tenant: str, name: str, rules: Sequence[Json] = ()) -> Json:
        """Create a group and wait until it is in the cloud."""
        address = f"/api/openstack-tenants/{tenant_uuid(tenant)}/create_security_group/"
        with self.client() as client:
            made = client.post(address, json={"name": name, "rules": list(rules)})
        assert made.status_code == 201, made.text
        return self.finished(made.json()["uuid"])

    def group(self, uuid: str) -> Json | None:
        """Return a group, or None if it is deleted."""
        with self.client("staff") as client:
            response = client.get(f"/api/openstack-security-groups/{uuid}/")
        return response.json() if response.status_code == 200 else None

    def finished(self, uuid: str) -> Json:
        """Return a group once it is in a final state."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            group = self.group(uuid)
            assert group is not None, f"{uuid} is gone"
            if group["state"] in {"OK", "ERRED"}:
                assert group["state"] == "OK", group["error_message"]
                return group
            assert time.monotonic() < deadline, group
            time.sleep(0.05)

    def gone(self, uuid: str) -> bool:
        """Wait until a group is deleted."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.group(uuid) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.group(uuid) is None


# A tenant for each suite, so that suites do not see each other's groups.
TENANTS = (
    "page",
    "httpie",
    "ansible",
    "terraform",
    "portal",
    "many",
    "typescript",
    "release 7.8.8",
    "release 7.9.0",
    "release 8.0.8",
    "release 8.1.3",
)


def tenant_uuid(name: str) -> str:
    """Return the UUID of a tenant."""
    return f"{TENANTS.index(name):032x}".replace("0" * 8, "e0000000", 1)


def token(user: str) -> str:
    """Return a user's token."""
    return f"{user}-token-0123456789abcdef"


def provisioning() -> Json:
    """Return the provisioning file."""
    tenants: list[Json] = [
        {"name": name, "uuid": tenant_uuid(name), "cloud": "east", "backend_id": f"{number:032x}"}
        for number, name in enumerate(TENANTS, 1)
    ]
    tenants[TENANTS.index("many")]["security_groups"] = [
        {"name": f"group-{number:03}", "description": f"number {number}, of many"}
        for number in range(MANY)
    ]
    return {
        "clouds": [{"name": "east", "backend": "sandbox"}],
        "users": [
            {"username": "staff", "token": token("staff"), "is_staff": True},
            {"username": "ann", "token": token("ann")},
        ],
        "customers": [{"name": "Acme", "projects": [{"name": "Web", "tenants": tenants}]}],
        "roles": [{"user": "ann", "role": "PROJECT.ADMIN", "project": "Web"}],
    }


@contextmanager
def joined(folder: Path) -> Iterator[Site]:
    """Yield the instance that all processes of a run share; the first process starts it.

    Each process holds a lock. `keeper.py` runs the instance until nobody holds the lock: a test run
    that is killed leaves nothing behind.
    """
    with _entered(folder):
        yield _instance(folder)


@contextmanager
def _entered(folder: Path) -> Iterator[None]:
    while True:
        folder.mkdir(mode=0o711, exist_ok=True)
        with (folder / "users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            # The keeper of an instance that has ended removed the file.
            if os.fstat(users.fileno()).st_nlink:
                yield
                return


def _instance(folder: Path) -> Site:
    with (folder / "starting").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        addresses = folder / "addresses.json"
        if not addresses.exists():
            _start(folder)
        return Site(**json.loads(addresses.read_text()))


def _start(folder: Path) -> None:
    (folder / "site.json").write_text(json.dumps(provisioning()))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGFENCE_", "OS_"))}
    # The groups of the file are not in the cloud: no pull may mark them as missing.
    settings = {"RINGFENCE_HOME": str(folder / "home"), "RINGFENCE_PULL_INTERVAL": "2600000"}
    log = folder / "keeper.log"
    with log.open("w") as output:
        done = subprocess.run(
            [sys.executable, KEEPER, folder],
            env=kept | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=READY_SECONDS,
            check=False,
        )
    assert done.returncode == 0, log.read_text()
