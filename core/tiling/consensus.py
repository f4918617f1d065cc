"""Overlap consensus: neighbouring tiles agree on tone before they are blended.

A denoiser judges tone by what it sees, so two tiles predict the same pixels a little lighter or
darker. Blending hides such a step; this removes it. One offset per tile, channel, sample and
condition is fitted by least squares to the disagreements inside the overlaps, as exposure is
compensated in panoramas (Brown & Lowe, IJCV 2007). A ridge toward zero settles what overlaps cannot
tell, which also keeps the mean tone of the picture: offsets times tile area sum to zero.

Neighbours also differ in content. So a disagreement is a median, which an eye that only one of the
two has drawn does not move; and it counts the less, the more it varies along the cut. Does not run
a model.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from .plan import Tile
from .spans import Span

# Of a tile's area. From 0.0003 to 0.003 the measured seams hardly change; 0.01 leaves a fifth of
# the slow drift over a 3x5 grid, and steps of 0.4 % with it.
RIDGE = 1e-3

# A disagreement counts half when its standard error is this share of the picture's deviation.
# Measured: from 0.0003 to 0.1 the toys with an error of tone keep their seams; a blur over 17
# latents from pure noise, which has none, ends 1.2 times as far from the untiled result as without
# consensus at 0.002, 6 times at 0.1, and seams of mixed faults come back at 0.0003.
FLOOR = 0.002

# Places compared per overlap: across and along the cut; BLOCKS of them give the standard error.
ACROSS, ALONG, BLOCKS = 4, 64, 8


class Overlap(NamedTuple):
    """What two tiles that share an edge both see, in latents of the picture."""

    first: int
    second: int
    rows: Span
    cols: Span

    @property
    def area(self) -> int:
        return self.rows.size * self.cols.size


def overlaps(tiles: Sequence[Tile], used: Sequence[bool] | None = None) -> list[Overlap]:
    """The overlaps of tiles that share an edge; corners would add nothing. `used`: which count."""
    found = []
    for i, a in enumerate(tiles):
        for j, b in enumerate(tiles[i + 1 :], i + 1):
            if (a.rows == b.rows or a.cols == b.cols) and (used is None or used[i] and used[j]):
                rows, cols = _common(a.rows, b.rows), _common(a.cols, b.cols)
                if rows.size > 0 and cols.size > 0:
                    found.append(Overlap(i, j, rows, cols))
    return found


def tone_offsets(
    parts: Sequence[torch.Tensor],
    tiles: Sequence[Tile],
    used: Sequence[bool] | None = None,
    ridge: float = RIDGE,
) -> torch.Tensor:
    """What to add to each tile, [tiles, B, C]; `parts` are [B, C, h, w] each.

    used: tiles that take part; the others get 0.
    """
    batch, channels = parts[0].shape[:2]
    pairs = overlaps(tiles, used)
    if not pairs:
        return parts[0].new_zeros((len(parts), batch, channels))
    gaps, trust = _disagreements(parts, tiles, pairs)
    matrix = np.zeros((batch * channels, len(tiles), len(tiles)))
    matrix += np.diag([ridge * tile.rows.size * tile.cols.size for tile in tiles])
    right = np.zeros((batch * channels, len(tiles), 1))
    for pair, gap, share in zip(pairs, gaps, trust, strict=True):
        i, j, weight = pair.first, pair.second, pair.area * share
        for a, b in ((i, j), (j, i)):
            matrix[:, a, a] += weight
            matrix[:, a, b] -= weight
        right[:, i, 0] -= weight * gap
        right[:, j, 0] += weight * gap
    offsets = torch.from_numpy(np.linalg.solve(matrix, right)).to(parts[0])
    return offsets[..., 0].T.reshape(len(parts), batch, channels)


def agree(
    parts: Sequence[torch.Tensor], tiles: Sequence[Tile], used: Sequence[bool] | None = None
) -> list[torch.Tensor]:
    """The parts with their offsets added."""
    offsets = tone_offsets(parts, tiles, used)
    return [part + offset[:, :, None, None] for part, offset in zip(parts, offsets, strict=True)]


def _disagreements(
    parts: Sequence[torch.Tensor], tiles: Sequence[Tile], pairs: list[Overlap]
) -> tuple[np.ndarray, np.ndarray]:
    """Median of first tile minus second over each overlap and its weight in 0..1.

    Both float64 [pairs, B * C].
    """
    starts = np.cumsum([0] + [tile.rows.size * tile.cols.size for tile in tiles])
    places = np.stack([_places(tiles, pair, starts) for pair in pairs], axis=1)
    values = torch.cat([part.float().flatten(2) for part in parts], dim=2).flatten(0, 1)
    first, second = (values[:, places] for places in torch.from_numpy(places).to(values.device))
    gaps = _median(first - second)
    # medians of blocks along the cut; theirs differ by chance, and by content that varies along it
    spread = _median((_median((first - second).unflatten(2, (BLOCKS, -1))) - gaps[..., None]).abs())
    # 1.48: from median to standard deviation; pi / 2: variance of a median over that of a mean
    error = 1.4826 * spread * (np.pi / 2 / BLOCKS) ** 0.5
    floor = (FLOOR * values[:, ::16].std(dim=1, keepdim=True)).clamp(min=1e-12)
    trust = 1 / (1 + (error / floor).square())
    return tuple(found.T.double().cpu().numpy() for found in (gaps, trust))


def _median(values: torch.Tensor) -> torch.Tensor:
    """Over the last axis; the upper one of two. By sorting: torch's own is not deterministic."""
    return values.sort(dim=-1).values[..., values.shape[-1] // 2]


def _places(tiles: Sequence[Tile], pair: Overlap, starts: np.ndarray) -> np.ndarray:
    """Where the places of an overlap lie among all tiles' values laid end to end, [2, n].

    Spread along the cut, in that order, and across over the middle half of the overlap: further out
    one of the two tiles sees little.
    """
    beside = tiles[pair.first].rows == tiles[pair.second].rows
    ys = _spread(pair.rows, ALONG, 0) if beside else _spread(pair.rows, ACROSS, 4)
    xs = _spread(pair.cols, ACROSS, 4) if beside else _spread(pair.cols, ALONG, 0)
    found = []
    for i in (pair.first, pair.second):
        rows, cols = tiles[i].rows, tiles[i].cols
        grid = (ys[:, None] - rows.start) * cols.size + xs - cols.start
        found.append(starts[i] + (grid if beside else grid.T))
    return np.stack(found).reshape(2, -1)


def _spread(span: Span, count: int, cut: int) -> np.ndarray:
    """`count` positions over a span less 1/cut of it at both ends; 0 cuts nothing."""
    margin = span.size // cut if cut else 0
    return np.linspace(span.start + margin, span.stop - 1 - margin, count).round().astype(np.int64)


def _common(a: Span, b: Span) -> Span:
    return Span(max(a.start, b.start), min(a.stop, b.stop))
