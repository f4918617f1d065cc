"""Turns tags into pieces of English sentences: looks, clothes, actions, moods, places, views,
styles.

Rules by the shape of a tag come first where they suffice; the tables hold the exceptions. A tag
that neither can word gives "", because a wrong sentence is worse than a tag left to the tag list.
Writes no whole sentences (see prose).
"""

import re
from typing import NamedTuple

from .english import head_word, is_plural, many, noun_phrase, pronouns
from .parse import parse
from .phrase_tables import (
    ACTIONS,
    BODY_SPOTS,
    CLOTHES,
    COLORS,
    EYE_SHAPES,
    FACE_WORDS,
    FEATURES,
    FEELINGS,
    HAIR_SHAPES,
    KINDS,
    LENGTHS,
    MOODS,
    OBJECTS,
    PLACES,
    POSITIONS,
    SCENES,
    STATES,
    STYLES,
    TIED,
    VIEWS,
)

_ESCAPED = re.compile(r"\\([()])")
_QUALIFIER = re.compile(r"\s*\([^()]*\)\Z")
_UNSAID = frozenset(("solo", "no humans", "1girl", "1boy", "1other", "general"))
_PERSON = re.compile(r"[^ ]+(?: [^ ]+)* (?:girl|boy|woman|man)")
_PARTS = re.compile(r"(?:hands?|arms?|legs?|head|foot|feet|fingers?|knees?|eyes?|face|mouth)\b")
_BENT = re.compile(r"(?:crossed|outstretched|spread|bent|raised|clasped|interlocked|folded) ")
_PREPOSITION = re.compile(
    r"(.*? (?:at|on|in|to|towards|with|over|under|behind|against|by|into|onto|from|around|through))"
    r" (.+)"
)
_PREPOSITIONAL = re.compile(
    r"((?:in|on|at|by|with|under|behind|against|between|among|inside|near)) (.+)"
)
_POSTURES = frozenset(
    (
        *("up", "down", "out", "together", "apart", "raised", "crossed", "spread", "folded"),
        *("extended", "back", "forward", "behind", "at", "above", "over"),
    )
)
_ADVERBS = frozenset(
    (
        *("up", "down", "back", "away", "forward", "ahead", "aside", "outside", "inside", "alone"),
        *("together", "upright", "still", "afar", "sideways", "side by side", "back-to-back"),
        *("over", "out", "straight"),
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
    """Core tags by use: after "with", "wearing" and "is", what kind of person; the rest."""

    having: list[str]
    worn: list[str]
    states: list[str]
    kind: str
    unsaid: list[str]


def looks(tags: list[str], plural: bool = False) -> Looks:
    """A person's core tags as phrases; plural when several persons share them."""
    found = Looks([], [], [], "", [])
    hair = [tag for tag in tags if _is_hair(tag)]
    eyes = [tag for tag in tags if _is_eyes(tag)]
    if hair:
        found.having.append(hair_phrase(hair))
    if eyes:
        found.having.append(" ".join(tag.removesuffix(" eyes") for tag in eyes) + " eyes")
    for tag in tags:
        plain = _QUALIFIER.sub("", tag)
        last = head_word(plain)
        if tag in hair or tag in eyes:
            continue
        if tag in STATES:
            found.states.append(STATES[tag])
        elif not found.kind and (tag in KINDS or _PERSON.fullmatch(tag)):
            found = found._replace(kind=tag)
        elif last in FEATURES:
            found.having.append(_on_body(many(plain) if plural else noun_phrase(plain)))
        elif last in CLOTHES:
            found.worn.extend(clothes([tag], plural))
        else:
            found.unsaid.append(tag)
    return found


def _is_hair(tag: str) -> bool:
    if tag in TIED:
        return True
    word = tag.removesuffix(" hair")
    return word != tag and (word in LENGTHS or word in COLORS or word in HAIR_SHAPES)


def _is_eyes(tag: str) -> bool:
    word = tag.removesuffix(" eyes")
    return word != tag and (word in COLORS or word in EYE_SHAPES)


def _on_body(phrase: str) -> str:
    """ "a scar on leg" -> "a scar on the leg"."""
    head, space, spot = phrase.rpartition(" ")
    return f"{head} the {spot}" if space and spot in BODY_SPOTS and " on" in head else phrase


def hair_phrase(tags: list[str]) -> str:
    """["blonde hair", "long hair", "twintails"] -> "long blonde hair in twintails"."""
    described = [tag.removesuffix(" hair") for tag in tags if tag not in TIED]
    tied = [tag for tag in tags if tag in TIED]
    lengths = [word for word in described if word in LENGTHS]
    colors = [word for word in described if word in COLORS]
    shapes = [word for word in described if word not in lengths and word not in colors]
    phrase = " ".join([*lengths, *shapes, *colors, "hair"])
    if tied:
        phrase += " in " + " and ".join(noun_phrase(tag) for tag in tied)
    return phrase


def clothes(tags: list[str], plural: bool = False) -> list[str]:
    """Noun phrases that follow "wearing"; the clothing field is taken at its word."""
    plain = [_QUALIFIER.sub("", tag.removeprefix("wearing ")) for tag in tags]
    plain = [tag for tag in plain if any(char.isalpha() for char in tag)]
    return [many(tag) if plural else noun_phrase(tag) for tag in plain]


def action(tag: str, person: str) -> str:
    """A phrase that follows "is": "holding an umbrella", "with her arms up"; or ""."""
    their = pronouns(person)[1]
    if tag in ACTIONS:
        return ACTIONS[tag].format(their=their)
    words = re.sub(r"\bown\b", their, tag)
    words = re.sub(r"(?<!the )\bviewer\b", "the viewer", words)
    if _BENT.match(words):
        return f"with {noun_phrase(words)}"
    if _PARTS.match(words):
        part = _body_part(words, their)
        return f"with {part}" if part else ""
    if words.split(" ", 1)[0].endswith("ing"):
        return _with_object(words)
    if words.endswith((" pose", " stance")):
        return f"in {noun_phrase(words)}"
    return _prepositional(words)


def _prepositional(words: str) -> str:
    """ "on chair" -> "on a chair"; "" for anything else."""
    found = _PREPOSITIONAL.fullmatch(words)
    return f"{found[1]} {noun_phrase(found[2])}" if found else ""


def _body_part(words: str, their: str) -> str:
    """ "arms up" -> "her arms up", "hand on her hip" -> "a hand on her hip"."""
    words = re.sub(r"\b(behind|at|above|over) (back|head|sides|chest)\b", rf"\1 {their} \2", words)
    found = re.fullmatch(r"(\w+ (?:on|in|to|between|over)) (.+)", words)
    if found:
        spot = f"{their} {found[2]}" if found[2] in BODY_SPOTS else noun_phrase(found[2])
        return f"{noun_phrase(found[1] + ' x').removesuffix(' x')} {spot}"
    return f"{their} {words}" if words.split(" ", 1)[-1].split(" ")[0] in _POSTURES else ""


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
    """A phrase that follows "is": "smiling", "with an open mouth", "looking sad"; or ""."""
    if tag in MOODS:
        return MOODS[tag]
    first, last = tag.split(" ", 1)[0], tag.rsplit(" ", 1)[-1]
    if last in FACE_WORDS and first != last:
        return f"with {noun_phrase(tag)}"
    if tag in FEELINGS or (tag.isalpha() and tag.endswith("ed")):
        return f"looking {tag}"
    if first.isalpha() and first.endswith("ing"):
        return _with_object(tag)
    return ""


def place(tag: str) -> str:
    """A phrase that says where or when, or what stands there; or ""."""
    if tag in SCENES:
        return SCENES[tag]
    plain = _QUALIFIER.sub("", tag)
    if plain.endswith(" background"):
        return f"against {noun_phrase(plain)}"
    if plain.endswith(" sky"):
        return f"under {noun_phrase(plain)}"
    last = head_word(plain)
    if last in PLACES:
        return f"in {noun_phrase(plain)}"
    if last in OBJECTS:
        return f"with {noun_phrase(plain)} in the scene"
    return _prepositional(plain)


def view(tag: str) -> str:
    """A phrase on camera and light that follows "is": "seen from above"; or ""."""
    if tag in VIEWS:
        return VIEWS[tag]
    if tag.startswith("from "):
        return f"seen {tag}"
    if tag.endswith((" view", " angle", " shot")):
        return f"shown in {noun_phrase(tag)}"
    if tag.endswith(" lighting"):
        return f"with {tag}"
    return f"shown {SCENES[tag]}" if tag in SCENES else ""


def style(tag: str) -> str:
    """A phrase that follows "drawn": "in watercolor", "in ukiyo-e style"."""
    plain = _QUALIFIER.sub("", tag)
    if plain in STYLES:
        return STYLES[plain]
    if not any(char.isalpha() for char in plain):
        return ""
    if tag.endswith("(medium)"):
        return f"in {plain}"
    if plain.endswith((" style", " artstyle")):
        return f"in {noun_phrase(plain.replace('artstyle', 'art style'))}"
    return f"in {plain}" if is_plural(plain) and not plain[0].isdigit() else f"in {plain} style"


def position(text: str) -> str:
    """A phrase for a place in the picture: "left" -> "on the left"."""
    text = " ".join(text.lower().replace("-", " ").split())
    if text in POSITIONS:
        return POSITIONS[text]
    if re.match(r"(?:on|in|at|to|near|behind|under|above|beside) ", text) or not text:
        return text
    return f"at the {text}"
