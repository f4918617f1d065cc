"""Starts the trainer, watches it, and works through the queue.

The trainer is a process of its own session that outlives whoever started it; one worker per folder
of runs (`work`) starts the queued runs one after the other and takes over a run that still lives.
Commands are argument lists, never a shell's. Does not make runs (making.py) nor know ComfyUI.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .delivery import deliver, run_then
from .launch import LINES
from .outcome import log_tail, outcome
from .parts import write_part
from .runs import (
    ELSEWHERE,
    FINAL,
    OPEN,
    TRAINER_LOCK,
    all_runs,
    ask,
    is_locked,
    keep_reserve,
    last_event,
    lock,
    part_events,
    set_state,
    settings_of,
    settled_elsewhere,
    state_of,
)

OnStep = Callable[[int, int], None]
WORKER_LOCK = "worker.lock"
POLL = 0.3  # seconds
WORKER_PATIENCE = 20.0  # seconds between looks whether a worker is at work
STARTING = 300.0  # seconds that a Python may take until it holds the run's lock
GRACE = 60.0  # seconds from a stop request to the end of the process group
# Seconds without a sign of life. Caching the latents of a large data set says little.
HANGING, HANGING_AT_START = 900.0, 7200.0


def stop(folder: Path) -> None:
    """Ask a run to stop; one that still waits in the queue stops at once. Raises ValueError."""
    state = settled_elsewhere(folder).get("status")
    if state not in (*OPEN, ELSEWHERE):
        raise ValueError(f"{folder.name} is not running; it is {state}.")
    ask(folder, "stop")
    if state == "queued":
        settle(folder, "stopped", "Taken out of the queue.")


def start_trainer(folder: Path) -> subprocess.Popen:
    """Write the part's job and start the trainer in a session of its own."""
    part, command, environment = write_part(folder)
    keep_reserve(folder)
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, **_own_session(),
        )  # fmt: skip
    machines = settings_of(folder).launch.machines
    told = f"Run lines 2 to {machines} of {folder / LINES} on the other machines." * (machines > 1)
    set_state(folder, status="running", part=part, pid=process.pid, message=told)
    return process


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
    while process.poll() is None if process else _is_alive(folder, pid):
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
    if process:  # the number of one that was taken over may be another's by now
        end_group(pid, at_once=True)  # workers of a trainer that was killed
    how, message = outcome(folder, code)
    if how == "done":
        message = deliver(folder)
    return settle(folder, how, message)


def _is_alive(folder: Path, pid: int) -> bool:
    """Whether the trainer of a run that was taken over lives, or is still about to tell."""
    if is_locked(folder / TRAINER_LOCK):
        return True
    if part_events(folder) or time.time() - state_of(folder).get("changed", 0) > STARTING:
        return False
    if os.name == "nt":
        return True  # there, asking for a process ends it
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended and nobody has asked how, as its parent is gone (Linux)."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[:1] == ["Z"]


def _last_sign(folder: Path) -> float:
    found = [folder / name for name in ("events.jsonl", "log.txt", "state.json")]
    return max(p.stat().st_mtime for p in found if p.exists())


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
        how = watch(folder, None)  # of a worker that died
    else:
        try:
            process = start_trainer(folder)
        except (OSError, ValueError, KeyError) as error:
            settle(folder, "failed", f"The trainer could not be started: {error}")
            return
        how = watch(folder, process)
    if how == "done" and (said := run_then(folder)):
        set_state(folder, message=said)


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
    total, looked = settings_of(folder).steps, 0.0
    while (state := state_of(folder)).get("status") not in (*FINAL, ELSEWHERE):
        if time.monotonic() - looked > WORKER_PATIENCE:  # one that starts has no lock yet
            ensure_worker(folder.parent, pack)
            looked = time.monotonic()
        if on_step:
            on_step(last_event(folder, "step", "start").get("step", 0), total)
        time.sleep(POLL)
    return state


@contextmanager
def stop_at_cancel(folder: Path) -> Iterator[None]:
    """Whatever is raised inside also asks the run to stop."""
    try:
        yield
    except BaseException:
        if state_of(folder).get("status") in OPEN:
            stop(folder)
        raise


def follow_or_stop(folder: Path, pack: Path, on_step: OnStep) -> dict:
    """`follow`; a raising on_step (Cancel) asks the run to stop. Raises ValueError on failure.

    Cancel does not wait for the trainer: its state is saved at its next step.
    """
    with stop_at_cancel(folder):
        return follow_to_end(folder, pack, on_step)


def follow_to_end(folder: Path, pack: Path, on_step: OnStep) -> dict:
    """`follow`; Cancel ends the waiting alone. Raises ValueError on failure."""
    state = follow(folder, pack, on_step)
    if state["status"] == "failed":
        raise ValueError(f"{state['message']} The end of {folder / 'log.txt'}:\n{log_tail(folder)}")
    return state
