"""Joining tiles: the identities that make tiles invisible to a denoiser of single positions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.tiling.plan import plan_tiles

torch = pytest.importorskip("torch")


def cut(picture, tiles):
    return [picture[..., slice(*t.rows), slice(*t.cols)] for t in tiles]


@given(st.integers(40, 160), st.integers(40, 160), st.integers(0, 9), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_tiles_that_agree_come_back_to_the_last_bit(height, width, step, moving, guarded):
    from ixl.core.tiling.blend import blend

    tiles = plan_tiles(height, width, 320, 64, moving).tiles(step, guarded)
    picture = torch.randn(2, 4, height, width, generator=torch.Generator().manual_seed(step))
    assert torch.equal(blend(cut(picture, tiles), tiles), picture)


@pytest.mark.parametrize("guarded", [False, True])
def test_tiles_that_differ_are_weighted_by_the_plan(guarded):
    """The sum over tiles of value times `Tile.weight` as the oracle."""
    from ixl.core.tiling.blend import blend

    tiles = plan_tiles(120, 90, 320, 64).tiles(3, guarded)
    parts = [torch.randn(2, 4, *t.shape) for t in tiles]
    total = torch.zeros(2, 4, 120, 90, dtype=torch.float64)
    for tile, part in zip(tiles, parts, strict=True):
        total[..., slice(*tile.rows), slice(*tile.cols)] += part * torch.from_numpy(tile.weight)
    assert (blend(parts, tiles) - total).abs().max() < 2e-6


def test_a_guarded_overlap_leaves_its_outer_quarter_to_the_neighbour():
    left, right = plan_tiles(64, 200, 640, 128, moving=False).tiles(0, guarded=True)[:2]
    shared = left.cols.stop - right.cols.start
    assert (right.col_weight[: shared // 4] == 0).all()
    assert (left.col_weight[-shared : -shared + shared // 4] == 1).all()
