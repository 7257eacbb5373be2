"""Several workers and clients on the same groups, amid faults: the last accepted write stands."""

import asyncio
import random

import pytest
from tests.faults.matrix import HANG_SECONDS
from tests.faults.site import ADDRESS, keys, tcp
from tests.faults.worker_process import worker_process
from tests.lab.proxy import Cut, Response

WRITES_A_CLIENT = 3


async def write(site, uuid, rules) -> bool:
    answer = await site.client.post(f"{ADDRESS}{uuid}/set_rules/", json=rules)
    # While another's change is under way, a change is refused, and may be asked for again.
    assert answer.status_code in {200, 202, 409}, answer.text
    return answer.status_code != 409


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_last_accepted_write_is_what_stands(
    site, struck, conninfo, clouds_file, tmp_path, seed
):
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    log = str(tmp_path / "log")
    accepted: dict[str, list[dict]] = {}

    async def client(uuid: str, name: str, first_port: int) -> None:
        for number in range(WRITES_A_CLIENT):
            rules = [tcp(22), tcp(first_port + number)]
            while not await write(site, uuid, rules):  # noqa: ASYNC110 - it is asked again
                await asyncio.sleep(chance.uniform(0.02, 0.2))
            # Only one can be accepted between two rests, so this is their order.
            accepted[name] = rules

    with (
        worker_process(conninfo, clouds_file, log) as doomed,
        worker_process(conninfo, clouds_file, log),
    ):
        uuids = {name: await site.created(name, [tcp(22)]) for name in ("one", "two")}
        faults = [Cut(), Cut(after=True), Response(503), Response(500, b"{}", after=True)]
        faults += [Cut(after=True, seconds=HANG_SECONDS), Cut(after=True, first=doomed.kill)]
        chance.shuffle(faults)
        for place, fault in enumerate(faults):
            site.proxy.fault("", "", fault, nth=2 + 4 * place)
        async with asyncio.TaskGroup() as clients:
            for name, uuid in uuids.items():
                for port in (1000, 2000):
                    clients.create_task(client(uuid, name, port))
        await site.settle()
        site.proxy.heal()

    assert await site.errors() == []
    site.wanted = accepted
    await site.assert_right()
    assert {name: keys(rules) for name, rules in accepted.items()} == site.in_the_cloud()
    struck("history", "a mix of six, a kill among them", "the last accepted write stands")
