"""Hashing and identifying model files, as one table: against `sha256sum`, and beside an event loop.

    python benchmarks/checkpoint.py [FILE] [--gb 6]

FILE: a model file to use; without it one of random bytes of --gb GB is written into a temporary
folder. It is read once before, so that memory, not the disk, feeds both sides; each side is timed
three times in turns and the best counts. Then the event loop: while a thread hashes, and in a
server that is asked twice a second, as by the cards of loaders, about a checkpoint of 2 GB with as
many tensors as SDXL has. Bars: 0.9 of the speed of sha256sum, no pause over 50 ms.
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

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "support")]

import model_files  # noqa: E402
from aiohttp import web  # noqa: E402
from aiohttp.test_utils import TestClient, TestServer  # noqa: E402
from ixl.core.background import in_background  # noqa: E402
from ixl.core.checkpoint.hashing import hash_file, hash_file_cached  # noqa: E402
from ixl.routes import register_models  # noqa: E402

ROUNDS = 3
SPEED_BAR = 0.9
PAUSE_BAR_MS = 50.0
TENSORS = 2500  # of an SDXL checkpoint, about


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


async def tick(until: Callable[[], bool]) -> float:
    """Longest pause in ms of an event loop until something is reached."""
    longest, last = 0.0, time.perf_counter()
    while not until():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest * 1000


async def longest_pause(path: str) -> tuple[float, float]:
    """Longest pause of an event loop with nothing else to do: hashing, and before that."""
    end = time.perf_counter() + 2
    idle = await tick(lambda: time.perf_counter() > end)
    task = asyncio.create_task(in_background(lambda on_step: hash_file(path, on_step)))
    return await tick(task.done), idle


async def pause_of_server(folder: str) -> tuple[float, float, int]:
    """Longest pause of a server's event loop; its first answer in ms; answers until the hash."""
    many = {f"{model_files.UNET}filler.{n}.weight": (1,) for n in range(TENSORS)}
    path = Path(folder, "checkpoint.safetensors")
    model_files.write_large(path, {**model_files.SDXL, **many}, 2_000_000_000)
    routes, app = web.RouteTableDef(), web.Application()
    known = {"checkpoint": str(path)}
    register_models(routes, lambda _, name: known.get(name), lambda: os.path.join(folder, "route"))
    app.add_routes(routes)
    took = []

    async def ask(client: TestClient) -> None:
        state = ""
        while state != "known":
            start = time.perf_counter()
            answer = await (
                await client.get("/ixl/checkpoint", params={"name": "checkpoint"})
            ).json()
            took.append((time.perf_counter() - start) * 1000)
            state = answer["hash"]["state"]
            await asyncio.sleep(0.5)

    async with TestClient(TestServer(app)) as client:
        await client.get("/ixl/checkpoint", params={"name": "none"})  # the client's own start
        task = asyncio.create_task(ask(client))
        pause = await tick(task.done)
        await task
    return pause, took[0], len(took)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--gb", type=float, default=6.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = args.file or make_file(folder, args.gb)
        return table(path, folder)


def table(path: str, folder: str) -> int:
    cache = os.path.join(folder, "hashes")
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
    served, first, answers = asyncio.run(pause_of_server(folder))
    print(f"{'longest pause of the server':32} {served:8.2f} ms (bar {PAUSE_BAR_MS})")
    print(f"{'its first answer':32} {first:8.2f} ms, {answers} answers until the hash")
    failed = max(pause, served) > PAUSE_BAR_MS
    if "sha256sum" in best:
        share = best["sha256sum"] / best["hash_file"]
        print(f"{'speed against sha256sum':32} {share:8.2f}    (bar {SPEED_BAR})")
        failed |= share < SPEED_BAR
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
