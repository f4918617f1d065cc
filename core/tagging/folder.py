"""Which taggers lie in a folder, and what is said when there is none.

A tagger is a folder with the two files that WD taggers are published with. Opens nothing.
"""

import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

FOLDER = "taggers"  # under ComfyUI's models
MODEL, LABELS = "model.onnx", "selected_tags.csv"
EXAMPLE = "wd-vit-tagger-v3"


def find_taggers(folders: Iterable[Path]) -> dict[str, Path]:
    """Name -> folder of each tagger right under the given folders; the first of a name counts."""
    found: dict[str, Path] = {}
    for folder in folders:
        for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
            if (inner / MODEL).is_file() and (inner / LABELS).is_file():
                found.setdefault(inner.name, inner)
    return found


def no_onnxruntime() -> str:
    """What to do where onnxruntime cannot be imported."""
    return (
        "Taggers need onnxruntime, which is not installed; run "
        f'`"{sys.executable}" -m pip install onnxruntime` and start ComfyUI again.'
    )


def problem(name: str, folders: list[Path]) -> str:
    """One sentence for a user whose tagger cannot be used, "" for one that is there."""
    found = find_taggers(folders)
    if name in found:
        return "" if find_spec("onnxruntime") else no_onnxruntime()
    if found:
        there = ", ".join(found)
        return f"There is no tagger '{name}' in {folders[0]}; choose one of {there}."
    return (
        f"There is no tagger in {folders[0]}; put {MODEL} and {LABELS} of a WD tagger, such as "
        f"{EXAMPLE}, into {folders[0] / EXAMPLE} and press R on the canvas."
    )
