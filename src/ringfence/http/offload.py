"""Threads for work that would block the event loop: long JSON, compression, hashes.

Most of it has one thread. It shares the interpreter lock with the event loop, so more threads
would slow the loop down.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """At most `count` threads of a process.

    A forked process has none of its parent's threads, so it begins with a new pool: work that is
    handed to the parent's pool there would wait forever.
    """

    def __init__(self, count: int, name: str, initialize: Callable[[], None] | None = None) -> None:
        self._count, self._name, self._initialize = count, name, initialize
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._pool = ThreadPoolExecutor(
            self._count, thread_name_prefix=self._name, initializer=self._initialize
        )

    async def run(self, work: Callable[[], Result]) -> Result:
        """Return the result of the work, run in a thread; it must not use the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


in_thread = Threads(1, "offload").run
