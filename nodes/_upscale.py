"""Enlarging by an UPSCALE_MODEL with the caller's progress and Cancel.

ComfyUI's own node does the same in the same tiles, but moves a progress bar of its own.
"""

from collections.abc import Callable
from typing import NamedTuple

import comfy.model_management as management
import comfy.utils
import torch

TILE_PX, OVERLAP_PX, LEAST_TILE_PX = 512, 32, 128  # ComfyUI's
BYTES_PER_VALUE = 384  # ComfyUI's estimate of what a model needs per value of a tile's result


class _Bar(NamedTuple):
    """What comfy.utils.tiled_scale moves."""

    update: Callable[[int], None]


def upscale(model, picture: torch.Tensor, on_step: Callable[[int, int], None]) -> torch.Tensor:
    """[B, H * scale, W * scale, 3] of [B, H, W, 3], as ComfyUI's ImageUpscaleWithModel."""
    each = picture.element_size()
    tile_bytes = TILE_PX**2 * 3 * each * max(model.scale, 1.0) * BYTES_PER_VALUE
    management.load_models_gpu(
        [model.patcher], memory_required=tile_bytes + picture.nelement() * each
    )
    given, tile_px = picture.movedim(-1, 1).to(model.patcher.load_device), TILE_PX
    while True:
        try:
            return _in_tiles(model, given, tile_px, on_step)
        except torch.cuda.OutOfMemoryError:  # of any accelerator, in spite of its name
            tile_px //= 2
            if tile_px < LEAST_TILE_PX:
                raise
            management.soft_empty_cache()


def _in_tiles(model, given: torch.Tensor, tile_px: int, on_step) -> torch.Tensor:
    batch, _, height, width = given.shape
    total = batch * comfy.utils.get_tiled_scale_steps(width, height, tile_px, tile_px, OVERLAP_PX)
    done = 0

    def update(count: int) -> None:
        nonlocal done
        done += count
        on_step(done, total)

    larger = comfy.utils.tiled_scale(
        given, lambda part: model(part.float()), tile_px, tile_px, OVERLAP_PX, model.scale,
        output_device=management.intermediate_device(), pbar=_Bar(update),
    )  # fmt: skip
    return larger.movedim(1, -1).clamp_(0.0, 1.0)
