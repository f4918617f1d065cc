"""Tiles joined into one picture: along each row of tiles, then row to row.

Neighbours are mixed by linear interpolation with the weights of the plan. Tiles that agree leave
their values exactly as they are, to the last bit: a denoiser that looks at single positions gives
the same picture with and without tiles. Works on the tensors' own device; does not run a model.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import torch

from .plan import Tile
from .spans import Span


def blend(parts: Sequence[torch.Tensor], tiles: Sequence[Tile]) -> torch.Tensor:
    """[B, C, H, W] float32 from one [B, C, h, w] per tile; tiles row by row, as a plan gives them.

    The order of the additions depends on the plan alone, so neither on how many tiles shared a
    model call nor on which came first.
    """
    rows, strips = [], []
    pairs = zip(tiles, parts, strict=True)
    for _, row in groupby(pairs, key=lambda pair: pair[0].rows):
        inside, pieces = zip(*row, strict=True)
        rows.append(inside[0])
        cols = [tile.cols for tile in inside]
        strips.append(_join(pieces, cols, [tile.col_weight for tile in inside], dim=3))
    return _join(strips, [tile.rows for tile in rows], [tile.row_weight for tile in rows], dim=2)


def _join(
    pieces: Sequence[torch.Tensor], spans: list[Span], weights: list[np.ndarray], dim: int
) -> torch.Tensor:
    shape = list(pieces[0].shape)
    shape[dim] = spans[-1].stop
    out = torch.empty(shape, dtype=torch.float32, device=pieces[0].device)
    done = 0
    for piece, span, weight in zip(pieces, spans, weights, strict=True):
        shared = done - span.start
        if shared > 0:
            rise = torch.from_numpy(weight[:shared]).to(out.device)
            rise = rise[:, None] if dim == 2 else rise
            out.narrow(dim, span.start, shared).lerp_(piece.narrow(dim, 0, shared).float(), rise)
        fresh = span.stop - done
        out.narrow(dim, done, fresh).copy_(piece.narrow(dim, span.size - fresh, fresh))
        done = span.stop
    return out
