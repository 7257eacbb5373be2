"""What is not known of other groups on the same ports, which may admit what a change closes."""

import pytest
from tests.contract.test_plan import a_row
from tests.contract.test_traffic_of_changes import tcp, traffic
from tests.contract.test_usage import observe, port

from ringfence.security_groups import carriers


async def codes(client, group):
    shown = await traffic(client, group, [tcp(443)])
    assert shown["still_admitted_by"] == []
    return [note["code"] for note in shown["notes"]]


@pytest.fixture
async def group(world):
    """Return a group on a port with another one, which admits nothing of what closes."""
    group = await world.group("web", backend_id="b-web", rules=[a_row(22)])
    await world.group("other", backend_id="b-other", rules=[a_row(80)])
    await observe(world, port("eth0", "b-web", "b-other"))
    return group


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"grade": "opens", "digest": "d"}, ["groups_unknown"]),
        ({"grade": None, "digest": "d"}, ["groups_unknown"]),
        ({"grade": "closes", "digest": "d"}, []),
        ({"grade": "none", "digest": ""}, []),
        ({"grade": None, "digest": ""}, []),
    ],
)
async def test_a_group_may_admit_more_in_the_cloud_than_is_desired(
    client, world, group, columns, expected
):
    await world.execute(
        "INSERT INTO security_group_observations"
        " (security_group_id, name, description, rules, revision_number, digest, drift_digest,"
        " drift_grade, missing, observed_at)"
        " SELECT id, name, '', '[]', 1, '', %s, %s, false, now()"
        " FROM security_groups WHERE name = 'other'",
        columns["digest"],
        columns["grade"],
    )
    assert await codes(client, group) == expected


async def test_rules_that_have_not_reached_the_cloud_may_not_be_those_in_force(
    client, world, group
):
    await world.execute(
        "UPDATE security_groups SET state = 'ERRED', error_message = 'x' WHERE name = 'other'"
    )
    assert await codes(client, group) == ["groups_unknown"]


async def test_more_groups_than_are_considered_are_not_known(client, world, group, monkeypatch):
    assert await codes(client, group) == []
    monkeypatch.setattr(carriers, "MAX_OTHERS", 1)
    assert await codes(client, group) == []
    await world.group("third", backend_id="b-third", rules=[a_row(80)])
    await observe(world, port("eth0", "b-web", "b-other", "b-third"))
    assert await codes(client, group) == ["groups_unknown"]


async def test_more_parts_than_are_compared_are_not_known(client, group, monkeypatch):
    monkeypatch.setattr(carriers, "MAX_CLOSED", 0)
    assert await codes(client, group) == ["groups_unknown"]
