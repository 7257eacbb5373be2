"""A thread for work that would block the event loop: long JSON, compression.

One thread does it all. It shares the interpreter lock with the event loop, so more threads would
slow the loop down.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="offload")

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """Return the result of the work, run in the thread; it must not use the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work)
