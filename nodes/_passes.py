"""Runs a high-resolution route: base, then upscale, encode and tiled sampling for every pass.

Finished passes are kept (core/tiling/pass_store.py), so a run that
ended early goes on where it was. All of it moves one progress bar, once from 0 to its end.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import comfy.model_management
import comfy.sample
import comfy.utils
import latent_preview
import torch

from ..core.progress import Scale
from ..core.tiling.pass_store import load_pass, next_key, save_pass
from ..core.tiling.passes import Pass, pass_tflop, run_shares
from ..core.tiling.plan import LATENT_PX
from ..core.tiling.resize import lanczos
from ..core.tiling.speed import record_speed
from ._host import check_cancel, progress, user_folder
from ._tiled_sampling import TiledSampling
from ._upscale import upscale
from ._vae import decode_exactly, encode_exactly

AUTOMATIC_MEMORY = 0.0  # GB for the VAE: chosen from what is free

OnStep = Callable[..., None]


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


class Start(NamedTuple):
    """What a run begins with: a latent [B, 4, H, W], or a picture [B, H, W, 3], or neither."""

    latent: torch.Tensor | None = None
    picture: torch.Tensor | None = None

    @property
    def given(self) -> torch.Tensor | None:
        return self.picture if self.latent is None else self.latent

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) in px, whole latents."""
        if self.latent is not None:
            return self.latent.shape[3] * LATENT_PX, self.latent.shape[2] * LATENT_PX
        if self.picture is None:
            return None
        height, width = (side // LATENT_PX * LATENT_PX for side in self.picture.shape[1:3])
        return width, height


class Route(NamedTuple):
    """From where to where. base: (width, height) in px; its steps count when nothing is given."""

    start: Start
    base: tuple[int, int]
    steps: int
    passes: list[Pass]

    @property
    def base_steps(self) -> int:
        return self.steps if self.start.given is None else 0


class Store(NamedTuple):
    """Where finished passes are kept, and the key of this run's start."""

    folder: Path
    key: str


class Result(NamedTuple):
    """latent: [B, 4, H, W] of the last pass. pictures: [B, H, W, 3] of the base and every pass."""

    latent: torch.Tensor
    pictures: list[torch.Tensor]
    kept: int


def run(tools: Tools, sampling: Sampling, route: Route, store: Store) -> Result:
    scale = Scale(
        run_shares(route.base, route.base_steps, route.passes, sampling.tile_px,
                   sampling.overlap_px, tools.upscale_model is not None),
        progress(),
    )  # fmt: skip
    key = next_key(store.key, "base", route.base_steps, sampling)
    latent, kept = _base(tools, sampling, route, scale, Store(store.folder, key))
    pictures = [decode(tools.vae, latent, scale.part(("decode", 0)))]
    for number, one in enumerate(route.passes, start=1):
        key = next_key(key, *one, sampling)
        latent, found = _kept_or_made(
            Store(store.folder, key),
            partial(_pass, tools, sampling, latent, pictures[-1], one, number, scale),
        )
        kept += found
        pictures.append(decode(tools.vae, latent, scale.part(("decode", number))))
    scale.end()
    return Result(latent, pictures, kept)


def _base(tools: Tools, sampling: Sampling, route: Route, scale: Scale, store: Store):
    """The latent of the base, and 1 if it was kept."""
    start, on_step = route.start, scale.part(("sample", 0))
    if start.latent is not None:
        return start.latent, 0
    if start.picture is not None:
        return encode(tools.vae, start.picture[..., :3], scale.part(("encode", 0))), 0
    empty = empty_latent(1, *route.base)
    make = partial(_sample, tools.model, tools, sampling, empty, route.steps, 1.0, on_step)
    return _kept_or_made(store, make)


def _kept_or_made(store: Store, make) -> tuple[torch.Tensor, int]:
    found = load_pass(*store)
    if found is not None:
        return found, 1
    made = make()
    save_pass(*store, made)
    return made, 0


def _pass(
    tools: Tools, sampling: Sampling, before: torch.Tensor, picture: torch.Tensor, one: Pass,
    number: int, scale: Scale,
) -> torch.Tensor:  # fmt: skip
    """before: the latent of the pass before, which `picture` is decoded from."""
    check_cancel()
    larger = _enlarge(picture, one, tools.upscale_model, scale.part(("enlarge", number)))
    guide = encode(tools.vae, larger, scale.part(("encode", number)))
    del larger
    on_step = scale.part(("sample", number))
    tiles = TiledSampling(
        sampling.tile_px, sampling.overlap_px, True, 0, "tile", guide=before,
        anchor=sampling.anchor, on_step=on_step,
    )  # fmt: skip
    tiled = tiles.patch(tools.model)
    # every pass has noise of its own: the same field twice would be drawn into the picture
    seeded = sampling._replace(seed=(sampling.seed + number) % 2**64)
    started = time.monotonic()
    latent = _sample(tiled, tools, seeded, guide, one.steps, one.denoise, on_step)
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


def _enlarge(picture: torch.Tensor, one: Pass, upscale_model, on_step: OnStep) -> torch.Tensor:
    if upscale_model is not None and (one.height, one.width) != tuple(picture.shape[1:3]):
        picture = upscale(upscale_model, picture, on_step)
    return lanczos(picture, one.width, one.height)


def _sample(
    model, tools: Tools, sampling: Sampling, latent: torch.Tensor, steps: int, denoise: float,
    on_step: OnStep,
) -> torch.Tensor:  # fmt: skip
    noise = comfy.sample.prepare_noise(latent, sampling.seed)
    return comfy.sample.sample(
        model, noise, steps, sampling.cfg, sampling.sampler_name, sampling.scheduler,
        tools.positive, tools.negative, latent, denoise=denoise, noise_mask=tools.noise_mask,
        callback=_with_preview(model, on_step),
        disable_pbar=not comfy.utils.PROGRESS_BAR_ENABLED, seed=sampling.seed,
    )  # fmt: skip


def _with_preview(model, on_step: OnStep):
    """A sampler's callback: the preview that the user has chosen, no larger than it is shown.

    A previewer that decodes would need gigabytes for the whole latent.
    """
    previewer = latent_preview.get_previewer(model.load_device, model.model.latent_format)
    decodes = not isinstance(previewer, latent_preview.Latent2RGBPreviewer)
    most = latent_preview.MAX_PREVIEW_RESOLUTION // (LATENT_PX if decodes else 1)

    def callback(step: int, x0: torch.Tensor, x: torch.Tensor, steps: int) -> None:
        by = -(-max(x0.shape[2:]) // most)
        small = torch.nn.functional.avg_pool2d(x0[:1], by) if by > 1 else x0[:1]
        preview = previewer and previewer.decode_latent_to_preview_image("JPEG", small)
        on_step(step + 1, steps, preview)

    return callback


def decode(vae, latent: torch.Tensor, on_step: OnStep) -> torch.Tensor:
    """[B, H, W, 3] of a latent [B, 4, H / 8, W / 8]."""
    return decode_exactly(vae, latent, AUTOMATIC_MEMORY, on_step)


def encode(vae, pixels: torch.Tensor, on_step: OnStep) -> torch.Tensor:
    """[B, 4, H / 8, W / 8] of pixels [B, H, W, 3]; sides are multiples of 8."""
    return encode_exactly(vae, pixels, AUTOMATIC_MEMORY, on_step)


def empty_latent(batch: int, width: int, height: int) -> torch.Tensor:
    return torch.zeros(batch, 4, height // LATENT_PX, width // LATENT_PX)
