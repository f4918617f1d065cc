"""The text form in which TIPO is asked and answers (arXiv 2411.08127, section 3).

A request is lines of `field: value`, then `target: <|length|> <|task|>`, then the fields that the
task names; the model goes on behind the last one. Pure text: no model, no judgement of the answer.

The words of the fields, lengths and tasks are those that KGen 0.3.1 (Apache-2.0, the package
tipo-kgen) sends; the numbers of its lengths are those that its authors publish in the README of
z-tipo-extension.
"""

from types import MappingProxyType
from typing import NamedTuple


class Length(NamedTuple):
    """How long a result shall be: the model's word, (least, most) tags, most sentences."""

    word: str
    tags: tuple[int, int]
    sentences: int


LENGTHS = MappingProxyType(
    {
        "very short": Length("very_short", (6, 17), 2),
        "short": Length("short", (18, 35), 4),
        "long": Length("long", (36, 53), 6),
        "very long": Length("very_long", (54, 72), 8),
    }
)
# Danbooru's ratings in the words of TIPO's training data.
RATINGS = MappingProxyType(
    {
        "general": "safe",
        "sensitive": "sensitive",
        "questionable": "nsfw",
        "explicit": "nsfw, explicit",
    }
)
# Score and period words that TIPO was trained on; others would be noise to it.
QUALITY = frozenset(
    (
        *("masterpiece", "best quality", "great quality", "good quality", "normal quality"),
        *("low quality", "worse quality", "very aesthetic", "aesthetic", "displeasing"),
        *("very displeasing", "newest", "recent", "mid", "early", "old"),
    )
)
_EMPTY = "<|empty|>"


class Fields(NamedTuple):
    """What a prompt says, as plain names (lower case, spaces) by TIPO's fields."""

    rating: str = "general"
    artist: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()
    copyrights: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
    meta: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sentence: str = ""


def tags_request(fields: Fields, length: Length) -> str:
    """Asks for more tags. The answer goes on behind the last tag."""
    task = " <|short_to_tag|>" if fields.sentence else ""
    lines = [*_head(fields), f"target: <|{length.word}|>{task}"]
    if fields.sentence:
        lines.append(f"short: {_line(fields.sentence)}")
    lines.append(f"tag: {', '.join(fields.tags)}".rstrip())
    return "\n".join(lines)


def sentence_request(fields: Fields, length: Length) -> str:
    """Asks for a description of what the tags (and the sentence that is there) say."""
    task = "short_to_tag_to_long" if fields.sentence else "tag_to_long"
    lines = [*_head(fields), f"target: <|{length.word}|> <|{task}|>"]
    if fields.sentence:
        lines.append(f"short: {_line(fields.sentence)}")
    lines += [f"tag: {', '.join(fields.tags)}".rstrip(), "long:"]
    return "\n".join(lines)


def read_tags(answer: str, last: str) -> list[str]:
    """The tags of an answer to `tags_request`. `last`: the last tag asked with, which the model may
    have gone on with: " focus, smile" behind "solo" is "solo focus" and "smile".
    """
    first, *rest = answer.partition("\n")[0].split(",")
    first = f"{last}{first}" if last and first.strip() else first
    return [name for piece in (first, *rest) if (name := piece.strip()) and "<|" not in name]


def read_sentence(answer: str) -> str:
    """The text of an answer to `sentence_request`, "" for none."""
    text = " ".join(answer.partition("\n")[0].split())
    return "" if _EMPTY in text else text


def _head(fields: Fields) -> list[str]:
    named = {
        "meta": ", ".join(fields.meta),
        "rating": RATINGS[fields.rating],
        "artist": ", ".join(fields.artist),
        "characters": ", ".join(fields.characters),
        "copyrights": ", ".join(fields.copyrights),
        "quality": ", ".join(name for name in fields.quality if name in QUALITY),
    }
    return [f"{name}: {value}" for name, value in named.items() if value]


def _line(text: str) -> str:
    """One line: a line break would begin another field."""
    return " ".join(text.split())
