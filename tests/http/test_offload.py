"""Threads beside the event loop, in a process and in those that it forks."""

import asyncio
import multiprocessing

import pytest

from ringfence.http.offload import in_thread
from ringfence.users.passwords import hash_password

# A forked process that gets no result waits forever.
WAIT_SECONDS = 30

WORK = {
    "in_thread": lambda: in_thread(lambda: 1),
    "hash_password": lambda: hash_password("correct horse"),
}


@pytest.mark.parametrize("name", WORK)
def test_a_forked_process_runs_work_in_threads_after_its_parent_did(name):
    asyncio.run(WORK[name]())
    forked = multiprocessing.get_context("fork").Process(target=_run, args=(name,))
    forked.start()
    forked.join(WAIT_SECONDS)
    ended = forked.exitcode
    forked.kill()
    assert ended == 0


def _run(name: str) -> None:
    asyncio.run(WORK[name]())
