"""Trains a LoRA on the tiny checkpoint with kohya-ss/sd-scripts: a few steps, on the CPU, offline.

`train` starts sd-scripts in its own interpreter (`SD_SCRIPTS_PYTHON`); the same file, run there, is
what shrinks sd-scripts and hands over to its own script. The tokenizers that it wants are those of
ComfyUI. Changes nothing of either installation.
"""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

TOKENIZERS = (
    "openai_clip-vit-large-patch14",
    "laion_CLIP-ViT-bigG-14-laion2B-39B-b160k",
)
CAPTIONS = (  # each picture's tags; the trigger word is in all of them
    "1girl, ixlmiku, twintails, smile",
    "1girl, ixlmiku, twintails, outdoors",
    "1girl, ixlmiku, hat, sitting",
)
OPTIONS = (
    *("--network_module", "networks.lora", "--network_dim", "4", "--network_alpha", "2"),
    *("--learning_rate", "0.01", "--optimizer_type", "AdamW", "--lr_scheduler", "constant"),
    *("--resolution", "128,128", "--train_batch_size", "3", "--max_train_steps", "4"),
    *("--mixed_precision", "no", "--no_half_vae", "--seed", "1", "--save_model_as", "safetensors"),
    *("--caption_extension", ".txt", "--max_data_loader_n_workers", "0", "--cache_latents"),
)


def train(folder: Path, checkpoint: Path, comfyui: Path, name: str, *options: str) -> Path:
    """The LoRA file `name` trained on three pictures. Raises RuntimeError with sd-scripts' log."""
    _write_pictures(folder / "pictures" / "2_ixlmiku girl")
    _write_tokenizers(comfyui / "comfy" / "sd1_tokenizer", folder / "tokenizers")
    places = {
        "--pretrained_model_name_or_path": checkpoint,
        "--train_data_dir": folder / "pictures",
        "--tokenizer_cache_dir": folder / "tokenizers",
        "--output_dir": folder,
        "--output_name": name,
    }
    command = [os.environ.get("SD_SCRIPTS_PYTHON", sys.executable), __file__]
    command += [str(part) for pair in places.items() for part in pair]
    root = os.environ["SD_SCRIPTS_PATH"]
    done = subprocess.run(
        [*command, *OPTIONS, *options],
        cwd=root,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": root, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-8000:])
    return folder / f"{name}.safetensors"


def _write_pictures(folder: Path) -> None:
    import torch
    from PIL import Image

    folder.mkdir(parents=True)
    for i, caption in enumerate(CAPTIONS):
        pixels = torch.randint(0, 255, (8, 8, 3), generator=torch.Generator().manual_seed(i))
        picture = Image.fromarray(pixels.to(torch.uint8).numpy()).resize((128, 128))
        picture.save(folder / f"{i}.png")
        (folder / f"{i}.txt").write_text(caption, encoding="utf-8")


def _write_tokenizers(source: Path, folder: Path) -> None:
    """ComfyUI's CLIP tokenizer twice, with CLIP's own length (its file says 8192)."""
    for name in TOKENIZERS:
        shutil.copytree(source, folder / name)
        config = folder / name / "tokenizer_config.json"
        told = json.loads(config.read_text(encoding="utf-8"))
        config.write_text(json.dumps(told | {"model_max_length": 77}), encoding="utf-8")


if __name__ == "__main__":
    import tiny_sd_scripts  # beside this file

    tiny_sd_scripts.shrink()
    runpy.run_path("sdxl_train_network.py", run_name="__main__")
