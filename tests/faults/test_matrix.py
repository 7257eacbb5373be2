"""Inject each fault at each call of each operation; then Neutron has exactly the desired rules."""

import asyncio

import pytest
from tests.faults.matrix import CALLS, CELLS, KILLED, KILLS, TROUBLES, Cell
from tests.faults.site import OPERATIONS
from tests.faults.worker_process import worker_process
from tests.lab.proxy import Cut


def calls_of(site) -> list[str]:
    return [f"{call.method} {call.path}" for call in site.proxy.calls]


@pytest.mark.parametrize("name", OPERATIONS)
async def test_the_matrix_knows_every_call_of_an_operation(site, worker, name):
    operation = OPERATIONS[name](site)
    await operation.arrange()
    site.proxy.calls.clear()

    await operation.act()
    await site.wait_until_idle()

    calls = calls_of(site)
    assert len(calls) == len(CALLS[name]), calls
    assert all(map(str.startswith, calls, CALLS[name])), calls
    await operation.after()
    assert not worker.done()


@pytest.mark.parametrize("cell", CELLS, ids=str)
async def test_a_fault_has_no_effect_or_is_reported_and_repaired(site, worker, struck, cell: Cell):
    trouble = TROUBLES[cell.trouble]
    operation = OPERATIONS[cell.operation](site)
    await operation.arrange()
    site.proxy.fault("", "", trouble.fault, nth=cell.number, lasting=trouble.lasting)

    await operation.act()
    await site.wait_until_idle()

    assert site.proxy.heal() == 0, "the fault was not injected"
    if cell.reason:
        assert cell.reason in await operation.error()
        await operation.retry()
        await site.wait_until_idle()
    else:
        assert await site.errors() == []
    await operation.after()
    assert not worker.done()
    outcome = f"reported as {cell.reason!r}, repaired when requested again"
    struck(cell.operation, cell.trouble, outcome if cell.reason else "no effect")


@pytest.mark.parametrize("cell", KILLED, ids=str)
async def test_a_worker_killed_at_a_call_loses_nothing(
    site, struck, conninfo, clouds_file, tmp_path, cell: Cell
):
    operation = OPERATIONS[cell.operation](site)
    log = str(tmp_path / "log")
    with worker_process(conninfo, clouds_file, log) as first:
        await operation.arrange()
        kill = Cut(after=cell.trouble == "killed after", first=first.kill)
        site.proxy.fault("", "", kill, nth=cell.number)
        await operation.act()
        await asyncio.to_thread(first.join, 20)
    with worker_process(conninfo, clouds_file, log):
        await site.wait_until_idle()

    assert site.proxy.heal() == 0
    assert await site.errors() == []
    await operation.after()
    struck(cell.operation, cell.trouble, "requeued by the next worker")


def test_the_selection_meets_every_operation_and_every_fault():
    assert {cell.operation for cell in CELLS} == set(CALLS)
    assert {cell.trouble for cell in CELLS} == set(TROUBLES)
    assert len(KILLS) == 2 * sum(map(len, CALLS.values()))
