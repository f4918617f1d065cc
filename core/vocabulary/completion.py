"""Completion of typed text: what counts as a match, and a plain search over a small table.

Does not know where tags come from; query.py asks an index the same questions.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from .layout import OPEN
from .names import canonical
from .tag import CATEGORIES, Tag

MOST = 100  # results of one search
_WORDS = re.compile(r"[^\W_]+")
_READABLE = re.compile(r"[^\W_]{2}")


class Found(NamedTuple):
    """One completion; `alias` is the spelling that matched when the name itself did not."""

    name: str
    category: str
    group: str
    count: int | None
    alias: str = ""


class Typed(NamedTuple):
    """What is being typed: words to start words with, or else the `signs` that start the name."""

    words: tuple[str, ...]
    whole: bool  # the last word is finished
    signs: str


def typed(text: str) -> Typed:
    """Words of the text; or its signs, when no two letters stand together (`:d`, `^_`)."""
    signs = text.strip()
    if not signs:
        return Typed((), False, "")
    if _READABLE.search(text) or signs.isalnum():
        return Typed(tuple(_WORDS.findall(text.lower())), not text[-1].isalnum(), "")
    return Typed((), False, canonical(signs))


def is_offered(category: str, group: str, count: int | None, meanings: Sequence[str]) -> bool:
    """Whether completion may offer a name: not if it is only an ambiguous word or alias."""
    return category not in OPEN or bool(group) or count is not None or not meanings


def wanted(limit: int, categories: Sequence[str]) -> tuple[int, tuple[str, ...]]:
    """The limit within 0 ... 100 and the categories (all when empty), checked."""
    if unknown := [category for category in categories if category not in CATEGORIES]:
        raise ValueError(f"no tag category {unknown[0]!r}; use some of: {', '.join(CATEGORIES)}.")
    return max(0, min(limit, MOST)), tuple(categories or CATEGORIES)


@lru_cache(16_384)
def _parts(name: str) -> tuple[str, ...]:
    """The words of a name; a small table is asked again with every key."""
    return tuple(_WORDS.findall(name.lower()))


def starts(name: str, words: Iterable[str], whole: bool = False) -> bool:
    """True when every typed word starts some word of the name (the last, if whole, is one)."""
    parts = _parts(name)
    *first, last = words
    return all(any(part.startswith(word) for part in parts) for word in first) and (
        last in parts if whole else any(part.startswith(last) for part in parts)
    )


def found(tag: Tag, query: Typed) -> Found:
    """The completion of a tag, with the alias through which the typed words found it."""
    alias = ""
    if query.words and not starts(tag.name, query.words, query.whole):
        matching = (a for a in tag.aliases if starts(a, query.words, query.whole))
        alias = next(matching, "")
    return Found(tag.name, tag.category, tag.group, tag.count, alias)


def search(
    tags: Iterable[Tag], text: str, limit: int = 20, categories: Sequence[str] = ()
) -> list[Found]:
    """Matches among a small number of tags, in their order. See IndexedVocabulary.search."""
    limit, categories = wanted(limit, categories)
    query = typed(text)
    matches = [tag for tag in tags if tag.category in categories and _matches(tag, query)]
    return [found(tag, query) for tag in full_name_first(matches, text)[:limit]]


def full_name_first(matches: list[Tag], text: str) -> list[Tag]:
    """The matches in their order, but first the tag whose whole name is typed."""
    name = canonical(text)
    return sorted(matches, key=lambda tag: tag.name != name)


def _matches(tag: Tag, query: Typed) -> bool:
    if query.words:
        return any(starts(name, query.words, query.whole) for name in (tag.name, *tag.aliases))
    return bool(query.signs) and tag.name.startswith(query.signs)
