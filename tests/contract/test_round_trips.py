"""Rules of any response that are sent back mean the same or are rejected: they never allow more.

`tests/sync/test_round_trips.py` does it against a real Neutron.
"""

import os
from random import Random
from uuid import uuid4

import hypothesis
import pytest
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from tests.contract import described
from tests.contract.paths import GROUPS, group_at, tenant_at
from tests.contract.test_set_rules import settle
from tests.factories.rule_lists import DESCRIPTIVE, KEEPERS, Ends, a_row, an_end

from ringfence.security_groups.rule_input.rule_keys import (
    KEYS_OF_SEARCH,
    KNOWN_KEYS,
    unknown_keys,
)
from ringfence.security_groups.rules import Rule, canonical
from ringfence.security_groups.schemas import RULE_FIELDS

EXAMPLES = int(os.environ.get("RINGFENCE_EXAMPLES", "30"))
RULES = (
    "SELECT rule.description, rule.ethertype, rule.direction, rule.protocol, rule.from_port,"
    " rule.to_port, rule.cidr, hex(remote.uuid),"
    " coalesce(rule.unresolved_group_backend_id || '/' || CASE"
    "   WHEN rule.unresolved_group_backend_id = '' THEN rule.unresolved_group_name ELSE '' END,"
    "   rule.remote_address_group_backend_id)"
    " FROM security_group_rules AS rule"
    " INNER JOIN security_groups AS sg ON rule.security_group_id = sg.id"
    " LEFT JOIN security_groups AS remote ON rule.remote_group_id = remote.id"
    " WHERE sg.uuid = %s"
)
SOURCES = (
    "retrieve",
    "list",
    "field",
    "version",
    "old version",
    "added",
    "plan",
    "dry run",
    "drift",
)
DOORS = ("set_rules", "dry_run then set_rules", "creation", "push", "rollback")


def meaning(row):
    description, *rule, group, other = row
    ethertype, direction, protocol, first, last, cidr = rule
    key = canonical(Rule(ethertype, direction, protocol, first, last, cidr))
    return description, (key, group, other)


async def meanings(world, group):
    """The meaning of the group's rules, by description."""
    async with world.database.connection() as connection:
        cursor = await connection.execute(RULES, [group])
        rows = [meaning(row) for row in await cursor.fetchall()]
    assert len(rows) == len({description for description, _ in rows})
    return dict(rows)


class Site:
    """A tenant with a group that has rules of every form, older versions, and an observation."""

    def __init__(self, client, world, chance):
        self.client, self.world, self.chance = client, world, chance

    async def build(self):
        world = self.world
        own = {
            name: await world.group(name, backend_id=backend_id)
            for name, backend_id in (("db", uuid4().hex), ("unborn", ""), ("", uuid4().hex))
        }
        ids = {
            uuid.hex: await world.value("SELECT id FROM security_groups WHERE uuid = %s", uuid)
            for uuid in own.values()
        }
        self.ends = Ends(
            ids, [uuid4().hex for _ in range(2)], [uuid4().hex for _ in range(2)], ["lost", "db"]
        )
        older = self.rows(0)
        self.group = await world.group(rules=older)
        self.old = await meanings(world, self.group)
        await self.store(self.rows(100, also=older))
        self.present = await meanings(world, self.group)
        self.observed = await self.observe()

    def rows(self, start, also=()):
        """Distinct rules, some of which differ in their remote only."""
        rows = [a_row(self.chance, self.ends, start + n) for n in range(self.chance.randint(1, 5))]
        rows += [row for row in also if self.chance.random() < 0.3]
        for row in list(rows):
            if self.chance.random() < 0.3:
                alike = {k: v for k, v in row.items() if k in RULE_FIELDS and k != "cidr"}
                alike["description"] = f"rule {len(rows) + start + 50}"
                rows.append(alike | an_end(self.chance, self.ends, row["ethertype"]))
        once = {}
        for row in rows:
            once.setdefault(self.key(row), row)
        return list(once.values())

    def key(self, row):
        values = {name: row.get(name) for name in RULE_FIELDS if name in row}
        end = [row.get("unresolved_group_backend_id"), row.get("unresolved_group_name")]
        named = end[1] if end[0] == "" else end[0]
        return (
            canonical(Rule(**values | {"description": ""})),
            row.get("remote_group_id"),
            named,
            row.get("remote_address_group_backend_id"),
        )

    async def store(self, rows):
        """Store these rules as the next version of the group."""
        temporary = await self.world.group(f"temporary {uuid4()}", rules=rows)
        await self.world.execute(
            "DELETE FROM security_group_rules USING security_groups AS sg"
            " WHERE sg.id = security_group_id AND sg.uuid = %s",
            self.group,
        )
        await self.world.execute(
            "UPDATE security_group_rules AS rule SET security_group_id = sg.id"
            " FROM security_groups AS sg, security_groups AS temporary"
            " WHERE sg.uuid = %s AND temporary.uuid = %s"
            " AND rule.security_group_id = temporary.id",
            self.group,
            temporary,
        )
        await self.world.execute("DELETE FROM security_groups WHERE uuid = %s", temporary)
        # An update creates the version and the document.
        name = f"web {uuid4()}"
        response = await self.client.patch(group_at(self.group), json={"name": name})
        assert response.status_code == 200, response.text
        await settle(self.world)

    async def observe(self):
        """Store an observation with other rules, some with remotes that are in no row."""
        rules, observed = [], {}
        for number in range(200, 200 + self.chance.randint(1, 3)):
            row = a_row(self.chance, self.ends, number)
            for key in ("cidr", "remote_group_id", "unresolved_group_backend_id"):
                row.pop(key, None)
            address = row.pop("remote_address_group_backend_id", None)
            group = None if address else self.chance.choice([uuid4().hex, self.ends.foreign[0]])
            rules.append(
                {
                    "id": uuid4().hex,
                    "ethertype": row["ethertype"],
                    "direction": row["direction"],
                    "protocol": row["protocol"] or None,
                    "port_range_min": row["from_port"],
                    "port_range_max": row["to_port"],
                    "remote_ip_prefix": None,
                    "remote_group_id": group,
                    "remote_address_group_id": address,
                    "description": row["description"],
                }
            )
            values = [
                row[k] for k in ("ethertype", "direction", "protocol", "from_port", "to_port")
            ]
            end = address or f"{group}/"
            observed |= [meaning((row["description"], *values, None, None, end))]
        await self.world.execute(
            "INSERT INTO security_group_observations (security_group_id, name, description, rules,"
            " revision_number, digest, observed_at) SELECT id, name, description, %s, 7, 'x', now()"
            " FROM security_groups WHERE uuid = %s",
            Jsonb(rules),
            self.group,
        )
        return observed

    async def get(self, path, **options):
        response = await self.client.get(path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    async def read(self, source):
        """Return the rules of a response, and their meaning."""
        at, present = self.group, self.present
        if source in {"plan", "dry run"}:
            path = "plan/" if source == "plan" else "set_rules/?dry_run=true"
            rules = (await self.get(group_at(at)))["rules"]
            response = await self.client.post(group_at(at, path), json=rules)
            assert response.status_code == 200, response.text
            part = self.chance.choice(("rules", "added", "removed", "kept"))
            return response.json()[part], present | self.observed
        if source == "drift":
            shown = await self.get(group_at(at, "drift/"))
            part = self.chance.choice(("missing_at_cloud", "unexpected_at_cloud"))
            return shown[part], present | self.observed
        if source == "list":
            found = await self.get(GROUPS, params={"page_size": 100})
            return next(one["rules"] for one in found if one["uuid"] == at.hex), present
        if source in {"retrieve", "field"}:
            fields = {"field": "rules"} if source == "field" else {}
            return (await self.get(group_at(at), params=fields))["rules"], present
        return await self.read_version(source)

    async def read_version(self, source):
        newest = (await self.get(group_at(self.group, "versions/")))[0]["number"]
        old, new = (group_at(self.group, f"versions/{number}/") for number in (1, newest))
        if source == "version":
            return (await self.get(new))["rules"], self.present
        if source == "old version":
            return (await self.get(old))["rules"], self.old
        shown = await self.get(new, params={"compare": 1})
        assert (await self.get(old, params={"compare": newest}))["added"] == shown["removed"]
        part = self.chance.choice(("added", "removed", "description_only"))
        return shown[part], (self.old if part == "removed" else self.present)

    async def send(self, door, rules):
        """Send rules; return the response, and the group that has them if they are accepted."""
        tenant = self.world.tenant_uuid
        match door:
            case "creation":
                path = tenant_at(tenant, "create_security_group/")
                name = f"copy {uuid4()}"
                response = await self.client.post(path, json={"name": name, "rules": rules})
                return response, await self.world.value(
                    "SELECT uuid FROM security_groups WHERE name = %s", name
                )
            case "push":
                path = tenant_at(tenant, "push_security_groups/")
                rest = [
                    {"uuid": uuid, "name": await self.name(uuid)}
                    for uuid in self.ends.own
                    if await self.name(uuid)
                ]
                name = await self.name(self.group.hex)
                entry = {"uuid": self.group.hex, "name": name, "rules": rules}
                return await self.client.post(path, json=[entry, *rest]), self.group
            case _:
                path = group_at(self.group, "set_rules/")
                if door == "dry_run then set_rules":
                    planned = await self.client.post(f"{path}?dry_run=true", json=rules)
                    if planned.status_code == 200:
                        path += f"?plan_token={planned.json()['plan_token']}"
                return await self.client.post(path, json=rules), self.group

    async def name(self, uuid):
        return await self.world.value("SELECT name FROM security_groups WHERE uuid = %s", uuid)


@pytest.mark.timeout(300 + 10 * EXAMPLES)
@hypothesis.settings(
    max_examples=EXAMPLES,
    suppress_health_check=[
        hypothesis.HealthCheck.function_scoped_fixture,
        hypothesis.HealthCheck.too_slow,
    ],
    # The seed identifies a counterexample; with fewer rules it would be another one.
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)
@hypothesis.example(
    seed=18336, source="added", door="dry_run then set_rules", keeper="with names alone"
)
@hypothesis.given(
    seed=st.integers(0, 2**32),
    source=st.sampled_from(SOURCES),
    door=st.sampled_from(DOORS),
    keeper=st.sampled_from(sorted(KEEPERS)),
)
async def test_rules_sent_back_mean_the_same_or_are_refused(
    client, world, seed, source, door, keeper
):
    await world.execute("DELETE FROM security_group_rules")
    await world.execute("DELETE FROM security_groups")
    site = Site(client, world, Random(seed))  # noqa: S311 - the same each time
    await site.build()
    rules, meant = await site.read(source)
    assert all(rule.keys() <= KNOWN_KEYS for rule in rules)
    before = await meanings(world, site.group)

    if door == "rollback":
        response = await client.post(group_at(site.group, "rollback/"), json={"version": 1})
        assert response.status_code == 202
        assert await meanings(world, site.group) == site.old
        return
    sent = [KEEPERS[keeper](rule) for rule in rules]
    if door == "creation":
        sent = [{key: value for key, value in rule.items() if key != "id"} for rule in sent]
        # For a new group, nothing distinguishes these from rules for any address.
        sent = [
            now
            for now, shown in zip(sent, rules, strict=True)
            if now.keys() & {*DESCRIPTIVE} or not shown.keys() & {*DESCRIPTIVE}
        ]
    response, group = await site.send(door, sent)

    hypothesis.event(f"{response.status_code} {door}")
    if response.status_code == 400:
        assert await meanings(world, site.group) == before
        return
    assert response.status_code in {200, 201}, response.text
    stored = await meanings(world, group)
    # What the group had already is no more than before, whatever its description is now.
    had = [] if door == "creation" else before.values()
    assert [name for name in stored if stored[name] not in (meant[name], *had)] == []
    assert stored.keys() == {rule["description"] for rule in sent}


@pytest.mark.timeout(300)
async def test_unchanged_rules_of_a_group_are_never_refused(client, world):
    for seed in range(20):
        await world.execute("DELETE FROM security_group_rules")
        await world.execute("DELETE FROM security_groups")
        site = Site(client, world, Random(seed))  # noqa: S311 - the same each time
        await site.build()
        for source in ("retrieve", "list", "field"):
            rules, meant = await site.read(source)
            response, group = await site.send("set_rules", rules)
            assert response.status_code == 200, (seed, response.text)
            assert await meanings(world, group) == meant
            await settle(world)


def rule_schemas(node):
    """Every schema of the API description that has the fields of all rules."""
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict) and properties.keys() >= {"ethertype", "direction"}:
            yield properties
        for child in node.values():
            yield from rule_schemas(child)
    elif isinstance(node, list):
        for child in node:
            yield from rule_schemas(child)


def is_rule(properties):
    """Return whether it is a rule, and not a piece of traffic or what a verdict names."""
    return not properties.keys() & {"rules", "rule_id"}


def test_every_key_of_a_rule_in_any_response_is_known_in_requests():
    # Every response of the tests is validated against this description.
    found = list(rule_schemas(described.document()))
    assert len(found) > 5
    shown = {key for properties in found if is_rule(properties) for key in properties}
    assert shown == KNOWN_KEYS | KEYS_OF_SEARCH


def test_what_resembles_a_rule_in_a_response_is_refused_in_requests():
    found = [each for each in rule_schemas(described.document()) if not is_rule(each)]
    assert len(found) > 2
    assert all(unknown_keys(each, ()) for each in found)


def test_a_key_of_the_search_is_known_beside_the_remote_end_only():
    rule = {"protocol": "tcp", "security_group": "/api/openstack-security-groups/1/"}
    assert set(unknown_keys(rule, ())) == {"security_group"}
    assert set(unknown_keys(rule | {"cidr": None}, ())) == {"security_group"}
    assert unknown_keys(rule | {"cidr": None, "remote_group": None}, ()) == {}
