"""The drawing of a plan: where tiles lie, and that the picture shows through."""

import numpy as np
import pytest
from ixl.core.tiling.picture import BLANK, COLOURS, draw_plan
from ixl.core.tiling.plan import plan_tiles

PLAN = plan_tiles(96, 64, 512, 64)


def test_the_drawing_has_the_shape_of_the_picture_and_a_bounded_size():
    assert draw_plan(PLAN).shape == (768, 512, 3)
    assert draw_plan(plan_tiles(702, 468)).shape == (1536, 1024, 3)


def test_inside_one_tile_its_colour_lies_on_the_picture():
    drawing = draw_plan(PLAN, np.full((30, 20, 3), 0.5, dtype=np.float32))
    for number, tile in enumerate(PLAN.tiles(0)):
        row, col = divmod(number, PLAN.cols)
        colour = np.asarray(COLOURS[2 * (row % 2) + col % 2]) / 255
        # a place of full weight, away from the label in the middle and from the outlines
        y = 8 * tile.rows.start + 8 * int(np.flatnonzero(tile.row_weight == 1)[0]) + 4
        x = 8 * tile.cols.start + 8 * int(np.flatnonzero(tile.col_weight == 1)[0]) + 4
        assert drawing[y, x] == pytest.approx(0.5 + 0.35 * (colour - 0.5), abs=0.02)


def test_without_tiles_the_picture_is_only_tinted_by_one():
    whole = plan_tiles(64, 64, 1024, 128)
    drawing = draw_plan(whole)
    inner = drawing[100:120, 100:120].reshape(-1, 3)
    assert np.ptp(inner, axis=0).max() < 0.01
    assert inner[0] == pytest.approx(
        BLANK / 255 + 0.35 * (np.asarray(COLOURS[0]) - BLANK) / 255, abs=0.01
    )


def test_moving_cuts_are_drawn_where_they_are():
    assert not np.allclose(draw_plan(PLAN, step=0), draw_plan(PLAN, step=1))
