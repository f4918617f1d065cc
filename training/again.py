"""The run that was already asked for: the same settings on the same pictures are trained once.

So a graph that is queued again goes on: with a run that still trains (ComfyUI was closed
meanwhile), from the state of one that was stopped or failed, and at once with one that is done.
"""

import json
from pathlib import Path

from .backend import Backend
from .captions import stamp_of
from .choices import GO_ON
from .making import make_run, resume, write_backend
from .runs import FINAL, all_runs, read_json, settled_elsewhere, state_of
from .settings import TrainingSettings


def same_run(home: Path, settings: TrainingSettings) -> Path | None:
    """The newest run that was asked the same on the same pictures."""
    asked = json.loads(json.dumps(settings.absolute().as_dict()))
    stamp = stamp_of(folder for folder, _ in settings.absolute().folders)
    for folder in reversed(all_runs(home)):
        told = state_of(folder).get("pictures")
        if told == stamp and read_json(folder / "settings.json") == asked:
            return folder
    return None


def run_for(home: Path, settings: TrainingSettings, start: str, backend: Backend, *rest) -> Path:
    """The run to follow: an open or finished one, one that is resumed, or a new one.

    start: one of choices.STARTS. rest: as for make_run. Raises ValueError.
    """
    folder = same_run(home, settings) if start == GO_ON else None
    if folder is None:
        return make_run(home, settings, backend, *rest)
    status = settled_elsewhere(folder).get("status")
    if status in FINAL and status != "done":
        write_backend(folder, backend)  # another one may be the cure
        resume(folder)
    return folder


def looks(home: Path, images: str | None, name: str | None) -> list:
    """Changes with the pictures, and when a run of that name ends; None: not known yet."""
    runs = [p for p in all_runs(home) if name is None or p.name.startswith(name)]
    ended = [(p.name, status) for p in runs if (status := state_of(p).get("status")) in FINAL]
    try:
        return [stamp_of([images]) if images else "", ended]
    except ValueError:
        return ["", ended]  # the run says what is wrong
