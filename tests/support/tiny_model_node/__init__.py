"""Test-only custom node: teaches ComfyUI's model detection the shape of the tiny SDXL checkpoint.

Adds no node. Real checkpoints are detected as before: the entry added here matches 64 channels and
a context of 128 alone, and the VAE class steps in for a decoder of 32 channels alone. ControlNets
of the same shape are detected through the same entry. Of separate files, what ComfyUI tells by the
number of layers or by a list of known U-Nets is told here by the width of 64.
"""

import comfy.model_detection
import comfy.sd
import comfy.sd1_clip
import comfy.sdxl_clip
import comfy.supported_models
import comfy.supported_models_base
import torch

NODE_CLASS_MAPPINGS: dict[str, type] = {}

_CLIP_L = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 2,
    "num_hidden_layers": 12,
    "projection_dim": 64,
}
_CLIP_G = {**_CLIP_L, "num_hidden_layers": 3}
_LAYERS = "text_model.encoder.layers"
_UNET = {
    "use_checkpoint": False, "image_size": 32, "out_channels": 4, "use_spatial_transformer": True,
    "legacy": False, "num_classes": "sequential", "adm_in_channels": 1600, "dtype": None,
    "in_channels": 4, "model_channels": 64, "num_res_blocks": [2, 2, 2], "channel_mult": [1, 2, 4],
    "transformer_depth": [0, 0, 1, 1, 1, 1], "transformer_depth_middle": 1,
    "transformer_depth_output": [0, 0, 0, 1, 1, 1, 1, 1, 1], "use_linear_in_transformer": True,
    "context_dim": 128, "num_head_channels": 64, "use_temporal_attention": False,
    "use_temporal_resblock": False,
}  # fmt: skip


class TinySDXLClipModel(comfy.sdxl_clip.SDXLClipModel):
    """SDXL's two text encoders at the tiny sizes; the parent's constructor would read the real
    sizes.
    """

    def __init__(self, device="cpu", dtype=None, model_options=None):
        torch.nn.Module.__init__(self)
        sizes = {"clip_l_model_config": _CLIP_L, "clip_g_model_config": _CLIP_G}
        options = {**(model_options or {}), **sizes}
        self.clip_l = comfy.sd1_clip.SDClipModel(
            layer="hidden",
            layer_idx=-2,
            device=device,
            dtype=dtype,
            layer_norm_hidden_state=False,
            model_options=options,
        )
        self.clip_g = comfy.sdxl_clip.SDXLClipG(device=device, dtype=dtype, model_options=options)
        self.dtypes = {dtype}

    def load_sd(self, sd):
        """The parent takes a file of 31 layers for CLIP-G."""
        encoder = self.clip_l if f"{_LAYERS}.11.mlp.fc1.weight" in sd else self.clip_g
        return encoder.load_sd(sd)


class TinySDXL(comfy.supported_models.SDXL):
    """Detection entry for the tiny UNet (and a ControlNet of its shape)."""

    unet_config = {
        "model_channels": 64,
        "use_linear_in_transformer": True,
        "transformer_depth": [0, 0, 1, 1, 1, 1],
        "context_dim": 128,
        "adm_in_channels": 1600,
        "use_temporal_attention": False,
    }

    def clip_target(self, state_dict=None):
        return comfy.supported_models_base.ClipTarget(
            comfy.sdxl_clip.SDXLTokenizer, TinySDXLClipModel
        )


class _AutoencoderKL(comfy.sd.AutoencoderKL):
    """ComfyUI takes the width of a VAE's decoder from the file and its encoder's as 128: here both
    are 32.
    """

    def __init__(self, *, ddconfig, decoder_ddconfig=None, **options):
        if decoder_ddconfig is not None and decoder_ddconfig["ch"] == 32:
            ddconfig, decoder_ddconfig = decoder_ddconfig, None
        if decoder_ddconfig is not None:
            options["decoder_ddconfig"] = decoder_ddconfig
        super().__init__(ddconfig=ddconfig, **options)


_config_of_diffusers = comfy.model_detection.unet_config_from_diffusers_unet
_load_text_encoders = comfy.sd.load_text_encoder_state_dicts


def _tiny_config_of_diffusers(state_dict, dtype=None):
    """ComfyUI knows the U-Nets of diffusers by a list."""
    entry = state_dict.get("conv_in.weight")
    if entry is not None and entry.shape[0] == _UNET["model_channels"]:
        return comfy.model_detection.convert_config({**_UNET, "dtype": dtype})
    return _config_of_diffusers(state_dict, dtype)


def _load_tiny_text_encoders(state_dicts=(), **options):
    """ComfyUI chooses the class of two text encoders before it has seen them."""
    names = ("text_model.embeddings.token_embedding.weight", "token_embedding.weight")
    widths = {sd[name].shape[1] for sd in state_dicts for name in names if name in sd}
    if widths != {_CLIP_L["hidden_size"]}:
        return _load_text_encoders(state_dicts, **options)
    real = comfy.sdxl_clip.SDXLClipModel
    comfy.sdxl_clip.SDXLClipModel = TinySDXLClipModel
    try:
        return _load_text_encoders(state_dicts, **options)
    finally:
        comfy.sdxl_clip.SDXLClipModel = real


comfy.supported_models.models.append(TinySDXL)
comfy.sd.AutoencoderKL = _AutoencoderKL
comfy.model_detection.unet_config_from_diffusers_unet = _tiny_config_of_diffusers
comfy.sd.load_text_encoder_state_dicts = _load_tiny_text_encoders
