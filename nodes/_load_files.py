"""Model files through ComfyUI's own loaders, with the number formats that a user can choose."""

import comfy.sd
import comfy.supported_models
import comfy.utils
import folder_paths
import torch
from comfy import model_management

# Options of comfy.sd.load_diffusion_model; the first four are those of ComfyUI's UNETLoader.
WEIGHT_DTYPES = {
    "default": {},
    "fp8_e4m3fn": {"dtype": torch.float8_e4m3fn},
    "fp8_e4m3fn_fast": {"dtype": torch.float8_e4m3fn, "fp8_optimizations": True},
    "fp8_e5m2": {"dtype": torch.float8_e5m2},
    "bf16": {"dtype": torch.bfloat16},
    "fp16": {"dtype": torch.float16},
}
VAE_PREFIX = comfy.supported_models.SDXL.vae_key_prefix[0]


def load_checkpoint(path: str, weight_dtype: str, own_vae: bool) -> tuple:
    """MODEL, CLIP and, where it is wanted, the checkpoint's own VAE (else None)."""
    options = WEIGHT_DTYPES[weight_dtype]
    # ComfyUI's checkpoint loader knows no fp8_optimizations; that of U-Nets reads checkpoints too
    alone = "fp8_optimizations" in options
    dtype = _safe_vae_dtype()
    model, clip, vae = comfy.sd.load_checkpoint_guess_config(
        path,
        output_vae=own_vae and dtype is None,
        embedding_directory=folder_paths.get_folder_paths("embeddings"),
        output_model=not alone,
        model_options=options,
    )[:3]
    if alone:
        model = load_unet(path, weight_dtype)
    if own_vae and dtype is not None:
        vae = _vae(path, VAE_PREFIX, dtype)
    return model, clip, vae


def load_unet(path: str, weight_dtype: str):
    return comfy.sd.load_diffusion_model(path, model_options=WEIGHT_DTYPES[weight_dtype])


def load_text_encoders(paths: tuple[str, str]):
    embeddings = folder_paths.get_folder_paths("embeddings")
    return comfy.sd.load_clip(list(paths), embedding_directory=embeddings)


def load_vae(path: str, own: bool):
    """A VAE file. own: the one that came with the model, which is never run in fp16."""
    return _vae(path, "", _safe_vae_dtype() if own else None)


def _safe_vae_dtype() -> torch.dtype | None:
    """None, ComfyUI's own choice, unless that is fp16: SDXL's VAE overflows in it.

    ComfyUI chooses bf16 where the card has it and fp32 elsewhere; fp16 only with --fp16-vae.
    """
    device = model_management.vae_device()
    if model_management.vae_dtype(device, [torch.bfloat16, torch.float32]) != torch.float16:
        return None
    return torch.bfloat16 if model_management.should_use_bf16(device) else torch.float32


def _vae(path: str, prefix: str, dtype: torch.dtype | None):
    weights, metadata = comfy.utils.load_torch_file(path, return_metadata=True)
    if prefix:
        weights = comfy.utils.state_dict_prefix_replace(weights, {prefix: ""}, filter_keys=True)
    return comfy.sd.VAE(sd=weights, metadata=metadata, dtype=dtype)
