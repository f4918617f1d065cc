"""Which TIPO models lie in a folder, and what is said when there is none.

A model is a folder with config.json, weights in safetensors and a tokenizer: tokenizer.model
(SentencePiece, what TIPO is published with) or tokenizer.json. Opens nothing.
"""

from collections.abc import Iterable
from pathlib import Path

PUBLISHED = (  # ids in KGen 0.3.1 whose weights are plain LLaMA; smallest first
    "KBlueLeaf/TIPO-100M",
    "KBlueLeaf/TIPO-200M",
    "KBlueLeaf/TIPO-200M-ft",
    "KBlueLeaf/TIPO-200M-ft2",
    "KBlueLeaf/TIPO-500M",
    "KBlueLeaf/TIPO-500M-ft",
)
DEFAULT_MODEL = "KBlueLeaf/TIPO-100M"  # the smallest (0.4 GB), Apache-2.0
FOLDER = "kgen"  # under ComfyUI's models; KBlueLeaf's own ComfyUI nodes use it too
_TOKENIZERS = ("tokenizer.model", "tokenizer.json")


def is_model(folder: Path) -> bool:
    """Whether a folder has everything that a model needs."""
    return (
        (folder / "config.json").is_file()
        and any((folder / name).is_file() for name in _TOKENIZERS)
        and any(folder.glob("*.safetensors"))
    )


def find_models(folders: Iterable[Path]) -> dict[str, Path]:
    """Name -> folder of each model right under the given folders; the first of a name counts."""
    found: dict[str, Path] = {}
    for folder in folders:
        if folder.is_dir():
            for inner in sorted(folder.iterdir()):
                if inner.is_dir() and is_model(inner):
                    found.setdefault(inner.name, inner)
    return found


def how_to_get(pack: Path, folder: Path) -> str:
    """The command that brings a model, as a half sentence."""
    return (
        f'get one with `python "{pack}" expand download --directory "{folder}"` '
        f"({DEFAULT_MODEL}, 0.4 GB), then press R on the canvas"
    )


def missing(name: str, found: Iterable[str], pack: Path, folder: Path) -> str:
    """One sentence for a user whose model is not there."""
    there = ", ".join(found)
    if there:
        return f"There is no TIPO model '{name}' in {folder}; choose one of {there}."
    return (
        f"There is no TIPO model in {folder} (a folder with config.json, *.safetensors and "
        f"tokenizer.model); {how_to_get(pack, folder)}."
    )
