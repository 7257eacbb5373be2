"""A stand-in of a Waldur site: responses in the shapes that a real one was recorded to send.

Objects have the fields of `waldur-api-client` 7.9.0 (`test_waldur_shapes` holds them against its
models), secrets included. Lists are paged as Waldur pages them, with `Link` and `X-Result-Count`,
and obey `field`.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid5

TOKEN = "1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d"
SECRET = "swordfish-of-the-cloud"
NAMESPACE = UUID("6f6d7c4e-6f0f-4b5a-8f4e-2b9f0d1c7a11")
CREATED = "2025-08-26T16:52:25.767170+00:00"
# Waldur's own limit is 300.
LARGEST_PAGE = 300


def identify(*words: str) -> str:
    """Return the UUID of an object of the stand-in, as Waldur writes it."""
    return uuid5(NAMESPACE, "/".join(words)).hex


@dataclass
class WaldurSite:
    """The objects of a site by path, the requests to it, and how it misbehaves."""

    url: str = ""
    lists: dict[str, list[dict]] = field(default_factory=dict)
    largest_page: int = LARGEST_PAGE
    # Responses that come before the real ones: status and headers
    first: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    # Called with path, page number and objects; returns the objects of the page instead
    page: object = None
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    is_staff: bool = True

    def add_customer(self, name: str, **values: object) -> dict:
        uuid = identify("customer", name)
        return self._add(
            "/api/customers/",
            {
                "url": self._link("customers", uuid),
                "uuid": uuid,
                "created": CREATED,
                "name": name,
                "native_name": "",
                "abbreviation": name[:4].upper(),
                "blocked": False,
                "archived": False,
                "bank_account": SECRET,
            }
            | values,
        )

    def add_project(self, customer: dict, name: str, **values: object) -> dict:
        uuid = identify("project", customer["uuid"], name)
        return self._add(
            "/api/projects/",
            {
                "url": self._link("projects", uuid),
                "uuid": uuid,
                "name": name,
                "customer": customer["url"],
                "customer_uuid": customer["uuid"],
                "customer_name": customer["name"],
                "is_removed": False,
                "staff_notes": SECRET,
            }
            | values,
        )

    def add_tenant(
        self, project: dict, name: str, backend_id: str | None, **values: object
    ) -> dict:
        uuid = identify("tenant", project["uuid"], name)
        settings = identify("settings", "East cloud")
        return self._add(
            "/api/openstack-tenants/",
            {
                "url": self._link("openstack-tenants", uuid),
                "uuid": uuid,
                "name": name,
                "service_name": "East cloud",
                "service_settings": self._link("service-settings", settings),
                "service_settings_uuid": settings,
                "project_uuid": project["uuid"],
                "project_name": project["name"],
                "customer_uuid": project["customer_uuid"],
                "state": "OK",
                "created": CREATED,
                "backend_id": backend_id,
                "user_username": "tenant-user",
                "user_password": SECRET,
                "quotas": [
                    {"name": "instances", "usage": 3, "limit": 30},
                    {"name": "security_group_count", "usage": 2, "limit": 100},
                    {"name": "security_group_rule_count", "usage": 2, "limit": -1},
                ],
                "marketplace_resource_uuid": identify("resource", name),
                "marketplace_resource_state": "OK",
                "marketplace_offering_uuid": identify("offering"),
                "marketplace_offering_name": "Private cloud",
                "marketplace_offering_plugin_options": {"storage_mode": "fixed"},
                "marketplace_category_uuid": identify("category"),
                "marketplace_category_name": "Virtual private clouds",
                "marketplace_plan_uuid": None,
                "is_usage_based": False,
                "is_limit_based": True,
            }
            | values,
        )

    def add_group(self, tenant: dict, name: str, *rules: dict, **values: object) -> dict:
        uuid = identify("group", tenant["uuid"], name)
        return self._add(
            "/api/openstack-security-groups/",
            {
                "url": self._link("openstack-security-groups", uuid),
                "uuid": uuid,
                "name": name,
                "description": "",
                "service_settings_uuid": tenant["service_settings_uuid"],
                "tenant": tenant["url"],
                "tenant_name": tenant["name"],
                "tenant_uuid": tenant["uuid"],
                "resource_type": "OpenStack.SecurityGroup",
                "state": "OK",
                "error_message": "",
                "error_traceback": SECRET,
                "created": CREATED,
                "modified": CREATED,
                "backend_id": identify("neutron", uuid),
                "rules": list(rules),
            }
            | values,
        )

    def add_user(self, username: str, **values: object) -> dict:
        uuid = identify("user", username)
        return self._add(
            "/api/users/",
            {
                "url": self._link("users", uuid),
                "uuid": uuid,
                "username": username,
                "full_name": username.title(),
                "email": f"{username}@example.com",
                "civil_number": SECRET,
                "is_staff": False,
                "is_support": False,
                "is_active": True,
            }
            | values,
        )

    def add_role(self, scope: dict, user: dict, role: str, **values: object) -> dict:
        path = urlsplit(scope["url"]).path
        return self._add(
            f"{path}list_users/",
            {
                "uuid": identify("role", scope["uuid"], user["uuid"], role),
                "created": CREATED,
                "expiration_time": None,
                "role_name": role,
                "role_uuid": identify("role", role),
                "user_email": user["email"],
                "user_username": user["username"],
                "user_uuid": user["uuid"],
            }
            | values,
        )

    def _link(self, kind: str, uuid: str) -> str:
        return f"{self.url}/api/{kind}/{uuid}/"

    def _add(self, path: str, value: dict) -> dict:
        self.lists.setdefault(path, []).append(value)
        return value

    def respond(self, target: str, authorization: str) -> tuple[int, dict[str, str], object]:
        self.requests.append(target)
        if self.first:
            status, headers = self.first.pop(0)
            return status, headers, {"detail": "Request was throttled."}
        if authorization != f"Token {TOKEN}":
            return 401, {"WWW-Authenticate": "Token"}, {"detail": "Invalid token."}
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path == "/api/users/me/":
            me = {"username": "root", "is_staff": self.is_staff, "is_support": False}
            return 200, {}, me | {"token": SECRET}
        if not path.startswith("/api/") or not (path in self.lists or "list_users" in path):
            return 404, {}, {"detail": "Not found."}
        return self._list(path, query)

    def _list(self, path: str, query: dict) -> tuple[int, dict[str, str], object]:
        found = [
            one
            for one in self.lists.get(path, [])
            if one.get("tenant_uuid") in {None, *query.get("tenant_uuid", [one.get("tenant_uuid")])}
        ]
        size = min(int(query.get("page_size", ["10"])[0]), self.largest_page)
        number, last = int(query.get("page", ["1"])[0]), max(1, -(-len(found) // size))
        if number > last:
            return 404, {}, {"detail": "Invalid page."}
        objects = found[(number - 1) * size : number * size]
        if self.page:
            objects = self.page(path, number, objects)
        if fields := query.get("field"):
            objects = [{k: v for k, v in one.items() if k in fields} for one in objects]
        return 200, self._paging(path, query, (number, last), len(found)), objects

    def _paging(self, path: str, query: dict, pages: tuple[int, int], total: int) -> dict[str, str]:
        number, last = pages
        named = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
        links = []
        for relation, page in named.items():
            if 1 <= page <= last:
                kept = {k: v for k, v in query.items() if k != "page"}
                kept |= {} if page == 1 else {"page": [str(page)]}
                # Behind a proxy, Waldur may know itself by another name.
                where = f"http://waldur.internal{path}?{urlencode(kept, doseq=True)}"
                links.append(f'<{where}>; rel="{relation}"')
        return {"Link": ", ".join(links), "X-Result-Count": str(total)}


@contextmanager
def waldur_site() -> Iterator[WaldurSite]:
    """Serve an empty site inside the block."""
    site = WaldurSite()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in one packet; two would wait for each other.
        wbufsize = 65536

        def do_GET(self) -> None:
            site.headers.append(dict(self.headers))
            authorization = self.headers.get("Authorization", "")
            status, headers, body = site.respond(self.path, authorization)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    for path in (
        "customers",
        "projects",
        "openstack-tenants",
        "openstack-security-groups",
        "users",
    ):
        site.lists[f"/api/{path}/"] = []
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def rule(**values: object) -> dict:
    """Return a rule with the keys of a recorded one, remote group or not."""
    return {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
        "cidr": "0.0.0.0/0",
        "description": "",
        "id": 7,
        "remote_group": None,
    } | values


def from_group(group: dict, **values: object) -> dict:
    """Return a rule whose remote end is a group."""
    return (
        rule(
            cidr=None,
            remote_group=group["url"],
            remote_group_uuid=group["uuid"],
            remote_group_name=group["name"],
        )
        | values
    )
