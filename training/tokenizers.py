"""The two tokenizers that sd-scripts would fetch from the hub, made of ComfyUI's own files.

Both SDXL text encoders share one CLIP vocabulary. ComfyUI's configuration says 8192 tokens where
CLIP takes 77; left so, sd-scripts would not cut captions into chunks. sd-scripts sets the padding
of the second one itself.
"""

import json
import os
import shutil
import uuid
from pathlib import Path

# Folder names that sd-scripts looks for below `tokenizer_cache_dir`: the hub's names with "_".
FOLDERS = (
    "openai_clip-vit-large-patch14",
    "laion_CLIP-ViT-bigG-14-laion2B-39B-b160k",
)
FILES = ("merges.txt", "vocab.json", "special_tokens_map.json", "tokenizer_config.json")
LENGTH = 77  # CLIP's context: 75 tokens, start and end


def tokenizer_source(pack: Path) -> Path:
    """ComfyUI's tokenizer folder, found without ComfyUI. Raises ValueError with one sentence.

    IXL_COMFYUI or COMFYUI_PATH; else the ComfyUI in whose custom_nodes the pack lies.
    """
    places = [os.environ.get(name) for name in ("IXL_COMFYUI", "COMFYUI_PATH")]
    candidates = [Path(place) for place in places if place] + [pack.parent.parent]
    for candidate in candidates:
        folder = candidate / "comfy" / "sd1_tokenizer"
        if (folder / "merges.txt").is_file():
            return folder
    raise ValueError(
        "ComfyUI's tokenizer files (comfy/sd1_tokenizer) were not found; set COMFYUI_PATH to the "
        "folder of ComfyUI."
    )


def make_tokenizers(source: Path, folder: Path) -> Path:
    """`folder`, holding both tokenizers, made from ComfyUI's `source` unless it is there."""
    missing = [name for name in FILES if not (source / name).is_file()]
    if missing:
        raise ValueError(
            f"{source} lacks {', '.join(missing)}; give ComfyUI's folder comfy/sd1_tokenizer."
        )
    for name in FOLDERS:
        if not (folder / name / "tokenizer_config.json").is_file():
            _make(source, folder / name)
    return folder


def _make(source: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
    part.mkdir(parents=True)
    try:
        for name in FILES:
            shutil.copyfile(source / name, part / name)
        config = part / "tokenizer_config.json"
        told = json.loads(config.read_text(encoding="utf-8"))
        config.write_text(json.dumps({**told, "model_max_length": LENGTH}), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
