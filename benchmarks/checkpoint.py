"""Hashing and identifying model files, as one table: against `sha256sum`, and beside an event loop.

    python benchmarks/checkpoint.py [FILE] [--gb 6]

FILE: a model file to use; without it one of random bytes of --gb GB is written into a temporary
folder. It is read once before, so that memory, not the disk, feeds both sides; each side is timed
three times in turns and the best counts. Bars: 0.9 of the speed of sha256sum, no pause of the event
loop over 50 ms.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from ixl.core.background import in_background  # noqa: E402
from ixl.core.checkpoint.hashing import hash_file, hash_file_cached  # noqa: E402

ROUNDS = 3
SPEED_BAR = 0.9
PAUSE_BAR_MS = 50.0


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_file(folder: str, gigabytes: float) -> str:
    path, block = os.path.join(folder, "model.bin"), os.urandom(64 << 20)
    with open(path, "wb") as file:
        for _ in range(max(1, round(gigabytes * 1e9 / len(block)))):
            file.write(block)
    return path


async def longest_pause(path: str) -> tuple[float, float]:
    """Longest pause in ms of an event loop with nothing else to do: hashing, and before that."""

    async def tick(until: Callable[[], bool]) -> float:
        longest, last = 0.0, time.perf_counter()
        while not until():
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
        return longest * 1000

    end = time.perf_counter() + 2
    idle = await tick(lambda: time.perf_counter() > end)
    task = asyncio.create_task(in_background(lambda on_step: hash_file(path, on_step)))
    return await tick(task.done), idle


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--gb", type=float, default=6.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = args.file or make_file(folder, args.gb)
        return table(path, os.path.join(folder, "hashes"))


def table(path: str, cache: str) -> int:
    size = os.path.getsize(path)
    sides: dict[str, Callable[[], object]] = {"hash_file": lambda: hash_file(path)}
    if shutil.which("sha256sum"):
        command = ["sha256sum", path]
        sides["sha256sum"] = lambda: subprocess.run(command, capture_output=True, check=True)
    hash_file(path)  # into memory
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(ROUNDS):
        for name, work in sides.items():
            best[name] = min(best[name], seconds(work))
    print(f"{size / 1e9:.2f} GB, best of {ROUNDS}")
    for name, took in best.items():
        print(f"{name:32} {took:8.2f} s {size / took / 1e9:8.2f} GB/s")
    both = seconds(lambda: hash_file(path, None, 1000))
    print(f"{'hash_file, data hash too':32} {both:8.2f} s {size / both / 1e9:8.2f} GB/s")
    hash_file_cached(path, cache)
    again = seconds(lambda: hash_file_cached(path, cache))
    print(f"{'a second look':32} {again * 1000:8.2f} ms")
    pause, idle = asyncio.run(longest_pause(path))
    print(f"{'longest pause of the event loop':32} {pause:8.2f} ms (bar {PAUSE_BAR_MS})")
    print(f"{'the same before hashing':32} {idle:8.2f} ms")
    failed = pause > PAUSE_BAR_MS
    if "sha256sum" in best:
        share = best["sha256sum"] / best["hash_file"]
        print(f"{'speed against sha256sum':32} {share:8.2f}    (bar {SPEED_BAR})")
        failed |= share < SPEED_BAR
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
