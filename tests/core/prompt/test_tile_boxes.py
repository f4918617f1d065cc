"""Boxes as users and ComfyUI's nodes give them, and which of them a cut-out touches."""

import random
import re

import pytest
from ixl.core.prompt.tile_boxes import (
    Box,
    given_boxes,
    inner,
    read_boxes,
    touchable,
    touched,
)


def test_lines_are_percent_of_the_picture():
    lines = "# boxes\n10 5 35 90: 1girl, (red hair:1.2)\n\n 50%, 0%, 50%, 100%\n66.7 0 33.4 1"
    first, second, third = read_boxes(lines)
    assert first.box == pytest.approx((0.1, 0.05, 0.45, 0.95))
    assert first.tags == "1girl, (red hair:1.2)"
    assert second == ((0.5, 0, 1, 1), "")
    assert third.box.right == 1


@pytest.mark.parametrize(
    "line", ["1girl", "10 10 20: x", "10 10 20 20 x", "60 0 50 10", "0 0 0 10", "-5 0 10 10"]
)
def test_a_line_that_is_no_box_is_named(line):
    with pytest.raises(ValueError, match=r"^Line 2 of boxes is '" + re.escape(line)):
        read_boxes(f"0 0 1 1\n{line}")


def test_boxes_of_comfyui_nodes():
    pixels = {"x": 20, "y": 10, "width": 50, "height": 200}
    ((box, tags),) = given_boxes(pixels, (200, 100))
    assert (box, tags) == ((0.1, 0.1, 0.35, 1.0), "")
    per_picture = [[pixels, pixels], [pixels]]
    assert len(given_boxes(per_picture, (200, 100))) == 2
    assert given_boxes([[]], None) == given_boxes([], None) == []
    element = {"type": "obj", "bbox": [100, 200, 500, 400], "desc": "1girl"}
    assert given_boxes([element], None) == [((0.2, 0.1, 0.4, 0.5), "1girl")]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1 2 3 4", "of the kind str"),
        ({"x": 1, "y": 1, "width": 5, "height": 5}, "are in pixels"),
        ([{"bbox": [5, 5, 5, 9]}], "has no area"),
    ],
)
def test_what_is_no_box_is_refused_in_one_sentence(value, said):
    with pytest.raises(ValueError, match=said):
        given_boxes(value, None)


def test_a_rim_is_taken_off_inside_the_picture_alone():
    assert inner(Box(0.0, 0.2, 0.5, 0.7), 0.1) == pytest.approx((0.0, 0.25, 0.45, 0.65))
    whole = Box(0.0, 0.0, 1.0, 1.0)
    assert inner(whole, 0.4) == whole


def test_every_set_that_a_cut_can_touch_is_foreseen():
    dice = random.Random(5)

    def box():
        x, y = sorted(dice.sample(range(41), 2)), sorted(dice.sample(range(41), 2))
        return Box(x[0] / 40, y[0] / 40, x[1] / 40, y[1] / 40)

    for count in range(6):
        boxes = [box() for _ in range(count)]
        foreseen = touchable(boxes)
        cuts = [box() for _ in range(4000)]  # the same grid: borders of cuts and boxes meet
        seen = {touched(boxes, cut) for cut in cuts}
        assert seen <= foreseen
        assert len(seen) > 0.6 * len(foreseen)


def test_side_by_side_only_neighbours_are_seen_together():
    columns = [Box(i / 4, 0, (i + 1) / 4, 1) for i in range(4)]
    cores = [inner(box, 0.1) for box in columns]
    runs = {sum(1 << i for i in range(a, b)) for a in range(4) for b in range(a, 5)}
    assert touchable(cores) == runs


def test_touching_at_a_border_is_not_touching():
    box = [Box(0.25, 0.25, 0.5, 0.5)]
    assert touched(box, Box(0.0, 0.0, 0.25, 1.0)) == 0
    assert touched(box, Box(0.0, 0.0, 0.26, 0.26)) == 1
    assert touched(box, Box(0.3, 0.3, 0.31, 0.31)) == 1
