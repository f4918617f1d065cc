"""How a trainer ended, in words: from its events, its exit code and the end of its log."""

import os
import re
from pathlib import Path

from .runs import newest_state, part_events

LOG_TAIL = 15  # lines
# Where torch's launcher begins its own report, which hides what the process said itself.
LAUNCHER = re.compile(r"^[EW]\d{4} .*torch/distributed/elastic", re.MULTILINE)


def outcome(folder: Path, code: int | None) -> tuple[str, str]:
    """(status, message) of a trainer that ended."""
    last = next(
        (e for e in reversed(part_events(folder)) if e["event"] in ("done", "stopped", "failed")),
        None,
    )
    if last and last["event"] != "failed" and code in (None, 0, 3):
        stopped = last["event"] == "stopped"
        return last["event"], f"Stopped at step {last['step']}." if stopped else ""
    said = last["message"] if last and last.get("message") else _crash(code)
    saved = newest_state(folder)
    again = f" It can be resumed from step {saved[1]['step']}." if saved else ""
    told = said + log_tail(folder)
    if NO_SPACE.lower() in told.lower():
        said = "The training ended."
    return "failed", f"{said}{hint(told)}{again}"


def _crash(code: int | None) -> str:
    if code is not None and code < 0:
        return f"The trainer was ended by signal {-code}."
    return f"The trainer ended without a word{'' if code is None else f' (code {code})'}."


NO_SPACE = "No space left"
HINTS = (
    (NO_SPACE, " The disk is full: free some space."),
    ("out of memory", " Try a smaller batch, gradient checkpointing, or a smaller rank or size."),
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
    text = LAUNCHER.split(text, maxsplit=1)[0]
    rows = [row.rstrip().rsplit("\r", 1)[-1] for row in text.split("\n")]
    return "\n".join([row for row in rows if row][-lines:])
