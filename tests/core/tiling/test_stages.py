"""The route to a large picture."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.tiling.stages import base_size, memory_gb, plan_report, plan_stages, untiled_tflop

sides = st.integers(32, 1000).map(lambda n: n * 8)


@given(sides, sides)
@settings(max_examples=200, deadline=None)
def test_stages_end_at_the_target_and_grow_by_at_most_two(width, height):
    stages = plan_stages(width, height)
    assert (stages[-1].width, stages[-1].height) == (width, height)
    assert stages[0].denoise == 1.0
    assert all(s.width % 8 == 0 and s.height % 8 == 0 for s in stages)
    for a, b in zip(stages, stages[1:], strict=False):
        assert 1 <= b.width / a.width <= 2.05
        assert 1 <= b.height / a.height <= 2.05


def test_twenty_megapixels_is_far_cheaper_than_untiled():
    report = plan_report(plan_stages(3744, 5616))
    last = report["stages"][-1]
    assert last["tflop_per_step"] < 0.5 * untiled_tflop(3744, 5616)
    assert report["memory_gb"] < 8
    assert untiled_tflop(3744, 5616) == pytest.approx(2 * 423, rel=0.05)


def test_a_given_base_is_kept():
    stages = plan_stages(3744, 5472, base=(1248, 1824))
    assert (stages[0].width, stages[0].height) == (1248, 1824)
    assert len(stages) == 3


def test_target_equal_to_the_base_needs_no_second_pass():
    assert len(plan_stages(1024, 1024, base=(1024, 1024))) == 1


def test_base_keeps_the_aspect():
    width, height = base_size(3744, 5616)
    assert width / height == pytest.approx(3744 / 5616, rel=0.05)
    assert base_size(512, 768) == (512, 768)


def test_memory_grows_with_the_largest_tile():
    assert memory_gb(plan_stages(4096, 4096, tile_px=2048)) > memory_gb(plan_stages(4096, 4096))


@pytest.mark.parametrize(
    ("size", "base", "word"),
    [
        ((1001, 1024), None, "width is 1001"),
        ((1024, 128), None, "height is 128"),
        ((1024, 1024), (2048, 2048), "smaller than the base"),
    ],
)
def test_bad_sizes_get_one_sentence(size, base, word):
    with pytest.raises(ValueError, match=word):
        plan_stages(*size, base=base)
