"""A base directory for ComfyUI: model folders with the tiny files, this pack, the tiny model's
node.

ComfyUI started with `--base-directory` on it reads and writes nothing of the user's own
installation.
"""

import os
import shutil
from pathlib import Path

import tiny

PACK = Path(__file__).resolve().parents[2]
PACK_NAME = "illustrious-xl-studio"
MODEL_FOLDERS = (
    *("checkpoints", "clip", "clip_vision", "configs", "controlnet", "diffusion_models"),
    *("diffusers", "embeddings", "loras", "text_encoders", "upscale_models", "vae"),
)
TINY_FILES = (
    ("checkpoints", tiny.CHECKPOINT),
    ("controlnet", tiny.CONTROLNET),
    ("loras", tiny.LORA),
    ("loras", tiny.WRONG_BASE_LORA),
)


def make_base_directory(path: Path, checkpoint: Path | None = None) -> Path:
    """Fill `path` (made if missing; may be filled again) and return it. `checkpoint`: one more
    model file.
    """
    path = Path(path).resolve()
    for name in MODEL_FOLDERS:
        (path / "models" / name).mkdir(parents=True, exist_ok=True)
    for name in ("input", "output", "temp", "user", "custom_nodes"):
        (path / name).mkdir(exist_ok=True)
    for folder, name in TINY_FILES:
        link_file(tiny.tiny_file(name), path / "models" / folder / name)
    if checkpoint is not None:
        link_file(Path(checkpoint), path / "models" / "checkpoints" / Path(checkpoint).name)
    link_folder(PACK, path / "custom_nodes" / PACK_NAME)
    node = Path(__file__).resolve().parent / "tiny_model_node"
    link_folder(node, path / "custom_nodes" / node.name)
    return path


def link_file(source: Path, target: Path) -> None:
    """Hard link, else symbolic link, else copy. An older link to another file is replaced."""
    source = source.resolve()
    if target.exists() and os.path.samefile(source, target):
        return
    target.unlink(missing_ok=True)
    for link in (os.link, os.symlink, shutil.copyfile):
        try:
            link(source, target)
            return
        except OSError:
            target.unlink(missing_ok=True)
    raise OSError(f"{target} can neither be a link to {source} nor a copy of it; is the disk full?")


def link_folder(source: Path, target: Path) -> None:
    """Symbolic link, on Windows a junction (which needs no rights). An older link is replaced."""
    if target.exists() and os.path.samefile(source, target):
        return
    if os.path.lexists(target):
        os.unlink(target)
    if os.name == "nt":
        import _winapi

        _winapi.CreateJunction(str(source), str(target))
    else:
        target.symlink_to(source, target_is_directory=True)
