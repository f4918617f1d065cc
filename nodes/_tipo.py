"""TIPO in ComfyUI: where its models lie, and how one is held in memory.

ComfyUI's memory management moves a loaded model off the graphics card when others need the space.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import comfy.model_management as memory
import folder_paths
from comfy.model_patcher import ModelPatcher

from ._host import check_cancel, progress

if TYPE_CHECKING:
    from ..core.tipo.model import Language, Sampling


PACK = Path(__file__).resolve().parents[1]
NONE = "(no model found)"
AUTO, CPU = "auto", "cpu"
_kept: dict[tuple[str, str, int], tuple[Language, ModelPatcher]] = {}


def folders() -> list[Path]:
    """Where models may lie: models/kgen, then what other packs or extra_model_paths.yaml add."""
    from ..core.tipo.folder import FOLDER

    own = Path(folder_paths.models_dir) / FOLDER
    more = folder_paths.folder_names_and_paths.get(FOLDER, ([], set()))[0]
    return list(dict.fromkeys((own, *map(Path, more))))


def model_names() -> list[str]:
    """The models that are there, or one entry that says that there is none."""
    from ..core.tipo.folder import find_models

    return list(find_models(folders())) or [NONE]


def problem(name: str) -> str:
    """One sentence if there is no such model, else ""."""
    from ..core.tipo.folder import find_models, missing

    found = find_models(folders())
    return "" if name in found else missing(name, found, PACK, folders()[0])


@contextmanager
def writer(name: str, device: str, keep: bool, sampling: Sampling) -> Iterator:
    """An `ask(request, seed)` for core.prompt.expand, with progress and Cancel.

    Raises ValueError when the model is missing or damaged.
    """
    from ..core.tipo.folder import find_models, missing
    from ..core.tipo.model import continue_text

    found = find_models(folders())
    if name not in found:
        raise ValueError(missing(name, found, PACK, folders()[0]))
    check_cancel()
    key, (language, patcher) = _open(found[name], device)
    memory.load_models_gpu([patcher], force_full_load=True)
    try:
        yield lambda request, seed: continue_text(language, request, seed, sampling, progress())
    finally:
        if not keep:
            patcher.detach()
            _kept.pop(key, None)


def _open(folder: Path, device: str) -> tuple[tuple, tuple[Language, ModelPatcher]]:
    """The model of a folder, kept from the last use while its files are the same."""
    changed = max(file.stat().st_mtime_ns for file in folder.glob("*.safetensors"))
    key = str(folder), device, changed
    if key not in _kept:
        for old in [old for old in _kept if old[:2] == key[:2]]:
            del _kept[old]
        _kept[key] = _load(folder, device)
    return key, _kept[key]


def _load(folder: Path, device: str) -> tuple[Language, ModelPatcher]:
    import torch

    from ..core.tipo.model import load

    cpu = torch.device("cpu")
    target = cpu if device == CPU else memory.text_encoder_device()
    language = load(folder)
    if not memory.is_device_cpu(target):
        language.model.half()
    holder = torch.nn.Module()  # ModelPatcher sets `device`, which is read-only in transformers
    holder.language = language.model
    return language, ModelPatcher(holder, load_device=target, offload_device=cpu)
