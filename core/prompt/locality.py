"""Whether a tag is true of every part of a picture, or only of the place where its thing is.

Style, light, quality and scenery may be said of any cut-out; persons, what they wear and do, and
single objects may not, or each cut-out is drawn with one. Does not know where in a picture anything
is (see tile_boxes).
"""

from ..vocabulary.curated import general_groups
from ..vocabulary.merge import head_group
from ..vocabulary.tag import Vocabulary
from .english import words
from .scene_words import SKY_THINGS, TIMES, WEATHER, WHERE
from .scenery import is_style

_EVERYWHERE = frozenset(("rating", "artist", "score", "year", "quality", "meta", "network"))
# Semantic groups of general tags (vocabulary.tag.GROUPS) that make up the scenery and the look.
_SCENERY = frozenset(("light", "color", "background", "place", "nature", "style"))
# Of the group "camera", where most tags are about a subject: how the lens draws, and from where.
_LENS = words(
    """from above, from below, from outside, dutch angle, perspective, vanishing point, isometric,
    fisheye, panorama, depth of field, blurry, blurry background, blurry foreground, bokeh, motion
    blur, soft focus, chromatic aberration, lens flare, vignetting, film grain, bloom, negative
    space, scenery, landscape, cityscape, underwater, letterboxed, pillarboxed, multiple
    monochrome"""
)
# Of groups of the scenery: what only a person or a thing has.
_OF_SUBJECTS = words(
    """silhouette, aura, dark aura, blue aura, red aura, shaded face, dark persona, light blush,
    laser, magic circle, energy ball, energy beam, flashlight, shiny clothes, colored skin,
    alternate color, chibi, chibi only, reference sheet, expression chart, character chart,
    expressions, ff gradient, eye color connection, hair color connection"""
)


def is_everywhere(name: str, category: str, vocabulary: Vocabulary | None = None) -> bool:
    """Whether a tag (canonical name, category as in classify.Entry) is true of every cut-out."""
    if category in _EVERYWHERE or name.startswith("embedding:"):
        return True
    if category not in ("general", "unknown") or name in _OF_SUBJECTS:
        return False
    if any(name in table for table in (TIMES, WEATHER, WHERE, SKY_THINGS, _LENS)):
        return True
    tag = vocabulary.lookup(name) if vocabulary is not None else None
    group = tag.group if tag is not None else general_groups().get(name, "")
    if not group and name.startswith("glowing "):
        return False
    group = group or head_group(name, general_groups())
    if not group:
        return is_style(name)
    return group in _SCENERY and not (group == "light" and name.startswith("glowing "))
