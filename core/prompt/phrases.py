"""Turns tags into pieces of English sentences: looks, clothes, actions, moods, places, views,
styles.

Rules by the shape of a tag come first where they suffice; the tables hold the exceptions. Writes no
whole sentences (see prose).
"""

import re
from typing import NamedTuple

from .english import is_plural, many, noun_phrase, pronouns
from .parse import parse
from .phrase_tables import (
    ACTIONS,
    FEATURES,
    HAIR_COLORS,
    KINDS,
    LENGTHS,
    MOODS,
    POSITIONS,
    ROOMS,
    SCENES,
    STATES,
    STYLES,
    TIED,
    VIEWS,
)

_ESCAPED = re.compile(r"\\([()])")
_QUALIFIER = re.compile(r"\s*\([^()]*\)\Z")

_UNSAID = frozenset(("solo", "no humans", "1girl", "1boy", "1other", "general"))
_PARTS = re.compile(r"(?:hands?|arms?|legs?|heads?|foot|feet|fingers?|knees?|eyes?|face|mouth)\b")
_PREPOSITION = re.compile(
    r"(.*? (?:at|on|in|to|towards|with|over|under|behind|against|by|into|onto|from|around|through))"
    r" (.+)"
)
_ADVERBS = frozenset(
    (
        *("up", "down", "back", "away", "forward", "ahead", "aside", "outside", "inside", "alone"),
        *("together", "upright", "still", "afar", "side by side", "back-to-back", "over", "out"),
    )
)


def plain_tags(field: str) -> list[str]:
    """The tags of a field as plain words: no weights, escapes, networks or dynamic parts."""
    tags = [
        " ".join(_ESCAPED.sub(r"\1", part.text).replace("_", " ").lower().split())
        for part in parse(field).atoms
        if part.kind in ("tag", "sentence") or (part.kind == "mixed" and "{" not in part.text)
    ]
    return [tag for tag in dict.fromkeys(tags) if tag not in _UNSAID]


class Looks(NamedTuple):
    """Core tags by use: after "with", after "wearing", after "is", and what kind of person."""

    having: list[str]
    worn: list[str]
    states: list[str]
    kind: str


def looks(tags: list[str], plural: bool = False) -> Looks:
    """A person's core tags by use (worn stays tags, see clothes); plural for several."""
    hair = [tag for tag in tags if tag.endswith(" hair") or tag in TIED]
    having = [hair_phrase(hair)] if hair else []
    eyes = [tag.removesuffix(" eyes") for tag in tags if tag.endswith(" eyes")]
    if eyes:
        having.append(f"{' '.join(eyes)} eyes")
    worn, states, kind = [], [], ""
    for tag in tags:
        if tag in hair or tag.endswith(" eyes"):
            continue
        if tag in STATES:
            states.append(STATES[tag])
        elif not kind and (tag in KINDS or re.fullmatch(r".+ (?:girl|boy|woman|man)", tag)):
            kind = tag
        elif FEATURES.fullmatch(tag) or FEATURES.fullmatch(tag.rsplit(" ", 1)[-1]):
            plain = _QUALIFIER.sub("", tag)
            having.append(many(plain) if plural else noun_phrase(plain))
        else:
            worn.append(tag)
    return Looks(having, worn, states, kind)


def hair_phrase(tags: list[str]) -> str:
    """["blonde hair", "long hair", "twintails"] -> "long blonde hair in twintails"."""
    described = [tag.removesuffix(" hair") for tag in tags if tag.endswith(" hair")]
    tied = [tag for tag in tags if tag in TIED]
    lengths = [word for word in described if word in LENGTHS]
    colors = [word for word in described if word in HAIR_COLORS]
    others = [word for word in described if word not in lengths and word not in colors]
    phrase = " ".join([*lengths, *others, *colors, "hair"])
    if tied:
        phrase += " in " + " and ".join(noun_phrase(tag) for tag in tied)
    return phrase


def clothes(tags: list[str], plural: bool = False) -> list[str]:
    """Noun phrases that follow "wearing"."""
    plain = [_QUALIFIER.sub("", tag.removeprefix("wearing ")) for tag in tags]
    return [many(tag) if plural else noun_phrase(tag) for tag in plain]


def action(tag: str, person: str) -> str:
    """A phrase that follows "is": "holding an umbrella", "with her arms up"."""
    their = pronouns(person)[1]
    if tag in ACTIONS:
        return ACTIONS[tag].format(their=their)
    words = re.sub(r"\bown\b", their, tag)
    words = re.sub(r"(?<!the )\bviewer\b", "the viewer", words)
    first = words.split(" ", 1)[0]
    if _PARTS.match(words):
        return "with " + _body_part(words, their)
    if first.endswith("ing"):
        return _with_object(words)
    if re.match(r"(?:in|on|at|by|with|under|behind|against|between) ", words):
        return words
    return f"with {noun_phrase(words)}"


def _body_part(words: str, their: str) -> str:
    """ "arms up" -> "her arms up", "hand on her hip" -> "a hand on her hip"."""
    words = re.sub(r"\bbehind back\b", f"behind {their} back", words)
    words = re.sub(r"\bbehind head\b", f"behind {their} head", words)
    if re.match(r"\w+ (?:on|in|to|between|over) ", words):
        return noun_phrase(words)
    return f"{their} {words}"


def _with_object(words: str) -> str:
    """A participle with its object: "holding umbrella" -> "holding an umbrella"."""
    found = _PREPOSITION.fullmatch(words)
    if found:
        head, rest = found[1], found[2]
        verb, space, thing = head.partition(" ")
        middle = thing.rsplit(" ", 1)
        if space and len(middle) == 2:
            head = f"{verb} {noun_phrase(middle[0])} {middle[1]}"
        return f"{head} {rest if rest in _ADVERBS else noun_phrase(rest)}"
    verb, space, rest = words.partition(" ")
    return words if not space or rest in _ADVERBS else f"{verb} {noun_phrase(rest)}"


def mood(tag: str) -> str:
    """A phrase that follows "is": "smiling", "with an open mouth", "looking sad"."""
    if tag in MOODS:
        return MOODS[tag]
    if tag.split(" ", 1)[0].endswith("ing") or tag.startswith(("with ", "in ")):
        return tag
    if tag.split(" ")[-1] in ("mouth", "eyes", "teeth", "face", "lips", "eye", "eyebrows", "smile"):
        return f"with {noun_phrase(tag)}"
    return f"looking {tag}"


def place(tag: str) -> str:
    """A phrase that says where or when."""
    if tag in SCENES:
        return SCENES[tag]
    if tag.endswith(" background"):
        return f"against {noun_phrase(tag)}"
    if tag.endswith(" sky"):
        return f"under {noun_phrase(tag)}"
    plain = _QUALIFIER.sub("", tag)
    if re.match(r"(?:in|on|at|by|with|under|behind|against|between|among|inside|near) ", plain):
        return plain
    if ROOMS.fullmatch(plain):
        return f"in {noun_phrase(plain)}"
    return f"with {noun_phrase(plain)} in the scene"


def view(tag: str) -> str:
    """A phrase on camera and light that follows "is"."""
    if tag in VIEWS:
        return VIEWS[tag]
    if tag.startswith("from "):
        return f"seen {tag}"
    return (
        tag if tag.startswith(("seen ", "shown ", "with ", "in ")) else f"with {noun_phrase(tag)}"
    )


def style(tag: str) -> str:
    """A phrase that follows "drawn"."""
    plain = _QUALIFIER.sub("", tag)
    if plain in STYLES:
        return STYLES[plain]
    if plain.endswith((" style", " artstyle", " (style)")):
        return f"in {noun_phrase(plain.replace('artstyle', 'art style'))}"
    return f"in {noun_phrase(plain)}" if is_plural(plain) else f"in {noun_phrase(plain + ' style')}"


def position(text: str) -> str:
    """A phrase for a place in the picture: "left" -> "on the left"."""
    text = " ".join(text.lower().replace("-", " ").split())
    if text in POSITIONS:
        return POSITIONS[text]
    if re.match(r"(?:on|in|at|to|near|behind|under|above|beside) ", text) or not text:
        return text
    return f"at the {text}"
