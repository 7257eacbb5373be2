"""Long work on the processor, beside the event loop: reading and writing much JSON, compressing.

One thread does it all. It shares the interpreter with the loop, and several of them would leave the
loop but a small part.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="aside")

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result]) -> Result:
    """Return what the work returns, while others are answered; it must not touch the loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work)
