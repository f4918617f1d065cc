"""Test-only custom node: teaches ComfyUI's model detection the shape of the tiny SDXL checkpoint.

Adds no node. Real checkpoints are detected as before: the entry added here matches 64 channels and
a context of 128 alone, and the VAE class steps in for a decoder of 32 channels alone. ControlNets
of the same shape are detected through the same entry.
"""

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


comfy.supported_models.models.append(TinySDXL)
comfy.sd.AutoencoderKL = _AutoencoderKL
