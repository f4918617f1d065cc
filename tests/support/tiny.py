"""Tiny SDXL-shaped model files for tests and the demo: a checkpoint, a ControlNet and LoRAs.

Weights are random, but drawn so that the whole thing behaves like a diffusion model: latents keep
unit standard deviation under any sampler, the prompt changes the picture, pictures use the range
without clipping. They mean nothing: every picture is noise. Needs torch and safetensors alone (no
ComfyUI, sd-scripts or diffusers); the same bytes come out on every machine. Files live in the
per-user cache, keyed by this builder's own source.

How randomness becomes a denoiser: for data of unit variance the best noise estimate from the
network input x / sqrt(1 + sigma^2) is that input times sigma / sqrt(1 + sigma^2). Sixteen channels
carry the input from the first convolution over the outermost skip connection to the output norm,
beside a constant k = 1 / sigma made from the time embedding; the norm divides by sqrt(1 + k^2),
which is exactly that factor. The other 48 channels, which hold everything that convolutions,
attention and the prompt make, are added with weight `MIX`. The VAE's residual paths carry colour in
the same way, so that encoding undoes decoding roughly.
"""

import hashlib
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import tiny_layout
import torch
from safetensors.torch import save_file

CHECKPOINT = "tiny-illustrious.safetensors"
CHECKPOINT_FP16 = "tiny-illustrious-fp16.safetensors"
CONTROLNET = "tiny-controlnet.safetensors"
LORA = "tiny-lora.safetensors"
WRONG_BASE_LORA = "tiny-wrong-base-lora.safetensors"

MIX = 0.08  # standard deviation of the content part of the noise estimate
SCALE = 0.13025  # latent scale of SDXL's VAE
LORA_RANK = 4
CARRIED = 16  # input channels x 4: (x, -x, x, -x)
CLOCK_GAIN = 4.0
CLOCK_STEPS = 16  # hidden units of the time embedding that draw the clock
SIGNS = (1.0, -1.0, 1.0, -1.0)
COLOUR, TEXTURE = 0.4, 0.15  # standard deviations that make up a picture in [-1, 1]
ENCODER_GAIN = 2.5  # makes encode(decode(z)) about z
COLOURS = ((1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1))  # rows: red, green, blue from 4 latents

Weights = dict[str, torch.Tensor]


def cache_folder() -> Path:
    """Per-user cache of this project: `IXL_CACHE`, else the platform's cache folder."""
    if given := os.environ.get("IXL_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "illustrious-xl-studio"


def tiny_file(name: str) -> Path:
    """The cached file of that name (one of the names above), built on first use."""
    source = b"".join(Path(m).read_bytes() for m in (__file__, tiny_layout.__file__))
    folder = cache_folder() / "tiny" / hashlib.sha256(source).hexdigest()[:12]
    if not (path := folder / name).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.{os.getpid()}.part"
        save_file(BUILDERS[name](), part)
        os.replace(part, path)
    return path


def checkpoint_weights() -> Weights:
    """All tensors of the checkpoint, float32."""
    weights = _fill(tiny_layout.checkpoint())
    unet, vae = _part(weights, "model.diffusion_model."), _part(weights, "first_stage_model.")
    _condition_on_text(unet)
    _make_clock(unet)
    _carry_input(unet)
    _carry_colour_in(vae)
    _carry_colour_out(vae)
    weights["conditioner.embedders.1.model.logit_scale"] = torch.tensor(4.6052)  # ln 100, as CLIP's
    return weights


def controlnet_weights() -> Weights:
    weights = _fill(tiny_layout.controlnet(), seed="controlnet ")
    _condition_on_text(weights)
    for name in ("weight", "bias"):
        weights[f"zero_convs.0.0.{name}"][:CARRIED] = 0.0  # the channels that carry the input
    return weights


def lora_weights() -> Weights:
    """kohya-style LoRA on every Linear of the transformers and the text encoders."""
    return _lora(tiny_layout.lora_targets())


def _lora(targets: dict[str, tuple[int, int]]) -> Weights:
    weights: Weights = {}
    for name, (a, b) in targets.items():
        weights[f"{name}.lora_down.weight"] = _random(f"{name}.down", (LORA_RANK, a), a**-0.5)
        weights[f"{name}.lora_up.weight"] = _random(f"{name}.up", (b, LORA_RANK), 0.25)
        weights[f"{name}.alpha"] = torch.tensor(float(LORA_RANK))
    return weights


def _half() -> Weights:
    return {key: tensor.half() for key, tensor in checkpoint_weights().items()}


BUILDERS: dict[str, Callable[[], Weights]] = {
    CHECKPOINT: checkpoint_weights,
    CHECKPOINT_FP16: _half,
    CONTROLNET: controlnet_weights,
    LORA: lora_weights,
    WRONG_BASE_LORA: lambda: _lora(tiny_layout.sd15_lora_targets()),
}


def _fill(table: tiny_layout.Table, seed: str = "") -> Weights:
    weights = {}
    for key, (shape, gain) in table.items():
        if gain is None:
            weights[key] = 1.0 + _random(seed + key, shape, 0.1)
        elif gain == 0.0:
            weights[key] = _random(seed + key, shape, 0.05)
        else:
            weights[key] = _random(seed + key, shape, gain / math.sqrt(math.prod(shape[1:])))
    return weights


def _random(key: str, shape: tuple[int, ...], std: float) -> torch.Tensor:
    """Uniform of that standard deviation. Uniform because torch's normal generator differs between
    CPUs.
    """
    generator = torch.Generator().manual_seed(
        int(hashlib.sha256(key.encode()).hexdigest()[:15], 16)
    )
    return (torch.rand(shape, generator=generator) - 0.5) * (std * math.sqrt(12.0))


def _part(weights: Weights, prefix: str) -> Weights:
    """The tensors under `prefix`, shared with `weights`: change them in place."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def _condition_on_text(unet: Weights) -> None:
    """Let the pooled text, 64 of 1600 inputs, weigh as much as the sizes in the label embedding."""
    text = unet["label_emb.0.0.weight"][:, : tiny_layout.HIDDEN]
    text *= math.sqrt(tiny_layout.ADM / tiny_layout.HIDDEN)


def _make_clock(unet: Weights) -> None:
    """Embedding values 0 and 1 become +d(t) and -d(t), where d / sqrt(1 + d^2) = 1 / (CLOCK_GAIN
    sigma(t)).

    d is drawn by ramps over the slowest sinusoid of the time embedding, fitted by least squares.
    """
    slowest = math.exp(-math.log(10000.0) * 31 / 32)
    time = (torch.arange(1000, dtype=torch.float64) * slowest).sin() / (1000 * slowest)
    start = (torch.arange(CLOCK_STEPS, dtype=torch.float64) / CLOCK_STEPS) ** 2
    slope = CLOCK_STEPS / (2 * start.sqrt() + 1 / CLOCK_STEPS) * 2
    bias = -slope * start
    ramps = torch.nn.functional.silu(time[:, None] * slope + bias)
    basis = torch.cat([ramps, torch.ones(1000, 1, dtype=torch.float64)], dim=1)
    share = (1 / (CLOCK_GAIN * _sigmas())).clamp(max=0.8)
    ridge = 1e-4 * torch.eye(CLOCK_STEPS + 1, dtype=torch.float64)
    height = torch.linalg.solve(basis.T @ basis + ridge, basis.T @ (share / (1 - share**2).sqrt()))
    height = (height * 2**20).round() / 2**20  # hides the last bits, which differ between machines

    first, second = unet["time_embed.0.weight"], unet["time_embed.2.weight"]
    first[:CLOCK_STEPS] = 0.0
    first[:CLOCK_STEPS, 63] = slope / (1000 * slowest)
    unet["time_embed.0.bias"][:CLOCK_STEPS] = bias
    second[:, :CLOCK_STEPS] = 0.0
    second[:2] = 0.0
    second[:2, :CLOCK_STEPS] = torch.stack([height[:-1], -height[:-1]])
    unet["time_embed.2.bias"][:2] = torch.stack([height[-1], -height[-1]])
    unet["label_emb.0.2.weight"][:2] = 0.0
    unet["label_emb.0.2.bias"][:2] = 0.0


def _sigmas() -> torch.Tensor:
    """SDXL's noise levels, 1000 from 0.03 to 14.6 (scaled linear betas 0.00085 to 0.012)."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = (1 - betas).cumprod(0)
    return ((1 - kept) / kept).sqrt()


def _carry_input(unet: Weights) -> None:
    """Input, over the outermost skip, to the output norm, beside the clock: the linear part of the
    estimate.
    """
    signs = torch.tensor(SIGNS * 4)
    latent = torch.arange(CARRIED) // 4
    rows = torch.arange(CARRIED)
    entry, block = unet["input_blocks.0.0.weight"], "output_blocks.8.0"
    entry[:CARRIED] = 0.0
    entry[rows, latent, 1, 1] = signs
    skip = unet[f"{block}.skip_connection.weight"]
    skip[:CARRIED] = 0.0
    skip[rows, tiny_layout.CHANNELS + rows] = 1.0

    # Two channels hold nothing but the clock: the norm's eps (1e-5) gives them a scale.
    unet[f"{block}.in_layers.2.weight"][:2] = 0.0
    hand = unet[f"{block}.emb_layers.1.weight"]
    hand[:2] = 0.0
    hand[:2, :2] = math.sqrt(1e-5) * torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
    clock = unet[f"{block}.out_layers.3.weight"]
    clock[:CARRIED] = 0.0
    clock[rows, 0, 1, 1] = CLOCK_GAIN * torch.tensor((1.0, -1.0, -1.0, 1.0) * 4)
    clock[rows, 1, 1, 1] = -clock[rows, 0, 1, 1]
    for key, n in (("in_layers.2", 2), ("emb_layers.1", 2), ("out_layers.0", 2)):
        unet[f"{block}.{key}.bias"][:n] = 0.0
    for key in ("input_blocks.0.0", f"{block}.skip_connection", f"{block}.out_layers.3", "out.0"):
        unet[f"{key}.bias"][:CARRIED] = 0.0
    unet[f"{block}.out_layers.0.weight"][:2] = 1.0
    unet["out.0.weight"][:CARRIED] = 1.0

    out = unet["out.2.weight"]
    out[:, :CARRIED] = 0.0
    out -= out.mean(
        (1, 2, 3), keepdim=True
    )  # SiLU's output has a mean: keep it out of the estimate
    out *= MIX
    out[:, :CARRIED] = 0.0
    out[latent, rows, 1, 1] = signs / 2


def _clear_residuals(vae: Weights, side: str, carried: int) -> None:
    """Keep the first `carried` channels of every residual path of the VAE to themselves."""
    rows = torch.arange(carried)
    for key, tensor in vae.items():
        if key.startswith(side) and (".conv2." in key or ".proj_out." in key):
            tensor[:carried] = 0.0
        elif key.startswith(side) and ".nin_shortcut." in key:
            tensor[:carried] = 0.0
            if key.endswith("weight"):
                tensor[rows, rows] = 1.0


def _resample(vae: Weights, name: str, carried: int, kernel: torch.Tensor) -> None:
    """Give the carried channels of every resampling convolution that kernel."""
    rows = torch.arange(carried)
    for key, tensor in vae.items():
        if f".{name}.conv." in key:
            tensor[:carried] = 0.0
            if key.endswith("weight"):
                tensor[rows, rows] = kernel


def _carry_colour_in(vae: Weights) -> None:
    """Encoder: 8 x 8 means of each colour, as (x, -x, 2, -2) so that the output norm keeps sign and
    mean.
    """
    carried = 4 * len(COLOURS)
    _clear_residuals(vae, "encoder.", carried)
    box = torch.zeros(3, 3)
    box[:2, :2] = 0.25
    _resample(vae, "downsample", carried, box)
    entry, bias = vae["encoder.conv_in.weight"], vae["encoder.conv_in.bias"]
    entry[:carried], bias[:carried] = 0.0, 0.0
    vae["encoder.norm_out.weight"][:carried] = 1.0
    vae["encoder.norm_out.bias"][:carried] = 0.0
    out = vae["encoder.conv_out.weight"]
    out *= 0.2 / SCALE
    out[:, :carried] = 0.0
    for c, colour in enumerate(COLOURS):
        entry[4 * c, c, 1, 1], entry[4 * c + 1, c, 1, 1] = 1.0, -1.0
        bias[4 * c + 2], bias[4 * c + 3] = 2.0, -2.0
        out[:4, 4 * c, 1, 1] = torch.tensor(colour) * ENCODER_GAIN / SCALE
        out[:4, 4 * c + 1, 1, 1] = -out[:4, 4 * c, 1, 1]
    quant = vae["quant_conv.weight"]
    quant *= 0.1
    quant[:4] = torch.eye(8)[:4, :, None, None]
    vae["quant_conv.bias"][
        4:
    ] = -12.0  # log variance: all but no sampling noise, as in trained VAEs


def _carry_colour_out(vae: Weights) -> None:
    """Decoder: each latent value, as (z, -z), smoothly enlarged; three mixtures of the four make
    the colours.
    """
    _clear_residuals(vae, "decoder.", 8)
    binomial = torch.tensor([0.25, 0.5, 0.25])
    _resample(vae, "upsample", 8, binomial[:, None] * binomial)
    vae["post_quant_conv.weight"].copy_(torch.eye(4)[:, :, None, None])
    entry = vae["decoder.conv_in.weight"]
    entry *= SCALE
    entry[:8] = 0.0
    vae["decoder.conv_in.bias"][:8] = 0.0
    for i in range(4):
        entry[i, i, 1, 1], entry[4 + i, i, 1, 1] = SCALE, -SCALE
    vae["decoder.norm_out.weight"][:8] = 1.0
    vae["decoder.norm_out.bias"][:8] = 0.0
    out = vae["decoder.conv_out.weight"]
    out *= TEXTURE
    out[:, :8] = 0.0
    out[:, :4, 1, 1] = torch.tensor(COLOURS) * (COLOUR / 2)
    out[:, 4:8, 1, 1] = -out[:, :4, 1, 1]
