"""A real Keystone and Neutron for tests: started for the first user, stopped after the last.

Its state is in the user's cache directory, so that packages are installed once; the databases are
reset to their first state at each start.
"""

import fcntl
import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
import yaml

SCRIPT = Path(__file__).with_name("openstack-lab")
READY_SECONDS = 400
# The lab is on loopback, so a proxy of the environment is not used.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Lab:
    """A running lab: its URLs, and what tests do in it as its administrator."""

    state: Path
    _token: str = field(default="", repr=False)

    @property
    def clouds_yaml(self) -> Path:
        """A clouds.yaml whose entry `admin` is a project-scoped administrator."""
        return self.state / "clouds.yaml"

    @property
    def entry(self) -> dict:
        return yaml.safe_load(self.clouds_yaml.read_text())["clouds"]["admin"]

    @property
    def identity_url(self) -> str:
        return self.entry["auth"]["auth_url"]

    @property
    def network_url(self) -> str:
        _, port, *_ = (self.state / "run" / "params").read_text().split()
        return f"http://127.0.0.1:{port}"

    @property
    def token(self) -> str:
        """A token of the administrator."""
        if not self._token:
            auth = self.entry["auth"]
            user = {
                "name": auth["username"],
                "domain": {"id": "default"},
                "password": auth["password"],
            }
            scope = {"project": {"name": auth["project_name"], "domain": {"id": "default"}}}
            identity = {"methods": ["password"], "password": {"user": user}}
            body = {"auth": {"identity": identity, "scope": scope}}
            _, headers = self._request("POST", f"{self.identity_url}/auth/tokens", body)
            self._token = headers["X-Subject-Token"]
        return self._token

    def neutron(self, method: str, path: str, body: dict | None = None) -> dict:
        """Call Neutron as the administrator; `path` as `/v2.0/security-groups`."""
        return self._request(method, self.network_url + path, body, self.token)[0]

    def keystone(self, method: str, path: str, body: dict | None = None) -> dict:
        """Call Keystone as the administrator; `path` as `/projects`."""
        return self._request(method, self.identity_url + path, body, self.token)[0]

    def make_project(self, *, groups: int = -1, rules: int = -1) -> str:
        """Create an OpenStack project for a test and return its id; -1 is no limit."""
        values = {"name": f"test-{uuid.uuid4().hex}", "domain_id": "default"}
        project = self.keystone("POST", "/projects", {"project": values})["project"]["id"]
        self.set_quota(project, groups=groups, rules=rules)
        return project

    def make_entry(self, project: str, role: str, **changes: object) -> dict:
        """Create a user with one role in a project; return an entry of clouds.yaml for them."""
        name, secret = f"user-{uuid.uuid4().hex}", uuid.uuid4().hex
        values = {"name": name, "password": secret, "domain_id": "default"}
        user = self.keystone("POST", "/users", {"user": values})["user"]["id"]
        roles = self.keystone("GET", f"/roles?name={role}")["roles"]
        self.keystone("PUT", f"/projects/{project}/users/{user}/roles/{roles[0]['id']}")
        auth = {"auth_url": self.identity_url, "username": name, "password": secret}
        auth |= {"user_domain_id": "default", "project_id": project}
        return {**self.entry, "auth": auth, **changes}

    def make_application_credential(self, entry: dict, access_rules: list[dict]) -> dict:
        """Create an application credential as the entry's user; return an entry with it."""
        user = {"name": entry["auth"]["username"], "domain": {"id": "default"}}
        user["password"] = entry["auth"]["password"]
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"id": entry["auth"]["project_id"]}}
        body = {"auth": {"identity": identity, "scope": scope}}
        signed_in, headers = self._request("POST", f"{self.identity_url}/auth/tokens", body)
        path = f"{self.identity_url}/users/{signed_in['token']['user']['id']}"
        values = {"name": uuid.uuid4().hex, "access_rules": access_rules}
        made, _ = self._request(
            "POST",
            f"{path}/application_credentials",
            {"application_credential": values},
            headers["X-Subject-Token"],
        )
        credential = made["application_credential"]
        auth = {"auth_url": self.identity_url, "application_credential_id": credential["id"]}
        auth["application_credential_secret"] = credential["secret"]
        return {**entry, "auth_type": "v3applicationcredential", "auth": auth}

    def set_quota(self, project: str, *, groups: int = -1, rules: int = -1) -> None:
        quota = {"security_group": groups, "security_group_rule": rules}
        self.neutron("PUT", f"/v2.0/quotas/{project}", {"quota": quota})

    def make_network(self, project: str) -> str:
        """Create a network with one subnet in a project; return its id."""
        values = {"name": "net", "project_id": project}
        network = self.neutron("POST", "/v2.0/networks", {"network": values})["network"]["id"]
        values = {"network_id": network, "ip_version": 4, "cidr": "192.0.2.0/24"}
        self.neutron("POST", "/v2.0/subnets", {"subnet": values | {"project_id": project}})
        return network

    def make_port(self, network: str, project: str, groups: Sequence[str], **values: str) -> str:
        """Create a port with the groups, like a compute service; return its id."""
        values |= {"network_id": network, "project_id": project}
        port = {**values, "security_groups": list(groups)}
        return self.neutron("POST", "/v2.0/ports", {"port": port})["port"]["id"]

    def write_clouds(self, folder: Path, **entries: dict) -> Path:
        """Write a clouds.yaml with the administrator's entry under other names, with changes."""
        path = folder / "clouds.yaml"
        clouds = {name: {**self.entry, **changes} for name, changes in entries.items()}
        path.write_text(yaml.safe_dump({"clouds": clouds}))
        return path

    def _request(
        self, method: str, url: str, body: dict | None, token: str = ""
    ) -> tuple[dict, dict[str, str]]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if token:
            headers["X-Auth-Token"] = token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - loopback
        try:
            with OPENER.open(request, timeout=60) as response:
                content = response.read()
                return json.loads(content) if content else {}, dict(response.headers)
        except urllib.error.HTTPError as error:
            error.add_note(error.read().decode(errors="replace"))
            raise


@contextmanager
def running_lab(state: Path | None = None) -> Iterator[Lab]:
    """Share the lab of this user across processes inside the block."""
    state = state or platformdirs.user_cache_path("ringfence") / "openstack-lab"
    state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as locks:
        users = locks.enter_context((state / "users.lock").open("w"))
        start = locks.enter_context((state / "start.lock").open("w"))
        fcntl.flock(start, fcntl.LOCK_EX)
        # Without other users, a running lab was left by a run that was killed.
        alone = _try_alone(users)
        if alone or _lab(state, "status").returncode:
            _start(state)
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(start, fcntl.LOCK_UN)
        try:
            yield Lab(state)
        finally:
            fcntl.flock(start, fcntl.LOCK_EX)
            if _try_alone(users):
                _lab(state, "down")


def lab_python(state: Path | None = None) -> Path:
    """Return the Python of the lab, in which Neutron is installed; install it if it is missing."""
    state = state or platformdirs.user_cache_path("ringfence") / "openstack-lab"
    state.mkdir(parents=True, exist_ok=True)
    with (state / "start.lock").open("w") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        result = _lab(state, "install")
    if result.returncode:
        raise RuntimeError(f"the packages of the lab cannot be installed:\n{result.stderr}")
    return state / "venv" / "bin" / "python"


@contextmanager
def separate_lab(shared: Lab, folder: Path) -> Iterator[Lab]:
    """Run another lab in an empty folder, for a test that would change the shared one.

    It uses the packages and the first state of the shared one, so it starts in seconds.
    """
    (folder / "venv").symlink_to(shared.state / "venv")
    shutil.copytree(shared.state / "template", folder / "template")
    shutil.copytree(shared.state / "run" / "keys", folder / "run" / "keys")
    shutil.copy2(shared.state / "run" / "secrets.json", folder / "run" / "secrets.json")
    with running_lab(folder) as own:
        yield own


def _try_alone(users: object) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start(state: Path) -> None:
    _lab(state, "down")
    made = (state / "template" / ".made").exists()
    result = _lab(state, "reset" if made else "up", *_free_ports())
    if result.returncode:
        # The pins have changed, or a port was taken in the meantime.
        _lab(state, "wipe")
        result = _lab(state, "up", *_free_ports())
    if result.returncode:
        raise RuntimeError(f"the OpenStack lab does not start:\n{result.stderr}")


def _lab(state: Path, verb: str, *options: str) -> subprocess.CompletedProcess:
    bash = shutil.which("bash") or "/bin/bash"
    return subprocess.run(
        [bash, SCRIPT, verb, "--state", state, *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=READY_SECONDS,
    )


def _free_ports() -> list[str]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        identity, network = one.getsockname()[1], two.getsockname()[1]
    return ["--identity-port", str(identity), "--network-port", str(network)]
