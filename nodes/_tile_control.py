"""ControlNets and T2I adapters cut to a batch of tiles.

ComfyUI hands a ControlNet what the model sees and lets it scale its hint to that: a tile would show
the whole hint. Here the hint is scaled to the picture once and a stand-in per tile batch holds its
part. The user's ControlNet objects stay untouched.
"""

import copy

import comfy.utils
import torch

from ..core.tiling.plan import Tile
from ._tile_conds import crop


class Hints:
    """What one run keeps: every hint at the picture's size, and the stand-ins made from it."""

    def __init__(self):
        self.whole: dict = {}
        self.parts: dict = {}

    def stand_in(self, control, tiles: tuple[Tile, ...], x: torch.Tensor):
        """A shallow copy of a chain of ControlNets that holds the hint of these tiles of x alone.

        Made after `pre_run`, so it shares models and timestep range with the original, whose own
        cached hint is not touched. One per tile batch: ComfyUI puts positive and negative into one
        call only if both hold the same object.
        """
        key = (id(control), tuple((t.rows, t.cols) for t in tiles))
        if key not in self.parts:
            self.parts[key] = self._make(control, tiles, x)
        return self.parts[key]

    def at_lower_noise(self, control, scale: int):
        """A shallow copy for the whole picture reduced by `scale`: ComfyUI scales its hint to that.

        Its timestep range, which ComfyUI keeps as noise levels, moves with the noise.
        """
        key = (id(control), scale)
        if key not in self.whole:
            part = copy.copy(control)
            part.cond_hint, part.extra_concat = None, None
            if hasattr(part, "control_input"):
                part.control_input = None
            if control.timestep_range is not None:
                part.timestep_range = tuple(v / scale for v in control.timestep_range)
            part.multigpu_clones = {
                device: self.at_lower_noise(clone, scale)
                for device, clone in control.multigpu_clones.items()
            }
            if control.previous_controlnet is not None:
                part.previous_controlnet = self.at_lower_noise(control.previous_controlnet, scale)
            self.whole[key] = part
        return self.whole[key]

    def _make(self, control, tiles: tuple[Tile, ...], x: torch.Tensor):
        part = copy.copy(control)
        part.cond_hint, part.extra_concat = None, None
        if hasattr(part, "control_input"):  # T2IAdapter computes its features once per hint
            part.control_input = None
        hint, extras, ratio = self._scaled(control, tuple(x.shape[2:]))
        part.cond_hint_original = _cut(hint, tiles, x.shape[0], ratio)
        part.extra_concat_orig = [_cut(extra, tiles, x.shape[0]) for extra in extras]
        part.multigpu_clones = {
            device: self._make(clone, tiles, x) for device, clone in control.multigpu_clones.items()
        }
        if control.previous_controlnet is not None:
            part.previous_controlnet = self.stand_in(control.previous_controlnet, tiles, x)
        return part

    def _scaled(self, control, size: tuple[int, int]) -> tuple[torch.Tensor, list, int]:
        """The hint as ComfyUI would scale it for the whole picture, and its pixels per latent."""
        if id(control) not in self.whole:
            ratio = control.compression_ratio
            if control.vae is not None:
                ratio *= control.vae.spacial_compression_encode()
            height, width = size
            hint = _scale(control.cond_hint_original, height * ratio, width * ratio, control)
            extras = [_scale(e, height, width, control) for e in control.extra_concat_orig]
            self.whole[id(control)] = hint, extras, ratio
        return self.whole[id(control)]

    def forget_parts(self) -> None:
        """Where cuts move with every step, stand-ins of one step are of no use to the next."""
        self.parts.clear()


def _cut(picture: torch.Tensor, tiles: tuple[Tile, ...], batch: int, ratio: int = 1):
    """The tiles' parts of a hint, as many per tile as the latent has samples."""
    parts = (crop(picture, [tile], ratio) for tile in tiles)
    return torch.cat([comfy.utils.repeat_to_batch_size(part, batch) for part in parts])


def _scale(picture: torch.Tensor, height: int, width: int, control) -> torch.Tensor:
    return comfy.utils.common_upscale(picture, width, height, control.upscale_algorithm, "center")
