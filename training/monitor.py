"""What people see of runs: a line each, events since a place in the file, details, sample pictures.

Only reads; everything comes from the runs' folders, so that it is the same after any restart.
"""

import re
from pathlib import Path

from .outcome import log_tail
from .runner import WORKER_LOCK
from .runs import (
    FINAL,
    OPEN,
    REQUESTS,
    all_runs,
    is_locked,
    last_event,
    loss_of,
    newest_state,
    parse_events,
    rate_of,
    read_json,
    state_of,
)

MOST_BYTES = 1 << 20  # of events.jsonl in one answer: some 5,000 steps
MOST_SAMPLES = 400
LOG_LINES = 60
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
# sd-scripts: <name>_<step, or e and epoch>_<number of the prompt>_<time>[_<seed>].png
SAMPLE = re.compile(r"_(e?)(\d{6,})_(\d\d+)_\d{14}(?:_|\.)")
SHOWN = (  # of the settings
    *("method", "profile", "checkpoint", "folders", "size", "batch", "accumulation", "gpus"),
    *("unet_lr", "text_encoder_lr", "optimizer", "precision", "rank", "alpha", "checkpointing"),
    *("save_every", "state_every", "sample_every", "seed"),
)


def overview(home: Path) -> dict:
    """All runs, and whether a worker is at work on those that are open.

    First what trains, then the queue in its order, then the others, newest first.
    """
    runs = sorted((short(folder) for folder in reversed(all_runs(home))), key=_rank)
    waiting = any(run["status"] in OPEN for run in runs)
    return {
        "home": str(home),
        "runs": runs,
        "worker": not waiting or is_locked(home / WORKER_LOCK),
    }


def short(folder: Path) -> dict:
    """How a run stands, cheap enough to be asked every second."""
    state, settings = state_of(folder), read_json(folder / "settings.json")
    last = last_event(folder, "step", "start", "done", "stopped", "failed")
    return {
        "run": folder.name,
        "status": state.get("status", ""),
        "message": state.get("message", ""),
        "step": last.get("step", 0),
        "total": settings.get("steps", 0),
        "method": settings.get("method", ""),
        "made": state.get("made", 0),
        "queued": state.get("queued", 0),
        "changed": state.get("changed", 0),
    }


def _rank(run: dict) -> tuple:
    place = OPEN.index(run["status"]) if run["status"] in OPEN else -1
    return (-place, run["queued"] if run["status"] == "queued" else 0)


def details(folder: Path) -> dict:
    """What is known of a run besides its events."""
    settings, status = read_json(folder / "settings.json"), state_of(folder).get("status", "")
    saved = newest_state(folder)
    return {
        **short(folder),
        "folder": str(folder),
        "settings": {name: settings.get(name) for name in SHOWN},
        "resumable_from": saved[1].get("step") if saved else None,
        "files": _files(folder),
        "samples": list(reversed(samples(folder)))[:MOST_SAMPLES],
        "asked": [name for name in REQUESTS if (folder / "requests" / name).exists()],
        "may": _allowed(status, settings),
        "memory": last_event(folder, "memory", "done", "stopped", "failed"),
        "log": log_tail(folder, LOG_LINES),
    }


def _allowed(status: str, settings: dict) -> list[str]:
    """What may be asked of a run that stands so."""
    running = status == "running"
    allowed = {
        "stop": status in OPEN,
        "save": running,
        "sample": running and bool(settings.get("prompts")),
        "resume": status in FINAL,
    }
    return [name for name, true in allowed.items() if true]


def _files(folder: Path) -> list[dict]:
    found = [(p, p.stat()) for p in (folder / "output").glob("*.safetensors")]
    found.sort(key=lambda pair: pair[1].st_mtime, reverse=True)
    return [{"name": p.name, "path": str(p), "bytes": told.st_size} for p, told in found]


def samples(folder: Path) -> list[dict]:
    """The sample pictures of a run, oldest first: {"file", "step" or None, "prompt"}."""
    place = folder / "output" / "sample"
    if not place.is_dir():
        return []
    found = [p for p in place.iterdir() if p.suffix.lower() in PICTURES and not p.is_symlink()]
    found.sort(key=lambda p: (p.stat().st_mtime, p.name))
    return [_sample(p) for p in found if p.is_file()]


def _sample(path: Path) -> dict:
    told = SAMPLE.search(path.name)
    step = int(told[2]) if told and not told[1] else None
    return {"file": path.name, "step": step, "prompt": int(told[3]) if told else 0}


def sample_file(folder: Path, name: str) -> Path:
    """A sample picture by a name of the list. Raises ValueError for all others."""
    if name not in {sample["file"] for sample in samples(folder)}:
        raise ValueError(f"{folder.name} has no sample '{name}'.")
    return folder / "output" / "sample" / name


def events_since(folder: Path, place: int) -> dict:
    """Whole events behind a byte of events.jsonl, at most MOST_BYTES of them.

    "next" is where to go on, "more" whether there is more already. A file shorter than `place` is
    another one: it is read from its start, which "from" tells.
    """
    file = folder / "events.jsonl"
    size = file.stat().st_size if file.is_file() else 0
    place = place if 0 <= place <= size else 0
    read = b""
    if size > place:
        with file.open("rb") as opened:
            opened.seek(place)
            read = opened.read(MOST_BYTES)
    content = read[: read.rfind(b"\n") + 1]  # the last line may be half written
    lines = content.decode("utf-8", "replace").splitlines(keepends=True)
    found = [_compact(event) for event in parse_events(lines)]
    more = bool(content) and len(read) == MOST_BYTES
    told = [event for event in found if event]
    return {"from": place, "next": place + len(content), "more": more, "events": told}


def _compact(event: dict) -> dict | None:
    """The few values of an event that curves and people need, None for the others."""
    kind = event.get("event")
    common = {"event": kind, "step": event.get("step"), "time": event.get("time")}
    if kind == "step":
        return {**common, "loss": loss_of(event), "rate": rate_of(event)}
    if kind == "validation":
        return {**common, "loss": validation_loss(event)}
    if kind in ("start", "ready", "sample", "state", "done", "stopped", "failed"):
        told = {"message": event["message"]} if event.get("message") else {}
        return {**common, **told}
    return None


def validation_loss(event: dict) -> float | None:
    """The mean loss of a validation, whichever names the script gave it."""
    names = [n for n in event if "validation" in n and "average" in n and "diverg" not in n]
    return event[names[0]] if names else None
