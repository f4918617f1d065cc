"""Turns tags of a scene, a view and a style into pieces of English sentences.

A place that several tags describe is said once: "under a starry night sky with a full moon". What
can be neither worded by a table nor by the shape of a tag stays unsaid. Writes no whole sentences
(see prose).
"""

from typing import NamedTuple

from ..vocabulary.curated import general_groups
from .deeds import QUALIFIER, prepositional
from .english import head_word, join_words, noun_phrase
from .phrases import IMPLIED
from .scene_words import (
    NO_THINGS,
    OBJECTS,
    PLACES,
    SKY_THINGS,
    TIMES,
    WEATHER,
    WHERE,
)
from .view_words import STYLES, VIEWS

# What is nearer to a person stands first: "on a bed by a window in a room outdoors".
_NEAR_FIRST = ("on", "among", "by", "under", "near", "against", "behind", "at", "in", "inside")
# Kinds of general tags that are things to be seen.
_THINGS = ("object", "animal", "food", "vehicle", "weapon", "nature", "creature", "place")


class Scene(NamedTuple):
    """A scene in phrases. where: in the order of a sentence. things: noun phrases.

    views: "seen from above"; has: noun phrases after "the picture has"; unsaid: tags.
    """

    where: list[str]
    things: list[str]
    views: list[str]
    has: list[str]
    unsaid: list[str]


class _Found(NamedTuple):
    """What the tags of a scene are, before it is put in order."""

    where: list[str]
    weather: list[str]
    times: list[str]
    sky: list[str]
    overhead: list[str]
    backdrop: list[str]
    things: list[str]
    views: list[str]
    unsaid: list[str]


def scene(places: list[str], camera: list[str]) -> Scene:
    """The tags of the fields scene and camera."""
    found = _Found([], [], [], [], [], [], [], [], [])
    for tag in places:
        if tag not in IMPLIED:
            _sort_place(tag, found) or _sort_view(tag, found) or found.unsaid.append(tag)
    for tag in camera:
        if tag not in IMPLIED:
            _sort_view(tag, found) or _sort_place(tag, found) or found.unsaid.append(tag)
    where = sorted(dict.fromkeys(found.where), key=_nearness)
    where += [*_sky(found), *dict.fromkeys(found.weather), *_times(found), *_backdrop(found)]
    views = list(dict.fromkeys(found.views))
    has = [view.removeprefix("with ") for view in views if view.startswith("with ")]
    views = [view for view in views if not view.startswith("with ")]
    return Scene(where, list(dict.fromkeys(found.things)), _views(views), has, found.unsaid)


def _nearness(phrase: str) -> int:
    word = phrase.split(" ", 1)[0]
    return _NEAR_FIRST.index(word) if word in _NEAR_FIRST else len(_NEAR_FIRST)


def _sort_place(tag: str, found: _Found) -> bool:
    """Put a tag where it belongs; False when it is no place and nothing in one."""
    plain = QUALIFIER.sub("", tag)
    group = general_groups().get(tag, "")
    for table, into in ((WHERE, found.where), (WEATHER, found.weather), (TIMES, found.times)):
        if tag in table or plain in table:
            into.append(table.get(tag) or table[plain])
            return True
    if phrase := prepositional(plain):
        found.where.append(phrase)
    elif tag in SKY_THINGS:
        found.overhead.append(SKY_THINGS[tag])
    elif plain == "sky" or plain.endswith(" sky"):
        found.sky.append(plain.removesuffix("sky").strip())
    elif plain.endswith(" background") and not plain.startswith("blurry"):
        found.backdrop.append(plain.removesuffix(" background"))
    elif head_word(plain) in PLACES:
        found.where.append(f"in {noun_phrase(plain)}")
    elif head_word(plain) in ("floor", "ground", "roof"):
        found.where.append(f"on {noun_phrase(plain)}")
    elif head_word(plain) in OBJECTS or _is_thing(plain, group):
        found.things.append(noun_phrase(plain))
    else:
        return False
    return True


def is_place(name: str) -> bool:
    """Whether a name that no list knows is surely a place, or a thing in one."""
    word = head_word(QUALIFIER.sub("", name))
    return word in PLACES or word in OBJECTS


def _is_thing(plain: str, group: str) -> bool:
    return group in _THINGS and plain not in NO_THINGS and not plain.endswith("ed")


def _sort_view(tag: str, found: _Found) -> bool:
    text = view(tag)
    if text:
        found.views.append(text)
    return bool(text)


def _sky(found: _Found) -> list[str]:
    """One phrase for the sky and what is in it."""
    things = list(dict.fromkeys(found.overhead))
    kinds = sorted(dict.fromkeys(filter(None, found.sky)), key=lambda kind: kind == "night")
    if "starry" in kinds and "stars" in things:
        things.remove("stars")
    if found.sky and not kinds and things == ["clouds"]:
        kinds, things = ["cloudy"], []
    if not found.sky:
        return [f"under {join_words(things)}"] if things else []
    sky = noun_phrase(f"{' '.join(kinds)} sky".strip())
    return [f"under {sky} with {join_words(things)}" if things else f"under {sky}"]


def _times(found: _Found) -> list[str]:
    """When it is; a night sky says by itself that it is night."""
    said = "night" in found.sky
    return [time for time in dict.fromkeys(found.times) if not (said and time == "at night")]


def _backdrop(found: _Found) -> list[str]:
    """ "against a simple white background"."""
    kinds = sorted(dict.fromkeys(found.backdrop), key=lambda kind: kind != "simple")
    return ["against " + noun_phrase(" ".join([*kinds, "background"]))] if kinds else []


def view(tag: str) -> str:
    """A phrase on camera and light that follows "is": "seen from above"; or ""."""
    if tag in VIEWS:
        return VIEWS[tag]
    if tag.startswith("from "):
        return f"seen {tag}"
    if tag.endswith((" view", " angle", " shot")):
        return f"shown in {noun_phrase(tag)}"
    return f"with {tag}" if tag.endswith(" lighting") else ""


def _views(views: list[str]) -> list[str]:
    """Views with one verb each: "seen from the side and from below"."""
    if {"shown in a portrait", "shown in close-up"} <= set(views):
        views = [v for v in views if v not in ("shown in a portrait", "shown in close-up")]
        views.append("shown in a close-up portrait")
    verbs: dict[str, list[str]] = {}
    for phrase in views:
        verb, _, rest = phrase.partition(" ")
        verbs.setdefault(verb, []).append(rest)
    return [f"{verb} {join_words(rests)}".strip() for verb, rests in verbs.items()]


def is_style(tag: str) -> bool:
    """Whether a tag is surely about how a picture is drawn."""
    plain = QUALIFIER.sub("", tag)
    ends = ("(medium)", "(style)", " style", " artstyle", " colors", " theme", "ism")
    return tag in STYLES or plain in STYLES or tag.endswith(ends)


def style(tag: str) -> str:
    """A phrase that follows "drawn": "in watercolor", "in art nouveau style"; or ""."""
    plain = QUALIFIER.sub("", tag)
    if tag in STYLES or plain in STYLES:
        return STYLES.get(tag) or STYLES[plain]
    if not plain.isascii() or not any(char.isalpha() for char in plain):
        return ""
    if tag.endswith("(medium)"):
        return f"in {plain}"
    if plain.endswith((" style", " artstyle")):
        return f"in {noun_phrase(plain.replace('artstyle', 'art style'))}"
    if plain.endswith(" theme"):
        return f"with {noun_phrase(plain)}"
    if plain.endswith("ism"):
        return f"in the style of {plain}"
    return f"in {plain}" if plain.endswith((" colors", " tones", " lines")) else f"in {plain} style"


def styles(tags: list[str]) -> tuple[list[str], list[str]]:
    """(phrases that follow "drawn", unsaid tags)."""
    said = {tag: style(tag) for tag in tags if tag not in IMPLIED}
    phrases = list(dict.fromkeys(filter(None, said.values())))
    return phrases, [tag for tag, phrase in said.items() if not phrase]
