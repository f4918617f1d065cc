"""`once` makes a thing a single time, also when threads ask together."""

import threading
import time

import pytest
from ixl.core.once import once


def test_threads_that_ask_together_get_the_same_thing():
    made = []

    def make():
        time.sleep(0.05)  # long enough for all threads to be inside without a lock
        made.append(object())
        return made[-1]

    get, got, gate = once(make), [], threading.Barrier(8)

    def ask():
        gate.wait()
        got.append(get())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert got == made * 8


def test_what_failed_is_tried_again():
    answers = iter([ValueError("not yet"), "there"])

    def make():
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    get = once(make)
    with pytest.raises(ValueError, match="not yet"):
        get()
    assert get() == get() == "there"
