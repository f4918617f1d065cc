"""One picture from tags to high resolution, made by the shared workflow in a real ComfyUI.

A script for the environment's Python (`python3 tools/dev.py demo`). Reads SIZE (WIDTHxHEIGHT) and
CHECKPOINT (a .safetensors file). Without a checkpoint it looks for an Illustrious file among the
models of the user's own ComfyUI, else it uses the tests' tiny one and says so.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import aiohttp
import psutil
from ixl.core.checkpoint.official import OFFICIAL_FILES
from ixl.core.tiling.stages import Stage, plan_stages
from ixl.tools import cache, process
from ixl.tools.report import Problem, step
from ixl.tools.serve import choose_port, has_accelerator, server_command, wait_until_up
from ixl.tools.workflow import Workflow, load_workflow, node_titled, set_input

ROOT = Path(__file__).resolve().parents[1]
WORKFLOW = "text-to-high-resolution"
PASSES = 2  # what that workflow holds behind the base picture
DEFAULT_SIZE = {"tiny": "1168x1728", "real": "2496x3648"}
STEPS = {"tiny": (4, 2, 2), "real": (28, 20, 20)}  # noise needs no more steps to look like noise
SHOW_EVERY = 3.0  # seconds between progress lines


class Checkpoint(NamedTuple):
    path: Path | None  # None: the tiny one of the tests
    kind: str  # "tiny" or "real"


def find_checkpoint() -> Checkpoint:
    """CHECKPOINT, else an Illustrious file of the user's own ComfyUI, else the tiny one."""
    given = os.environ.get("CHECKPOINT")
    if given:
        path = Path(given).expanduser().absolute()
        if not path.is_file():
            raise Problem(f"CHECKPOINT is {given}, which is no file; give a .safetensors file.")
        return Checkpoint(path, "real")
    folder = Path(os.environ["IXL_COMFYUI"]) / "models" / "checkpoints"
    sizes = {official.size for official in OFFICIAL_FILES.values()}
    for path in sorted(folder.rglob("*.safetensors")):
        if path.stat().st_size in sizes or "illustrious" in path.name.lower():
            return Checkpoint(path, "real")
    return Checkpoint(None, "tiny")


def stages_for(size: str) -> list[Stage]:
    """Base and the two passes for SIZE. Raises Problem with a sentence."""
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise Problem(f"SIZE is {size}; it must be WIDTHxHEIGHT, for instance 3744x5616.")
    try:
        w, h = int(width), int(height)
        base = None if w * h >= 4 * 1024 * 1536 else _half(w, h)
        stages = plan_stages(w, h, base, at_least=PASSES)
    except ValueError as error:
        raise Problem(f"SIZE is {size}: {error}") from None
    if len(stages) != PASSES + 1:
        raise Problem(
            f"SIZE is {size}; this workflow goes up to a factor of 4 per side from about 1.5 "
            "megapixels, that is about 25 megapixels. Try 3744x5616."
        )
    return stages


def _half(width: int, height: int) -> tuple[int, int]:
    return max(256, width // 2 // 8 * 8), max(256, height // 2 // 8 * 8)


def fill_in(workflow: Workflow, checkpoint: str, kind: str, stages: list[Stage]) -> None:
    """Checkpoint, sizes, denoise and steps, in the canvas file and in its API twin."""
    set_input(workflow, node_titled(workflow, "Checkpoint"), "checkpoint", checkpoint)
    sizes = [node_titled(workflow, f"{name} size") for name in ("Base", "Stage 1", "Stage 2")]
    samplers = [node_titled(workflow, name) for name in ("Base picture", "Stage 1", "Stage 2")]
    for stage, steps, size, sampler in zip(stages, STEPS[kind], sizes, samplers, strict=True):
        set_input(workflow, size, "width", stage.width)
        set_input(workflow, size, "height", stage.height)
        set_input(workflow, sampler, "steps", steps)
        set_input(workflow, sampler, "denoise", stage.denoise)


class Watch(threading.Thread):
    """Shows the server's progress and remembers its largest memory."""

    def __init__(self, pid: int, port: int, titles: dict[str, str]):
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.url = f"ws://127.0.0.1:{port}/ws?clientId=demo"
        self.titles, self.peak, self.ended = titles, 0, threading.Event()
        self.ready = threading.Event()
        self.shown = 0.0

    def run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(self.url) as socket:
            self.ready.set()
            while not self.ended.is_set():
                self._measure()
                try:
                    message = await socket.receive(timeout=0.5)
                except TimeoutError:
                    continue
                if message.type == aiohttp.WSMsgType.TEXT:
                    self._show(json.loads(message.data))
                elif message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
                    return

    def _measure(self) -> None:
        try:
            self.peak = max(self.peak, self.process.memory_info().rss)
        except psutil.NoSuchProcess:
            self.ended.set()

    def _show(self, event: dict) -> None:
        data = event.get("data", {})
        if event.get("type") == "executing" and data.get("node"):
            step(self.titles.get(data["node"], data["node"]))
        last = data.get("value") == data.get("max")
        if event.get("type") == "progress" and (last or time.monotonic() - self.shown > SHOW_EVERY):
            self.shown = time.monotonic()
            step(f"  {self.titles.get(data['node'], '')} {data['value']}/{data['max']}")


def queue(port: int, workflow: Workflow) -> str:
    """Queues the API form with the canvas form as metadata; the prompt id."""
    body = {
        "prompt": workflow.api,
        "client_id": "demo",
        "extra_data": {"extra_pnginfo": {"workflow": workflow.canvas}},
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/prompt", json.dumps(body).encode(), method="POST"
    )
    try:
        return json.loads(_open(request))["prompt_id"]
    except urllib.error.HTTPError as error:
        raise Problem(f"ComfyUI refused the workflow: {error.read().decode()[:2000]}") from None


def wait(port: int, prompt_id: str, child) -> dict:
    """The history entry of the finished prompt. Raises Problem with the node's error."""
    while True:
        if child.poll() is not None:
            raise Problem(f"ComfyUI ended with exit code {child.returncode}; its log is above.")
        history = json.loads(_open(f"http://127.0.0.1:{port}/history/{prompt_id}"))
        entry = history.get(prompt_id)
        if entry and entry["status"]["completed"]:
            return entry
        if entry and entry["status"]["status_str"] == "error":
            errors = [m[1] for m in entry["status"]["messages"] if m[0] == "execution_error"]
            raise Problem(f"{errors[0]['node_type']}: {errors[0]['exception_message']}")
        time.sleep(0.5)


def _open(request) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return answer.read()


def demo() -> int:
    elapsed = process.stopwatch()
    checkpoint = find_checkpoint()
    stages = stages_for(os.environ.get("SIZE") or DEFAULT_SIZE[checkpoint.kind])
    sys.path.append(str(ROOT / "tests" / "support"))
    from base_directory import make_base_directory

    base = make_base_directory(cache.folder() / f"demo-{cache.key(str(ROOT))}", checkpoint.path)
    name = checkpoint.path.name if checkpoint.path else "tiny-illustrious.safetensors"
    workflow = load_workflow(WORKFLOW)
    fill_in(workflow, name, checkpoint.kind, stages)
    port = choose_port(os.environ.get("PORT"))
    step(f"Starting ComfyUI on {base}")
    with open(base / "comfyui.log", "wb") as log:
        child = subprocess.Popen(
            server_command(Path(os.environ["IXL_COMFYUI"]), base, port, not has_accelerator()),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            picture, peak = _make(child, port, base, workflow)
        except Problem:
            log.flush()
            text = (base / "comfyui.log").read_text(encoding="utf-8", errors="replace")
            sys.stderr.write("\n".join(text.splitlines()[-40:]) + "\n")
            raise
        finally:
            process.end(child, 0)
    step(f"{stages[-1].width}x{stages[-1].height} in {elapsed():.0f} s, peak memory {peak:.2f} GB")
    if checkpoint.kind == "tiny":
        step("The picture is noise: it comes from a tiny model with random weights, because no")
        step("Illustrious checkpoint was found. Use your own with CHECKPOINT=/path/to/file.")
    print(picture)
    return 0


def _make(child, port: int, base: Path, workflow: Workflow) -> tuple[Path, float]:
    """Runs the workflow; the picture's path and the server's peak memory in GB."""
    wait_until_up(child, port)
    titles = {key: node["_meta"]["title"] for key, node in workflow.api.items()}
    watch = Watch(child.pid, port, titles)
    watch.start()
    watch.ready.wait(10)
    entry = wait(port, queue(port, workflow), child)
    watch.ended.set()
    watch.join(5)
    saved = entry["outputs"][node_titled(workflow, "Picture")]["images"][0]
    return base / "output" / saved["subfolder"] / saved["filename"], watch.peak / 1e9


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with us
    try:
        return demo()
    except Problem as problem:
        step(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
