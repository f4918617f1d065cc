"""Suggestions for a name that nobody knows; none rather than an absurd one.

In this order, and the first that has an answer gives it: what people write for a tag
(data/suggestions.txt), a slip of the keyboard, the name with its qualifier (`photo (medium)`), the
tags that a phrase is made of (`long blonde hair`), the kinds of a thing (`sleeves`).
Does not know where tags are kept: a Shelf asks for them.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from . import spelling
from .names import DATA
from .tables import arrows
from .tag import Tag

_LONG_NAME = 12  # letters of a name that is near to no other by chance
_SHORT_NAME = 4  # a shorter word is no name that lacks its qualifier, but for codes such as 2b
_MOST_WORDS = 8
_PARTS = ("general", "person count", "framing", "character", "copyright")
_SMALL_WORDS = frozenset(
    ("a", "an", "and", "at", "by", "her", "his", "in", "of", "on", "the", "to", "with")
)


class Shelf(NamedTuple):
    """Questions to one vocabulary; lists come with the most used first.

    lookup: the tag of a canonical name or alias. common: whether a tag is one of the well-known.
    near: tags that share a deletion with a squashed name. starting: tags whose name begins so.
    ending: general tags with that last word.
    """

    lookup: Callable[[str], Tag | None]
    common: Callable[[Tag], bool]
    near: Callable[[str], list[Tag]]
    starting: Callable[[str], list[Tag]]
    ending: Callable[[str], list[Tag]]


@cache
def phrases() -> dict[str, tuple[str, ...]]:
    """What people write -> the tags that they mean."""
    found: dict[str, tuple[str, ...]] = {}
    for left, right in arrows(DATA / "suggestions.txt"):
        for phrase in right:
            found[phrase] = (*found.get(phrase, ()), *left.split(", "))
    return found


def suggest(name: str, limit: int, shelf: Shelf) -> list[Tag]:
    """Known tags for a canonical name that is none, best first."""
    ways = (_by_table, _by_spelling, _by_qualifier, _by_parts, _by_noun)
    found = (way(name, shelf) for way in ways)
    tags = next((tags for tags in found if tags), [])
    return list({tag.name: tag for tag in tags if tag.name != name}.values())[:limit]


def _by_table(name: str, shelf: Shelf) -> list[Tag]:
    first, _, rest = name.partition(" ")
    meant = phrases().get(rest if first in ("a", "an", "the") else name, ())
    return [tag for one in meant if (tag := shelf.lookup(one))]


def _by_spelling(name: str, shelf: Shelf) -> list[Tag]:
    """Tags one slip away; short names are near to much, so only to well-known ones."""
    squashed = spelling.squash(name)
    if not 2 < len(squashed) <= spelling.MAX_SQUASHED:
        return []
    near = {tag.name: tag for tag in shelf.near(squashed)}
    nearest = [near[found] for found in spelling.nearest(name, near)]
    return [tag for tag in nearest if _meant_by(squashed, tag, shelf)]


def _meant_by(squashed: str, tag: Tag, shelf: Shelf) -> bool:
    """Whether a tag is known well enough for the length of a name; nobody types rare artists."""
    least = _LONG_NAME if tag.category in ("artist", "meta") else spelling.LONG
    return len(squashed) >= least or shelf.common(tag)


def _by_qualifier(name: str, shelf: Shelf) -> list[Tag]:
    """`photo (medium)` for `photo`."""
    if len(name) < _SHORT_NAME and not any(char.isdigit() for char in name):
        return []
    found = shelf.starting(f"{name} (")
    return [tag for tag in found if tag.category != "artist" and shelf.common(tag)]


def _by_parts(name: str, shelf: Shelf) -> list[Tag]:
    """The tags that a phrase is made of: all of it, else the longest ones in it."""
    words = name.split()
    if not 1 < len(words) <= _MOST_WORDS:
        return []
    whole = _cover(words, shelf)
    if whole:
        return whole
    tags = {tag.name: tag for tag in _phrases(words, shelf)}
    inside = [n for n in tags if any(n != other and _within(n, other) for other in tags)]
    return [tag for tag in tags.values() if tag.name not in inside]


def _cover(words: list[str], shelf: Shelf) -> list[Tag]:
    """The fewest known tags that make up all words, small words aside; [] if none do."""
    ways: list[list[Tag] | None] = [[]]
    for end in range(1, len(words) + 1):
        best = ways[end - 1] if words[end - 1] in _SMALL_WORDS else None
        for start in range(end):
            before = ways[start]
            if before is None or (best is not None and len(before) >= len(best)):
                continue
            if tag := _part(" ".join(words[start:end]), shelf):
                best = [*before, tag]
        ways.append(best)
    return ways[-1] or []


def _phrases(words: list[str], shelf: Shelf) -> Iterator[Tag]:
    """Known tags of two words or more in a phrase: runs of words, an adjective with the noun."""
    for size in range(len(words) - 1, 1, -1):
        for start in range(len(words) - size + 1):
            if tag := _part(" ".join(words[start : start + size]), shelf):
                yield tag
    for size in (2, 1):
        for start in range(len(words) - 1 - size):
            if tag := _part(" ".join([*words[start : start + size], words[-1]]), shelf):
                yield tag


def _part(phrase: str, shelf: Shelf) -> Tag | None:
    """The well-known tag of a phrase, or the one that people mean by it."""
    tag = shelf.lookup(phrase) or next(iter(_by_table(phrase, shelf)), None)
    known = tag is not None and tag.category in _PARTS and shelf.common(tag)
    return tag if known and not tag.meanings else None


def _within(name: str, other: str) -> bool:
    return f" {name} " in f" {other} "


def _by_noun(name: str, shelf: Shelf) -> list[Tag]:
    """The tags that say which of a thing it is, when there are several: `long sleeves`."""
    if " " in name or not name.isalpha():
        return []
    found = [tag for tag in shelf.ending(name) if tag.name.count(" ") == 1 and shelf.common(tag)]
    return found if len(found) > 2 else []
