"""The tile plan of a picture: rectangles fitted to least cost, moving cuts, tile weights.

Sizes are latents (px / 8) unless a name ends in `_px`. Costs are those of the SDXL U-Net. Does not
run a model; `nodes/` does.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .spans import Span, are_sound, axis_weights, fixed_spans, halton, moving_spans

LATENT_PX = 8
MIN_TILE_PX = 256  # below this SDXL has no composition left to work with
MAX_ASPECT = (
    2.0  # of one tile; SDXL was trained with buckets up to about 1:4 but draws best near square
)

# A grid this much dearer than the cheapest is taken if it has fewer tiles: each tile sees more.
COST_SLACK = 1.05

# TFLOP of one SDXL U-Net evaluation on n latents: a*n + b*n^2, fitted to FLOP counts of the real
# module at 512..4472 px (6.76 at 1024 px, 423 at 3744x5616).
TFLOP_PER_LATENT = 3.724e-4
TFLOP_PER_LATENT_SQUARED = 2.628e-9


class Tile(NamedTuple):
    """One rectangle of the latent and its weights per axis (float32 [h] and [w])."""

    rows: Span
    cols: Span
    row_weight: np.ndarray
    col_weight: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.size, self.cols.size

    @property
    def weight(self) -> np.ndarray:
        """[h, w]; the weights of all tiles sum to 1 on every latent."""
        return self.row_weight[:, None] * self.col_weight[None, :]


class TilePlan(NamedTuple):
    """How one latent is cut: number of tiles per axis and overlap; `tiles(step)` gives the cuts."""

    height: int
    width: int
    rows: int
    cols: int
    overlap: int
    moving: bool

    def tiles(self, step: int = 0, guarded: bool = False) -> list[Tile]:
        """The tiles at a step, row by row. Moving cuts shift the grid by Halton(2, 3) offsets.

        guarded: see `spans.axis_weights`.
        """
        row_spans = self._spans(self.height, self.rows, step, 2)
        col_spans = self._spans(self.width, self.cols, step, 3)
        row_weights = axis_weights(row_spans, guarded)
        col_weights = axis_weights(col_spans, guarded)
        return [
            Tile(r, c, rw, cw)
            for r, rw in zip(row_spans, row_weights, strict=True)
            for c, cw in zip(col_spans, col_weights, strict=True)
        ]

    def _spans(self, length: int, count: int, step: int, base: int) -> tuple[Span, ...]:
        if self.moving:
            return moving_spans(length, count, self.overlap, halton(step + 1, base))
        return fixed_spans(length, count, self.overlap)

    @property
    def tile_shape(self) -> tuple[int, int]:
        """Height and width that no tile of any step exceeds."""
        steps = range(8) if self.moving else range(1)
        sizes = [self._sizes(step) for step in steps]
        return max(max(h) for h, _ in sizes), max(max(w) for _, w in sizes)

    @property
    def is_whole(self) -> bool:
        """Whether one tile is the picture."""
        return self.rows * self.cols == 1

    def cost(self, step: int = 0) -> float:
        """TFLOP of one evaluation of all tiles for one condition."""
        heights, widths = self._sizes(step)
        return sum(evaluation_cost(h * w) for h in heights for w in widths)

    def redundancy(self, step: int = 0) -> float:
        """Evaluated latents per latent of the picture; 1 is untiled."""
        heights, widths = self._sizes(step)
        return sum(heights) * sum(widths) / (self.height * self.width)

    def _sizes(self, step: int) -> tuple[list[int], list[int]]:
        rows = self._spans(self.height, self.rows, step, 2)
        cols = self._spans(self.width, self.cols, step, 3)
        return [s.size for s in rows], [s.size for s in cols]


def evaluation_cost(latents: int) -> float:
    """TFLOP of one SDXL U-Net evaluation on `latents` positions, one condition."""
    return TFLOP_PER_LATENT * latents + TFLOP_PER_LATENT_SQUARED * latents**2


@lru_cache(maxsize=64)
def plan_tiles(
    height: int, width: int, tile_px: int = 1024, overlap_px: int = 128, moving: bool = True
) -> TilePlan:
    """The cheapest grid whose tiles stay within the area of a `tile_px` square.

    height, width in latents. Raises ValueError with one sentence on sizes that cannot work.
    """
    check_tile_sizes(tile_px, overlap_px)
    side, overlap = tile_px // LATENT_PX, overlap_px // LATENT_PX
    if height * width <= side * side:
        return TilePlan(height, width, 1, 1, overlap, moving)
    row_choices = _choices(height, side, overlap, moving)
    col_choices = _choices(width, side, overlap, moving)
    # for a number of rows the fewest columns that fit are the best: more only add overlap
    fitting = []
    for rows, h in row_choices:
        cols = next((cols for cols, w in col_choices if h * w <= side * side), None)
        if cols:
            fitting.append(TilePlan(height, width, rows, cols, overlap, moving))
    if not fitting:
        raise ValueError(
            f"No tiles of at most {tile_px}x{tile_px} px with {overlap_px} px overlap fit a "
            f"{width * LATENT_PX}x{height * LATENT_PX} px picture. Lower overlap_px or raise "
            "tile_px."
        )
    # a tile longer than the limit only where nothing else fits (narrow strips)
    fitting = [p for p in fitting if _aspect(p) <= MAX_ASPECT] or fitting
    costs = [p.cost() for p in fitting]
    near_best = [p for p, c in zip(fitting, costs, strict=True) if c <= COST_SLACK * min(costs)]
    return min(near_best, key=lambda p: (p.rows * p.cols, p.cost()))


def _aspect(plan: TilePlan) -> float:
    h, w = plan.tile_shape
    return max(h / w, w / h)


def _choices(length: int, side: int, overlap: int, moving: bool) -> list[tuple[int, int]]:
    """(count, largest tile) of one axis, for every count that yields sound spans of useful size."""
    narrowest = max(2 * overlap, side / MAX_ASPECT / 2)
    out = [(1, length)] if length <= side * MAX_ASPECT else []
    for count in range(2, 2 + math.ceil(length / max(1, narrowest - overlap))):
        if moving:
            ends = [moving_spans(length, count, overlap, o) for o in (0.0, 0.5, 1.0)]
        else:
            ends = [fixed_spans(length, count, overlap)]
        size = max(span.size for spans in ends for span in spans)
        if all(are_sound(spans) for spans in ends) and size >= narrowest:
            out.append((count, size))
    return out


def check_tile_sizes(tile_px: int, overlap_px: int) -> None:
    """Raises ValueError unless both sizes are usable; takes any type, as users' files hold any."""
    for name, value in (("tile_px", tile_px), ("overlap_px", overlap_px)):
        if not isinstance(value, int):
            raise ValueError(f"{name} is {value!r}; it must be a whole number of pixels.")
    if tile_px % 64 or tile_px < MIN_TILE_PX:
        raise ValueError(
            f"tile_px is {tile_px}; it must be a multiple of 64 and at least {MIN_TILE_PX}. "
            "Try 1024."
        )
    if overlap_px % 16 or not 16 <= overlap_px <= tile_px // 4:
        raise ValueError(
            f"overlap_px is {overlap_px}; it must be a multiple of 16 from 16 to a quarter of "
            f"tile_px ({tile_px // 4}). Try {min(128, tile_px // 8 // 16 * 16)}."
        )
