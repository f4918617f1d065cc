"""Run folders as the pack writes them, with events as its hooks tell them, without a trainer."""

import json
import math
import random
from pathlib import Path

from ixl.training.backend import Backend
from ixl.training.making import make_run
from ixl.training.runs import set_state
from ixl.training.settings import read_settings
from training_runs import tiny_settings, write_pictures

TOKENIZER = ("merges.txt", "vocab.json", "special_tokens_map.json", "tokenizer_config.json")
MERGES = "#version: 0.2\ng i\ngi r\ngir l</w>\n"


def make_folder(home: Path, base: Path, name: str, **changes) -> Path:
    """A queued run in `home`; what it is made of lies in `base`. Its trainer cannot be started."""
    pictures, tokenizers = base / "pictures", base / "tokenizers"
    if not pictures.exists():
        write_pictures(pictures)
        tokenizers.mkdir()
        for file in TOKENIZER:
            (tokenizers / file).write_text(MERGES if file == "merges.txt" else "{}")
        (base / "a.safetensors").write_bytes(b"x" * 1000)
    changes = {"save_every": 0, **changes}
    settings = tiny_settings(name, base / "a.safetensors", pictures, **changes)
    backend = Backend(base / "sd-scripts", base / "no python")
    return make_run(home, read_settings(settings), backend, tokenizers)


def record(folder: Path, until: int, first: int = 0, part: int = 1, start: float = 1.7e9) -> None:
    """Events of a part: its start, and a step a second whose loss falls with noise."""
    draw = random.Random(part)
    tell(folder, {"event": "start", "part": part, "step": first, "time": start, "pid": 1})
    tell(folder, {"event": "ready", "step": first, "time": start + 9})
    for step in range(first + 1, until + 1):
        loss = 0.06 + 0.08 * math.exp(-step / 80) + draw.gauss(0, 0.012)
        rate = 1e-4 * (0.55 + 0.45 * math.cos(math.pi * step / until))
        told = {"loss/current": loss, "loss/average": loss, "lr/unet": rate}
        tell(folder, {"event": "step", "step": step, "time": start + 10 + step, **told})


def tell(folder: Path, event: dict) -> None:
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")


def add_sample(folder: Path, step: int, prompt: int = 0, side: int = 96) -> str:
    """A sample picture under the name that sd-scripts gives it; the name."""
    from PIL import Image

    place = folder / "output" / "sample"
    place.mkdir(exist_ok=True)
    name = f"{folder.name}_{step:06d}_{prompt:02d}_20260101000000_42.png"
    Image.linear_gradient("L").resize((side, side)).rotate(step).save(place / name)
    return name


def end(folder: Path, status: str, message: str = "") -> None:
    set_state(folder, status=status, message=message, part=1)
