"""The orderings of overviews by what is not stored, and their plans."""

import pytest
from tests.contract.rule_search.test_plans import FILL, GROUPS
from tests.contract.test_overviews import OVERVIEWS, names, observe
from tests.contract.test_statements import explained

from ringfence.access import identity

SSH = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "from_port": 22}
SSH |= {"to_port": 22, "cidr": "0.0.0.0/0"}
INSIDE = SSH | {"cidr": "10.0.0.0/8"}
EVERYTHING = {"direction": "ingress", "ethertype": "IPv4"}
FIELDS = ["rules_count", "instance_count", "open_to_all", "drift", "modified"]


@pytest.mark.parametrize("order", [*FIELDS, "drift,-name"])
async def test_an_ordering_is_taken_in_both_directions(client, world, order):
    await world.group("a")
    assert await names(client, o=order) == ["a"]
    assert await names(client, o=f"-{order}") == ["a"]


async def test_groups_are_ordered_by_the_number_of_rules(client, world):
    await world.group("two", rules=[SSH, INSIDE])
    await world.group("none")
    await world.group("one", rules=[SSH])
    assert await names(client, o="rules_count") == ["none", "one", "two"]
    assert await names(client, o="-rules_count,name") == ["two", "one", "none"]


async def test_groups_are_ordered_by_how_much_is_open_to_the_internet(client, world):
    await world.group("inside", rules=[INSIDE, INSIDE | {"to_port": 65535}])
    await world.group("everything", rules=[EVERYTHING])
    await world.group("ssh", rules=[SSH])
    await world.group("range", rules=[SSH | {"to_port": 8000}])
    expected = ["everything", "range", "ssh", "inside"]
    assert await names(client, o="-open_to_all") == expected
    assert await names(client, o="open_to_all") == expected[::-1]


async def test_groups_are_ordered_by_the_severity_of_their_drift(client, world):
    drifts = {
        "same": {"drift_digest": ""},
        "closes": {"drift_digest": "d", "drift_grade": "closes"},
        "gone": {"missing": True},
        "opens": {"drift_digest": "d", "drift_grade": "opens"},
    }
    for name, columns in drifts.items():
        await observe(world, await world.group(name), **columns)
    await world.group("unseen")
    await world.group("loaded", backend_id="")
    expected = ["same", "unseen", "loaded", "closes", "gone", "opens"]
    assert await names(client, o="drift") == expected
    assert await names(client, o="-drift") == expected[::-1]


@pytest.mark.parametrize("order", FIELDS)
async def test_pages_in_an_ordering_have_each_group_once(client, world, order):
    for number in range(5):
        await world.group(f"g{number}", rules=[SSH] * (number % 2))
    pages = [
        (
            await client.get(OVERVIEWS, params={"o": f"-{order}", "page_size": 2, "page": page})
        ).json()
        for page in (1, 2, 3)
    ]
    assert sorted(each["name"] for page in pages for each in page) == [f"g{n}" for n in range(5)]


async def test_a_search_finds_groups_by_where_they_are(client, world):
    await world.group("web", description="Front")
    shown = (await client.get(OVERVIEWS)).json()[0]
    for text in ("web", "front", *(shown[f"{level}_name"] for level in ("tenant", "project"))):
        assert await names(client, query=text.upper()) == ["web"]
    assert await names(client, query=shown["customer_name"][1:]) == ["web"]
    assert await names(client, query="no such name") == []


@pytest.mark.parametrize("order", ["rules_count", "open_to_all", "instance_count"])
async def test_the_values_of_an_ordering_are_read_by_group(client, world, monkeypatch, order):
    await world.execute(GROUPS)
    await world.execute(FILL)
    await world.execute(
        "SELECT refresh_security_group_documents(ARRAY(SELECT id FROM security_groups))"
    )
    await world.execute("ANALYZE")
    read = []
    original = identity.read_rows

    async def note(database, statement, parameters):
        read[:] = [statement, parameters]
        return await original(database, statement, parameters)

    monkeypatch.setattr(identity, "read_rows", note)
    await names(client, o=order)
    async with world.database.connection() as connection:
        plan = await explained(connection, *read)
    scans = [
        line
        for line in plan.splitlines()
        if "Seq Scan on security_group_rules" in line and "never executed" not in line
    ]
    assert scans == [], plan
