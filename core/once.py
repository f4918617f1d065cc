"""Things that are made when they are first needed, and then only once."""

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

Made = TypeVar("Made")


def once(make: Callable[[], Made]) -> Callable[[], Made]:
    """A function that gives what `make` made at its first call. Unlike functools.cache, threads
    that ask at the same time get the same thing; a `make` that raises is called again."""
    lock, made = Lock(), []

    def get() -> Made:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get
