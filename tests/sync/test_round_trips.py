"""Rules of responses sent back, and rules with wrong keys, never admit more in a real Neutron.

Requests are compared with Neutron's own list after each push, by `tests.factories.admission`.
`make test-round-trips` runs 10,000 round trips and 2,000 rule objects; the suite runs some.
"""

import os
from collections import Counter
from random import Random
from uuid import UUID

import httpx
import pytest
from tests.contract import described
from tests.contract.paths import group_at
from tests.factories.admission import more_than, of_neutron
from tests.factories.rule_lists import (
    DESCRIPTIVE,
    KEEPERS,
    Ends,
    a_row,
    a_wrong_rule,
    an_empty_rule,
)

from ringfence.app import create_app
from ringfence.security_groups.rules import ALL_PORTS
from ringfence.settings import Settings
from ringfence.sync.push import push_group

TRIPS = int(os.environ.get("RINGFENCE_ROUND_TRIPS", "6"))
OBJECTS = int(os.environ.get("RINGFENCE_RULE_OBJECTS", "6"))
SEED = int(os.environ.get("RINGFENCE_SEED", "20260101"))
# One for each worker of pytest that runs `make test-round-trips`
PARTS = 2 if "RINGFENCE_ROUND_TRIPS" in os.environ else 1
GROUPS = 12
RULES = 5


class Site:
    """A tenant in the lab's Neutron, with groups whose rules have every remote end that it has."""

    def __init__(self, place, lab, client, chance):
        self.place, self.lab, self.client, self.chance = place, lab, client, chance
        self.groups: list[UUID] = []
        self.statuses: Counter = Counter()

    async def build(self):
        remote = await self.place.ask("db")
        await self.push(remote)
        self.remote = (await self.place.row(remote))[1]
        self.ends = Ends(
            {remote.hex: await self.id_of(remote)},
            [self.address_group(number) for number in range(2)],
            [self.shared_group(number) for number in range(2)],
        )
        for number in range(GROUPS):
            rows = self.rows()
            self.groups.append(await self.place.ask(f"group {number}", rules=rows))
            await self.push(self.groups[-1])

    def rows(self):
        rows: dict[object, dict] = {}
        for number in range(RULES):
            row = a_row(self.chance, self.ends, number)
            ports = (row["from_port"], row["to_port"])
            first = None if ports == ALL_PORTS else row["from_port"]
            protocol = {"6": "tcp"}.get(row["protocol"], row["protocol"])
            traffic = (row["ethertype"], row["direction"], protocol, first)
            # Neutron takes rules for duplicates that differ in spelling only.
            rows.setdefault((*traffic, self.kind(row)), row)
        return list(rows.values())

    def kind(self, row):
        ends = {key: value for key, value in row.items() if "remote" in key or "unresolved" in key}
        is_prefix = row.get("cidr") and not row["cidr"].rpartition("/")[2].startswith("0")
        ends.pop("unresolved_group_name", None)
        return row["cidr"].lower() if is_prefix else str(ends)

    def address_group(self, number):
        values = {
            "name": f"offices {number}",
            "addresses": [f"192.0.2.{number}/32"],
            "project_id": self.place.project,
        }
        body = {"address_group": values}
        return self.lab.neutron("POST", "/v2.0/address-groups", body)["address_group"]["id"]

    def shared_group(self, number):
        owner = self.lab.make_project()
        body = {"security_group": {"name": f"shared {number}", "project_id": owner}}
        made = self.lab.neutron("POST", "/v2.0/security-groups", body)["security_group"]["id"]
        policy = {
            "object_type": "security_group",
            "object_id": made,
            "action": "access_as_shared",
            "target_tenant": self.place.project,
            "project_id": owner,
        }
        self.lab.neutron("POST", "/v2.0/rbac-policies", {"rbac_policy": policy})
        return made

    async def id_of(self, group):
        return await self.place.world.value("SELECT id FROM security_groups WHERE uuid = %s", group)

    async def push(self, group):
        await push_group(self.place.database, self.place.clouds, group)

    async def in_neutron(self):
        """Return what each of the groups admits, by Neutron's own list."""
        path = f"/v2.0/security-group-rules?project_id={self.place.project}"
        found = self.lab.neutron("GET", path)["security_group_rules"]
        backend_ids = {group: (await self.place.row(group))[1] for group in self.groups}
        return {
            group: {of_neutron(rule) for rule in found if rule["security_group_id"] == backend_id}
            for group, backend_id in backend_ids.items()
        }

    async def get(self, group, path=""):
        response = await self.client.get(group_at(group, path))
        assert response.status_code == 200, response.text
        return response.json()

    async def read(self, group):
        """Return the rules of one response that shows rules of the group as they are."""
        match self.chance.choice(("retrieve", "version", "plan", "kept")):
            case "retrieve":
                return (await self.get(group))["rules"]
            case "version":
                newest = (await self.get(group, "versions/"))[0]["number"]
                return (await self.get(group, f"versions/{newest}/"))["rules"]
            case part:
                rules = (await self.get(group))["rules"]
                response = await self.client.post(group_at(group, "plan/"), json=rules)
                assert response.status_code == 200, response.text
                return response.json()["rules" if part == "plan" else "kept"]

    async def send(self, group, rules):
        response = await self.client.post(group_at(group, "set_rules/"), json=rules)
        self.statuses[response.status_code] += 1
        self.said = response.text
        assert response.status_code in {200, 400}, response.text
        return response.status_code == 200

    async def settle(self, group):
        await self.push(group)
        assert (await self.place.row(group))[0] == "OK", await self.place.row(group)


@pytest.fixture
async def client(neutron):
    app = create_app(Settings(address_rate=0, token_rate=0, token_change_rate=0))
    app.state.database = neutron.database
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://localhost",
        headers={"Authorization": "Token admin-token"},
        event_hooks={"response": [described.check]},
    ) as client:
        yield client


@pytest.mark.timeout(300 + 2 * TRIPS)
@pytest.mark.parametrize("part", range(PARTS))
async def test_rules_of_a_response_that_are_sent_back_admit_no_more(
    neutron, lab, client, part, record_property
):
    chance = Random(SEED + part)  # noqa: S311 - the same trips each time
    site = Site(neutron, lab, client, chance)
    await site.build()
    admitted = await site.in_neutron()
    trips = 0
    while trips < TRIPS // PARTS:
        before = admitted
        for group in site.groups:
            rules = await site.read(group)
            # Half of them unchanged, half of them as clients change them
            keeper = (
                chance.choice(("unchanged", *KEEPERS)) if chance.random() < 0.5 else "unchanged"
            )
            is_kept = await site.send(group, [KEEPERS[keeper](rule) for rule in rules])
            assert is_kept or keeper != "unchanged", (site.said, rules)
            if is_kept:
                await site.settle(group)
            trips += 1
        admitted = await site.in_neutron()
        for group in site.groups:
            assert more_than(admitted[group], before[group]) == [], group
            assert admitted[group] == before[group]
        await renew(site, chance)
        admitted = await site.in_neutron()
    assert site.statuses[200] > trips / 2
    record_property("fuzzed", [f"round trips, seed {SEED + part}: {trips} {dict(site.statuses)}"])


async def renew(site, chance):
    """Set other rules of a group."""
    group = chance.choice(site.groups)
    await site.place.change_rules(group, site.rows())
    await site.place.world.execute(
        "INSERT INTO security_group_versions (security_group_id, number, cause, name, description,"
        " rules) SELECT sg.id, sg.version, 'load', sg.name, '', (SELECT coalesce(jsonb_agg("
        " to_jsonb(rule) - 'security_group_id' ORDER BY rule.position), '[]')"
        " FROM security_group_rules AS rule WHERE rule.security_group_id = sg.id)"
        " FROM security_groups AS sg WHERE sg.uuid = %s",
        group,
    )
    await site.settle(group)


@pytest.mark.timeout(300 + 2 * OBJECTS)
@pytest.mark.parametrize("part", range(PARTS))
async def test_rules_with_unknown_empty_and_null_keys_admit_no_more_than_they_say(
    neutron, lab, client, part, record_property
):
    chance = Random(SEED + part)  # noqa: S311 - the same objects each time
    site = Site(neutron, lab, client, chance)
    await site.build()
    before = await site.in_neutron()
    objects = 0
    while objects < OBJECTS // PARTS:
        said = {}
        for group in site.groups:
            objects += 1
            if chance.random() < 0.5:
                rule = a_wrong_rule(chance)
                assert not await site.send(group, [encodable(rule)]), rule
                said[group] = before[group]
                continue
            rule = an_empty_rule(chance, objects % 1000)
            is_taken = await site.send(group, [rule])
            said[group] = {admitted_by(rule)} if is_taken else before[group]
            if is_taken:
                await site.settle(group)
        before = await site.in_neutron()
        for group in site.groups:
            assert more_than(before[group], said[group]) == [], group
    assert site.statuses[400] > objects / 3
    record_property(
        "fuzzed", [f"rule objects, seed {SEED + part}: {objects} {dict(site.statuses)}"]
    )


def encodable(rule):
    return {key.encode("utf-8", "replace").decode(): value for key, value in rule.items()}


def admitted_by(rule):
    """Return the prefix of an accepted rule, or any if it has no remote."""
    is_described = any(rule.get(key) is not None for key in DESCRIPTIVE)
    assert (rule.get("cidr") or "").strip() or not is_described, rule
    return of_neutron(
        {
            "direction": "ingress",
            "ethertype": "IPv4",
            "protocol": "tcp",
            "port_range_min": rule["from_port"],
            "port_range_max": rule["to_port"],
            "remote_ip_prefix": (rule.get("cidr") or "").strip() or None,
        }
    )
