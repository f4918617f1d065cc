"""Long work for routes: in a thread, so that the event loop goes on, and stopped with its caller.

Only work that lets other threads run between its steps (reading, hashing, numpy) is of use here.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
OnStep = Callable[[int, int], None]


class Stopped(Exception):
    """Raised inside the work when nobody waits for it any more."""


async def in_background(work: Callable[[OnStep], Result], on_step: OnStep | None = None) -> Result:
    """What `work(on_step)` returns, run in a thread.

    `on_step(done, total)` is called in that thread. When the caller is cancelled, the work is
    stopped at its next step.
    """
    stop = threading.Event()

    def step(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        if on_step:
            on_step(done, total)

    try:
        return await asyncio.to_thread(work, step)
    except asyncio.CancelledError:
        stop.set()
        raise
