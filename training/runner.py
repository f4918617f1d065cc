"""Makes runs, starts the trainer, watches it, and works through the queue.

The trainer is a process of its own session that outlives whoever started it; one worker per folder
of runs (`work`) starts the queued runs one after the other and takes over a run that still lives.
Commands are argument lists, never a shell's. Does not know ComfyUI.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..core.vocabulary.tag import Vocabulary
from .backend import ENTRY, Backend, commit_of, trainer_environment
from .captions import write_plans
from .config import arguments, data_sets, toml_text
from .plan import caption_reader
from .runs import (
    FINAL, all_runs, is_locked, last_event, lock, newest_state, part_events, read_json, set_state, settings_of, state_of,
    write_json,
)  # fmt: skip
from .settings import TrainingSettings, check_settings
from .tokenizers import FOLDERS, make_tokenizers

OnStep = Callable[[int, int], None]
WORKER_LOCK, TRAINER_LOCK = "worker.lock", "trainer.lock"
POLL = 0.3  # seconds
GRACE = 60.0  # seconds from a stop request to the end of the process group
# Seconds without a sign of life. Caching the latents of a large data set says little.
HANGING, HANGING_AT_START = 900.0, 7200.0
LORA_BYTES_PER_RANK = 15e6  # fp32, all linear layers of U-Net and text encoders of SDXL
LOG_TAIL = 15


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
    arguments(settings, home, home)  # what cannot be configured is said before anything is written
    folder = _new_folder(home, settings.name)
    try:
        absolute = tuple((str(Path(f).absolute()), n) for f, n in settings.folders)
        settings = settings._replace(
            folders=absolute, checkpoint=str(Path(settings.checkpoint).absolute())
        )
        reader = caption_reader(settings.profile, vocabulary)
        names = [name for name, _ in absolute]
        target = folder / "plans.jsonl"
        pictures, bare = write_plans(target, names, settings.caption_file, reader, on_step)
        if not pictures:
            raise ValueError(f"There are no pictures in {', '.join(names)}.")
        made = make_tokenizers(tokenizers, home / "tokenizers")
        _write_inputs(folder, settings, backend, made)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    told = f"{bare} of {pictures} pictures have no caption." if bare else ""
    now = round(time.time(), 3)
    set_state(folder, status="queued", made=now, queued=now, part=0, message=told)
    return folder


def _new_folder(home: Path, name: str) -> Path:
    for number in range(1, 10_000):
        folder = home / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise ValueError(f"There are 10,000 runs called '{name}' in {home}; choose another name.")


def _write_inputs(
    folder: Path, settings: TrainingSettings, backend: Backend, tokenizers: Path
) -> None:
    for name in ("output", "state", "requests"):
        (folder / name).mkdir()
    write_json(folder / "settings.json", settings.as_dict())
    write_json(
        folder / "backend.json",
        {
            "sd_scripts": str(backend.folder),
            "python": str(backend.python),
            "commit": commit_of(backend.folder),
            "tokenizers": str(tokenizers),
        },
    )
    (folder / "dataset.toml").write_text(toml_text(data_sets(settings)), encoding="utf-8")
    if settings.prompts:
        (folder / "prompts.txt").write_text("\n".join(settings.prompts) + "\n", encoding="utf-8")


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
    settings, state = settings_of(folder), state_of(folder)
    if state.get("status") not in FINAL and is_locked(folder / TRAINER_LOCK):
        raise ValueError(f"{folder.name} is running; stop it before it is resumed.")
    saved = newest_state(folder)
    at = saved[1]["step"] if saved else 0
    if steps:
        schedule = settings.schedule and settings.schedule._replace(total=steps)
        settings = check_settings(settings._replace(steps=steps, schedule=schedule))
    if at >= settings.steps:
        raise ValueError(
            f"{folder.name} has done all of its {settings.steps} steps; give more (--steps)."
        )
    write_json(folder / "settings.json", settings.as_dict())
    (folder / "requests" / "stop").unlink(missing_ok=True)
    set_state(folder, status="queued", queued=round(time.time(), 3), message="")
    return saved[1] if saved else {"step": 0, "epoch": 0, "total": settings.steps}


def start_trainer(folder: Path) -> subprocess.Popen:
    """Write the part's job and start the trainer in a session of its own."""
    settings, told = settings_of(folder), read_json(folder / "backend.json")
    saved = newest_state(folder)
    at = saved[1] if saved else {"step": 0, "epoch": 0}
    given = arguments(settings, folder, Path(told["tokenizers"]), at["step"])
    if saved:
        given["resume"] = str(saved[0])
        if settings.method == "lora":
            given["initial_step"] = 0  # else the step count in the state would be taken off again
    part = state_of(folder).get("part", 0) + 1
    (folder / "arguments.toml").write_text(toml_text(given), encoding="utf-8")
    write_json(folder / "job.json", _job(settings, told, at, part))
    for request in (folder / "requests").iterdir():
        request.unlink()
    command = trainer_command(settings, Path(told["python"]), folder)
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=trainer_environment(), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, **_own_session(),
        )  # fmt: skip
    set_state(folder, status="running", part=part, pid=process.pid, message="")
    return process


def _job(settings: TrainingSettings, told: dict, at: dict, part: int) -> dict:
    return {
        "part": part,
        "name": settings.name,
        "method": settings.method,
        "sd_scripts": told["sd_scripts"],
        "tokenizer": str(Path(told["tokenizers"]) / FOLDERS[0]),
        "policy": settings.policy.as_dict(),
        "first_step": at["step"],
        "first_epoch": at["epoch"],
        "total": settings.steps,
        "save_every": settings.save_every,
        "state_every": settings.state_every,
        "state_at_end": settings.state_at_end,
        "sample_every": settings.sample_every,
        "can_sample": bool(settings.prompts),
        "record_captions": settings.record_captions,
    }


def trainer_command(settings: TrainingSettings, python: Path, folder: Path) -> list[str]:
    """The trainer's command; through accelerate with every value explicit on several GPUs."""
    own = [str(ENTRY), "run", str(folder)]
    if settings.gpus == 1:
        return [str(python), *own]
    return [
        *(str(python), "-m", "accelerate.commands.launch", "--multi_gpu"),
        *("--num_processes", str(settings.gpus), "--num_machines", "1", "--machine_rank", "0"),
        *("--mixed_precision", settings.precision, "--dynamo_backend", "no"),
        *("--num_cpu_threads_per_process", "1", *own),
    ]


def _own_session() -> dict:
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def end_group(pid: int, at_once: bool = False) -> None:
    """End a trainer with its workers: politely, then by force."""
    if os.name == "nt":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True)
        return
    for sign in (signal.SIGKILL,) if at_once else (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, sign)
            if sign == signal.SIGTERM:
                time.sleep(2.0)


def watch(folder: Path, process: subprocess.Popen | None) -> str:
    """Wait until the trainer ends and settle how; process: None for one that was taken over."""
    pid = process.pid if process else state_of(folder).get("pid", 0)
    asked, ready = None, False
    while process.poll() is None if process else is_locked(folder / TRAINER_LOCK):
        time.sleep(POLL)
        ready = ready or any(event["event"] == "ready" for event in part_events(folder))
        if (folder / "requests" / "stop").exists():
            asked = asked or time.monotonic()
            if not ready or time.monotonic() - asked > GRACE:
                end_group(pid)
                return settle(folder, "stopped", "Stopped before a step was done." * (not ready))
        quiet = time.time() - _last_sign(folder)
        if quiet > (HANGING if ready else HANGING_AT_START):
            end_group(pid)
            return settle(
                folder,
                "failed",
                f"The trainer gave no sign of life for {quiet / 60:.0f} minutes and was ended; a "
                "data-loader worker may have died. Resume it, with workers 0 if it happens again.",
            )
    code = process.returncode if process else None
    if pid:
        end_group(pid, at_once=True)  # workers of a trainer that was killed
    return settle(folder, *_outcome(folder, code))


def _last_sign(folder: Path) -> float:
    found = [folder / name for name in ("events.jsonl", "log.txt", "job.json")]
    return max(p.stat().st_mtime for p in found if p.exists())


def _outcome(folder: Path, code: int | None) -> tuple[str, str]:
    """(status, message) of a trainer that ended."""
    last = next(
        (e for e in reversed(part_events(folder)) if e["event"] in ("done", "stopped", "failed")),
        None,
    )
    if last and last["event"] != "failed" and code in (None, 0, 3):
        return last["event"], f"Stopped at step {last['step']}." if code == 3 else ""
    said = last["message"] if last and last.get("message") else _crash(code)
    saved = newest_state(folder)
    again = f" It can be resumed from step {saved[1]['step']}." if saved else ""
    return "failed", f"{said}{hint(said + log_tail(folder))}{again}"


def _crash(code: int | None) -> str:
    if code is not None and code < 0:
        return f"The trainer was ended by signal {-code}."
    return f"The trainer ended without a word{'' if code is None else f' (code {code})'}."


HINTS = (
    ("out of memory", " Try a smaller batch, gradient checkpointing, or a smaller rank or size."),
    ("No space left", " The disk is full: free some space."),
    ("signal 9", " The system may have run out of memory."),
)


def hint(text: str) -> str:
    """What helps against a known failure, "" for an unknown one."""
    return next((told for mark, told in HINTS if mark.lower() in text.lower()), "")


def log_tail(folder: Path, lines: int = LOG_TAIL) -> str:
    """The end of sd-scripts' own log; of a progress bar only its last state."""
    try:
        with (folder / "log.txt").open("rb") as file:
            file.seek(max(0, os.path.getsize(folder / "log.txt") - 20_000))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    rows = [row.rsplit("\r", 1)[-1].rstrip() for row in text.splitlines()]
    return "\n".join([row for row in rows if row][-lines:])


def settle(folder: Path, status: str, message: str = "") -> str:
    set_state(folder, status=status, message=message)
    return status


def work(home: Path) -> None:
    """Start queued runs one after the other until none is left; only one process does."""
    while True:
        with lock(home / WORKER_LOCK) as got:
            if not got:
                return
            while (folder := _next(home)) is not None:
                _work_on(folder)
        if _next(home) is None:  # looked again with the lock free: nothing was queued meanwhile
            return


def _next(home: Path) -> Path | None:
    open_runs = [(state_of(p), p) for p in all_runs(home)]
    running = [p for state, p in open_runs if state.get("status") == "running"]
    if running:
        return running[0]
    queued = [(s.get("queued", 0), p) for s, p in open_runs if s.get("status") == "queued"]
    return min(queued)[1] if queued else None


def _work_on(folder: Path) -> None:
    if state_of(folder).get("status") == "running":
        watch(folder, None)  # of a worker that died
        return
    try:
        process = start_trainer(folder)
    except (OSError, ValueError, KeyError) as error:
        settle(folder, "failed", f"The trainer could not be started: {error}")
        return
    watch(folder, process)


def ensure_worker(home: Path, pack: Path) -> None:
    """Start a worker of its own session unless one is at work."""
    if is_locked(home / WORKER_LOCK):
        return
    with (home / "worker.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, str(pack), "train", "work", "--runs", str(home)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=home,
            **_own_session(),
        )  # fmt: skip


def follow(folder: Path, pack: Path, on_step: OnStep | None = None) -> dict:
    """Wait until a run has ended, telling its steps; returns its state. on_step may raise."""
    total = settings_of(folder).steps
    while (state := state_of(folder)).get("status") not in FINAL:
        ensure_worker(folder.parent, pack)
        if on_step:
            on_step(last_event(folder, "step", "start").get("step", 0), total)
        time.sleep(POLL)
    return state
