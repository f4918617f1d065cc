"""High-Res Sampler on a server: cancelled, killed, and as large as it is made for."""

import contextlib
import io
import os
import signal
import threading
import time
from pathlib import Path

import high_res
import numpy as np
import psutil
import pytest
import server
from base_directory import make_base_directory
from PIL import Image
from server import running_server

pytestmark = pytest.mark.server

SMALL = {"width": 320, "height": 384, "tile_px": 256, "overlap_px": 64, "denoise": "0.5, 0.5"}
PATIENCE = 120.0  # seconds for the first passes of a small picture
MOST_GB = 6.0  # the pack's own bar for a picture of 20 megapixels on a machine without a GPU


def kept(running: server.Server) -> list[Path]:
    folder = running.base / "user" / "illustrious-xl-studio" / "high-resolution"
    return sorted(folder.glob("*.safetensors"))


def wait_for_passes(running: server.Server, count: int) -> None:
    limit = time.monotonic() + PATIENCE
    while len(kept(running)) < count:
        assert time.monotonic() < limit, running.log_tail()
        time.sleep(server.POLL_SECONDS)


def test_a_run_cancelled_in_its_last_pass_goes_on_there(comfy_server):
    before = len(kept(comfy_server))
    prompt = high_res.prompt(seed=41, pass_steps="1, 16", **SMALL)
    prompt_id = comfy_server.queue(prompt)
    wait_for_passes(comfy_server, before + 2)  # base and first pass; the second has 16 steps
    comfy_server.interrupt()
    assert server.interrupted(comfy_server.wait(prompt_id))
    finished = {path: path.stat().st_ino for path in kept(comfy_server)}
    assert len(finished) == before + 2

    entry = comfy_server.run(prompt)
    assert server.succeeded(entry), server.node_error(entry)
    assert "2 taken from an earlier run" in high_res.report(entry)
    after = {path: path.stat().st_ino for path in kept(comfy_server)}
    assert len(after) == before + 3 and finished.items() <= after.items()
    assert picture_size(comfy_server, entry) == (320, 384)


def picture_size(running: server.Server, entry: dict) -> tuple[int, int]:
    """Of the picture shown, which is not flat."""
    picture = Image.open(io.BytesIO(running.images(entry)[0]))
    assert np.asarray(picture).std() > 10
    return picture.size


@contextlib.contextmanager
def own_server(base: Path):
    with running_server(Path(os.environ["IXL_COMFYUI"]), base) as running:
        yield running


@pytest.mark.prove
@pytest.mark.skipif(os.name != "posix", reason="there is no kill -9")
def test_a_server_killed_in_the_last_pass_goes_on_there(tmp_path):
    base = make_base_directory(tmp_path)
    prompt = high_res.prompt(seed=42, pass_steps="1, 16", **SMALL)
    with own_server(base) as first:
        first.queue(prompt)
        wait_for_passes(first, 2)
        os.killpg(first.child.pid, signal.SIGKILL)
        first.child.wait()
    with own_server(base) as second:
        assert len(kept(second)) == 2
        entry = second.run(prompt)
        assert server.succeeded(entry), server.node_error(entry)
        assert "2 taken from an earlier run" in high_res.report(entry)
        assert picture_size(second, entry) == (320, 384)


class Memory(threading.Thread):
    """Largest resident memory of a process, looked at 20 times a second."""

    def __init__(self, process_id: int):
        super().__init__(daemon=True)
        self.process, self.ended, self.peak = psutil.Process(process_id), threading.Event(), 0

    def run(self):
        while not self.ended.wait(0.05):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.peak = max(self.peak, self.process.memory_info().rss)

    def stop(self) -> float:
        """GB"""
        self.ended.set()
        self.join()
        return self.peak / 1e9


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (1152, 1728),
        pytest.param(3744, 5616, marks=pytest.mark.prove),
        pytest.param(4472, 4472, marks=pytest.mark.prove),
    ],
)
def test_large_pictures_within_six_gigabytes(tmp_path, width, height):
    """From nothing, one step per pass: most of the time is the exact VAE's attention."""
    with own_server(make_base_directory(tmp_path)) as running:
        memory, start = Memory(running.child.pid), time.monotonic()
        memory.start()
        try:
            entry = running.run(high_res.prompt(width=width, height=height), seconds=7200)
        finally:
            peak, minutes = memory.stop(), (time.monotonic() - start) / 60
            print(f"{width}x{height}: {peak:.2f} GB, {minutes:.1f} minutes")
        assert server.succeeded(entry), server.node_error(entry)
        assert picture_size(running, entry) == (width, height)
        assert peak < MOST_GB
