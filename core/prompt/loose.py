"""What the sentences speak of: the cards, and what the builder's loose fields say of others.

The person count and the names become cards, or a crowd where nobody tells its persons apart;
general tags go where their semantic group belongs. Only for wording: the tag list keeps its own
order (see build). Reads no free text.
"""

import re
from collections import Counter
from typing import NamedTuple

from ..vocabulary.curated import general_groups
from ..vocabulary.merge import head_group
from ..vocabulary.tag import Vocabulary
from .build import OWN_FIELDS, Card, Picture
from .choices import PERSONS
from .fields import plain_names, read_field
from .phrases import is_worded
from .scene_words import OBJECTS, SKY_THINGS, TIMES, WEATHER, WHERE
from .scenery import is_place, is_style
from .view_words import STYLES
from .words import counted

_MOST = 4  # persons that sentences tell apart
# Semantic group of a general tag -> field of a card, or of the picture.
_OF_PERSON = {
    **dict.fromkeys(("hair", "eyes", "face", "body", "creature"), "tags"),
    **dict.fromkeys(("clothing", "accessory"), "clothing"),
    **dict.fromkeys(("pose", "action", "interaction"), "action"),
    "expression": "emotion",
}
_OF_PICTURE = {
    **dict.fromkeys(("background", "place", "nature", "light"), "scene"),
    **{"camera": "camera", "style": "style", "color": "style"},
    **dict.fromkeys(("object", "animal", "food", "vehicle", "weapon"), "scene"),
}
Counts = dict[str, tuple[int, bool]]  # person -> (number, or more)


class Person(NamedTuple):
    """A card as plain names; name and series are "" where nobody is named.

    person: as in Card. fields: the tags of each field that describes the character.
    """

    name: str
    series: str
    person: str
    position: str
    fields: dict[str, list[str]]


class Worded(NamedTuple):
    """What is said, as plain names: persons, a crowd with what is said of all of it, the rest.

    crowd: persons not told apart. series: of those who have none of their own. general: tags of
    which nobody said whose they are, or what they are.
    """

    persons: tuple[Person, ...]
    crowd: Counts
    shared: Person
    series: str
    scene: list[str]
    camera: list[str]
    style: list[str]
    artist: list[str]
    general: list[str]


def worded(picture: Picture, vocabulary: Vocabulary | None = None) -> Worded:
    """The picture as the sentences need it; with a vocabulary general tags find their fields."""
    names, series = plain_names(picture.character), plain_names(picture.series)
    persons, crowd = [_person(card) for card in picture.cards], _missing(picture)
    if names and (made := _named(names, series, crowd)) is not None:
        persons, crowd, names = [*persons, *made], {}, []
    elif persons and _few(crowd, len(persons)) or list(crowd.values()) == [(1, False)]:
        persons += [_nobody(kind) for kind in crowd for _ in range(crowd[kind][0])]
        crowd = {}
    persons = [_with_series(person, vocabulary) for person in persons]
    said = {name: plain_names(getattr(picture, name)) for name in ("scene", "camera", "style")}
    together = _nobody(next(iter(crowd), "other"))
    owner = persons[0] if len(persons) == 1 and not crowd else None
    if not persons and len(crowd) == 1:
        owner = together
    pair = persons if len(persons) == 2 and not crowd else []
    if not persons and sum(number for number, _ in crowd.values()) > 1:
        pair = [together]
    left = _sort_general(picture, vocabulary, said, owner, pair)
    told = [work for work in series if any(person.series == work for person in persons)]
    works = [work for work in series if work not in told]
    nameless = (crowd or persons) and not any(person.name or person.series for person in persons)
    return Worded(
        tuple(persons),
        crowd,
        together,
        works.pop() if len(works) == 1 and nameless else "",
        **said,
        artist=plain_names(picture.artist),
        general=[*_more_names(picture), *names, *works, *left],
    )


def _person(card: Card) -> Person:
    name, series = plain_names(card.name), plain_names(card.series)
    fields = {field: plain_names(getattr(card, field)) for field in OWN_FIELDS}
    return Person(
        name[0] if name else "", series[0] if series else "", card.person, card.position, fields
    )


def _with_series(person: Person, vocabulary: Vocabulary | None) -> Person:
    """The series that the name itself states, where the vocabulary knows it as one."""
    found = re.search(r" \(([^()]+)\)\Z", person.name)
    if person.series or not found or vocabulary is None:
        return person
    tag = vocabulary.lookup(found[1])
    return person._replace(series=tag.name) if tag and tag.category == "copyright" else person


def _more_names(picture: Picture) -> list[str]:
    """Names and series of cards behind the first, which alone is the person's."""
    fields = [text for card in picture.cards for text in (card.name, card.series)]
    return [name for text in fields for name in plain_names(text)[1:]]


def _nobody(person: str) -> Person:
    return _person(Card(person=person))


def _missing(picture: Picture) -> Counts:
    """Persons that the field counts and no card is."""
    have = Counter(card.person for card in picture.cards)
    found = (counted(item.name) for item in read_field(picture.persons).items)
    counts: Counts = {}
    for kind, number, at_least in filter(None, found):
        left = number - have[kind]
        if kind in PERSONS and (left > 0 or (at_least and left == 0)):
            counts[kind] = (max(left, 1), at_least)
    return counts


def _few(counts: Counts, others: int) -> bool:
    total = sum(number for number, _ in counts.values())
    open_ended = any(at_least for _, at_least in counts.values())
    return not open_ended and total > 0 and total + others <= _MOST


def _named(names: list[str], series: list[str], counts: Counts) -> list[Person] | None:
    """A person for each name and each other one counted; None when they are too many."""
    persons = [person for person in counts for _ in range(counts[person][0])] or ["other"] * len(
        names
    )
    if len(names) > len(persons) or (counts and not _few(counts, 0)) or len(persons) > _MOST:
        return None
    works = series * len(names) if len(series) == 1 else series
    works = works if len(works) == len(names) else [""] * len(names)
    named = [*zip(names, works, strict=True), *[("", "")] * (len(persons) - len(names))]
    return [
        _nobody(person)._replace(name=name, series=work)
        for (name, work), person in zip(named, persons, strict=True)
    ]


def _sort_general(
    picture: Picture,
    vocabulary: Vocabulary | None,
    said: dict[str, list[str]],
    owner: Person | None,
    pair: list[Person],
) -> list[str]:
    """Put general tags into the fields of the picture or of persons; returns those left over.

    owner: of whom the tags speak that speak of a person; None where that is not certain. pair: of
    whom tags speak that need two persons.
    """
    left: list[str] = []
    for name in plain_names(picture.general):
        shared, own = _home(name, vocabulary)
        if shared:
            homes = [said[shared]]
        elif own and owner:
            homes = [owner.fields[own]]
        elif general_groups().get(name) == "interaction" and pair:
            homes = [person.fields[own] for person in pair]
        else:
            homes = [left]
        for home in homes:
            if name not in home:
                home.append(name)
    return left


def _home(name: str, vocabulary: Vocabulary | None) -> tuple[str, str]:
    """(field of the picture, field of a person) of a general tag, "" for what it has not."""
    if vocabulary is None:
        return "", ""
    tag = vocabulary.lookup(name)
    if tag is not None and tag.category == "framing":
        return "camera", ""
    if name in OBJECTS:  # "building" is more often a house than a deed
        return "scene", ""
    if any(name in table for table in (TIMES, WEATHER, WHERE, SKY_THINGS)):
        return "scene", ""
    if name in STYLES:
        return "style", ""
    group = tag.group if tag is not None else ""
    if not group:
        group = head_group(name, general_groups())
    if not group:
        return ("", "tags") if is_worded(name, "tags") else ("scene" if is_place(name) else "", "")
    if group in ("style", "color") and not is_style(name):
        return "", ""
    return _OF_PICTURE.get(group, ""), _OF_PERSON.get(group, "")
