"""Both ends of a verdict may be many ports: how many pairs are judged is limited."""

import pytest
from tests.contract.verdict_requests import ask, group_with, observed_rule, port_with

from ringfence.ports.verdicts import judging

BOTH = {"source": {"address": "10.0.0.5"}, "destination": {"address": "10.0.0.6"}}


@pytest.fixture
async def ends(world):
    """Insert two ports at each of two addresses, with a group of two rules."""
    await group_with(world, observed_rule(), observed_rule(direction="egress"))
    for address in ("10.0.0.5", "10.0.0.5", "10.0.0.6", "10.0.0.6"):
        await port_with(world, "g1", address=address)


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize(("limit", "most"), [("MAX_PAIRS", 4), ("MAX_RULES", 16)])
async def test_ends_with_too_many_pairs_or_rules_are_refused(
    client, world, monkeypatch, limit, most
):
    monkeypatch.setattr(judging, limit, most)
    assert (await ask(client, world, **BOTH)).status_code == 200
    monkeypatch.setattr(judging, limit, most - 1)
    response = await ask(client, world, **BOTH)
    assert response.status_code == 400
    assert "name a port instead" in response.json()["non_field_errors"][0]
