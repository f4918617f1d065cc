"""A run in words and numbers, for a node: report, curves, its newest file that can be loaded."""

from pathlib import Path
from typing import NamedTuple

from ..core.checkpoint.header import UnusableFile, read_header
from .experience import memory_line
from .outcome import log_tail
from .runs import all_runs, events, find_run, history, last_event, loss_of, rate_of, read_json
from .runs import status as status_of

NEWEST = "newest"


class RunReport(NamedTuple):
    """A run as it stands. file: path of its newest whole file, "" before there is one.

    loss, rate: (step, value) of all steps that count. text: for people.
    """

    name: str
    method: str
    status: str
    step: int
    file: str
    loss: list[tuple[int, float]]
    rate: list[tuple[int, float]]
    text: str


def run_named(home: Path, name: str, file: str = "") -> Path:
    """The run of that name (NEWEST: the last), or the one that wrote `file`. Raises ValueError."""
    if file:
        inside = Path(file)
        found = [run for run in all_runs(home) if run in (inside, *inside.parents)]
        if not found:
            raise ValueError(f"{file} lies in no run of {home}; give a file that Train wrote.")
        return found[0]
    return find_run(home, "" if name == NEWEST else name)


def run_report(folder: Path) -> RunReport:
    """What the run's folder tells."""
    steps, found = history(events(folder)), status_of(folder)
    loss = [(s["step"], loss_of(s)) for s in steps if loss_of(s) is not None]
    rate = [(s["step"], rate_of(s)) for s in steps if rate_of(s) is not None]
    file = newest_whole([Path(path) for path in found["files"]])
    method = read_json(folder / "settings.json").get("method", "")
    text = "\n".join(_lines(folder, found, loss, rate, file))
    return RunReport(folder.name, method, found["status"], found["step"], file, loss, rate, text)


def require_lora(told: RunReport) -> bool:
    """Whether there is a LoRA to apply. Raises ValueError where the run makes a checkpoint."""
    if told.method == "full":
        raise ValueError(
            f"{told.name} trains a whole checkpoint, which no model can be patched with; load its "
            "file with Load Checkpoint, and leave model and clip of this node unconnected."
        )
    return bool(told.file)


def newest_whole(files: list[Path]) -> str:
    """The last file that is not still being written, "" for none. files: oldest first."""
    for path in reversed(files):
        try:
            read_header(str(path))
        except (UnusableFile, OSError):
            continue
        return str(path)
    return ""


def _lines(folder: Path, found: dict, loss: list, rate: list, file: str):
    yield f"{folder.name}: {found['status']}, step {found['step']} of {found['total']}"
    if found["message"]:
        yield found["message"]
    if loss:
        last = loss[-50:]
        mean = sum(value for _, value in last) / len(last)
        yield f"loss {loss[-1][1]:.4f}, mean of the last {len(last)} steps {mean:.4f}"
    if rate:
        yield f"learning rate {rate[-1][1]:.3g}"
    if found["seconds_per_step"]:
        left = found["seconds_left"]
        told = f", {left // 60} min {left % 60} s left" if left is not None else ""
        yield f"{found['seconds_per_step']:g} s per step{told}"
    yield from _memory(folder)
    yield f"newest file: {file or 'none yet'}"
    yield f"folder: {found['folder']}"
    if found["status"] == "failed":
        yield f"end of the log:\n{log_tail(folder)}"


def _memory(folder: Path):
    peak = last_event(folder, "memory", "done", "stopped", "failed")
    if "peak_gpu_gb" in peak:
        yield f"memory: {peak['peak_gpu_gb']:.1f} GB of the GPU at most"
    elif "peak_memory_gb" in peak:
        yield f"memory: {peak['peak_memory_gb']:.1f} GB at most, on the CPU"
    else:
        yield memory_line(folder)
