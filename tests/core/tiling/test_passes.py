"""The passes of a run: sizes, what a user may write, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.core.tiling.passes import (
    MOST_PASSES,
    pass_tflop,
    passes_report,
    plan_passes,
    run_shares,
    target_size,
)


def test_given_sides_are_the_target():
    assert target_size(3744, 5616, 20.0, (832, 1248)) == (3744, 5616)


@pytest.mark.parametrize("base", [None, (832, 1216), (1024, 1024), (1536, 640)])
@pytest.mark.parametrize("megapixels", [1.0, 4.0, 20.0, 64.0])
def test_megapixels_in_the_shape_of_the_base(base, megapixels):
    width, height = target_size(0, 0, megapixels, base)
    shape = base or (2, 3)
    assert width * height == pytest.approx(megapixels * 1e6, rel=0.03)
    assert width / height == pytest.approx(shape[0] / shape[1], rel=0.02)
    assert width % 16 == height % 16 == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((1024, 0, 20.0, None), "give both sides"),
        ((0, 1024, 20.0, None), "give both sides"),
        ((0, 0, 0.0, None), "megapixels is 0.0"),
        ((1001, 1000, 20.0, None), "multiple of 8"),
        ((4096, 2048, 20.0, (1024, 1024)), "try 4096x4096"),
    ],
)
def test_a_target_that_cannot_be(arguments, said):
    with pytest.raises(ValueError, match=said):
        target_size(*arguments)


def test_automatic_passes_double_at_most_and_run_their_share_of_the_steps():
    base, passes = plan_passes((3744, 5616), (832, 1248), 28)
    assert base == (832, 1248)
    assert (passes[-1].width, passes[-1].height) == (3744, 5616)
    sizes = [base, *((one.width, one.height) for one in passes)]
    for (w, h), (wider, higher) in zip(sizes, sizes[1:], strict=False):
        assert wider <= 2.02 * w and higher <= 2.02 * h
    assert [one.steps for one in passes] == [round(28 * one.denoise) for one in passes]
    assert [one.denoise for one in passes] == [0.5, 0.35, 0.3]


def test_values_per_pass_and_the_last_one_for_the_rest():
    _, passes = plan_passes((3744, 5616), (832, 1248), 28, "0.6, 0.4", "20")
    assert [one.denoise for one in passes] == [0.6, 0.4, 0.4]
    assert [one.steps for one in passes] == [20, 20, 20]


def test_more_values_make_more_passes():
    _, passes = plan_passes((1664, 2496), (832, 1248), 28, "0.5; 0.4; 0.3", "")
    assert len(passes) == 3


def test_the_base_has_the_area_that_the_model_draws_best():
    base, _ = plan_passes((3744, 5616), None, 28, area=1024**2)
    assert base[0] * base[1] == pytest.approx(1024**2, rel=0.08)
    larger, _ = plan_passes((3744, 5616), None, 28, area=1536**2)
    assert larger[0] * larger[1] == pytest.approx(1536**2, rel=0.05)


def test_no_pass_where_the_base_is_the_target():
    assert plan_passes((1024, 1024), (1024, 1024), 28) == ((1024, 1024), [])


@pytest.mark.parametrize("text", ["x", "0.5 0.4", "1.5", "-0.1", "nan", "inf", "0.5, 2"])
def test_denoise_that_cannot_be_read(text):
    with pytest.raises(ValueError, match="denoise is"):
        plan_passes((2048, 2048), (1024, 1024), 20, text)


@pytest.mark.parametrize("text", ["0", "2.5", "many", "2000"])
def test_steps_that_cannot_be_read(text):
    with pytest.raises(ValueError, match="pass_steps is"):
        plan_passes((2048, 2048), (1024, 1024), 20, "", text)


@given(st.text(max_size=30))
def test_any_text_gives_passes_or_one_sentence(text):
    try:
        _, passes = plan_passes((2048, 2048), (1024, 1024), 20, text, text)
    except ValueError as error:
        assert "\n" not in str(error).replace(text, "")
    else:
        assert 1 <= len(passes) <= MOST_PASSES


def test_report_has_a_line_per_pass():
    base, passes = plan_passes((3744, 5616), (832, 1248), 28)
    lines = passes_report(base, passes, 1024, 128).splitlines()
    assert len(lines) == 1 + len(passes)
    assert "3744x5616 (21.0 MP): denoise 0.3, 8 steps" in lines[-1]


def test_shares_of_a_run_come_in_its_order_and_are_its_costs():
    base, passes = plan_passes((3744, 5616), None, 28)
    shares = run_shares(base, 28, passes, 1024, 128, by_model=True)
    order = [("encode", 0), ("sample", 0), ("decode", 0)]
    for number in range(1, len(passes) + 1):
        order += [(what, number) for what in ("enlarge", "encode", "sample", "decode")]
    assert list(shares) == order
    assert shares["sample", len(passes)] == pass_tflop(passes[-1], 1024, 128)
    # counted on ComfyUI's own decoder at 21 megapixels: 199 TFLOP of convolutions, 221 of attention
    assert shares["decode", len(passes)] == pytest.approx(420, rel=0.01)
    assert shares["encode", 0] == 0 and min(list(shares.values())[1:]) > 0
    given = run_shares(base, 0, passes, 1024, 128, by_model=False)
    assert given["sample", 0] == 0 == given["enlarge", 1] and given["encode", 0] > 0
