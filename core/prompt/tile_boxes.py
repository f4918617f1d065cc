"""Boxes that say where in a picture something is, and which of them a cut-out touches.

A box is in shares of width and height from the top left corner. Reads what users write and what
ComfyUI's box nodes give. Knows neither tags (see tile_prompts) nor tile plans.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_LINE = re.compile(rf"{_NUMBER}\s*%?[\s,]+" * 3 + rf"{_NUMBER}\s*%?\s*(?::\s*(.*))?")
_EXAMPLE = "10 5 35 90: 1girl, red hair"
_ROUNDING = 1.0  # percent by which a side may reach over the picture: 33.4 three times
MOST_BOXES = 24


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


class Marked(NamedTuple):
    """A box and what the user says is in it, as prompt text; "" where nothing is said."""

    box: Box
    tags: str = ""


class TilePrompts(NamedTuple):
    """texts: every prompt once, the first for the whole picture. text_of: bits of `touched` ->
    index into texts. boxes: without their rims."""

    boxes: tuple[Box, ...]
    texts: tuple[str, ...]
    text_of: dict[int, int]

    def at(self, cut: Box) -> int:
        """Index of the prompt of a cut-out (shares of the picture)."""
        return self.text_of[touched(self.boxes, cut)]


def read_boxes(text: str) -> list[Marked]:
    """Lines such as `10 5 35 90: 1girl, red hair`: left, top, width and height in percent.

    Empty lines and those that begin with # are skipped. Raises ValueError for any other line.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise ValueError(
                f"Line {number} of boxes is '{line.strip()}'; it must be left, top, width and "
                f"height in percent of the picture and the tags, such as '{_EXAMPLE}'."
            )
        x, y, width, height = (float(value) for value in match.groups()[:4])
        if not width or not height or max(x + width, y + height) > 100 + _ROUNDING:
            raise ValueError(
                f"Line {number} of boxes is '{line.strip()}': its box reaches over the picture or "
                f"has no area; left + width and top + height must be at most 100, as in "
                f"'{_EXAMPLE}'."
            )
        found.append(Marked(_clipped(x, y, x + width, y + height, 100, 100), match[5] or ""))
    return found


def given_boxes(value: object, size: tuple[int, int] | None) -> list[Marked]:
    """ComfyUI's BOUNDING_BOX (pixels of a picture of `size`: width, height) or its box elements.

    A list per picture of a batch counts for the first. Elements (thousandths of the picture, as
    Create Bounding Boxes gives them) carry tags in `desc`. Raises ValueError with one sentence.
    """
    if isinstance(value, list | tuple) and value and isinstance(value[0], list | tuple):
        value = value[0]
    items = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [_given(item, size) for item in items]


def _given(item: object, size: tuple[int, int] | None) -> Marked:
    tags = ""
    if isinstance(item, dict) and "bbox" in item:
        top, left, bottom, right = item["bbox"]
        box, tags = _clipped(left, top, right, bottom, 1000, 1000), str(item.get("desc") or "")
    elif not isinstance(item, dict) or not {"x", "y", "width", "height"} <= item.keys():
        raise ValueError(
            f"A box of bboxes is of the kind {type(item).__name__} without x, y, width and height; "
            "connect a BOUNDING_BOX, or elements of Create Bounding Boxes."
        )
    elif size is None:
        raise ValueError(
            "bboxes are in pixels, so the picture that they were found in is needed; connect it "
            "to image."
        )
    else:
        x, y = item["x"], item["y"]
        box = _clipped(x, y, x + item["width"], y + item["height"], *size)
    if box.left >= box.right or box.top >= box.bottom:
        raise ValueError(
            f"The box {item} has no area inside the picture; connect the picture that it was found "
            "in to image."
        )
    return Marked(box, tags)


def _clipped(left, top, right, bottom, width, height) -> Box:
    sides = (left / width, top / height, right / width, bottom / height)
    return Box(*(min(1.0, max(0.0, side)) for side in sides))


def inner(box: Box, rim: float) -> Box:
    """The box without its rim, a share of its width and height, except at the picture's border.

    A cut-out that sees no more of a box than its rim sees next to nothing of what is in it.
    """
    x, y = rim * (box.right - box.left), rim * (box.bottom - box.top)
    return Box(
        box.left + x if box.left > 0 else box.left,
        box.top + y if box.top > 0 else box.top,
        box.right - x if box.right < 1 else box.right,
        box.bottom - y if box.bottom < 1 else box.bottom,
    )


def touched(boxes: Sequence[Box], cut: Box) -> int:
    """Which boxes a cut-out touches, as bits: bit i for box i."""
    bits = 0
    for i, box in enumerate(boxes):
        across = cut.left < box.right and cut.right > box.left
        if across and cut.top < box.bottom and cut.bottom > box.top:
            bits |= 1 << i
    return bits


def touchable(boxes: Sequence[Box]) -> set[int]:
    """Every result that `touched` can have for any cut-out of the picture, whatever its size."""
    across = _along([(box.left, box.right) for box in boxes])
    down = _along([(box.top, box.bottom) for box in boxes])
    return {columns & rows for columns in across for rows in down}


def _along(spans: list[tuple[float, float]]) -> set[int]:
    """The same on one axis.

    What an interval touches changes only where its start passes an end, or its end a start, so
    the intervals from an end (or 0) to a start (or 1) stand for all others.
    """
    found = set()
    for start in {0.0, *(stop for _, stop in spans)}:
        for stop in {1.0, *(begin for begin, _ in spans)}:
            if start < stop:
                hits = (start < b and stop > a for a, b in spans)
                found.add(sum(1 << i for i, hit in enumerate(hits) if hit))
    return found
