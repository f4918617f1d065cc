"""The value types of the vocabulary: what is known about one tag, and the closed lists of kinds.

Does not hold any tag data (see the tables beside this file) and does no look-up.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

# Classes that decide the section of a caption: Danbooru's categories and the paper's sections
# (arXiv 2409.19946, section 3.1.2, Tables 3 and 4); `framing` is split from general because the
# v0.1 card asks for one framing tag only.
CATEGORIES = (
    "person count",  # 1girl, 2boys, multiple others, no humans
    "character",
    "copyright",
    "rating",  # general, sensitive, questionable, explicit
    "general",
    "framing",  # portrait, upper body, cowboy shot, full body ...
    "artist",
    "score",  # worst quality ... masterpiece
    "year",  # oldest ... newest, year 2023
    "quality",  # lowres, highres, absurdres, jpeg artifacts: not scores, not content
    "meta",
)

# Semantic groups of general tags.
GROUPS = (
    "hair",
    "eyes",
    "face",
    "body",
    "clothing",
    "accessory",
    "expression",
    "pose",
    "action",
    "interaction",
    "camera",
    "light",
    "color",
    "background",
    "place",
    "nature",
    "animal",
    "food",
    "object",
    "vehicle",
    "weapon",
    "style",
    "text",
    "creature",  # ears, tails, wings, horns, and the kinds of beings that have them
    "number",  # multiple views, duo framing of content ... that is no person count
)


class Tag(NamedTuple):
    """One tag under its canonical name (lower case, spaces, no escapes).

    `count` is the post count where a source gives one. `implies` lists direct implications.
    `trained_as` is the name that older models learned when the tag was renamed since (else "").
    `meanings` has two or more entries when the name is ambiguous. `origin` names the source.
    """

    name: str
    category: str
    group: str = ""
    count: int | None = None
    aliases: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    trained_as: str = ""
    deprecated: bool = False
    meanings: tuple[str, ...] = ()
    origin: str = "curated"


class Vocabulary(Protocol):
    """What the prompt library needs from any vocabulary: the curated tables, or the full index."""

    def lookup(self, name: str) -> Tag | None:
        """The tag of that canonical name or alias (lower case, spaces), or None."""

    def category(self, name: str) -> str | None:
        """The category of what `lookup` finds, or None; cheaper, for captions by the thousand."""

    def contradictions(self, names: Iterable[str]) -> list:
        """Pairs (one, other, reason, weak) of canonical names that do not fit together."""

    def nearest(self, name: str, limit: int = 3) -> list[Tag]:
        """Known tags closest in spelling to an unknown name, best first."""
