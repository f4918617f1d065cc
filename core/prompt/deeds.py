"""Turns tags of what a person does and feels into phrases that follow "is".

Rules by the shape of a tag; the tables of deed_words hold the exceptions. "" for what cannot be
worded.
"""

import re

from .deed_words import ACTIONS, FACE_WORDS, FEELINGS, MOODS
from .english import Whom, join_words, noun_phrase, pronouns, words

QUALIFIER = re.compile(r"\s*\([^()]*\)\Z")
_PARTS = re.compile(r"(?:hands?|arms?|legs?|head|foot|feet|fingers?|knees?|eyes?|face|mouth)\b")
_BENT = re.compile(
    r"(?:crossed|outstretched|spread|bent|raised|clasped|interlocked|folded) "
    r"(?:arms?|legs?|hands?|fingers|knees?|wings?|ankles)\Z"
)
_PREPOSITION = re.compile(
    r"(.*? (?:at|on|in|to|towards|with|over|under|behind|against|by|into|onto|from|around|through))"
    r" (.+)"
)
_PREPOSITIONAL = re.compile(r"((?:in|on|at|by|with|under|behind|against|among|inside|near)) (.+)")
_SPOTS = words(
    """leg, arm, chest, hand, face, cheek, cheeks, nose, neck, eye, eyes, mouth, head, stomach,
    shoulder, shoulders, back, knee, knees, chin, hip, hips, ear, forehead, legs, hair, sides"""
)
_POSTURES = words("up, down, out, together, apart, raised, crossed, spread, folded, extended, back,"
                  "forward, behind, at, above, over")  # fmt: skip
_NOBODYS = words("on head, on shoulder, on lap, between legs, on hand, on person")  # of things
_ADVERBS = words(
    """behind, up, down, back, away, forward, ahead, aside, outside, inside, alone, together,
    upright, still, afar, sideways, side by side, back-to-back, over, out, straight, it,
    something"""
)
_WHERE = re.compile(
    r"(?:in|on|at|by|near|under|behind|above|beside|against|between|among|inside|amid|during|from"
    r"|close|outdoors|indoors|underwater|underground)(?: |\Z)"
)
_POSTURES_OF_BODY = words(
    """standing, sitting, kneeling, lying, squatting, walking, running, flying, floating, jumping,
    leaning, swimming, riding, resting"""
)
_FACES = words(
    "smiling, grinning, smirking, blushing, frowning, pouting, winking, scowling, laughing, crying"
)
_GAZES = words("at, up, down, back, away, to, ahead, outside, over, afar, into")
# Words that end like a participle and are none.
_NO_VERBS = words(
    """clothing, lightning, building, ceiling, evening, morning, string, spring, king, ring, wing,
    wedding, painting, earring, opening, railing, something, nothing, viking, sling, sibling,
    duckling, awning, thing, swing, interesting, amazing, stunning, charming, outstanding,
    breathtaking, everything, anything, missing"""
)
# Verbs without an object: "falling petals" are petals, nobody falls them.
_NO_OBJECT = words(
    """falling, floating, flying, glowing, burning, melting, dripping, shining, blooming, hanging,
    rising, spinning, swinging, rolling, crumbling, flowing, drooping, leaning, standing, sitting,
    lying, kneeling, sleeping, bouncing, trembling"""
)


def action(tag: str, whom: Whom) -> str:
    """A phrase that follows "is": "holding an umbrella", "with her arms up"; or ""."""
    their, other = pronouns(whom)[1], "each other" if whom.plural else "another person"
    if tag in ACTIONS:
        return ACTIONS[tag].format(their=their, other=other)
    if tag in _NOBODYS:
        return ""
    said = re.sub(r"\bown\b", their, QUALIFIER.sub("", tag))
    said = re.sub(r"(?<!the )\bviewer\b", "the viewer", said)
    said = re.sub(r"(?<= at )camera\b", "the camera", said)
    said = re.sub(r"\banother(?='s|\Z)", other, said)
    if _BENT.match(said):
        return f"with {noun_phrase(said)}"
    if _PARTS.match(said):
        part = _body_part(said, their)
        return f"with {part}" if part else ""
    if is_participle(said):
        return _with_object(said)
    if said.endswith((" pose", " stance")):
        return f"in {noun_phrase(said)}"
    return prepositional(said)


def is_participle(said: str) -> bool:
    """Whether a phrase begins with a verb: "holding umbrella", and not "evening gown"."""
    first = said.split(" ", 1)[0]
    return first.endswith("ing") and first not in _NO_VERBS


def prepositional(said: str) -> str:
    """ "on chair" -> "on a chair"; "" for anything else."""
    found = _PREPOSITIONAL.fullmatch(said)
    return f"{found[1]} {noun_phrase(found[2])}" if found else ""


def _body_part(said: str, their: str) -> str:
    """ "arms up" -> "her arms up", "hand on her hip" -> "a hand on her hip"."""
    said = re.sub(r"\b(behind|at|above|over) (back|head|sides?|chest)\b", rf"\1 {their} \2", said)
    found = re.fullmatch(r"(\w+ (?:on|in|to|between|over)) (.+)", said)
    if found:
        spot = f"{their} {found[2]}" if found[2] in _SPOTS else noun_phrase(found[2])
        return f"{noun_phrase(found[1] + ' x').removesuffix(' x')} {spot}"
    return f"{their} {said}" if said.split(" ", 1)[-1].split(" ")[0] in _POSTURES else ""


def _with_object(said: str) -> str:
    """A participle with its object: "holding umbrella" -> "holding an umbrella"."""
    found = _PREPOSITION.fullmatch(said)
    if found:
        head, rest = found[1], found[2]
        verb, space, thing = head.partition(" ")
        middle = thing.rsplit(" ", 1)
        if space and len(middle) == 2:
            head = f"{verb} {noun_phrase(middle[0])} {middle[1]}"
        return f"{head} {rest if rest in _ADVERBS else noun_phrase(rest)}"
    verb, space, rest = said.partition(" ")
    if not space or rest in _ADVERBS:
        return said
    return "" if verb in _NO_OBJECT else f"{verb} {noun_phrase(rest)}"


def mood(tag: str, their: str = "their") -> str:
    """A phrase that follows "is": "smiling", "with an open mouth", "looking sad"; or ""."""
    if tag in MOODS:
        return MOODS[tag].format(their=their)
    first, last = tag.split(" ", 1)[0], tag.rsplit(" ", 1)[-1]
    if last in FACE_WORDS and first != last:
        return f"with {noun_phrase(tag)}"
    if last in ("smile", "grin") and first != last:
        return f"with {noun_phrase(tag)}"
    return f"looking {tag}" if tag in FEELINGS else ""


def emotion(tag: str, whom: Whom) -> str:
    """The same for a tag of the field of emotions, which is taken at its word: "enchanted"."""
    if text := mood(tag, pronouns(whom)[1]):
        return text
    if tag.isascii() and tag.isalpha() and tag.endswith("ed"):
        return f"looking {tag}"
    return action(tag, whom)


def predicate(phrases: list[str]) -> str:
    """What somebody is and does, then how, then where and when; each once."""
    said = list(dict.fromkeys(filter(None, phrases)))
    said = [one for one in said if not any(_says(other, one) for other in said)]
    having = [phrase for phrase in said if phrase.startswith("with ")]
    where = [phrase for phrase in said if _WHERE.match(phrase)]
    verbs = [phrase for phrase in said if phrase not in having and phrase not in where]
    how = f"with {join_words([phrase.removeprefix('with ') for phrase in having])}"
    return " ".join([join_words(sorted(verbs, key=_place)), *[how][: len(having)], *where]).strip()


def _says(other: str, one: str) -> bool:
    """Whether a phrase is said by a longer one: "holding something" by "holding a cup"."""
    short = one.removesuffix(" something")
    return other != one and other.startswith(f"{short} ")


def _place(verb: str) -> int:
    """States first, then postures, deeds, where somebody looks, and the face."""
    first, _, rest = verb.partition(" ")
    if first == "looking":
        return 3 if rest.split(" ", 1)[0] in _GAZES else 4
    if first in _FACES:
        return 4
    return 1 if first in _POSTURES_OF_BODY else 2 if first.endswith("ing") else 0
