"""Tiled sampling as wrappers on a MODEL: x0 is blended per condition, before CFG.

Hooks: CALC_COND_BATCH (the tiles), PREPARE_SAMPLING (memory for a tile, not for the picture) and
OUTER_SAMPLE (nothing outlives a run). ComfyUI itself is not patched. Because the tiles' weights
sum to 1, blending is the same for eps, v and x0 prediction, and CFG with whole-image statistics
(RescaleCFG, PAG, post-CFG functions) sees one whole picture.
"""

import comfy.conds
import comfy.model_base
import comfy.model_management
import torch
from comfy.patcher_extension import WrappersMP

from ..core.tiling.batches import TileBatch, batch_limit, group_tiles
from ..core.tiling.plan import LATENT_PX, Tile, TilePlan, plan_tiles
from ._host import check_cancel
from ._tile_conds import coverage, crop, cut_cond, refuse_unsupported, scale_hints

KEY = "illustrious-xl-studio.tiles"


class TiledSampling:
    """The settings of one tiled MODEL and what it keeps during a run (ControlNet hints)."""

    def __init__(
        self, tile_px: int, overlap_px: int, moving: bool, tile_batch: int, size_mode: str
    ):
        self.tile_px = tile_px
        self.overlap_px = overlap_px
        self.moving = moving
        self.tile_batch = tile_batch
        self.size_mode = size_mode
        self.hints: dict = {}

    def patch(self, model):
        """A clone of the MODEL that samples in tiles; tiles of an earlier patch are replaced."""
        tiled = model.clone()
        for kind, wrapper in (
            (WrappersMP.CALC_COND_BATCH, self.calc_cond_batch),
            (WrappersMP.PREPARE_SAMPLING, self.prepare_sampling),
            (WrappersMP.OUTER_SAMPLE, self.outer_sample),
        ):
            tiled.remove_wrappers_with_key(kind, KEY)
            tiled.add_wrapper_with_key(kind, KEY, wrapper)
        return tiled

    def plan(self, shape) -> TilePlan:
        """The plan for a latent of shape [B, C, H, W]."""
        if len(shape) != 4:
            raise ValueError(
                f"A latent with {len(shape)} dimensions reached the tiled model; it tiles pictures "
                "[batch, channels, height, width]. Use it with an SDXL-type model."
            )
        return plan_tiles(shape[2], shape[3], self.tile_px, self.overlap_px, self.moving)

    def outer_sample(self, executor, *args, **kwargs):
        try:
            return executor(*args, **kwargs)
        finally:
            self.hints.clear()

    def prepare_sampling(self, executor, model, noise_shape, *args, **kwargs):
        """ComfyUI reserves memory for what is evaluated at once: a batch of tiles."""
        plan = self.plan(noise_shape)
        if plan.rows * plan.cols > 1:
            count = max(1, self.tile_batch)
            noise_shape = [noise_shape[0] * count, noise_shape[1], *plan.tile_shape]
        return executor(model, noise_shape, *args, **kwargs)

    def calc_cond_batch(self, executor, model, conds, x_in, timestep, model_options):
        """x0 of every condition list: [B, C, H, W] each, blended from tiles."""
        plan = self.plan(x_in.shape)
        if plan.rows * plan.cols == 1:
            return executor(model, conds, x_in, timestep, model_options)
        size, batch = tuple(x_in.shape[2:]), x_in.shape[0]
        covers = self._survey(conds, size, x_in.device)
        keyed = [
            (tile, _active(covers, tile)) for tile in plan.tiles(_step(timestep, model_options))
        ]
        out = [torch.zeros_like(x_in, dtype=torch.float32) for _ in conds]
        for group in group_tiles(keyed, self._limit(model, plan, x_in)):
            check_cancel()
            tile_conds = self._cut(model, conds, covers, group, batch)
            x = crop(x_in, group.tiles)
            sigma = timestep.repeat(len(group.tiles))
            parts = executor(model, tile_conds, x, sigma, model_options)
            for total, part in zip(out, parts, strict=True):
                _blend(total, part, group.tiles, batch)
        self._forget_tiles()
        return [total.to(x_in.dtype) for total in out]

    def _survey(self, conds, size, device) -> list[list]:
        """Per entry its mask over the whole latent (None: everywhere); refuses what cannot tile."""
        covers = []
        for entries in conds:
            row = []
            for cond in entries or []:
                refuse_unsupported(cond)
                if "control" in cond:
                    scale_hints(cond["control"], size, self.hints)
                row.append(coverage(cond, size, device))
            covers.append(row)
        return covers

    def _cut(self, model, conds, covers, group: TileBatch, batch: int) -> list:
        """The condition lists for one batch of tiles, less the entries that do not touch it."""
        out = []
        for entries, row, active in zip(conds, covers, group.active, strict=True):
            if entries is None:
                out.append(None)
                continue
            cut = [
                cut_cond(cond, cover, group.tiles, batch, self.hints)
                for cond, cover, on in zip(entries, row, active, strict=True)
                if on
            ]
            if self.size_mode == "tile":
                for cond in cut:
                    _set_tile_size(cond, model, group.tiles[0].shape)
            out.append(cut)
        return out

    def _limit(self, model, plan: TilePlan, x_in) -> int:
        if self.tile_batch > 0:
            return self.tile_batch
        if comfy.model_management.is_device_cpu(x_in.device):
            return 1  # a larger batch costs memory there and gains nothing
        free = model.current_patcher.get_free_memory(x_in.device)
        # positive and negative of a tile are evaluated together
        need = model.memory_required([2 * x_in.shape[0], x_in.shape[1], *plan.tile_shape])
        return batch_limit(free, need, plan.rows * plan.cols)

    def _forget_tiles(self) -> None:
        """Cuts move with every step, so hints cut for one step are of no use to the next."""
        for key in [k for k in self.hints if isinstance(k, tuple)]:
            del self.hints[key]


def _step(timestep, model_options) -> int:
    """Index of the sampling step; second evaluations inside a step keep its number."""
    sigmas = model_options.get("transformer_options", {}).get("sample_sigmas")
    if sigmas is None:
        return 0
    sigma = timestep[0].to(sigmas)
    return max(0, int((sigmas >= sigma * (1 - 1e-4)).sum()) - 1)


def _active(covers: list[list], tile: Tile) -> tuple[tuple[bool, ...], ...]:
    """Which entries of each condition list count anywhere in the tile."""
    area = (..., slice(*tile.rows), slice(*tile.cols))
    return tuple(tuple(cover is None or bool(cover[area].any()) for cover in row) for row in covers)


def _blend(total: torch.Tensor, part: torch.Tensor, tiles: tuple[Tile, ...], batch: int) -> None:
    for tile, piece in zip(tiles, part.split(batch), strict=True):
        rows = torch.from_numpy(tile.row_weight).to(total.device)
        cols = torch.from_numpy(tile.col_weight).to(total.device)
        area = total[..., slice(*tile.rows), slice(*tile.cols)]
        area += piece.float() * rows[:, None] * cols


def _set_tile_size(cond: dict, model, shape: tuple[int, int]) -> None:
    """SDXL's size conditioning for a picture of the tile's size: what the model was trained on.

    The last 6 x 256 numbers of `y` embed height, width, crop (top, left), target height and width.
    """
    y = cond["model_conds"].get("y")
    if y is None or not isinstance(model, comfy.model_base.SDXL):
        return
    height, width = (v * LATENT_PX for v in shape)
    numbers = torch.tensor([height, width, 0, 0, height, width], dtype=torch.float32)
    size = model.embedder(numbers).flatten().to(y.cond)
    pooled = y.cond[:, : y.cond.shape[1] - len(size)]
    cond["model_conds"]["y"] = comfy.conds.CONDRegular(
        torch.cat([pooled, size.expand(len(pooled), -1)], dim=1)
    )
