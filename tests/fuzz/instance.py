"""A served instance to fuzz: three tenants with groups, and somebody in each role."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.cli.operating import operating
from tests.patience import PATIENCE_SECONDS

PASSWORD = "correct horse"
ROLES = {"ann": "PROJECT.ADMIN", "bob": "PROJECT.MEMBER", "victim": "PROJECT.ADMIN"}


@dataclass(frozen=True)
class Instance:
    """Where it answers, and where it says what it does."""

    address: str
    log: Path
    # Whose tokens may be revoked: how users and tokens are addressed.
    victim: dict[str, str]
    # Of whoever operates it
    environment: dict[str, str] = field(default_factory=dict)

    def client(self, user: str = "staff") -> httpx.Client:
        """Return an HTTP client that signs in as a user."""
        headers = {"Authorization": f"Token {token(user)}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE_SECONDS)

    def processes(self) -> list[int]:
        """Return the processes that answered or answer, as they were started."""
        return [each["child"] for each in self._records() if each.get("process") == "api-1"]

    def faults(self) -> list[dict]:
        """Return what was written as an error."""
        return [each for each in self._records() if each["level"] in {"error", "critical"}]

    def _records(self) -> list[dict]:
        # The last line may be half written.
        lines = self.log.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines]


def token(user: str) -> str:
    """Return a user's token."""
    return f"{user}-token-0123456789abcdef"


@contextmanager
def served(**settings: str) -> Iterator[Instance]:
    """Load and serve an instance of its own, in a folder that is gone afterwards."""
    with operating() as operator:
        # The groups of a file are not in the cloud: no comparison shall come upon them. One client
        # sends more than any may, and is to be answered.
        rates = ("ADDRESS_RATE", "TOKEN_RATE", "TOKEN_CHANGE_RATE")
        unhurried = {"RINGFENCE_PULL_INTERVAL": "2600000"}
        unhurried |= {f"RINGFENCE_{rate}": "0" for rate in rates}
        operator.environment |= unhurried | settings
        path = operator.write("site.json", json.dumps(provisioning()))
        done = operator.run("load", path)
        assert done.returncode == 0, done.stderr
        subprocess.run(
            [sys.executable, "-m", "ringfence", "password", "victim"],
            env=operator.environment,
            input=f"{PASSWORD}\n",
            text=True,
            capture_output=True,
            check=True,
            timeout=PATIENCE_SECONDS,
        )
        _, address = operator.serve("serve", "--workers", "1")
        log = operator.folder / "log-0"
        yield Instance(address, log, victim_at(address), operator.environment)


def victim_at(address: str) -> dict[str, str]:
    """Return how the victim is addressed."""
    headers = {"Authorization": f"Token {token('staff')}"}
    with httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_SECONDS) as client:
        users = client.get("/api/users/", params={"page_size": 300}).json()
        tokens = client.get("/api/auth-tokens/", params={"page_size": 300}).json()
    [uuid] = [user["uuid"] for user in users if user["username"] == "victim"]
    [url] = {each["url"] for each in tokens if each["user_username"] == "victim"}
    return {"uuid": uuid, "user_id": url.rstrip("/").rpartition("/")[2]}


def provisioning() -> dict[str, object]:
    """Return what the instance is loaded with."""
    rule = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "10.0.0.0/8"}
    tenants = [
        {
            "name": f"tenant {number}",
            "cloud": "east",
            "backend_id": f"{number:032x}",
            "security_groups": [
                {"name": f"group {place}", "description": "to fuzz", "rules": [rule]}
                for place in range(8)
            ],
        }
        for number in range(1, 4)
    ]
    users = [{"username": name, "token": token(name)} for name in ROLES]
    return {
        "clouds": [{"name": "east", "backend": "sandbox"}],
        "users": [{"username": "staff", "token": token("staff"), "is_staff": True}, *users],
        "customers": [{"name": "Acme", "projects": [{"name": "Web", "tenants": tenants}]}],
        "roles": [{"user": user, "role": role, "project": "Web"} for user, role in ROLES.items()],
    }
