"""A small data set, settings and shortcuts for training the tiny checkpoint with sd-scripts."""

import json
import random
import time
from pathlib import Path

TAGS = "1girl, hatsune miku, vocaloid, smile, hat, sky, outdoors, blue eyes, long hair, sitting"
CAPTION = f"{TAGS}, dress, tree, masterpiece\nA girl with a hat.\n"


def write_pictures(folder: Path, number: int = 4, caption: str = CAPTION) -> Path:
    """Pictures of coloured squares, 128 px, each with a caption of two levels."""
    from PIL import Image

    folder.mkdir(parents=True)
    for i in range(number):
        draw = random.Random(i)
        pixels = bytes(draw.randrange(256) for _ in range(8 * 8 * 3))
        Image.frombytes("RGB", (8, 8), pixels).resize((128, 128)).save(folder / f"{i}.png")
        (folder / f"{i}.txt").write_text(caption, encoding="utf-8")
    return folder


def tiny_settings(name: str, checkpoint: Path, pictures: Path, **changes) -> dict:
    """Settings (JSON form) of a run of six steps that exercises every hook."""
    return {
        "name": name,
        "checkpoint": str(checkpoint),
        "folders": [[str(pictures), 2]],
        "policy": {"caption_dropout": 0.1, "registers": 0.5, "rates": {"general": 0.2}},
        "size": 128,
        "batch": 2,
        "steps": 6,
        "rank": 4,
        "alpha": 2.0,
        "unet_lr": 1e-3,
        "text_encoder_lr": 1e-4,
        "schedule": {"total": 6, "cycles": 2, "floor": 0.1},
        "checkpointing": False,
        "precision": "no",
        "state_every": 2,
        "save_every": 2,
        "workers": 2,
        "seed": 7,
        "record_captions": True,
        **changes,
    }


def write_events(folder: Path, *told: dict) -> None:
    """The events of a run as its trainer would have written them."""
    lines = [json.dumps({"time": float(n), **event}) for n, event in enumerate(told)]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")


def wait_until(true, seconds: float = 600.0, what: str = "it"):
    """The first true value of a function; fails with AssertionError when time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come in {seconds:.0f} s")
