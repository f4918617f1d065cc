"""What is in which part of a picture, as boxes for prompts of tiles.

Cuts a picture into a grid, and writes what a tagger saw in its parts as lines that
prompt.tile_boxes reads. Does not run taggers.
"""

from collections.abc import Sequence

from ..prompt.classify import Reader
from ..prompt.fields import escape_name
from ..prompt.locality import is_everywhere
from ..prompt.options import Options
from ..prompt.profiles import DEFAULT_PROFILE, get_profile
from ..prompt.tile_boxes import MOST_BOXES, Box, inner, touchable
from ..prompt.tile_prompts import MOST_PROMPTS, RIM
from ..prompt.words import counted
from ..vocabulary.tag import Vocabulary
from .labels import Seen

WHOLE_PICTURE = "0 0 100 100"  # without tags: where nothing is seen, every tile gets the prompt
# True of the cut and not of the picture; a part without a person is told of none by its silence.
_OF_THE_CUT = frozenset(
    ("solo", "solo focus", "no humans", "head out of frame", "feet out of frame", "out of frame")
    + ("cropped legs", "cropped torso", "cropped arms", "cropped shoulders", "cropped head")
)


def grid(columns: int, rows: int) -> list[Box]:
    """The parts of a picture, row by row.

    Raises ValueError for more than Tile Prompts takes: its boxes, and its prompts for the sets of
    parts that a tile can touch.
    """
    if columns * rows <= MOST_BOXES:
        across, down = _edges(columns), _edges(rows)
        boxes = [Box(a, b, c, d) for b, d in down for a, c in across]
        if len(touchable([inner(box, RIM) for box in boxes])) <= MOST_PROMPTS:
            return boxes
    raise ValueError(
        f"{columns} x {rows} parts are more than Tile Prompts can tell apart ({MOST_BOXES} boxes "
        f"and {MOST_PROMPTS} sets of boxes that a tile touches); 4 x 3, 3 x 4 and 6 x 2 are the "
        "most."
    )


def _edges(count: int) -> list[tuple[float, float]]:
    """Shares in whole hundredths of a percent, as they are written."""
    at = [round(1e4 * i / count) / 1e4 for i in range(count + 1)]
    return list(zip(at, at[1:], strict=False))


def cut(picture, box: Box):
    """The pixels of a box, at least one, of a picture [H, W, channels]."""
    height, width = picture.shape[:2]
    left, top = int(box.left * width), int(box.top * height)
    right, bottom = (
        max(left + 1, round(box.right * width)),
        max(top + 1, round(box.bottom * height)),
    )
    return picture[top:bottom, left:right]


def local_tags(seen: Seen, vocabulary: Vocabulary | None = None) -> list[str]:
    """The persons and things that were seen: what may be said of this part only."""
    reader = Reader(get_profile(DEFAULT_PROFILE), vocabulary, Options())
    found = list(seen.characters)
    for name in seen.general:
        category = reader.entry("tag", name).category
        shown = name not in _OF_THE_CUT and category != "framing"
        if shown and name not in found and not is_everywhere(name, category, vocabulary):
            found.append(name)
    return sorted(found, key=lambda name: counted(name) is None)  # persons first


def box_lines(boxes: Sequence[Box], tags: Sequence[Sequence[str]]) -> str:
    """A line per part with tags, as read_boxes reads it."""
    lines = []
    for box, names in zip(boxes, tags, strict=True):
        sides = (box.left, box.top, box.right - box.left, box.bottom - box.top)
        place = " ".join(f"{100 * side:.2f}".rstrip("0").rstrip(".") for side in sides)
        if names:
            lines.append(f"{place}: {', '.join(map(escape_name, names))}")
    return "\n".join(lines)


def picture_tags(seen: Seen) -> str:
    """Everything that was seen in a picture, as prompt text: persons, characters, the rest."""
    names = dict.fromkeys((*filter(counted, seen.general), *seen.characters, *seen.general))
    return ", ".join(map(escape_name, names))


def told(
    boxes: Sequence[Box], whole: Seen, parts: Sequence[Seen], vocabulary: Vocabulary | None = None
) -> tuple[str, str, str]:
    """(lines for Tile Prompts, tags of the whole picture, report) of what was seen."""
    local = [local_tags(seen, vocabulary) for seen in parts]
    lines = box_lines(boxes, local) or WHOLE_PICTURE
    return lines, picture_tags(whole), _report(boxes, whole, parts, local)


def _report(boxes: Sequence[Box], whole: Seen, parts: Sequence[Seen], local: Sequence) -> str:
    """The scores: of the picture, and of the local tags of each part."""
    lines = [f"whole: {_scores({**whole.characters, **whole.general})}"]
    if whole.rating[0]:
        lines.insert(0, f"rating: {_scores(dict([whole.rating]))}")
    for number, (box, seen, names) in enumerate(zip(boxes, parts, local, strict=True), start=1):
        left, top, right, bottom = (round(100 * side) for side in box)
        scores = {**seen.general, **seen.characters}
        said = _scores({name: scores[name] for name in names})
        lines.append(f"part {number} ({left}-{right} % across, {top}-{bottom} % down): {said}")
    return "\n".join(lines)


def _scores(scores: dict[str, float]) -> str:
    return ", ".join(f"{name} {score:.2f}" for name, score in scores.items()) or "nothing"
