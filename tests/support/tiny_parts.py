"""The tiny checkpoint in other forms: parts as single files, a diffusers folder, with markers.

Key names of the diffusers layout come from ComfyUI's own conversion tables, read backwards; so
this needs ComfyUI importable, unlike `tiny`. Knows nothing of pytest.
"""

import json
from pathlib import Path

import tiny
import torch
from safetensors.torch import load_file, save_file

UNET, VAE = "model.diffusion_model.", "first_stage_model."
CLIP_L, CLIP_G = "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."
PREFIXES = {"unet": UNET, "clip_l": CLIP_L, "clip_g": CLIP_G, "vae": VAE}

Weights = dict[str, torch.Tensor]


def checkpoint() -> Weights:
    return load_file(tiny.tiny_file(tiny.CHECKPOINT))


def part(name: str) -> Weights:
    """One of PREFIXES under the names that files of that part alone have."""
    prefix = PREFIXES[name]
    return {k.removeprefix(prefix): v for k, v in checkpoint().items() if k.startswith(prefix)}


def save_checkpoint(path: Path, markers: tuple[str, ...] = (), metadata=None) -> Path:
    """The whole checkpoint in half precision, with empty marker tensors and metadata."""
    weights = load_file(tiny.tiny_file(tiny.CHECKPOINT_FP16))
    save_file({**weights, **{name: torch.zeros(0) for name in markers}}, path, metadata)
    return path


def save_folder(path: Path, config, scheduler: dict | None = None) -> Path:
    """A diffusers folder. config: ComfyUI's U-Net configuration of the tiny model."""
    files = {
        "unet/diffusion_pytorch_model.safetensors": diffusers_unet(config),
        "vae/diffusion_pytorch_model.safetensors": diffusers_vae(),
        "text_encoder/model.safetensors": part("clip_l"),
        "text_encoder_2/model.safetensors": transformers_clip_g(),
    }
    for name, weights in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        save_file({k: v.contiguous() for k, v in weights.items()}, path / name)
    (path / "scheduler").mkdir(exist_ok=True)
    (path / "scheduler/scheduler_config.json").write_text(json.dumps(scheduler or {}))
    (path / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    return path


def diffusers_unet(config) -> Weights:
    from comfy.utils import unet_to_diffusers

    weights = part("unet")
    names = unet_to_diffusers(config)
    return {
        theirs: weights[ours]
        for theirs, ours in names.items()
        if ours in weights and not theirs.startswith("class_embedding.")  # SDXL says add_embedding
    }


def diffusers_vae() -> Weights:
    from comfy.diffusers_convert import vae_conversion_map

    found = {}
    for name, tensor in part("vae").items():
        for ours, theirs in vae_conversion_map:
            name = name.replace(ours, theirs)
        if ".attentions." in name:
            for ours, theirs in (("norm", "group_norm"), ("proj_out", "to_out.0"), ("q", "to_q"),
                                 ("k", "to_k"), ("v", "to_v")):  # fmt: skip
                name = name.replace(f".0.{ours}.", f".0.{theirs}.")
            tensor = tensor[:, :, 0, 0] if tensor.ndim == 4 else tensor
        found[name] = tensor
    return found


def transformers_clip_g() -> Weights:
    """The second text encoder under the names of the transformers library."""
    from comfy.utils import clip_text_transformers_convert

    weights = {CLIP_G + name: tensor for name, tensor in part("clip_g").items()}
    found = clip_text_transformers_convert(weights, CLIP_G, "")
    return {name: tensor for name, tensor in found.items() if not name.startswith(CLIP_G)}
