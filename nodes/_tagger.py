"""Taggers in ComfyUI: where they lie, and the one that is held in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import folder_paths

from ._host import check_cancel

if TYPE_CHECKING:
    from ..core.tagging.wd import Tagger

NONE = "(no tagger found)"
_kept: dict[tuple[str, int], Tagger] = {}  # the last one used


def _folders() -> list[Path]:
    """models/taggers, then what other packs or extra_model_paths.yaml add."""
    from ..core.tagging.folder import FOLDER

    own = Path(folder_paths.models_dir) / FOLDER
    more = folder_paths.folder_names_and_paths.get(FOLDER, ([], set()))[0]
    return list(dict.fromkeys((own, *map(Path, more))))


def tagger_names() -> list[str]:
    """The taggers that are there, or one entry that says that there is none."""
    from ..core.tagging.folder import find_taggers

    return list(find_taggers(_folders())) or [NONE]


def problem(name: str) -> str:
    """One sentence if the tagger cannot be used, else ""."""
    from ..core.tagging import folder

    return folder.problem(name, _folders())


def opened(name: str) -> Tagger:
    """The tagger, kept from the last use while its files are the same."""
    from ..core.tagging.folder import find_taggers
    from ..core.tagging.wd import load

    if said := problem(name):
        raise ValueError(said)
    folder = find_taggers(_folders())[name]
    key = str(folder), max(file.stat().st_mtime_ns for file in folder.iterdir())
    if key not in _kept:
        check_cancel()
        _kept.clear()
        _kept[key] = load(folder)
    return _kept[key]
