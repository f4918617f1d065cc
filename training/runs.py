"""A run is a folder: what was asked, what happened, and how it stands. Reading and writing it.

    settings.json   what was asked        state.json      queued, running, stopped, done or failed
    job.json        the part in progress  events.jsonl    what the trainer tells, a line per step
    arguments.toml, dataset.toml, prompts.txt, plans.jsonl   what sd-scripts and the hooks read
    launch.txt, accelerate.json   how its processes are started (launch.py)
    requests/       stop, save, sample: asked of the trainer
    state/step-N/   what a part goes on from
    output/         LoRA or checkpoint files, samples
    log.txt         all that sd-scripts printed
    reserve         room on the disk to say that it is full

Starts nothing (runner.py).
"""

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from ..core.checkpoint.files import UnusableFile, stamp
from ..core.checkpoint.header import read_header
from ..core.vocabulary.places import NAME, data_without_host
from .folders import home_from_environment, run_folders
from .settings import TrainingSettings, read_settings

OPEN, FINAL = ("queued", "running"), ("stopped", "done", "failed")
ELSEWHERE = "elsewhere"  # started by a cluster or by hand: no worker watches it
TRAINER_LOCK = "trainer.lock"  # in a run: held by its trainer
REPLACE_TRIES = 50
REQUESTS = ("stop", "save", "sample")
RESERVE, RESERVE_BYTES = "reserve", 256 * 1024


def home_without_host(pack: Path) -> Path:
    """The folder of all runs: IXL_RUNS, else that of the nodes in the ComfyUI around the pack.

    Without a ComfyUI `runs` in the pack's folder of the user's data.
    """
    if given := home_from_environment():
        return given
    if pack.parent.name == "custom_nodes":
        return pack.parent.parent / "output" / NAME / "training"
    return data_without_host(pack) / "runs"


def write_json(path: Path, data: object) -> None:
    """Replace a small file in one step."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        part.write_text(json.dumps(data, indent=1), encoding="utf-8")
        for attempt in range(REPLACE_TRIES):
            try:
                os.replace(part, path)
                break
            except PermissionError:  # Windows, while somebody reads it
                if attempt == REPLACE_TRIES - 1:
                    raise
                time.sleep(0.02)
    finally:
        part.unlink(missing_ok=True)


def read_json(path: Path) -> dict:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


@contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Whether this process got the lock, held inside the block; the system frees it at any death.

    SQLite's exclusive lock: alike on all systems, and forked data-loader workers do not inherit it.
    """
    held = sqlite3.connect(path, timeout=0.1, isolation_level=None)
    try:
        try:
            held.execute("BEGIN EXCLUSIVE")
            got = True
        except sqlite3.OperationalError:
            got = False
        yield got
    finally:
        held.close()


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    if not path.exists():
        return False
    with lock(path) as got:
        return not got


def settings_of(folder: Path) -> TrainingSettings:
    """What was asked of a run. Raises ValueError when the folder is none of a run."""
    data = read_json(folder / "settings.json")
    if not data:
        raise ValueError(f"{folder} is no training run; `train status` lists the runs.")
    return read_settings(data)


def state_of(folder: Path) -> dict:
    return read_json(folder / "state.json")


def set_state(folder: Path, **changes) -> dict:
    """Change fields of state.json, also on a full disk; returns all of them."""
    state = {**state_of(folder), **changes, "changed": round(time.time(), 3)}
    try:
        write_json(folder / "state.json", state)
    except OSError:
        use_reserve(folder)
        write_json(folder / "state.json", state)
    return state


def keep_reserve(folder: Path) -> None:
    """Set some room on the disk aside, so that a full one can still be reported."""
    (folder / RESERVE).write_bytes(os.urandom(RESERVE_BYTES))  # zeros may take no room


def use_reserve(folder: Path) -> None:
    (folder / RESERVE).unlink(missing_ok=True)


def all_runs(home: Path) -> list[Path]:
    """The folders of all runs, oldest first."""
    return sorted(run_folders(home), key=lambda p: (state_of(p).get("made", 0), p.name))


def find_run(home: Path, name: str) -> Path:
    """The run of that folder name, or the newest for "". Raises ValueError."""
    runs = all_runs(home)
    if not name and runs:
        return runs[-1]
    for folder in runs:
        if name == folder.name:
            return folder
    known = ", ".join(p.name for p in runs[-10:]) or "none yet"
    raise ValueError(f"There is no run '{name}'; the runs are: {known}.")


def ask(folder: Path, request: str) -> None:
    """Ask something of the trainer; it answers at its next step."""
    if request not in REQUESTS:
        raise ValueError(f"'{request}' cannot be asked; {', '.join(REQUESTS)} can.")
    (folder / "requests").mkdir(exist_ok=True)
    (folder / "requests" / request).touch()


def events(folder: Path) -> list[dict]:
    """All events of a run."""
    try:
        with (folder / "events.jsonl").open(encoding="utf-8", errors="replace") as file:
            return parse_events(file)
    except OSError:
        return []


def parse_events(lines: Iterable[str]) -> list[dict]:
    """The events on whole lines; one that a crash cut short is left out."""
    found = []
    for line in lines:
        if line.endswith("\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return [event for event in found if isinstance(event, dict)]


def part_events(folder: Path) -> list[dict]:
    """The events of the part in progress, none before it has told of its start."""
    found, part = events(folder), state_of(folder).get("part")
    starts = [n for n, e in enumerate(found) if e.get("event") == "start" and e["part"] == part]
    return found[starts[-1] :] if starts else []


def last_event(folder: Path, *names: str) -> dict:
    """The newest event of these names near the end of the file, {} for none. Cheap: for polling."""
    try:
        with (folder / "events.jsonl").open("rb") as file:
            file.seek(max(0, (folder / "events.jsonl").stat().st_size - 20_000))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return {}
    for line in reversed(lines):
        if any(f'"event": "{name}"' in line for name in names) and line.endswith("}"):
            return json.loads(line)
    return {}


def history(found: list[dict]) -> list[dict]:
    """The step events of the run as it counts: what a crash undid is not in it."""
    steps: list[dict] = []
    for event in found:
        if event.get("event") == "start":
            steps = [step for step in steps if step["step"] <= event["step"]]
        elif event.get("event") == "step":
            steps.append(event)
    return steps


def newest_state(folder: Path) -> tuple[Path, dict] | None:
    """(state folder, {"step", "epoch", "total"}) that the next part goes on from."""
    whole = sorted(p for p in folder.glob("state/step-*/state.json") if p.parent.suffix != ".part")
    return (whole[-1].parent, read_json(whole[-1])) if whole else None


def settled_elsewhere(folder: Path) -> dict:
    """state.json, where a run that nobody watches has got its end from its own events."""
    state = state_of(folder)
    if state.get("status") != ELSEWHERE or not (told := part_events(folder)):
        return state
    end = next((e for e in reversed(told) if e["event"] in FINAL), None)
    if end is None:
        return {**state, "status": "running"}
    return set_state(folder, status=end["event"], message=end.get("message", ""))


def rate_of(step: dict) -> float | None:
    """The U-Net's learning rate in a step event, whichever script wrote it."""
    names = [name for name in step if name.startswith("lr/") and "d*lr" not in name]
    unet = [name for name in names if "unet" in name]
    chosen = (unet or names)[:1]
    return step[chosen[0]] if chosen else None


def loss_of(step: dict) -> float | None:
    return step.get("loss/current", step.get("loss"))


def status(folder: Path) -> dict:
    """How a run stands, in plain values."""
    state, found = settled_elsewhere(folder), events(folder)
    steps = history(found)
    last = steps[-1] if steps else {}
    total = read_json(folder / "settings.json").get("steps", 0)
    speed = _speed(steps)
    saved = newest_state(folder)
    files = whole_files(folder / "output")
    running = state.get("status") == "running"
    left = round((total - last["step"]) * speed) if running and last and speed else None
    return {
        "run": folder.name,
        "folder": str(folder),
        "status": state.get("status", ""),
        "message": state.get("message", ""),
        "step": last.get("step", 0),
        "total": total,
        "loss": loss_of(last),
        "learning_rate": rate_of(last),
        "seconds_per_step": speed,
        "seconds_left": left,
        "resumable_from": saved[1].get("step") if saved else None,
        "files": [str(p) for p in files],
    }


def whole_files(output: Path) -> list[Path]:
    """The model files there, oldest first, without those that a crash cut short."""
    found = [(p, p.stat()) for p in output.glob("*.safetensors")]
    found.sort(key=lambda one: one[1].st_mtime)
    return [p for p, status in found if _is_whole(str(p), *stamp(status))]


@lru_cache(maxsize=1024)
def _is_whole(path: str, size: int, time_ns: int) -> bool:
    try:
        read_header(path)
    except (OSError, UnusableFile):
        return False
    return True


def _speed(steps: list[dict], over: int = 50) -> float | None:
    """Median seconds between the last steps."""
    times = [step["time"] for step in steps[-over:]]
    gaps = sorted(b - a for a, b in zip(times, times[1:], strict=False))
    return round(gaps[len(gaps) // 2], 3) if gaps else None


def result(folder: Path) -> tuple[str, str]:
    """(path of the newest file that the run wrote, "" for none; how it went, for people)."""
    found = status(folder)
    loss = f", last loss {found['loss']:.4f}" if found["loss"] is not None else ""
    told = f"{found['status']} at step {found['step']} of {found['total']}{loss}. {found['folder']}"
    file = state_of(folder).get("delivered") or (found["files"] or [""])[-1]
    return file, f"{told}\n{found['message']}".strip()
