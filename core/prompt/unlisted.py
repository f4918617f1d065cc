"""Looks at items that no list knows: lone brackets, other scripts, typos, words of other models.

Finds what the writing itself tells; what tags mean is checked by lint.
"""

import re
from collections.abc import Iterator

from ..vocabulary.names import is_control_word
from .classify import Entry, Reader
from .lexer import OPENERS
from .render import Item
from .warning import PromptWarning

_BARE_WEIGHT = re.compile(r"([^:()]+):\s*([01]?\.\d+|1)")
_BRACKETS = re.compile(r"(?<!\\)[()\[\]{}]")
_WORD = re.compile(r"[^\W\d_]{2}")  # emoticons have brackets of their own
_FOREIGN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # Japanese, Chinese, Korean
_MOST_SHOWN = 40  # characters of a sentence that a warning names


def check_script(segments: list[list[Item]]) -> Iterator[PromptWarning]:
    """One warning for all that is not written in English: often it is the whole prompt."""
    foreign = (item for items in segments for item in items if _is_foreign(item))
    for item in foreign:
        why = "captions are English, and a text encoder knows little of this script"
        name = _short(item.entry.name)
        yield PromptWarning("unknown", name, why, "write it in English, or as tags")
        return


def check_unlisted(item: Item, reader: Reader) -> Iterator[PromptWarning]:
    """What is wrong with an item that is no tag, as far as its writing tells."""
    entry, kind = item.entry, item.part.kind
    if kind in ("tag", "mixed") and _WORD.search(entry.text):
        if bracket := _unpaired(item.part.text):
            why = f"a {bracket} without its partner is read as text"
            yield PromptWarning("syntax", entry.name, why, f"close it, or write \\{bracket}")
        elif found := _BARE_WEIGHT.fullmatch(entry.text):
            why = "a weight without brackets is read as text"
            yield PromptWarning("weight", entry.text, why, f"write ({found[1].strip()}:{found[2]})")
    if entry.category == "unknown" and is_control_word(entry.name):
        why = f"a control word of Pony; {reader.profile.title} was not trained on it"
        yield PromptWarning("untrained", entry.name, why, "leave it out")


def is_unknown(item: Item, reader: Reader) -> bool:
    return (
        reader.vocabulary is not None
        and item.part.kind == "tag"
        and item.entry.category == "unknown"
        and any(char.isalpha() for char in item.entry.name)
        and not _is_foreign(item)
    )


def unknown(entry: Entry, reader: Reader, search: bool) -> PromptWarning:
    near = [tag.name for tag in reader.vocabulary.nearest(entry.name)] if search else []
    remedy = "check the spelling; what is no tag is read as plain words"
    if near:
        remedy = f"did you mean {', '.join(near)}?"
    return PromptWarning("unknown", entry.name, "no known tag has this name", remedy)


def _is_foreign(item: Item) -> bool:
    """Whether an item that is no known name is Japanese, Chinese or Korean."""
    wording = item.part.kind in ("tag", "sentence") and item.entry.tag is None
    return wording and bool(_FOREIGN.search(item.entry.name))


def _unpaired(text: str) -> str:
    """The first bracket of an item that has no partner in it, "" for none."""
    waiting: list[str] = []
    for bracket in _BRACKETS.findall(text):
        if bracket in OPENERS:
            waiting.append(bracket)
        elif not waiting or OPENERS[waiting.pop()] != bracket:
            return bracket
    return waiting[0] if waiting else ""


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN].rstrip()} ..."
