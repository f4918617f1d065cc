"""Canonical spelling of tag names: lower case, single spaces, no escapes.

Does not know which names exist. Danbooru stores `long_hair` and `^_^`; prompts write `long hair`
and `^_^`, so an underscore is a space except where it is a mouth (Danbooru, tag group "Emoticons").
"""

import re
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("data")

_ESCAPED = re.compile(r"\\([()\[\]{}])")
# A mouth between signs that hold no letter: ^_^ >_< =_=. Faces with letters (o_o) are listed by
# name, because an artist may be called `m_k`.
_FACE = re.compile(r"[^\w\s]+_+[^\w\s]+")
# Pony's control words are one word to its tokenizer and are written with underscores everywhere.
_UNDERSCORED = re.compile(
    r"score_\d(_up)?|rating_(safe|questionable|explicit)|source_(anime|cartoon|furry|pony)"
)


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
    name = text.strip().lower()
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
