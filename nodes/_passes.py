"""Runs a high-resolution route: base, then upscale, encode and tiled sampling for every pass.

Finished passes are kept (core/tiling/pass_store.py), so a run that
ended early goes on where it was.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import comfy.model_management
import comfy.sample
import comfy.utils
import latent_preview
import torch
from comfy_extras.nodes_upscale_model import ImageUpscaleWithModel

from ..core.tiling.pass_store import load_pass, next_key, save_pass
from ..core.tiling.passes import Pass, pass_tflop
from ..core.tiling.plan import LATENT_PX
from ..core.tiling.resize import lanczos
from ..core.tiling.speed import record_speed
from ._host import check_cancel, progress, user_folder
from ._tiled_sampling import TiledSampling
from ._vae import decode_exactly, encode_exactly

AUTOMATIC_MEMORY = 0.0  # GB for the VAE: chosen from what is free


class Tools(NamedTuple):
    """What every pass uses. upscale_model: None for Lanczos. noise_mask: of a LATENT, or None."""

    model: Any
    positive: list
    negative: list
    vae: Any
    upscale_model: Any
    noise_mask: torch.Tensor | None


class Sampling(NamedTuple):
    """What every pass is sampled with."""

    seed: int
    cfg: float
    sampler_name: str
    scheduler: str
    tile_px: int
    overlap_px: int
    anchor: float


class Store(NamedTuple):
    """Where finished passes are kept, and the key of this run's start."""

    folder: Path
    key: str


class Result(NamedTuple):
    """latent: [B, 4, H, W] of the last pass. pictures: [B, H, W, 3] of the base and every pass."""

    latent: torch.Tensor
    pictures: list[torch.Tensor]
    kept: int


def run(
    tools: Tools, sampling: Sampling, start: torch.Tensor, base_steps: int, passes: list[Pass],
    store: Store,
) -> Result:  # fmt: skip
    """start: latent [B, 4, H, W]; base_steps: 0 takes it as the base, else it is sampled first."""
    key = next_key(store.key, "base", base_steps, sampling)
    latent, kept = start, 0
    if base_steps:
        latent, kept = _kept_or_made(
            store.folder, key, lambda: _sample(tools.model, tools, sampling, start, base_steps, 1.0)
        )
    pictures = [decode(tools.vae, latent)]
    for number, one in enumerate(passes, start=1):
        key = next_key(key, *one, sampling)
        latent, found = _kept_or_made(
            store.folder,
            key,
            partial(_pass, tools, sampling, latent, pictures[-1], one, number),
        )
        kept += found
        pictures.append(decode(tools.vae, latent))
    return Result(latent, pictures, kept)


def _kept_or_made(folder: Path, key: str, make) -> tuple[torch.Tensor, int]:
    found = load_pass(folder, key)
    if found is not None:
        return found, 1
    made = make()
    save_pass(folder, key, made)
    return made, 0


def _pass(
    tools: Tools, sampling: Sampling, before: torch.Tensor, picture: torch.Tensor, one: Pass,
    number: int,
) -> torch.Tensor:  # fmt: skip
    """before: the latent of the pass before, which `picture` is decoded from."""
    check_cancel()
    larger = _enlarge(picture, one, tools.upscale_model)
    guide = encode(tools.vae, larger)
    tiles = TiledSampling(
        sampling.tile_px, sampling.overlap_px, True, 0, "tile", guide=before, anchor=sampling.anchor
    )
    tiled = tiles.patch(tools.model)
    # every pass has noise of its own: the same field twice would be drawn into the picture
    seeded = sampling._replace(seed=(sampling.seed + number) % 2**64)
    started = time.monotonic()
    latent = _sample(tiled, tools, seeded, guide, one.steps, one.denoise)
    _remember_speed(one, sampling, time.monotonic() - started)
    return latent


def _remember_speed(one: Pass, sampling: Sampling, seconds: float) -> None:
    """For the next plan's estimate of time."""
    folder = Path(user_folder("high-resolution"))
    record_speed(folder, device_name(), pass_tflop(one, sampling.tile_px, sampling.overlap_px),
                 seconds)  # fmt: skip


def device_name() -> str:
    device = comfy.model_management.get_torch_device()
    return comfy.model_management.get_torch_device_name(device)


def _enlarge(picture: torch.Tensor, one: Pass, upscale_model) -> torch.Tensor:
    if upscale_model is not None and (one.height, one.width) != tuple(picture.shape[1:3]):
        picture = ImageUpscaleWithModel.execute(upscale_model, picture)[0]
    return lanczos(picture, one.width, one.height)


def _sample(
    model, tools: Tools, sampling: Sampling, latent: torch.Tensor, steps: int, denoise: float
) -> torch.Tensor:
    noise = comfy.sample.prepare_noise(latent, sampling.seed)
    return comfy.sample.sample(
        model, noise, steps, sampling.cfg, sampling.sampler_name, sampling.scheduler,
        tools.positive, tools.negative, latent, denoise=denoise, noise_mask=tools.noise_mask,
        callback=latent_preview.prepare_callback(model, steps),
        disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED, seed=sampling.seed,
    )  # fmt: skip


def decode(vae, latent: torch.Tensor) -> torch.Tensor:
    """[B, H, W, 3] of a latent [B, 4, H / 8, W / 8]."""
    return decode_exactly(vae, latent, AUTOMATIC_MEMORY, progress())


def encode(vae, pixels: torch.Tensor) -> torch.Tensor:
    """[B, 4, H / 8, W / 8] of pixels [B, H, W, 3]; sides are multiples of 8."""
    return encode_exactly(vae, pixels, AUTOMATIC_MEMORY, progress())


def empty_latent(batch: int, width: int, height: int) -> torch.Tensor:
    return torch.zeros(batch, 4, height // LATENT_PX, width // LATENT_PX)
