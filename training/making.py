"""Makes a run's folder from settings, and queues one again. Starts nothing (runner.py)."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ..core.vocabulary.tag import Vocabulary
from .backend import Backend, commit_of, require_package
from .captions import stamp_of, write_plans
from .config import arguments, data_sets, toml_text
from .parts import hand_over
from .plan import caption_reader
from .runner import WORKER_LOCK
from .runs import (
    TRAINER_LOCK,
    is_locked,
    newest_state,
    read_json,
    set_state,
    settings_of,
    settled_elsewhere,
    write_json,
)
from .settings import TrainingSettings, check_settings
from .tokenizers import make_tokenizers

OnStep = Callable[[int, int], None]
LORA_BYTES_PER_RANK = 15e6  # fp32, all linear layers of U-Net and text encoders of SDXL


def make_run(
    home: Path,
    settings: TrainingSettings,
    backend: Backend,
    tokenizers: Path,
    vocabulary: Vocabulary | None = None,
    on_step: OnStep | None = None,
) -> Path:
    """A new run's folder, queued. tokenizers: ComfyUI's comfy/sd1_tokenizer. Raises ValueError."""
    check_settings(settings)
    if not Path(settings.checkpoint).is_file():
        raise ValueError(f"There is no checkpoint {settings.checkpoint}; give the path of a file.")
    home.mkdir(parents=True, exist_ok=True)
    _check_space(home, settings)
    if settings.launch.zero_stage:
        require_package(backend.python, "deepspeed", "zero_stage")
    arguments(settings, home, home)  # what cannot be configured is said before anything is written
    folder = _new_folder(home, settings.name)
    try:
        settings = settings.absolute()
        reader = caption_reader(settings.profile, vocabulary)
        names = [name for name, _ in settings.folders]
        stamp = stamp_of(names)
        target = folder / "plans.jsonl"
        pictures, bare = write_plans(target, names, settings.caption_file, reader, on_step)
        if not pictures:
            raise ValueError(f"There are no pictures in {', '.join(names)}.")
        made = make_tokenizers(tokenizers, home / "tokenizers")
        _write_inputs(folder, settings)
        write_backend(folder, backend, str(made))
        told = f"{bare} of {pictures} pictures have no caption." if bare else ""
        now = round(time.time(), 3)
        set_state(folder, status="", made=now, queued=now, part=0, message=told, pictures=stamp)
        _queue(folder, settings)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _queue(folder: Path, settings: TrainingSettings) -> None:
    """Leave a run to the worker, or to whoever starts its lines: a worker must never see that."""
    if settings.launch.elsewhere:
        hand_over(folder)
    else:
        set_state(folder, status="queued")


def _new_folder(home: Path, name: str) -> Path:
    for number in range(1, 10_000):
        folder = home / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise ValueError(f"There are 10,000 runs called '{name}' in {home}; choose another name.")


def _write_inputs(folder: Path, settings: TrainingSettings) -> None:
    for name in ("output", "state", "requests"):
        (folder / name).mkdir()
    write_json(folder / "settings.json", settings.as_dict())
    (folder / "dataset.toml").write_text(toml_text(data_sets(settings)), encoding="utf-8")
    if settings.prompts:
        (folder / "prompts.txt").write_text("\n".join(settings.prompts) + "\n", encoding="utf-8")


def write_backend(folder: Path, backend: Backend, tokenizers: str = "") -> None:
    """Which sd-scripts a run uses from its next part on."""
    told = {
        "sd_scripts": str(backend.folder),
        "python": str(backend.python),
        "commit": commit_of(backend.folder),
        "tokenizers": tokenizers or read_json(folder / "backend.json").get("tokenizers", ""),
    }
    write_json(folder / "backend.json", told)


def space_needed(settings: TrainingSettings) -> float:
    """Bytes that a run writes at most: saves, and two states while one replaces the other."""
    saves = 1 + (settings.steps // settings.save_every if settings.save_every else 0)
    states = 2 if settings.state_every or settings.state_at_end else 0
    if settings.method == "lora":
        one = LORA_BYTES_PER_RANK * settings.rank
        return one * (saves + 3 * states)  # weights and the two moments of Adam
    one = float(os.path.getsize(settings.checkpoint))
    return one * (saves + 6 * states)  # from 2 bytes per parameter to 12


def _check_space(home: Path, settings: TrainingSettings) -> None:
    needed, free = space_needed(settings), shutil.disk_usage(home).free
    if needed > free:
        raise ValueError(
            f"The run writes up to {needed / 1e9:.1f} GB and {home} has {free / 1e9:.1f} GB free; "
            "free some, save less often (save_every), or use another disk."
        )


def resume(folder: Path, steps: int = 0) -> dict:
    """Queue a run again from its newest state; steps: a new total. Returns that state's values."""
    settings, state = settings_of(folder), settled_elsewhere(folder)
    locks = (folder / TRAINER_LOCK, folder.parent / WORKER_LOCK)  # a trainer that starts has none
    if state.get("status") == "running" and any(map(is_locked, locks)):
        raise ValueError(f"{folder.name} is running; stop it before it is resumed.")
    saved = newest_state(folder)
    at = saved[1]["step"] if saved else 0
    if steps:
        schedule = settings.schedule and settings.schedule._replace(total=steps)
        settings = check_settings(settings._replace(steps=steps, schedule=schedule))
    if at >= settings.steps or (state.get("status") == "done" and not steps):
        raise ValueError(
            f"{folder.name} has done all of its {settings.steps} steps; give more (--steps)."
        )
    write_json(folder / "settings.json", settings.as_dict())
    # here and not when the trainer starts: a stop that comes in between must hold
    for request in (folder / "requests").iterdir():
        request.unlink()
    set_state(folder, queued=round(time.time(), 3), message="")
    _queue(folder, settings)
    return saved[1] if saved else {"step": 0, "epoch": 0, "total": settings.steps}
