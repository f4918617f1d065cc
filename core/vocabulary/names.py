"""Canonical spelling of tag names: lower case, single spaces, no escapes, nothing invisible.

Does not know which names exist. Danbooru stores `long_hair` and `^_^`; prompts write `long hair`
and `^_^`, so an underscore is a space except where it is a mouth (Danbooru, tag group "Emoticons").
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("data")

# Signs without a shape that web pages and chats leave in copied text: soft hyphen, zero-width
# spaces and joiners, marks of writing direction, byte order mark (Unicode 16, category Cf).
INVISIBLE = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
# Joiners between two letters that are not ASCII belong to the writing (Persian, Hindi, emoji).
_UNSEEN = re.compile(
    rf"(?![\u200c\u200d])[{INVISIBLE}]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_ESCAPED = re.compile(r"\\([()\[\]{}])")
# A mouth between signs that hold no letter: ^_^ >_< =_=. Faces with letters (o_o) are listed by
# name, because an artist may be called `m_k`.
_FACE = re.compile(r"[^\w\s]+_+[^\w\s]+")
# Pony's control words are one word to its tokenizer and are written with underscores everywhere.
_UNDERSCORED = re.compile(
    r"score_\d(_up)?|rating_(safe|questionable|explicit)|source_(anime|cartoon|furry|pony)"
)


def is_control_word(name: str) -> bool:
    """True for the control words of Pony, which no other family was trained on."""
    return bool(_UNDERSCORED.fullmatch(name))


def visible(text: str) -> str:
    """The text without signs that have no shape."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def invisible(text: str) -> str:
    """The signs of a text that have no shape."""
    return "" if text.isascii() else "".join(_UNSEEN.findall(text))


def sign_names(signs: str) -> str:
    """Signs as people can look them up, each once: "U+200B zero width space"."""
    names = (f"U+{ord(s):04X} {unicodedata.name(s, 'unnamed').lower()}" for s in signs)
    return ", ".join(dict.fromkeys(names))


@cache
def emoticons() -> frozenset[str]:
    """Tags that are drawings in characters, in canonical spelling (data/emoticons.txt)."""
    text = (DATA / "emoticons.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(w for line in lines if not line.startswith("# ") for w in line.split())


def is_emoticon(text: str) -> bool:
    """True for a known emoticon tag, or signs joined by `_` without a letter."""
    if text in emoticons():
        return True
    return "_" in text and not text[0].isalnum() and bool(_FACE.fullmatch(text))


def canonical(text: str) -> str:
    """The canonical spelling of one tag as typed, pasted or stored by a booru.

    `Doctor_\\(Arknights\\)` -> `doctor (arknights)`; `>_<` and `\\o/` stay as they are.
    """
    name = visible(text).strip().lower()
    if "\\" in name and (face := _ESCAPED.sub(r"\1", name)) in emoticons():
        return name if name in emoticons() else face
    if "_" in name and (
        is_emoticon(name)
        or (name.startswith(("score", "rating", "source")) and _UNDERSCORED.fullmatch(name))
    ):
        return name
    if "\\" in name:
        if is_emoticon(name):
            return name
        name = _ESCAPED.sub(r"\1", name)
        if is_emoticon(name):
            return name
    return " ".join(name.replace("_", " ").split())
