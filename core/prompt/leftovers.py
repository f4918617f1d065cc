"""What a composed prompt leaves out, keeps as written or says otherwise: a note for each.

Nothing that a user filled in is lost without one. Composes nothing itself (see levels).
"""

import re

from ..vocabulary.tag import Vocabulary
from .build import OWN_FIELDS, Picture
from .english import title_name
from .fields import read_field, split_items
from .loose import Worded
from .prose import unsaid

_FIELDS = ("character", "series", "general", "scene", "camera", "style", "artist")
_WORDED = (*_FIELDS, "persons")
_MARKS = ("rating", "score", "year")
_ROUND = re.compile(r"(?<!\\)[()]")
_PHRASE = 4  # words; shorter items are tags
_QUALIFIER = re.compile(r"\(([^()]*)\)")


def escape_brackets(text: str) -> str:
    r"""Composed text with its round brackets escaped: a name in it is no emphasis."""
    return _ROUND.sub(r"\\\g<0>", text)


def texts(picture: Picture) -> list[str]:
    """Every field with tags, the cards' first."""
    cards = [
        getattr(card, name) for card in picture.cards for name in ("name", "series", *OWN_FIELDS)
    ]
    return [*cards, *(getattr(picture, name) for name in (*_WORDED, *_MARKS))]


def comment_notes(picture: Picture) -> list[str]:
    """Comments, which no section takes; a field with BREAK stays whole and keeps its own."""
    fields = [read_field(text) for text in texts(picture)]
    left = [comment for field in fields if not field.keywords for comment in field.comments]
    return [f"{comment}: left out, a comment is no part of the picture" for comment in left]


def merge_notes(picture: Picture, sections: dict[str, list[str]]) -> list[str]:
    """Items that are in no section, because another card or field says the same."""
    printed = {item for items in sections.values() for item in items}
    counted = ", ".join(sections.get("person count", ()))
    notes = [
        f"{shown}: left out, with the characters it is {counted}"
        for _, shown in split_items(picture.persons)
        if shown not in printed
    ]
    for text in texts(picture):
        for name, shown in split_items(text):
            if shown not in printed and text != picture.persons:
                said = next((one for one in printed if name in _names(one)), "")
                notes.append(f"{shown}: said once, as {said or name}")
    return list(dict.fromkeys(notes))


def _names(text: str) -> list[str]:
    return [name for name, _ in split_items(text)]


def machinery(picture: Picture) -> list[str]:
    """Networks, embeddings, wildcards, choices and schedules as written: they are no words."""
    items = (item for text in texts(picture) for item in read_field(text).items)
    return list(dict.fromkeys(item.printed for item in items if not item.is_plain))


def phrases(said: Worded, vocabulary: Vocabulary | None) -> list[str]:
    """Descriptive phrases that no sentence words: they are words already, prose can take them."""
    unknown = (text for text in unsaid(said) if text.count(" ") >= _PHRASE - 1)
    return [text for text in unknown if vocabulary is None or vocabulary.lookup(text) is None]


def prose_notes(
    picture: Picture, said: Worded, sections: dict[str, list[str]], kept: list[str]
) -> list[str]:
    """What prose alone does not say; `kept` stands behind it as written."""
    notes = []
    if left := ", ".join(text for text in unsaid(said) if text not in kept):
        notes.append(f"{left}: left out, there is no wording for it")
    notes += [
        f"{name} {', '.join(sections[name])}: left out, it has no natural wording"
        for name in _MARKS
        if name in sections
    ]
    fields = [read_field(text) for text in texts(picture)]
    plain = [item for field in fields for item in field.items if item.is_plain]
    if weighted := ", ".join(item.printed for item in plain if item.weight != 1.0):
        notes.append(f"{weighted}: said without the weight, sentences have none")
    if keywords := ", ".join(dict.fromkeys(word for field in fields for word in field.keywords)):
        notes.append(f"{keywords}: left out, the sentences are one text")
    if kept:
        notes.append(f"{', '.join(kept)}: kept as written behind the sentences")
    return notes + _name_notes(picture, said)


def _name_notes(picture: Picture, said: Worded) -> list[str]:
    """Names that lose a qualifier which is not the series."""
    return [
        f"{person.name}: said as {title_name(person.name)}"
        for person in said.persons
        if (found := _QUALIFIER.search(person.name)) and found[1] != person.series
    ]
