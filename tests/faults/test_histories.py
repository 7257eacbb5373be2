"""Several workers and clients on the same groups, with injected faults: the last write stands."""

import asyncio
import random

import pytest
from tests.faults.matrix import HANG_SECONDS, IS_WHOLE
from tests.faults.site import GROUPS_PATH, keys, tcp
from tests.faults.worker_process import worker_process
from tests.lab.proxy import Cut, Response

WRITES_A_CLIENT = 3


async def write(site, uuid, rules) -> bool:
    response = await site.client.post(f"{GROUPS_PATH}{uuid}/set_rules/", json=rules)
    # During another change, a change is refused and may be requested again.
    assert response.status_code in {200, 202, 409}, response.text
    return response.status_code != 409


@pytest.mark.parametrize("seed", [1, 2] if IS_WHOLE else [1])
async def test_the_last_accepted_write_is_what_stands(
    site, struck, conninfo, clouds_file, tmp_path, seed
):
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    log = str(tmp_path / "log")
    accepted: dict[str, list[dict]] = {}

    async def client(uuid: str, name: str, first_port: int) -> None:
        for number in range(WRITES_A_CLIENT):
            rules = [tcp(22), tcp(first_port + number)]
            while not await write(site, uuid, rules):  # noqa: ASYNC110 - it is requested again
                await asyncio.sleep(chance.uniform(0.02, 0.2))
            # A change is accepted only when none is in progress, so this is their order.
            accepted[name] = rules

    with (
        worker_process(conninfo, clouds_file, log) as doomed,
        worker_process(conninfo, clouds_file, log),
    ):
        uuids = {name: await site.created(name, [tcp(22)]) for name in ("one", "two")}
        faults = [Cut(), Cut(after=True), Response(503), Response(500, b"{}", after=True)]
        faults += [Cut(after=True, seconds=HANG_SECONDS), Cut(after=True, first=doomed.kill)]
        chance.shuffle(faults)
        for number, fault in enumerate(faults):
            site.proxy.fault("", "", fault, nth=2 + 4 * number)
        async with asyncio.TaskGroup() as clients:
            for name, uuid in uuids.items():
                for port in (1000, 2000):
                    clients.create_task(client(uuid, name, port))
        await site.wait_until_idle()
        site.proxy.heal()

    assert await site.errors() == []
    site.desired = accepted
    await site.assert_right()
    assert {name: keys(rules) for name, rules in accepted.items()} == site.in_the_cloud()
    struck("history", "a mix of six with one kill", "the last accepted write stands")
