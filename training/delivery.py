"""What follows a run that is done: its file goes into a model folder, a workflow is queued.

Both are of the run's own ComfyUI: the folder is in its settings, the workflow (API format) and the
server's address in `then.json`. Neither can make a run fail.
"""

import json
import os
import re
import shutil
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from .choices import GO_ON
from .runs import read_json, set_state, settings_of, state_of, write_json

THEN = "then.json"  # in a run: {"server": URL, "body": what is posted to /prompt}
SERVER = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+\Z")
PATIENCE = 30.0  # seconds for ComfyUI's answer


def deliver(folder: Path) -> str:
    """Put the finished file where ComfyUI looks for models; returns what went wrong, else "".

    Never replaces a file of another run: that has another number behind its name.
    """
    settings = settings_of(folder)
    made = folder / "output" / f"{settings.name}.safetensors"
    if not settings.deliver_to:
        return ""
    try:
        target = _free_place(Path(settings.deliver_to), folder.name, made)
        if not target.exists():
            _link_or_copy(made, target)
    except OSError as error:
        return f"The file could not be put into {settings.deliver_to}: {error.strerror or error}."
    set_state(folder, delivered=str(target))
    return ""


def _free_place(into: Path, name: str, made: Path) -> Path:
    into.mkdir(parents=True, exist_ok=True)
    for number in range(1, 10_000):
        target = into / (f"{name}.safetensors" if number == 1 else f"{name}_{number}.safetensors")
        if not target.exists() or os.path.samefile(target, made):
            return target
    raise OSError(f"there are too many files called {name}")


def _link_or_copy(made: Path, target: Path) -> None:
    """A hard link costs no space; else a copy that appears only when it is whole."""
    try:
        os.link(made, target)
        return
    except OSError:
        part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        shutil.copyfile(made, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def delivered(folder: Path) -> str:
    """Where the finished file was put, "" if nowhere or gone."""
    path = state_of(folder).get("delivered", "")
    return path if path and Path(path).is_file() else ""


def again(graph: dict, node: str, start: str) -> dict:
    """The graph that queued a run, to be queued when it is done: its node then gives the file.

    Without this a node that always starts a new run would train for ever.
    """
    inputs = {**graph[node]["inputs"], start: GO_ON}
    return {**graph, node: {**graph[node], "inputs": inputs}}


def queue_then(folder: Path, server: str, body: dict) -> None:
    """Have this workflow queued when the run is done. body: as posted to ComfyUI's /prompt."""
    if not SERVER.match(server):
        raise ValueError(f"'{server}' is no address of a ComfyUI; try http://127.0.0.1:8188.")
    write_json(folder / THEN, {"server": server, "body": body})


def run_then(folder: Path) -> str:
    """Queue the workflow of a run that is done; returns what happened, "" where there is none."""
    told = read_json(folder / THEN)
    if not told:
        return ""
    data = json.dumps(told["body"]).encode()
    request = urllib.request.Request(
        f"{told['server']}/prompt", data, {"Content-Type": "application/json"}
    )
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=PATIENCE) as answer:
            queued = json.loads(answer.read())["prompt_id"]
    except urllib.error.HTTPError as error:
        said = error.read(2000).decode("utf-8", "replace")
        return f"ComfyUI refused the workflow that was to follow: {said}"
    except (OSError, ValueError, KeyError) as error:
        return (
            f"The workflow that was to follow could not be queued at {told['server']} ({error}); "
            "queue it by hand, it will use the finished file."
        )
    set_state(folder, then=queued)
    return ""
