"""A fake Keystone and Neutron on one port, whose responses a test can spoil."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import yaml
from tests.lab.proxy import Call, Response
from tests.neutron.fake_server import Server, Wire, fake_server
from tests.neutron.test_translate import GROUP, RULE

EXPIRES = "2999-01-01T00:00:00.000000Z"


@dataclass
class FakeCloud:
    """What the cloud has; `spoil` returns another response for a call, or None."""

    projects: dict[str, str] = field(default_factory=dict)
    groups: list[dict] = field(default_factory=list)
    ports: list[dict] = field(default_factory=list)
    roles: tuple[str, ...] = ("admin",)
    spoil: Callable[[Call], Response | Wire | None] = lambda _call: None
    page: int = 2
    server: Server | None = None

    def add(self, project: str, *names: str) -> None:
        """Add a project, called as its id, with groups of these names."""
        self.projects[project] = project
        for name in names:
            group_id = f"{len(self.groups):04}-{name}"
            rule = {**RULE, "id": f"r-{group_id}", "security_group_id": group_id}
            values = {"id": group_id, "project_id": project, "name": name}
            self.groups.append({**GROUP, **values, "security_group_rules": [rule]})

    def clouds_yaml(self) -> str:
        auth = {"auth_url": f"{self.server.url}/v3", "username": "u", "password": "p"}
        auth |= {"user_domain_id": "default", "project_id": "admin"}
        entry = {"auth_type": "v3password", "auth": auth, "region_name": "R"}
        entry["network_endpoint_override"] = self.server.url
        return yaml.safe_dump({"clouds": {"east": entry}})

    def respond(self, call: Call) -> Response | Wire:
        return self.spoil(call) or self._respond(call)

    def _respond(self, call: Call) -> Response:
        address = urlsplit(call.path)
        query = dict(parse_qsl(address.query))
        kind = address.path.rpartition("/")[2]
        if kind == "tokens":
            return self._token()
        if kind == "domains":
            return as_json({"domains": [{"id": "default", "name": "Default"}], "links": {}})
        if kind == "projects":
            listed = [self._project(one) for one in self.projects]
            return as_json({"projects": listed, "links": {"next": None}})
        if address.path.startswith("/v3/projects/"):
            if kind in self.projects:
                return as_json({"project": self._project(kind)})
            return as_json({"error": {"code": 404, "message": "", "title": "Not Found"}}, 404)
        items = {"security-groups": self.groups, "ports": self.ports}.get(kind, [])
        return self._page(kind.replace("-", "_"), items, query)

    def _project(self, project: str) -> dict:
        name = self.projects[project]
        return {"id": project, "name": name, "domain_id": "default", "parent_id": "default"}

    def _page(self, kind: str, items: list[dict], query: dict[str, str]) -> Response:
        ids = [item["id"] for item in items]
        marker = query.get("marker")
        if marker and marker not in ids:
            error = {"type": "PortNotFound", "message": marker, "detail": ""}
            return as_json({"NeutronError": error}, 404)
        first = ids.index(marker) + 1 if marker else 0
        last = first + min(self.page, int(query.get("limit", self.page)))
        body = {kind: items[first:last]}
        if last < len(items):
            href = f"{self.server.url}/v2.0/x?marker={ids[last - 1]}"
            body[f"{kind}_links"] = [{"rel": "next", "href": href}]
        return as_json(body)

    def _token(self) -> Response:
        project = {"id": "admin", "name": "admin", "domain": {"id": "default", "name": "Default"}}
        roles = [{"id": role, "name": role} for role in self.roles]
        token = {"methods": ["password"], "roles": roles, "project": project, "catalog": []}
        token |= {"user": {"id": "u", "name": "u", "domain": project["domain"]}}
        token |= {"expires_at": EXPIRES, "issued_at": "2020-01-01T00:00:00.000000Z"}
        response = as_json({"token": token}, 201)
        return Response(201, response.body, {**response.headers, "X-Subject-Token": "t"})


def as_json(body: dict, status: int = 200) -> Response:
    return Response(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@contextmanager
def running_fake_cloud() -> Iterator[FakeCloud]:
    cloud = FakeCloud()
    with fake_server(cloud.respond) as cloud.server:
        yield cloud
