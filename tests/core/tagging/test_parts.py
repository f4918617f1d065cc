"""What was seen in the parts of a picture, as boxes that Tile Prompts takes."""

import itertools

import numpy as np
import pytest
from ixl.core.prompt.tile_boxes import Box, read_boxes
from ixl.core.prompt.tile_places import places_of
from ixl.core.prompt.tile_prompts import tile_prompts
from ixl.core.tagging.labels import Seen
from ixl.core.tagging.parts import box_lines, cut, grid, local_tags, told
from ixl.core.vocabulary.curated import CuratedVocabulary

VOCABULARY = CuratedVocabulary()
NOTHING = Seen(("", 0.0), {}, {})


def seen(*general, characters=()):
    return Seen(("general", 0.9), dict.fromkeys(characters, 0.95), dict.fromkeys(general, 0.5))


@pytest.mark.parametrize("size", [(3, 3), (4, 3), (3, 4), (6, 2), (2, 6), (10, 1), (1, 1)])
def test_a_grid_is_taken_by_tile_prompts_when_every_part_differs(size):
    boxes = grid(*size)
    text = box_lines(boxes, [[f"thing number {n}"] for n in range(len(boxes))])
    for rim in (0.0, 0.1, 0.45):
        made = tile_prompts("night", places_of((), read_boxes(text), None), rim=rim)
        assert len(made.texts) > 1 or size == (1, 1)


@pytest.mark.parametrize("size", [(4, 4), (5, 3), (7, 2), (11, 1), (25, 1), (100, 100)])
def test_more_parts_than_tile_prompts_takes(size):
    with pytest.raises(ValueError, match="4 x 3, 3 x 4 and 6 x 2 are the most"):
        grid(*size)


@pytest.mark.parametrize(("columns", "rows"), [(3, 3), (6, 2), (1, 7)])
def test_parts_cover_each_pixel_once(columns, rows):
    counts = np.zeros((101, 67, 1), dtype=int)
    for box in grid(columns, rows):
        counts_of = cut(counts, box)
        counts_of += 1
    assert counts.min() >= 1 and (counts > 1).mean() < 0.1


def test_a_part_of_a_tiny_picture_has_a_pixel():
    assert all(cut(np.zeros((1, 2, 3)), box).size for box in grid(4, 3))


def test_lines_are_read_back_as_the_boxes():
    boxes = grid(3, 3)
    lines = box_lines(boxes, [["rose (flower)", ":d"], *([] for _ in range(7)), ["cat"]])
    assert lines == "0 0 33.33 33.33: rose \\(flower\\), :d\n66.67 66.67 33.33 33.33: cat"
    for marked, box in zip(read_boxes(lines), (boxes[0], boxes[-1]), strict=True):
        assert marked.box == pytest.approx(box)


def test_only_what_is_in_a_part_alone_is_said_of_it():
    part = seen(
        "night", "red hair", "1girl", "solo", "upper body", "blue sky", "head out of frame",
        "no humans", "cat", "simple background", characters=["hatsune miku"],
    )  # fmt: skip
    assert local_tags(part, VOCABULARY) == ["1girl", "hatsune miku", "red hair", "cat"]
    assert local_tags(seen("night", "blue sky", "no humans"), VOCABULARY) == []


def test_one_girl_in_four_parts_is_one_girl():
    parts = [seen("1girl", "hat"), seen("1girl", "red hair"), seen("1girl", "boots"), seen("night")]
    lines, tags, report = told(grid(2, 2), seen("hat", "1girl"), parts, VOCABULARY)
    assert tags == "1girl, hat"
    made = tile_prompts(
        "1girl, hat, night", places_of((), read_boxes(lines), None), vocabulary=VOCABULARY
    )  # fmt: skip
    at = {
        (x, y): made.texts[made.at(Box(x, y, x + 0.2, y + 0.2))]
        for x, y in itertools.product((0.1, 0.4, 0.7), repeat=2)
    }
    assert at[0.1, 0.1] == "1girl, hat, night"
    assert at[0.7, 0.7] == "night"
    assert all(text.count("girl") == (text != "night") for text in made.texts)
    assert at[0.1, 0.4] == "1girl, boots, hat, night"
    assert report.splitlines()[0] == "rating: general 0.90"
    assert report.splitlines()[1] == "whole: hat 0.50, 1girl 0.50"
    assert report.splitlines()[-1] == "part 4 (50-100 % across, 50-100 % down): nothing"


def test_nothing_seen():
    assert told(grid(1, 1), NOTHING, [NOTHING])[:2] == ("0 0 100 100", "")
