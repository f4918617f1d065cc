"""Turns a person's tags into pieces of English sentences: looks, clothes, deeds and moods.

Rules by the shape of a tag come first where they suffice; the tables hold the exceptions. A tag
that neither can word stays unsaid, because a wrong sentence is worse than a tag left to the tag
list. Writes no whole sentences (see prose); scenery has the words for everything but persons.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..vocabulary.curated import general_groups
from .deed_words import ACTIONS, VERBS
from .deeds import QUALIFIER, action, emotion, is_participle, mood
from .english import PERSON_NOUN, Whom, head_word, many, noun_phrase, pronouns, words
from .person_words import (
    ADJECTIVES,
    BODY,
    CARRIED,
    CLOTHES,
    COLORS,
    DETAILS,
    EYE_SHAPES,
    FEATURES,
    HAIR_SHAPES,
    HAIR_TAILS,
    LENGTHS,
    OUTFITS,
    PERSON_NOUNS,
    RELATIONS,
    ROLES,
    SEVERAL_COLORS,
    SPECIES,
    STATES,
    TIED,
)

# What a sentence says without words of its own: who is counted, that there is a scene.
IMPLIED = words(
    """solo, no humans, general, male focus, female focus, solo focus, other focus, scenery,
    1girl, 1boy, 1other"""
)
_PERSON = re.compile(r"[^ ]+(?: [^ ]+)* (?:girl|boy|woman|man)")
_ON_BODY = re.compile(
    r"(.+ (?:on|around|across|behind|over|under|in|past)) ((?:one )?(?:leg|arm|chest|hand|face|"
    r"cheek|nose|neck|eye|mouth|head|stomach|shoulders?|back|knee|chin|hips?|ear|forehead|waist|"
    r"wrists?|fingers|elbows|mouth|hair))"
)
_DEEDS = words("action, interaction, face, expression, hair, eyes")
_SEX = {"girl": "female", "boy": "male", "other": ""}
_NOT_WORN = words("body, expression, pose, action, interaction, camera, light, place, style, text,"
                  "number, color, face, hair, eyes")  # fmt: skip


class Said(NamedTuple):
    """What there is to say of a person, by use in a sentence, and the tags that stay unsaid.

    adjectives and kinds: "tall", "elf girl", after "a". having: after "with". worn and details:
    after "wearing". doing: after "is", with phrases such as "with closed eyes" among them.
    """

    adjectives: list[str]
    kinds: list[str]
    having: list[str]
    worn: list[str]
    details: list[str]
    doing: list[str]
    unsaid: list[str]


Way = Callable[[str, Whom], tuple[str, str] | None]


def person_phrases(fields: Mapping[str, list[str]], whom: Whom) -> Said:
    """A person's tags ("tags", "clothing", "action", "emotion") as phrases."""
    said = Said([], [], [], [], [], [], [])
    described = [tag for tags in fields.values() for tag in tags]
    hair = [tag for tag in described if _is_hair(tag)]
    eyes = [tag for tag in described if _is_eyes(tag)]
    if hair:
        said.having.append(hair_phrase(hair, pronouns(whom)[1]))
    if eyes:
        said.having.append(eyes_phrase(eyes))
    for field, tags in fields.items():
        for tag in tags:
            if tag in IMPLIED or tag in hair or tag in eyes:
                continue
            role, text = _first(_WAYS[field], tag, whom)
            into = getattr(said, role)
            if text not in into:
                into.append(text)
    return said


def is_worded(tag: str, field: str) -> bool:
    """Whether a tag has words in a field of a person."""
    return not person_phrases({field: [tag]}, Whom("other")).unsaid


def _first(ways: tuple[Way, ...], tag: str, whom: Whom) -> tuple[str, str]:
    """(role, phrase) by the first way that has words for a tag, else ("unsaid", tag)."""
    for way in ways:
        if found := way(tag, whom):
            return found
    return "unsaid", tag


def _is_hair(tag: str) -> bool:
    if tag in TIED or tag in HAIR_TAILS:
        return True
    word = tag.removesuffix(" hair")
    known = word in LENGTHS or word in COLORS or word in HAIR_SHAPES or word in SEVERAL_COLORS
    return word != tag and known


def _is_eyes(tag: str) -> bool:
    word = tag.removesuffix(" eyes")
    known = word in COLORS or word in EYE_SHAPES or word in SEVERAL_COLORS
    return tag == "heterochromia" or (word != tag and known)


def hair_phrase(tags: list[str], their: str = "their") -> str:
    """["blonde hair", "long hair", "twintails"] -> "long blonde hair in twintails"."""
    described = [tag.removesuffix(" hair") for tag in tags if tag not in TIED]
    lengths = [word for word in LENGTHS if word in described][-1:]
    shapes = [word for word in described if word in HAIR_SHAPES]
    phrase = " ".join([*lengths, *shapes, *_colors(described), "hair"])
    tied = [TIED[tag] for tag in tags if tag in TIED]
    tied = [way for way in tied if not any(way != other and way[2:] in other for other in tied)]
    if tied:
        phrase += " in " + " and ".join(dict.fromkeys(tied))
    tails = [HAIR_TAILS[tag].format(their=their) for tag in tags if tag in HAIR_TAILS]
    return " ".join([phrase, " and ".join(tails)]).strip()


def eyes_phrase(tags: list[str]) -> str:
    """["blue eyes", "red eyes", "heterochromia"] -> "one blue eye and one red eye"."""
    described = [tag.removesuffix(" eyes") for tag in tags if tag != "heterochromia"]
    shapes = [word for word in described if word in EYE_SHAPES]
    colors = [word for word in described if word in COLORS]
    if "heterochromia" in tags or "mismatched" in described:
        if len(colors) == 2:
            return f"one {colors[0]} eye and one {colors[1]} eye"
        shapes = [*shapes, "mismatched"]
    return " ".join([*shapes, *_colors(described), "eyes"])


def _colors(described: list[str]) -> list[str]:
    """The colors among words, several with "and"; "two-tone" only where they are not named."""
    colors = [word for word in described if word in COLORS]
    if len(colors) > 1:
        return [f"{', '.join(colors[:-1])} and {colors[-1]}"]
    return [word for word in described if word in SEVERAL_COLORS] + colors


def _state(tag: str, whom: Whom) -> tuple[str, str] | None:
    if tag in ADJECTIVES:
        return "adjectives", ADJECTIVES[tag]
    return ("doing", STATES[tag]) if tag in STATES else None


def _kind(tag: str, whom: Whom) -> tuple[str, str] | None:
    """ "elf" -> "elf girl", "knight" -> "female knight", "cat girl"."""
    plain = QUALIFIER.sub("", tag)
    noun = "" if whom.person == "other" else whom.person
    if plain in PERSON_NOUNS or _PERSON.fullmatch(plain):
        text = plain
    elif plain in SPECIES:
        text = f"{plain} {noun}".strip()
    elif plain in ROLES:
        text = f"{_SEX[whom.person]} {plain}".strip()
    else:
        return None
    return "kinds", many(text) if whom.plural else text


def _relation(tag: str, whom: Whom) -> tuple[str, str] | None:
    return ("kinds", RELATIONS[tag]) if whom.plural and tag in RELATIONS else None


def _body(tag: str, whom: Whom) -> tuple[str, str] | None:
    if tag in BODY:
        return "having", many(BODY[tag]) if whom.plural else BODY[tag]
    return ("having", noun_phrase(tag)) if tag.startswith("bare ") else None


def _feature(tag: str, whom: Whom) -> tuple[str, str] | None:
    plain = QUALIFIER.sub("", tag)
    if head_word(plain) not in FEATURES or plain.startswith(("between ", "on ", "under ")):
        return None
    placed = re.sub(r"\bown\b", pronouns(whom)[1], _on_body(plain, "the"))
    return "having", many(placed) if whom.plural else noun_phrase(placed)


def _on_body(phrase: str, their: str) -> str:
    """ "scar on leg" -> "scar on the leg"."""
    found = _ON_BODY.fullmatch(phrase)
    return f"{found[1]} {their} {found[2]}" if found else phrase


def _outfit(tag: str, whom: Whom) -> tuple[str, str] | None:
    """A person or a fashion in the field of clothes: "knight" -> "a knight outfit"."""
    plain = OUTFITS.get(QUALIFIER.sub("", tag))
    if plain is None:
        return None
    return "worn", many(plain) if whom.plural else noun_phrase(plain)


def _garment(tag: str, whom: Whom) -> tuple[str, str] | None:
    """What is known to be worn: by its last word, or by the group of the tag."""
    plain = QUALIFIER.sub("", tag.removeprefix("wearing "))
    group = general_groups().get(tag, "")
    is_known = group in ("clothing", "accessory")
    if plain.startswith("unworn ") or (is_participle(plain) and not is_known):
        return None
    word = head_word(plain)
    if word in CARRIED:
        return "doing", f"carrying {many(plain) if whom.plural else noun_phrase(plain)}"
    if word in DETAILS or plain in DETAILS:
        return "details", noun_phrase(plain)
    if word not in CLOTHES and not is_known:
        return None
    placed = _on_body(plain, "the" if " past " in plain else pronouns(whom)[1])
    return "worn", many(placed) if whom.plural else noun_phrase(placed)


def _at_its_word(tag: str, whom: Whom) -> tuple[str, str] | None:
    """The field of clothes is taken at its word, unless the tag is known to be something else."""
    plain = QUALIFIER.sub("", tag.removeprefix("wearing "))
    other = general_groups().get(tag, "") in _NOT_WORN or plain.startswith("unworn ")
    if other or not plain.isascii() or not any(char.isalpha() for char in plain):
        return None
    return "worn", many(plain) if whom.plural else noun_phrase(plain)


def _deed(tag: str, whom: Whom) -> tuple[str, str] | None:
    return ("doing", text) if (text := action(tag, whom)) else None


def _known_deed(tag: str, whom: Whom) -> tuple[str, str] | None:
    return _deed(tag, whom) if tag in ACTIONS else None


def _plain_deed(tag: str, whom: Whom) -> tuple[str, str] | None:
    """A deed where a tag may be anything: only what is surely one."""
    known = general_groups().get(tag, "") in _DEEDS and is_participle(tag)
    known |= general_groups().get(tag) == "pose"
    return _deed(tag, whom) if known or tag.split(" ", 1)[0] in VERBS else None


def _mood(tag: str, whom: Whom) -> tuple[str, str] | None:
    return ("doing", text) if (text := mood(tag, pronouns(whom)[1])) else None


def _emotion(tag: str, whom: Whom) -> tuple[str, str] | None:
    return ("doing", text) if (text := emotion(tag, whom)) else None


_WAYS: dict[str, tuple[Way, ...]] = {
    "tags": (_known_deed, _relation, _state, _kind, _body, _feature, _mood, _garment, _plain_deed),
    "clothing": (_state, _body, _outfit, _garment, _feature, _mood, _plain_deed, _at_its_word),
    "action": (_relation, _deed, _mood, _state, _body, _garment, _feature),
    "emotion": (_emotion, _state, _feature, _garment),
}


def kind_phrases(said: Said, whom: Whom) -> list[str]:
    """What a person is, without articles: ["tall elf knight"]; [] for nothing but a person."""
    kinds, noun = list(said.kinds), PERSON_NOUN[whom.person]
    if len(kinds) > 1 and not whom.plural:
        species = next((kind for kind in kinds if kind.removesuffix(f" {noun}") in SPECIES), "")
        others = [kind for kind in kinds if kind != species]
        if species:
            plain = others[0].removeprefix("female ").removeprefix("male ")
            kinds = [f"{species.removesuffix(f' {noun}')} {plain}", *others[1:]]
    if said.adjectives:
        first, *others = kinds or [many(noun) if whom.plural else noun]
        kinds = [" ".join([*said.adjectives, first]), *others]
    return kinds


def position(text: str) -> str:
    """A phrase for a place in the picture: "left" -> "on the left"."""
    text = " ".join(text.lower().replace("-", " ").split())
    named = {
        **{"left": "on the left", "right": "on the right", "center": "in the center"},
        **{"middle": "in the center", "foreground": "in the foreground", "top": "at the top"},
        **{"background": "in the background", "bottom": "at the bottom"},
        **{"front": "in front", "back": "in the back"},
    }
    if text in named or not text:
        return named.get(text, "")
    if re.match(r"(?:on|in|at|to|near|behind|under|above|beside) ", text):
        return text
    return f"at the {text}"
