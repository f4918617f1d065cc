"""How an exact tiled VAE run is cut: which activations are kept, what is computed again, in bands.

A group normalisation needs statistics of the whole picture before any part of it can go on. So the
layers are cut into stages. Between stages an activation of the whole picture is kept; within a
stage the picture goes through in bands, once for the statistics of each normalisation inside and
once more for the result. Keeping more means computing less: the plan is the cheapest one whose
memory fits (shortest path over the places to cut). Does not run anything.
"""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from .spans import Span
from .vae_cost import Shape, layer_flop, layer_shapes
from .vae_layers import (
    Attend,
    Conv,
    Down,
    Fork,
    Join,
    Layer,
    Norm,
    Up,
    has_norm,
    rows_before,
)

# A band covers about this many positions at the largest resolution of its stage: enough to fill an
# accelerator, few enough that Cancel is answered within a second or so on a CPU.
BAND_AREA = 1 << 19
HALO_SHARE = 8  # ... but at least this many times the rows that it shares with its neighbours
WHOLE_AREA = 1 << 20  # pictures up to this size are not cut, and so equal the host's own to the bit

# Of attention, computed together: enough to fill an accelerator.
QUERIES = 1 << 14

# Reading and writing one element once weighs as much as this many FLOP: about 100 TFLOP/s and
# 1 TB/s of a current card in half precision. CPUs have a similar ratio.
ELEMENT_FLOP = 400
PIECES = 16  # an activation is released in so many pieces as the next one grows
SCORE_COPIES = 2  # of the attention scores, where the host's own attention keeps them all
CONV_COPIES = 2  # convolution libraries keep reordered copies of what they read and write


class Stage(NamedTuple):
    """layers[start:stop] over `bands` bands, after a pass for each normalisation in `norms`."""

    start: int
    stop: int
    bands: int
    norms: tuple[int, ...]


class VaePlan(NamedTuple):
    """`memory`: estimated peak in bytes beside weights, input and result; `cost` in FLOP or their
    equivalent; `along`: the dimension of [B, C, H, W] that bands cut. No stages: uncut.
    """

    stages: tuple[Stage, ...]
    shapes: tuple[Shape, ...]
    along: int
    memory: float
    cost: float

    @property
    def steps(self) -> int:
        """Bands of all passes: the unit of progress. Attention has a second pass of its own."""
        passes = ((end, s.bands) for s in self.stages for end in (*s.norms, s.stop))
        return sum(len(split_rows(self.shapes[end].rows, bands)) for end, bands in passes) or 1


def plan_whole(layers: Sequence[Layer], size: tuple[int, int, int], bytes_each: int):
    """The uncut run, or None for a picture too large to be worth it."""
    channels, height, width = size
    shapes = layer_shapes(layers, channels, height, width)
    if max(shape.rows * shape.width for shape in shapes) > WHOLE_AREA:
        return None
    planner = _Planner(layers, shapes, bytes_each, math.inf, 1)
    rows_of = zip(range(len(layers)), shapes, strict=False)
    need = max(planner.live(i) * shape.rows for i, shape in rows_of)
    tokens = max(
        shape.rows * shape.width
        for layer, shape in zip(layers, shapes, strict=False)
        if isinstance(layer, Attend)
    )
    need = max(need, SCORE_COPIES * tokens**2 * bytes_each)
    cost = sum(planner.cost(i) for i in range(len(layers)))
    return VaePlan((), tuple(shapes), 2, need, cost)


def plan_vae(
    layers: Sequence[Layer],
    size: tuple[int, int, int],
    bytes_each: int,
    memory: float,
    queries: int = QUERIES,
) -> VaePlan | None:
    """The cheapest plan in bands within `memory` bytes, or None when none fits."""
    channels, height, width = size
    along = 2 if height >= width else 3  # across the long side, so that bands are short
    shapes = layer_shapes(layers, channels, max(height, width), min(height, width))
    route = _Planner(layers, shapes, bytes_each, memory, queries).shortest()
    if route is None:
        return None
    stages, need, cost = route
    return VaePlan(stages, tuple(shapes), along, need, cost)


def norm_at(layers: Sequence[Layer], cut: int) -> int | None:
    """The normalisation whose input is just what is kept at this cut."""
    norm = cut + 1 if cut < len(layers) and isinstance(layers[cut], Fork) else cut
    return norm if norm < len(layers) and has_norm(layers[norm]) else None


def split_rows(rows: int, bands: int) -> list[Span]:
    """`bands` spans of nearly equal size."""
    ends = [round(i * rows / bands) for i in range(bands + 1)]
    return [Span(a, b) for a, b in zip(ends, ends[1:], strict=False) if b > a]


def plan_flop(layers: Sequence[Layer], plan: VaePlan) -> float:
    """FLOP of convolutions and attention, with everything that is computed more than once."""
    total = 0.0
    for stage in plan.stages:
        if isinstance(layers[stage.start], Attend):
            total += layer_flop(layers[stage.start], *plan.shapes[stage.start : stage.start + 2],
                                plan.shapes[stage.start].rows)  # fmt: skip
            continue
        for end in (*stage.norms, stage.stop):
            for rows in split_rows(plan.shapes[end].rows, stage.bands):
                total += _band_flop(layers, plan.shapes, stage.start, end, rows)
    return total


def _band_flop(layers, shapes, start: int, end: int, rows: Span) -> float:
    total = 0.0
    for i in reversed(range(start, end)):
        total += layer_flop(layers[i], shapes[i], shapes[i + 1], rows.stop - rows.start)
        rows = rows_before(layers[i], rows, shapes[i].rows)
    return total


class _Planner(NamedTuple):
    layers: Sequence[Layer]
    shapes: list[Shape]
    bytes_each: int
    memory: float
    queries: int

    def shortest(self) -> tuple[tuple[Stage, ...], float, float] | None:
        """(stages, bytes, cost) of the cheapest way from the first cut to the last."""
        end = len(self.layers)
        cuts = [0] + [i for i in range(1, end) if self._may_cut(i)] + [end]
        best: dict[int, tuple[float, float, tuple[Stage, ...]]] = {0: (0.0, 0.0, ())}
        for stop in cuts[1:]:
            for start, need, cost, stage in self._stages_to(stop):
                if start in best:
                    way = best[start]
                    known = best.get(stop)
                    if known is None or way[0] + cost < known[0]:
                        best[stop] = (way[0] + cost, max(way[1], need), (*way[2], stage))
        if end not in best:
            return None
        cost, need, stages = best[end]
        return stages, need, cost

    def _may_cut(self, i: int) -> bool:
        layer = self.layers[i]
        behind_fork = isinstance(layer, Norm) and isinstance(self.layers[i - 1], Fork)
        return isinstance(layer, Fork | Up | Norm | Attend) and not behind_fork

    def _stages_to(self, stop: int):
        """(start, bytes, cost, stage) of every stage that ends here and fits."""
        halo, ratio, reach = 0.0, 1.0, []
        for i in reversed(range(stop)):
            layer = self.layers[i]
            if isinstance(layer, Attend):
                if i == stop - 1:
                    yield from self._attention(i)
                return
            halo, ratio = _grown(layer, halo, ratio)
            reach.append((i, halo, ratio))
            if i == 0 or self._may_cut(i):
                yield from self._stage(i, stop, reach)

    def _stage(self, start: int, stop: int, reach: list):
        kept = self._kept(start, stop)
        free = self.memory - kept
        rows = min(self._most_rows(i, halo, ratio, free) for i, halo, ratio in reach)
        if rows < 1:
            return
        total = self.shapes[stop].rows
        bands = math.ceil(total / min(total, rows))
        rows = total / bands
        working = max(self.live(i) * (rows * ratio + halo) for i, halo, ratio in reach)
        costs = [
            self.cost(i) * (1 + (halo / (rows * ratio) if bands > 1 else 0))
            for i, halo, ratio in reversed(reach)
        ]
        passed = list(accumulate(costs))
        known = norm_at(self.layers, start) if start else None
        norms = tuple(
            i for i in range(start, stop) if isinstance(self.layers[i], Norm) and i != known
        )
        cost = sum(passed[i - start - 1] for i in norms) + passed[-1]
        cost += self._transfers(start) * (len(norms) + 1) + self._transfers(stop)
        yield start, kept + working, cost, Stage(start, stop, bands, norms)

    def _attention(self, i: int):
        """Keys and values of all positions are kept beside the activation; queries go in bands."""
        shape = self.shapes[i]
        rows = max(1, min(shape.rows, self.queries // shape.width))
        bands = math.ceil(shape.rows / rows)
        band = 8 * shape.channels * rows * shape.width * self.bytes_each
        need = self._kept(i, i + 1) + 2 * shape.kept * self.bytes_each + band
        if need <= self.memory:
            flop = layer_flop(self.layers[i], shape, self.shapes[i + 1], shape.rows)
            yield i, need, flop, Stage(i, i + 1, bands, (i,))

    def _kept(self, start: int, stop: int) -> float:
        """Bytes of the whole activations at both ends, which replace each other piece by piece."""
        ends = [self.shapes[i].kept for i in (start, stop) if 0 < i < len(self.layers)]
        return max(ends, default=0) * (1 + 1 / PIECES) * self.bytes_each

    def _transfers(self, cut: int) -> float:
        if not 0 < cut < len(self.layers):
            return 0.0
        return self.shapes[cut].kept * ELEMENT_FLOP

    def _most_rows(self, i: int, halo: float, ratio: float, free: float) -> float:
        """Rows of a band at the stage's end that memory and BAND_AREA allow at layer i."""
        area = max(BAND_AREA / self.shapes[i].width - halo, HALO_SHARE * halo)
        return min(area, free / self.live(i) - halo) / ratio

    def live(self, i: int) -> float:
        """Bytes per input row while layer i runs."""
        layer, before, after = self.layers[i], self.shapes[i], self.shapes[i + 1]
        made = after.channels * after.width * after.rows / before.rows
        read = before.channels * before.width
        copies = 1 if isinstance(layer, Norm | Fork | Join) else CONV_COPIES
        skip = max(before.skip, after.skip) * before.width
        return (skip + copies * (read + made)) * self.bytes_each

    def cost(self, i: int) -> float:
        before, after = self.shapes[i], self.shapes[i + 1]
        flop = layer_flop(self.layers[i], before, after, after.rows)
        elements = before.channels * before.rows * before.width
        return flop + (2.5 * ELEMENT_FLOP * elements if isinstance(self.layers[i], Norm) else 0)


def _grown(layer: Layer, halo: float, ratio: float) -> tuple[float, float]:
    """Rows beyond a band's own, and rows per row at the stage's end, one layer further in front."""
    if isinstance(layer, Up):
        return halo / 2 + 2, ratio / 2
    if isinstance(layer, Down):
        return 2 * halo + 1, ratio * 2
    edge = layer.module.kernel_size[0] // 2 if isinstance(layer, Conv) else 0
    return halo + 2 * edge, ratio
