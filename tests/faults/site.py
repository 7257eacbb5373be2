"""All of Ringfence but its processes over a real Neutron, and the operations of the tests."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
from tests.faults.matrix import GROUPS
from tests.lab.openstack import Lab
from tests.lab.proxy import Proxy
from tests.patience import PATIENCE_SECONDS
from tests.sync.conftest import Place, cloud_tcp

from ringfence.database.outbox import defer_periodic_for_tenant
from ringfence.neutron import translate
from ringfence.neutron.port import CloudRule
from ringfence.security_groups.rules import Rule, RuleKey, canonical
from ringfence.sync.plan import rule_from_cloud

GROUPS_PATH = "/api/openstack-security-groups/"
IDLE = {"OK", "ERRED"}


def tcp(port: int, cidr: str = "10.0.0.0/8") -> dict:
    return {
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "cidr": cidr,
    }


SSH, WEB, MAIL = tcp(22), tcp(443, "0.0.0.0/0"), tcp(25)


def keys(rules: list[dict]) -> set[RuleKey]:
    names = ("ethertype", "direction", "protocol", "from_port", "to_port", "cidr")
    return {canonical(Rule(**{name: rule[name] for name in names})) for rule in rules}


@dataclass
class Site:
    """A tenant, its cloud behind the proxy, and a client of the API."""

    place: Place
    proxy: Proxy
    lab: Lab
    client: httpx.AsyncClient
    # The desired groups besides the default one: rules by the group's name
    desired: dict[str, list[dict]] = field(default_factory=dict)

    @property
    def tenant(self) -> str:
        return f"/api/openstack-tenants/{self.place.tenant.hex}/"

    async def request(self, method: str, path: str, body: object = None) -> httpx.Response:
        response = await self.client.request(method, path, json=body)
        assert response.status_code < 300, response.text
        return response

    async def create(self, name: str, rules: list[dict]) -> str:
        body = {"name": name, "rules": rules}
        response = await self.request("POST", f"{self.tenant}create_security_group/", body)
        self.desired[name] = rules
        return response.json()["uuid"]

    async def created(self, name: str, rules: list[dict]) -> str:
        uuid = await self.create(name, rules)
        await self.wait_until_idle()
        assert (await self.group(uuid))["state"] == "OK"
        return uuid

    async def group(self, uuid: str) -> dict | None:
        response = await self.client.get(f"{GROUPS_PATH}{uuid}/")
        return response.json() if response.status_code == 200 else None

    async def wait_until_idle(self) -> None:
        """Wait until there is no job and no group or tenant in a transient state."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while await self.place.world.value(
            "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))"
            " + (SELECT count(*) FROM security_groups WHERE state NOT IN ('OK', 'ERRED'))"
            " + (SELECT count(*) FROM tenants WHERE state NOT IN ('OK', 'ERRED'))"
            " + (SELECT count(*) FROM cloud_ports WHERE state NOT IN ('OK', 'ERRED'))"
        ):
            assert time.monotonic() < deadline, await self.errors()
            await asyncio.sleep(0.03)

    async def errors(self) -> list[str]:
        """The messages of all failures."""
        async with self.place.database.connection() as connection:
            cursor = await connection.execute(
                "SELECT message FROM events WHERE event_type LIKE '%erred' OR"
                " event_type LIKE '%failed' ORDER BY id"
            )
            found = [row[0] for row in await cursor.fetchall()]
            cursor = await connection.execute(
                "SELECT error_message FROM tenants WHERE error_message <> ''"
            )
            return found + [row[0] for row in await cursor.fetchall()]

    def in_the_cloud(self) -> dict[str, set[RuleKey]]:
        """The groups of the project in Neutron, read without the proxy; each name once."""
        query = f"{GROUPS}?project_id={self.place.project}"
        found = translate.groups_from_body(self.lab.neutron("GET", query))
        assert max(Counter(group.name for group in found).values()) == 1, found
        return {
            group.name: {canonical(rule_from_cloud(rule)) for rule in group.rules}
            for group in found
            if group.name != "default"
        }

    async def assert_right(self) -> None:
        """Check that Neutron and the API have exactly the desired groups."""
        desired = {name: keys(rules) for name, rules in self.desired.items()}
        assert self.in_the_cloud() == desired
        groups = (await self.request("GET", GROUPS_PATH)).json()
        shown = {
            group["name"]: keys(group["rules"])
            for group in groups
            if group["name"] != "default" and "not found in" not in group["error_message"]
        }
        assert shown == desired
        assert {group["name"]: group["state"] for group in groups if group["name"] in desired} == (
            dict.fromkeys(desired, "OK")
        )
        assert await self.place.documents_are_fresh()


class Operation:
    """A request of a user; `retry` is what they do when the cause of an error has passed."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.uuid = ""

    async def arrange(self) -> None:
        self.uuid = await self.site.created("web", [SSH, WEB])

    async def act(self) -> None:
        raise NotImplementedError

    async def retry(self) -> None:
        await self.site.request("POST", f"{GROUPS_PATH}{self.uuid}/pull/")

    async def error(self) -> str:
        """The error that the user gets."""
        group = await self.site.group(self.uuid)
        assert group["state"] == "ERRED"
        return group["error_message"]

    async def after(self) -> None:
        await self.site.assert_right()


class Create(Operation):
    async def arrange(self) -> None:
        pass

    async def act(self) -> None:
        self.uuid = await self.site.create("web", [SSH, WEB])

    async def retry(self) -> None:
        group = await self.site.group(self.uuid)
        if group["backend_id"]:
            await super().retry()
            return
        # There is nothing in the cloud, and a pull has nothing to pull.
        await self.site.request("DELETE", f"{GROUPS_PATH}{self.uuid}/")
        await self.site.wait_until_idle()
        await self.act()


class Rename(Operation):
    async def act(self) -> None:
        body = {"name": "mail", "description": "for letters"}
        await self.site.request("PATCH", f"{GROUPS_PATH}{self.uuid}/", body)
        self.site.desired = {"mail": [SSH, WEB]}


class SetRules(Operation):
    async def act(self) -> None:
        self.site.desired["web"] = [WEB, MAIL]
        await self.site.request("POST", f"{GROUPS_PATH}{self.uuid}/set_rules/", [WEB, MAIL])


class Delete(Operation):
    async def act(self) -> None:
        self.site.desired = {}
        await self.site.request("DELETE", f"{GROUPS_PATH}{self.uuid}/")

    retry = act

    async def after(self) -> None:
        await super().after()
        assert await self.site.group(self.uuid) is None


class Pull(Operation):
    async def arrange(self) -> None:
        await super().arrange()
        backend_id = (await self.site.group(self.uuid))["backend_id"]
        place = self.site.place
        await place.cloud.create_rules(place.project, backend_id, [cloud_tcp(25)])
        self.site.desired["web"] = [SSH, WEB, MAIL]

    act = Operation.retry


class PullTenant(Operation):
    """One group changed in the cloud, one is new there, and one is missing.

    A rule of the default group refers to an address group.
    """

    async def arrange(self) -> None:
        await super().arrange()
        gone = await self.site.created("gone", [])
        del self.site.desired["gone"]
        cloud, project = self.site.place.cloud, self.site.place.project
        ids = [(await self.site.group(uuid))["backend_id"] for uuid in (self.uuid, gone)]
        await cloud.create_rules(project, ids[0], [cloud_tcp(25)])
        await cloud.delete_group(ids[1])
        new = await cloud.create_group(project, "new", "")
        for rule in new.rules:
            await cloud.delete_rule(rule.id)
        self.site.desired |= {"web": [SSH, WEB, MAIL], "new": []}
        values = {"addresses": ["192.0.2.0/24"], "project_id": project}
        made = self.site.lab.neutron("POST", "/v2.0/address-groups", {"address_group": values})
        office = CloudRule("IPv4", "ingress", remote_address_group_id=made["address_group"]["id"])
        (default,) = await cloud.list_groups(project, name="default")
        await cloud.create_rules(project, default.id, [office])

    async def act(self) -> None:
        await self.site.request("POST", f"{self.site.tenant}pull_security_groups/")

    async def retry(self) -> None:
        # An ERRED tenant takes no request; the next periodic pull repairs it.
        async with self.site.place.database.transaction() as connection:
            await defer_periodic_for_tenant(connection, self.site.place.tenant)

    async def error(self) -> str:
        state, message = await self.site.place.world.one(
            "SELECT state, error_message FROM tenants WHERE uuid = %s", self.site.place.tenant
        )
        assert state == "ERRED"
        return message

    async def after(self) -> None:
        await super().after()
        gone = (await self.site.request("GET", f"{GROUPS_PATH}?name_exact=gone")).json()
        assert [group["state"] for group in gone] == ["ERRED"]


class SetPortGroups(Operation):
    """A port gets one of two groups; another group of it, added in the cloud since, stays."""

    port = mail = ""

    async def arrange(self) -> None:
        site = self.site
        await super().arrange()
        first, mail = [await site.created(name, [SSH]) for name in ("first", "mail")]
        network = await asyncio.to_thread(site.lab.make_network, site.place.project)
        self.port = await asyncio.to_thread(
            site.lab.make_port, network, site.place.project, await self.ids(first)
        )
        await site.request("POST", f"{site.tenant}pull/")
        await site.wait_until_idle()
        port = await site.place.cloud.get_port(self.port)
        others = [*port.security_group_ids, *await self.ids(mail)]
        await site.place.cloud.set_port_groups(self.port, others, revision=port.revision_number)
        self.mail = mail

    async def ids(self, *groups: str) -> list[str]:
        return [(await self.site.group(group))["backend_id"] for group in groups]

    async def shown(self) -> dict:
        path = f"/api/openstack-ports/?backend_id={self.port}"
        return (await self.site.request("GET", path)).json()[0]

    async def act(self) -> None:
        body = {"security_groups": [f"{GROUPS_PATH}{self.uuid}/"]}
        path = f"/api/openstack-ports/{(await self.shown())['uuid']}/update_security_groups/"
        await self.site.request("POST", path, body)

    async def retry(self) -> None:
        await self.act()

    async def error(self) -> str:
        port = await self.shown()
        assert port["state"] == "ERRED"
        # What the cloud has, as last observed, and not what was requested
        assert [group["name"] for group in port["security_groups"]] == ["first"]
        return port["error_message"]

    async def after(self) -> None:
        await super().after()
        port = self.site.lab.neutron("GET", f"/v2.0/ports/{self.port}")["port"]
        assert set(port["security_groups"]) == set(await self.ids(self.uuid, self.mail))
        shown = await self.shown()
        assert [group["name"] for group in shown["security_groups"]] == ["mail", "web"]
        assert shown["state"] == "OK"


OPERATIONS: dict[str, type[Operation]] = {
    "create": Create,
    "rename": Rename,
    "set_rules": SetRules,
    "delete": Delete,
    "pull": Pull,
    "pull_tenant": PullTenant,
    "set_port_groups": SetPortGroups,
}
