"""One axis of a tile plan: where the spans lie, how they overlap, and the weights that sum to 1.

All lengths are in latents (1 latent = 8 px). Does not know pictures, models or ComfyUI.
Moving cuts: SpotDiffusion (arXiv 2407.15507); feathered weights: Mixture of Diffusers (arXiv
2302.02412). A low-discrepancy offset per step needs far less overlap than a fixed grid.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

ALIGN = 8  # latents; few distinct tile shapes, and the U-Net halves the latent twice


class Span(NamedTuple):
    """Half-open interval [start, stop) of one axis."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


def fixed_spans(length: int, count: int, overlap: int) -> tuple[Span, ...]:
    """`count` equal spans over `length`; neighbours share at least `overlap` latents."""
    if count == 1:
        return (Span(0, length),)
    size = min(length, _align_up(math.ceil((length + (count - 1) * overlap) / count)))
    starts = [round(i * (length - size) / (count - 1)) for i in range(count)]
    return tuple(Span(s, s + size) for s in starts)


def moving_spans(length: int, count: int, overlap: int, offset: float) -> tuple[Span, ...]:
    """`count` spans whose cuts shift together over half a period as `offset` goes from 0 to 1.

    Inner segments are one period long, the two at the borders between a half and a whole one, so
    the number of tiles and the largest tile never change; nothing wraps around or is padded.
    The period is a multiple of 8, 4 or 2 latents where that leaves the cuts room to move.
    """
    if count == 1:
        return (Span(0, length),)
    shortest = length / (count - 0.5)
    unit = next(u for u in (8, 4, 2, 1) if u * count <= shortest / 4 or u == 1)
    period = -(-math.ceil(shortest) // unit) * unit
    edges = length - (count - 2) * period  # first and last segment together, at most 1.5 periods
    most = max(edges / 2, min(period, edges - period / 2))
    first = edges - most + offset * (2 * most - edges)
    first = unit * round(first / unit)
    cuts = [first + i * period for i in range(count - 1)]
    half = overlap // 2
    starts = [0] + [c - half for c in cuts]
    stops = [c + half for c in cuts] + [length]
    return tuple(Span(max(0, a), min(length, b)) for a, b in zip(starts, stops, strict=True))


def are_sound(spans: tuple[Span, ...]) -> bool:
    """Whether the spans cover an axis in order, each overlapping its two neighbours alone."""
    pairs = all(a.start < b.start < a.stop < b.stop for a, b in zip(spans, spans[1:], strict=False))
    triples = all(a.stop <= c.start for a, c in zip(spans, spans[2:], strict=False))
    return pairs and triples


@lru_cache(maxsize=256)
def axis_weights(spans: tuple[Span, ...], guarded: bool = False) -> tuple[np.ndarray, ...]:
    """Weight of each span on its own latents, float32 [size]; over the axis they sum to 1.

    cos^2 ramps over the overlap of neighbours: a ramp and its mirror add up to 1 by construction.
    `guarded` leaves the outer quarter of an overlap to the neighbour: convolutions pad with zeros
    at a cut, so a tile knows least there. Steeper ramps, which pay once tiles agree on tone.
    Raises ValueError when spans are not sound: then the ramps could not sum to 1.
    """
    if not are_sound(spans):
        raise ValueError(
            f"The spans {[tuple(s) for s in spans]} do not overlap their neighbours alone; "
            "the overlap must stay below half of the tile."
        )
    out = []
    for i, span in enumerate(spans):
        weight = np.ones(span.size, dtype=np.float64)
        if i > 0:
            n = spans[i - 1].stop - span.start
            weight[:n] *= _rise(n, guarded)
        if i < len(spans) - 1:
            n = span.stop - spans[i + 1].start
            weight[span.size - n :] *= 1.0 - _rise(n, guarded)
        out.append(weight.astype(np.float32))
    return tuple(out)


def halton(index: int, base: int) -> float:
    """The `index`-th number of the Halton low-discrepancy sequence, in [0, 1)."""
    fraction, value = 1.0, 0.0
    while index > 0:
        fraction /= base
        index, digit = divmod(index, base)
        value += fraction * digit
    return value


def _rise(n: int, guarded: bool) -> np.ndarray:
    guard = n // 4 if guarded else 0
    share = ((np.arange(n) + 0.5 - guard) / max(1, n - 2 * guard)).clip(0.0, 1.0)
    return np.sin(share * math.pi / 2) ** 2


def _align_up(value: int) -> int:
    return -(-value // ALIGN) * ALIGN
