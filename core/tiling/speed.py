"""How fast this machine samples: measured in every high-resolution run, remembered per device.

So that a plan can say how long it will take. TFLOP are those of the plan (plan.py), not what the
device really computes; the same count stands on both sides, so its error cancels.
"""

import json
import os
import tempfile
from pathlib import Path

FILE = "speed.json"
NEWEST_SHARE = 0.5  # weight of the newest run: old ones fade, one odd run does not decide


def read_speed(folder: Path, device: str) -> float | None:
    """TFLOP per second of a device, None if it was never measured."""
    rate = _read(folder).get(device)
    return rate if isinstance(rate, float) and rate > 0 else None


def record_speed(folder: Path, device: str, tflop: float, seconds: float) -> None:
    """Remember one measured run."""
    if tflop <= 0 or seconds <= 0:
        return
    rate, before = tflop / seconds, read_speed(folder, device)
    if before:
        rate = before ** (1 - NEWEST_SHARE) * rate**NEWEST_SHARE
    known = {**_read(folder), device: rate}
    handle, part = tempfile.mkstemp(dir=folder, prefix=".speed-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(known, file)
    os.replace(part, folder / FILE)


def _read(folder: Path) -> dict:
    try:
        known = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def duration(seconds: float) -> str:
    """ "40 s", "3 min 20 s" or "1 h 5 min" """
    seconds = round(seconds)
    if seconds < 100:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
