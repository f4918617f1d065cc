"""Tile plans: the identities that blending without seams rests on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.tiling.batches import TileBatch, batch_limit, for_devices, group_tiles
from ixl.core.tiling.plan import TilePlan, check_tile_sizes, evaluation_cost, plan_tiles
from ixl.core.tiling.spans import Span, are_sound, axis_weights, fixed_spans, halton, moving_spans

tile_sizes = st.integers(4, 24).map(lambda n: n * 64)


@st.composite
def plans(draw) -> TilePlan:
    tile_px = draw(tile_sizes)
    overlap_px = 16 * draw(st.integers(1, tile_px // 4 // 16))
    height, width = draw(st.integers(32, 720)), draw(st.integers(32, 720))
    return plan_tiles(height, width, tile_px, overlap_px, draw(st.booleans())), tile_px


@given(plans(), st.integers(0, 60))
@settings(max_examples=300, deadline=None)
def test_weights_sum_to_one_and_no_tile_exceeds_its_area(planned, step):
    plan, tile_px = planned
    total = np.zeros((plan.height, plan.width))
    for tile in plan.tiles(step):
        assert tile.shape[0] * tile.shape[1] <= (tile_px // 8) ** 2
        total[slice(*tile.rows), slice(*tile.cols)] += tile.weight
    assert np.abs(total - 1).max() <= 1e-6


@given(plans())
@settings(max_examples=100, deadline=None)
def test_every_step_has_the_same_number_of_tiles(planned):
    plan, _ = planned
    assert {len(plan.tiles(step)) for step in range(12)} == {plan.rows * plan.cols}


@given(st.integers(64, 720), st.integers(2, 8), st.sampled_from([2, 8, 16, 24]))
@settings(max_examples=200, deadline=None)
def test_moving_cuts_do_move(length, count, overlap):
    cuts = {moving_spans(length, count, overlap, i / 32)[1].start for i in range(32)}
    assert max(cuts) - min(cuts) >= length / (count - 0.5) / 4 - 8


def test_the_plan_is_within_five_percent_of_the_cheapest_grid():
    """Exhaustive search over all grids as the oracle."""
    plan = plan_tiles(702, 468, 1024, 128, moving=False)
    costs = []
    for rows in range(1, 30):
        for cols in range(1, 30):
            h = fixed_spans(702, rows, 16)
            w = fixed_spans(468, cols, 16)
            area = h[0].size * w[0].size
            sound = are_sound(h) and are_sound(w)
            if (
                area <= 128 * 128
                and sound
                and max(h[0].size / w[0].size, w[0].size / h[0].size) <= 2
            ):
                costs.append(rows * cols * evaluation_cost(area))
    assert 0.999 * min(costs) <= plan.cost() <= 1.05 * min(costs)


def test_a_small_picture_is_one_tile():
    plan = plan_tiles(128, 128, 1024)
    assert [(t.rows, t.cols) for t in plan.tiles(3)] == [(Span(0, 128), Span(0, 128))]


def test_cost_model_matches_counted_flops():
    """FLOP counts of the real SDXL U-Net module, TFLOP per evaluation."""
    for px, tflop in ((512, 1.59), (1024, 6.76), (1536, 17.3), (2048, 35.9)):
        assert evaluation_cost((px // 8) ** 2) == pytest.approx(tflop, rel=0.03)
    assert evaluation_cost(468 * 702) == pytest.approx(423, rel=0.05)


def test_three_spans_on_one_latent_are_refused():
    with pytest.raises(ValueError, match="below half of the tile"):
        axis_weights((Span(0, 10), Span(4, 14), Span(8, 20)))


@pytest.mark.parametrize(
    ("tile_px", "overlap_px", "word"),
    [(1000, 128, "tile_px is 1000"), (192, 16, "tile_px is 192"), (1024, 40, "overlap_px is 40")],
)
def test_bad_sizes_get_one_sentence(tile_px, overlap_px, word):
    with pytest.raises(ValueError, match=word) as caught:
        check_tile_sizes(tile_px, overlap_px)
    suggestion = int(str(caught.value).split("Try ")[1].rstrip("."))
    assert suggestion % 16 == 0


@pytest.mark.parametrize("value", ["wide", None, 1024.5, [1024]])
def test_a_size_of_another_type_gets_one_sentence(value):
    with pytest.raises(ValueError, match="must be a whole number"):
        check_tile_sizes(value, 128)


def test_halton_is_the_published_sequence():
    assert [halton(i, 2) for i in range(1, 6)] == [1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8]
    assert [halton(i, 3) for i in range(1, 4)] == pytest.approx([1 / 3, 2 / 3, 1 / 9])


def test_groups_hold_one_shape_and_one_key():
    tiles = plan_tiles(256, 256, 1024, 128).tiles(1)
    keyed = [(t, i % 2) for i, t in enumerate(tiles)]
    groups = list(group_tiles(keyed, 2))
    assert sorted(id(t) for g in groups for t in g.tiles) == sorted(id(t) for t in tiles)
    assert all(len({t.shape for t in g.tiles}) == 1 and len(g.tiles) <= 2 for g in groups)
    assert all(
        keyed[[id(k[0]) for k in keyed].index(id(t))][1] == g.active
        for g in groups
        for t in g.tiles
    )


def test_batch_limit_leaves_room_and_never_stops():
    assert batch_limit(13e9, 1e9, 64) == 10
    assert batch_limit(0, 1e9, 64) == 1
    assert batch_limit(1e12, 1e9, 24) == 24


@pytest.mark.parametrize("devices", [1, 2, 3, 8])
def test_batches_for_devices_are_shared_evenly(devices):
    tiles = plan_tiles(702, 468).tiles()
    batches = [TileBatch(tuple(tiles[:7]), "a"), TileBatch(tuple(tiles[7:8]), "b")]
    found = list(for_devices(batches, devices))
    assert all(len(b.tiles) % devices == 0 or len(b.tiles) < devices for b in found)
    assert [(t, b.active) for b in found for t in b.tiles] == [
        (t, b.active) for b in batches for t in b.tiles
    ]
