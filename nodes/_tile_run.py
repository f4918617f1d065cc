"""What tiled sampling keeps while one picture is sampled. Dropped with the run, however it ends."""

from collections.abc import Callable

import comfy.samplers
import torch

from ..core.tiling.anchor import Anchor
from ..core.tiling.plan import Tile
from ._host import progress
from ._tile_control import Hints
from ._tile_texts import TileTexts


class TileRun:
    """One sampling run: its noise mask, what was cut or computed for it, its progress."""

    def __init__(
        self,
        guider: comfy.samplers.CFGGuider | None = None,
        latent: torch.Tensor | None = None,
        sigmas: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
        on_step: Callable[[int, int], None] | None = None,
    ):
        self.guider = guider
        self.latent = latent
        self.sigmas = sigmas
        self.mask = mask
        self.hints = Hints()
        self.covers: dict = {}
        self.texts = TileTexts()
        self.anchors: dict[tuple[int, int], Anchor] = {}
        self._on_step = on_step or progress()
        self._reached = 0

    def changing(self, tiles: list[Tile], timestep: torch.Tensor, model_options) -> list[bool]:
        """Which tiles count: not those in which the noise mask lets nothing change at this step.

        What a model predicts there ComfyUI replaces with the latent itself.
        """
        mask, end = self.mask, (tiles[-1].rows.stop, tiles[-1].cols.stop)
        if mask is None or tuple(mask.shape[2:]) != end:  # other nodes may evaluate other sizes
            return [True] * len(tiles)
        if "denoise_mask_function" in model_options:  # differential diffusion: moves with the noise
            mask = model_options["denoise_mask_function"](
                timestep, mask, extra_options={"model": self.guider, "sigmas": self.sigmas}
            )
        open_ = (mask != 0).any(dim=1).any(dim=0).cpu().numpy()
        return [bool(open_[slice(*t.rows), slice(*t.cols)].any()) for t in tiles]

    def unchanged(self, model, x: torch.Tensor) -> torch.Tensor:
        """The latent that ComfyUI keeps where the noise mask is 0, as the model knows it."""
        latent = self.latent.to(x)
        # an empty latent is not shifted: the same exception as in ComfyUI
        return model.process_latent_in(latent) if latent.any() else latent

    def report(self, done: int, total: int) -> None:
        """Moves the node's progress bar, never backward: some samplers evaluate a step twice."""
        self._reached = max(self._reached, min(done, total))
        self._on_step(self._reached, total)
