"""Reads one field of the builder: its items with their weights, and what stands between them.

A field is prompt text. Shared by the tag list (see build) and the sentences (see prose), so that
both speak of the same items. Does not know tags.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from ..vocabulary.names import canonical, visible
from .parse import parse
from .parts import ATOMS
from .render import chain, closing
from .sentences import ends_sentence

_ENDS = " \t\r\n\f\v\u3000,，、"
# "watercolor (medium)": a name with a qualifier, which in a tag field is no emphasis.
# "(nier:automata)" is one too, "(smile:1.2)" is a weight.
_QUALIFIED = re.compile(r"[^()\[\]{}|\\]+ \((?![^()]*:[-+.\d ]+\))[^()\[\]{}|\\]+\)")
_DYNAMIC = re.compile(r"[{}|<>\[\]]|__")  # in an item that is more than one tag


class FieldItem(NamedTuple):
    """One item. name: canonical, for comparing. text: as written, without brackets around it.

    printed: with its own weight brackets, `before` and `after`. kind: as in parts. weight: of the
    item, 1.0 without brackets.
    """

    name: str
    text: str
    printed: str
    kind: str
    weight: float
    before: str
    after: str

    @property
    def is_plain(self) -> bool:
        """Whether it is words: no network, embedding, wildcard, choice or schedule."""
        if self.kind == "mixed":
            return not _DYNAMIC.search(self.text)
        return self.kind in ("tag", "sentence")

    def printed_as(self, name: str) -> str:
        """Another name in the brackets of this item."""
        return f"{self.before}{name}{self.after}"


class Field(NamedTuple):
    """The items of a field; keywords and comments as written, in order."""

    items: tuple[FieldItem, ...]
    keywords: tuple[str, ...]
    comments: tuple[str, ...]


@lru_cache(maxsize=512)
def read_field(text: str) -> Field:
    """The items of a field, BREAK and other keywords apart."""
    prompt = parse(text)
    weights = prompt.weights()
    items, keywords, comments = [], [], []
    for part in prompt.parts:
        if part.kind == "keyword":
            keywords.append(part.text)
        elif part.kind == "comment":
            comments.append(part.text)
        elif part.kind in ATOMS:
            path = chain(prompt.groups, part.group)
            plain = visible(part.text)
            shown = escape_name(plain) if _QUALIFIED.fullmatch(plain) else plain
            before = printed = "".join(prompt.groups[group].opening for group in path)
            printed += shown
            for group in reversed(path):
                printed += closing(prompt.groups[group], printed)
            weight = weights[part.group] if part.group >= 0 else 1.0
            after = printed[len(before) + len(shown) :]
            items.append(
                FieldItem(canonical(plain), plain, printed, part.kind, weight, before, after)
            )
    return Field(tuple(items), tuple(keywords), tuple(comments))


def split_items(text: str) -> list[tuple[str, str]]:
    """(name, printed) of each item of a field; printed carries the item's own weight brackets.

    With keywords such as BREAK inside, the field is one item: what stands between them stays there.
    """
    field = read_field(text)
    if field.keywords:
        whole = field_text(text)
        return [(whole, whole)]
    return [(item.name, item.printed) for item in field.items]


def plain_names(text: str) -> list[str]:
    """The names of a field's items that are words, each once."""
    return list(dict.fromkeys(item.name for item in read_field(text).items if item.is_plain))


def escape_name(name: str) -> str:
    r"""A name with its round brackets escaped: "miku (append)" -> "miku \(append\)"."""
    bare = name.replace("\\(", "(").replace("\\)", ")").strip()
    return bare.replace("(", "\\(").replace(")", "\\)")


def field_text(field: str | Iterable[str]) -> str:
    """A field as prompt text without separators at its ends."""
    text = field if isinstance(field, str) else joined(item for item in field if item.strip())
    return text.strip(_ENDS)


def joined(pieces: Iterable[str]) -> str:
    """Pieces of prompt text in a row; behind a full stop a space is enough.

    Not behind ? and !, which end titles as well: "is the order a rabbit?".
    """
    out, last = "", ""
    for piece in filter(None, pieces):
        stops = last[-1:] not in ("?", "!") and ends_sentence(last) if last else False
        joiner = " " if stops and piece[0] not in "([{" else ", "
        out, last = out + joiner + piece if out else piece, piece
    return out
