"""A random walk: somebody does something to something, and the answer is what the model says."""

import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
from psycopg.types.json import Jsonb
from tests.authorization import exposed
from tests.authorization.model import (
    CUSTOMER_ROLES,
    PROJECT_ROLES,
    Customer,
    Group,
    Model,
    Project,
    Tenant,
    Token,
    User,
)
from tests.authorization.ports import Wrong, add_instance, change_port, read_port

from ringfence.access.authentication import token_digest
from ringfence.database.pool import Database
from ringfence.security_groups.read_model import documents
from ringfence.security_groups.versions import Cause, record_versions

GROUPS = "/api/openstack-security-groups/"
TENANTS = "/api/openstack-tenants/"
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
READ_ONLY = {"detail": "This token may only read; use one that may write."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}

HTTPS = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr": "10.0.0.0/8"}

# What changes a group: method, rest of the path, body, success
CHANGES: dict[str, tuple[str, str, Any, int]] = {
    "update": ("PUT", "", {"name": "?", "description": "walked"}, 200),
    "partial_update": ("PATCH", "", {"description": "walked on"}, 200),
    "delete": ("DELETE", "", None, 204),
    "pull": ("POST", "pull/", None, 202),
    "set_rules": ("POST", "set_rules/", [HTTPS], 200),
    "plan": ("POST", "plan/", [HTTPS | {"cidr": "10.0.0.0/9"}], 200),
    "dry_run": ("POST", "set_rules/?dry_run=true", [], 200),
    "rollback": ("POST", "rollback/", {"version": 1}, 202),
    "rollback_dry_run": ("POST", "rollback/?dry_run=true", {"version": 1}, 200),
    "set_drift_mode": ("POST", "set_drift_mode/", {"mode": "report"}, 200),
}
FOR_STAFF: dict[str, tuple[str, str, Any, int]] = {
    "unlink": ("POST", "unlink/", None, 204),
    "set_ok": ("POST", "set_ok/", None, 200),
    "set_erred": ("POST", "set_erred/", {"error_message": "walked"}, 200),
}
TENANT_CHANGES: dict[str, tuple[str, str, Any, int]] = {
    "tenant_pull": ("POST", "pull/", None, 202),
    "tenant_pull_groups": ("POST", "pull_security_groups/", None, 200),
    "plan": ("POST", "plan_security_group/", {"name": "?", "rules": [HTTPS]}, 200),
    "create": ("POST", "create_security_group/", {"name": "?", "rules": []}, 201),
}
BEYOND = (
    *("/api/events/?page_size=50", "/api/users/?page_size=50", "/api/users/me/"),
    *("/api/auth-tokens/", "/api/service-settings/", "/api/sync-status/", "/api/nothing/"),
    "/api/doctor/",
    *exposed.COUNTS,
)
GROUP_READS = (
    *("", "versions/", "versions/1/", "versions/1/?compare=1", "usage/", "drift/", "redundancy/"),
)


RULES = "/api/security-group-rules/"
# A search, and the pattern of the prefixes that it finds
RULE_SEARCHES = (
    ("o=created", "%"),
    ("within=10.0.0.0/8&direction=ingress", "10.%"),
    ("query=tcp 443", "10.%"),
    ("admits=203.0.113.7", "0.0.0.0/0"),
)


@dataclass
class Walk:
    """The world as it is in the database and in the model, and a client of the service."""

    database: Database
    client: httpx.AsyncClient
    random: random.Random
    model: Model
    statuses: Counter
    ports: list[tuple[UUID, Tenant]] = field(default_factory=list)

    async def execute(self, statement: str, *parameters: Any) -> Any:
        async with self.database.connection() as connection:
            cursor = await connection.execute(statement, parameters)
            return (await cursor.fetchone()) if cursor.description else None

    # --- the world

    async def build(self) -> None:
        await self.execute("INSERT INTO clouds (name, backend) VALUES ('east', 'sandbox')")
        for _ in range(3):
            uuid = uuid4()
            (customer_id,) = await self.execute(
                "INSERT INTO customers (uuid, name) VALUES (%s, 'C') RETURNING id", uuid
            )
            customer = Customer(customer_id, uuid)
            self.model.customers.append(customer)
            for _ in range(2):
                await self.add_project(customer)
        await exposed.add_ports(self.execute, self.model.groups)
        for number in range(8):
            name = f"user{number}"
            (user_id,) = await self.execute(
                "INSERT INTO users (username) VALUES (%s) RETURNING id", name
            )
            self.model.users.append(User(user_id, name))
            await self.add_token(self.model.users[-1])
        for _ in range(12):
            await self.change_role()

    async def add_project(self, customer: Customer) -> None:
        uuid = uuid4()
        (project_id,) = await self.execute(
            "INSERT INTO projects (uuid, customer_id, name) VALUES (%s, %s, 'P') RETURNING id",
            uuid,
            customer.id,
        )
        project = Project(project_id, uuid, customer)
        self.model.projects.append(project)
        for _ in range(2):
            uuid = uuid4()
            (tenant_id,) = await self.execute(
                "INSERT INTO tenants (uuid, project_id, cloud_id, name, backend_id)"
                " SELECT %s, %s, id, 'T', %s FROM clouds RETURNING id",
                uuid,
                project.id,
                uuid.hex[::-1],
            )
            tenant = Tenant(tenant_id, uuid, project)
            self.model.tenants.append(tenant)
            for _ in range(2):
                await self.add_group(tenant)
            await add_instance(self, self.model.groups[-1])

    async def add_group(self, tenant: Tenant) -> None:
        uuid = uuid4()
        async with self.database.transaction() as connection:
            cursor = await connection.execute(
                "INSERT INTO security_groups"
                " (uuid, tenant_id, name, backend_id, state, version, applied_version)"
                " VALUES (%s, %s, %s, %s, 'OK', 1, 1) RETURNING id",
                [uuid, tenant.id, f"g {uuid.fields[0]}", str(uuid)],
            )
            row = await cursor.fetchone()
            assert row is not None
            await record_versions(connection, [row[0]], Cause.LOAD)
            await documents.refresh(connection, documents.GROUPS, [row[0]])
        self.model.groups.append(Group(uuid, tenant))
        await self.add_port(row[0], Group(uuid, tenant))

    async def add_port(self, group_id: int, group: Group) -> None:
        """Insert a port with the group and any other; their rules refer to any group."""
        other, remote = self.group(), self.group()
        rule = {"ethertype": "IPv4", "direction": "ingress", "protocol": None}
        rule |= {"port_range_min": None, "port_range_max": None, "remote_ip_prefix": None}
        rule |= {"remote_group_id": str(remote.uuid), "remote_address_group_id": None}
        await self.execute(
            "INSERT INTO security_group_observations"
            " (security_group_id, name, description, rules, revision_number, digest, observed_at)"
            " VALUES (%s, '', '', %s, 1, '', now())",
            group_id,
            Jsonb([rule, rule | {"remote_group_id": None, "remote_ip_prefix": "10.0.0.0/9"}]),
        )
        uuid = uuid4()
        await self.execute(
            "INSERT INTO cloud_ports (uuid, tenant_id, backend_id, addresses, security_group_ids,"
            " allowed_address_pairs, fixed_ips) VALUES (%s, %s, %s, %s, %s, '[]', '[]')",
            uuid,
            group.tenant.id,
            str(uuid),
            [f"10.0.0.{self.random.randrange(9)}"],
            [str(group.uuid), str(other.uuid)],
        )
        self.ports.append((uuid, group.tenant))

    async def add_token(self, user: User, **limits: Any) -> None:
        token = Token(user, **limits)
        await self.execute(
            "INSERT INTO tokens (user_id, digest, is_read_only, project_id)"
            " VALUES (%s, %s, %s, %s)",
            user.id,
            token_digest(token.secret),
            token.is_read_only,
            token.project.id if token.project else None,
        )
        self.model.tokens.append(token)

    # --- what happens to it meanwhile

    async def change_role(self) -> None:
        user = self.random.choice(self.model.users)
        if user.roles and self.random.random() < 0.5:
            role, place = self.random.choice(sorted(user.roles, key=repr))
            user.roles.remove((role, place))
            await self.execute(
                "DELETE FROM role_grants WHERE user_id = %s AND role = %s"
                " AND coalesce(customer_id, project_id) = %s",
                user.id,
                role,
                place.id,
            )
            return
        at_customer = self.random.random() < 0.4
        role = self.random.choice(CUSTOMER_ROLES if at_customer else PROJECT_ROLES)
        place = self.random.choice(self.model.customers if at_customer else self.model.projects)
        if (role, place) in user.roles:
            return
        user.roles.add((role, place))
        await self.execute(
            "INSERT INTO role_grants (user_id, role, customer_id, project_id)"
            " VALUES (%s, %s, %s, %s)",
            user.id,
            role,
            place.id if at_customer else None,
            None if at_customer else place.id,
        )

    async def change_user(self) -> None:
        user = self.random.choice(self.model.users)
        user.is_staff = self.random.random() < 0.15
        user.is_support = self.random.random() < 0.15
        user.is_active = self.random.random() < 0.9
        await self.execute(
            "UPDATE users SET is_staff = %s, is_support = %s, is_active = %s WHERE id = %s",
            user.is_staff,
            user.is_support,
            user.is_active,
            user.id,
        )

    async def change_token(self) -> None:
        if self.random.random() < 0.5:
            limits = {"is_read_only": self.random.random() < 0.3}
            if self.random.random() < 0.4:
                limits["project"] = self.random.choice(self.model.projects)
            await self.add_token(self.random.choice(self.model.users), **limits)
            return
        token = self.random.choice(self.model.tokens)
        token.is_valid = False
        revoke = "DELETE FROM tokens WHERE digest = %s"
        expire = "UPDATE tokens SET expires = now() WHERE digest = %s"
        await self.execute(self.random.choice([revoke, expire]), token_digest(token.secret))
        if len(self.model.tokens) > 30:
            self.model.tokens.remove(token)

    # --- what somebody does

    async def step(self) -> str:
        """Do one thing; give what it was. Raises `Wrong`."""
        deeds = (self.change_role, self.change_user, self.change_token)
        if self.random.random() < 0.12:
            deed = self.random.choice(deeds)
            await deed()
            return deed.__name__
        token = self.random.choice(self.model.tokens)
        deed = self.random.choice(
            (
                *(
                    self.read_group,
                    self.read_list,
                    self.read_place,
                    self.read_beyond,
                    self.search_rules,
                    self.judge,
                    self.read_exposures,
                ),
                *(self.change_group, self.change_group, self.change_tenant, self.change_for_staff),
                *(partial(read_port, self), partial(change_port, self)),
            )
        )
        await deed(token)
        return getattr(deed, "func", deed).__name__

    async def ask(
        self, token: Token, method: str, path: str, body: Any = None
    ) -> httpx.Response | None:
        """Send a request; None where nobody was expected to be let in, and nobody was."""
        answer = await self.client.request(
            method, path, json=body, headers={"Authorization": f"Token {token.secret}"}
        )
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            raise Wrong(f"{method} {path}: {answer.status_code} {answer.text}")
        if not self.model.signs_in(token):
            self.hold(answer, 401, token)
            return None
        found = set(_UUID.findall(answer.text + str(dict(answer.headers)))) - {*_UUID.findall(path)}
        if leaked := found & self.model.hidden(token):
            raise Wrong(f"{method} {path} shows {leaked} to {token}")
        reads = method in {"GET", "HEAD"} or path.endswith("/verdict/")
        if not reads and token.is_read_only:
            self.hold(answer, 403, token)
            if answer.json() != READ_ONLY:
                raise Wrong(f"{method} {path}: {answer.text}")
            return None
        return answer

    def hold(self, answer: httpx.Response, status: int, token: Token) -> None:
        if answer.status_code != status:
            request = answer.request
            raise Wrong(
                f"{request.method} {request.url}: {answer.status_code}, not {status}, for {token}:"
                f" {answer.text[:300]}"
            )

    def group(self) -> Group:
        return self.random.choice(self.model.groups)

    def spelled(self, uuid: UUID) -> str:
        return self.random.choice([uuid.hex, str(uuid), uuid.hex.upper()])

    async def read_group(self, token: Token) -> None:
        group = self.group()
        path = f"{GROUPS}{self.spelled(group.uuid)}/{self.random.choice(GROUP_READS)}"
        if answer := await self.ask(token, "GET", path):
            self.hold(answer, 200 if self.model.sees(token, group.project) else 404, token)

    async def read_place(self, token: Token) -> None:
        """Look at one tenant, project, customer or group that may not exist at all."""
        kind = self.random.choice(["openstack-tenants", "projects", "customers", "nothing"])
        if kind == "nothing":
            path, sees = f"{GROUPS}{uuid4().hex}/", False
        elif kind == "customers":
            customer = self.random.choice(self.model.customers)
            sees = customer.uuid in self.model.seen_customers(token)
            path = f"/api/customers/{self.spelled(customer.uuid)}/"
        else:
            tenant = self.random.choice(self.model.tenants)
            thing = tenant if kind == "openstack-tenants" else tenant.project
            sees = self.model.sees(token, tenant.project)
            path = f"/api/{kind}/{self.spelled(thing.uuid)}/"
        if answer := await self.ask(token, "GET", path):
            self.hold(answer, 200 if sees else 404, token)

    async def read_list(self, token: Token) -> None:
        """List all of a kind, or those of one project or customer, seen or not."""
        kind = self.random.choice(["groups", "overviews", "tenants", "projects", "customers"])
        projects = set(self.model.seen_projects(token))
        paths = {"groups": GROUPS, "overviews": "/api/security-group-overviews/"}
        paths |= {"tenants": TENANTS}
        things = {
            "groups": [each for each in self.model.groups if each.project in projects],
            "tenants": [each for each in self.model.tenants if each.project in projects],
            "projects": list(projects),
            "customers": [
                each
                for each in self.model.customers
                if each.uuid in self.model.seen_customers(token)
            ],
        }
        things["overviews"] = things["groups"]
        expected = things[kind]
        query: dict[str, Any] = {"page_size": 300}
        if kind in {"groups", "tenants"} and self.random.random() < 0.4:
            chosen = self.random.choice(self.model.projects)
            query["project_uuid"] = chosen.uuid.hex
            expected = [each for each in expected if each.project == chosen]
        path = f"{paths.get(kind, f'/api/{kind}/')}?{httpx.QueryParams(query)}"
        if self.random.random() < 0.2:
            if answer := await self.ask(token, "HEAD", path):
                self.hold(answer, 200, token)
                if answer.headers["X-Result-Count"] != str(len(expected)):
                    raise Wrong(f"HEAD {path}: {answer.headers}, not {len(expected)}")
        elif answer := await self.ask(token, "GET", path):
            self.hold(answer, 200, token)
            found = sorted(UUID(each["uuid"]).hex for each in answer.json())
            if found != sorted(each.uuid.hex for each in expected):
                raise Wrong(f"{path}: {found} for {token}")

    async def search_rules(self, token: Token) -> None:
        """Search among all rules: those of groups that are seen, and no others."""
        projects = set(self.model.seen_projects(token))
        seen = [each for each in self.model.groups if each.project in projects]
        named, pattern = self.random.choice(RULE_SEARCHES)
        path = f"{RULES}?page_size=300&{named}"
        if answer := await self.ask(token, "GET", path):
            self.hold(answer, 200, token)
            (expected,) = await self.execute(
                "SELECT coalesce(array_agg(rule.id ORDER BY rule.id), '{}')"
                " FROM security_group_rules AS rule"
                " INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id"
                " WHERE sg.uuid = ANY(%s) AND rule.cidr LIKE %s",
                [each.uuid for each in seen],
                pattern,
            )
            if [each["id"] for each in answer.json()] != expected[:300]:
                raise Wrong(f"{path}: {answer.text[:300]} for {token}, not {expected}")

    async def read_exposures(self, token: Token) -> None:
        """List what is open: ports that are seen, with the groups that are seen."""
        path = f"{exposed.EXPOSURES}?page_size=300"
        if answer := await self.ask(token, "GET", path):
            self.hold(answer, 200, token)
            expected = await exposed.expected(self.execute, self.model, token)
            if exposed.shown(answer.json()) != expected:
                raise Wrong(f"{path}: {answer.text[:300]} for {token}, not {expected}")

    async def read_beyond(self, token: Token) -> None:
        """Look where much is told: events, users, tokens, clouds, the sync. Leaks are found."""
        path = self.random.choice(BEYOND)
        answer = await self.ask(token, "GET", path)
        if answer is None:
            return
        if path == "/api/sync-status/":
            sees_all = token.user.is_staff or token.user.is_support
            self.hold(answer, 200 if sees_all and token.project is None else 403, token)
        elif path == "/api/doctor/":
            is_allowed = token.user.is_staff and token.project is None
            self.hold(answer, 200 if is_allowed else 403, token)
        elif path == "/api/nothing/":
            self.hold(answer, 404, token)
        else:
            self.hold(answer, 200, token)

    async def judge(self, token: Token) -> None:
        """Request a verdict, what a port admits, or who can reach it. Leaks are found."""
        seen = [each for each in self.ports if self.model.sees(token, each[1].project)]
        any_port = self.random.choice(self.ports)
        uuid, owner = self.random.choice([any_port, *seen])
        tenant = self.random.choice([owner, self.random.choice(self.model.tenants)])
        rest = self.random.choice(["effective_rules/", "who_can_reach/?protocol=tcp&port=1", ""])
        if rest:
            path = f"/api/openstack-ports/{self.spelled(uuid)}/{rest}"
            answer, status = await self.ask(token, "GET", path), 404
        else:
            source = {"address": f"10.0.0.{self.random.randrange(9)}"}
            destination = {"port_uuid": self.spelled(uuid)}
            body = {"source": source, "destination": destination, "protocol": "tcp", "port": 1}
            path = f"{TENANTS}{self.spelled(tenant.uuid)}/verdict/"
            answer = await self.ask(token, "POST", path, body)
            status = 400 if self.model.sees(token, tenant.project) else 404
            owner = owner if status == 400 else tenant
        if answer is None:
            return
        self.hold(answer, 200 if self.model.sees(token, owner.project) else status, token)
        hidden = (each for each in self.model.groups if not self.model.sees(token, each.project))
        if shown := [each for each in hidden if f'"g {each.uuid.fields[0]}"' in answer.text]:
            raise Wrong(f"{path} shows the names of {shown} to {token}")

    async def change_group(self, token: Token) -> None:
        group = self.group()
        name = self.random.choice(list(CHANGES))
        method, rest, body, success = CHANGES[name]
        if isinstance(body, dict) and body.get("name"):
            body = body | {"name": f"n {uuid4().fields[0]}"}
        await self.settle()
        path = f"{GROUPS}{self.spelled(group.uuid)}/{rest}"
        if answer := await self.ask(token, method, path, body):
            self.hold(answer, self.verdict(token, group.project, success), token)

    async def change_for_staff(self, token: Token) -> None:
        """Do what staff alone may: others are refused whatever the object, seen or not."""
        group = self.group()
        name = self.random.choice(list(FOR_STAFF))
        method, rest, body, success = FOR_STAFF[name]
        path = f"{GROUPS}{self.spelled(group.uuid)}/{rest}"
        if answer := await self.ask(token, method, path, body):
            self.hold(answer, success if self.model.is_whole_staff(token) else 403, token)
            if name == "unlink" and answer.status_code == success:
                self.model.groups.remove(group)
                await self.add_group(group.tenant)

    async def change_tenant(self, token: Token) -> None:
        tenant = self.random.choice(self.model.tenants)
        name = self.random.choice(list(TENANT_CHANGES))
        method, rest, body, success = TENANT_CHANGES[name]
        if body:
            body = body | {"name": f"n {uuid4().fields[0]}"}
        await self.settle()
        path = f"{TENANTS}{self.spelled(tenant.uuid)}/{rest}"
        if answer := await self.ask(token, method, path, body):
            self.hold(answer, self.verdict(token, tenant.project, success), token)
            if answer.status_code == 201:
                self.model.groups.append(Group(UUID(answer.json()["uuid"]), tenant))
                if len(self.model.groups) > 60:
                    await self.shrink()

    def verdict(self, token: Token, project: Project, success: int) -> int:
        if not self.model.sees(token, project):
            return 404
        return success if self.model.may_change(token, project) else 403

    async def settle(self) -> None:
        """Bring all to rest: a refusal can then have no other cause than who asks."""
        await self.execute("UPDATE tenants SET state = 'OK' WHERE state <> 'OK'")
        await self.execute(
            "UPDATE security_groups SET state = 'OK', backend_id = uuid::text"
            " WHERE state <> 'OK' OR backend_id = ''"
        )

    async def shrink(self) -> None:
        """Forget some groups, so that a long walk stays as quick as a short one."""
        while len(self.model.groups) > 40:
            group = self.group()
            self.model.groups.remove(group)
            async with self.database.transaction() as connection:
                await connection.execute(
                    "DELETE FROM security_groups WHERE uuid = %s", [group.uuid]
                )


def where(seed: int, number: int, last: list[str], error: Wrong) -> str:
    """Return where a walk went wrong, so that it can be walked again."""
    return f"seed {seed}, step {number} ({json.dumps(last[-5:])}): {error}"
