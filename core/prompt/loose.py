"""Turns the builder's loose fields into character cards, so that sentences can be made of them.

The person count and the names become cards; general tags go to the field that their semantic group
names, as far as it is certain whose they are. Only for wording: the tag list keeps its own order
(see build). Reads no free text.
"""

from collections import Counter

from ..vocabulary.tag import Vocabulary
from .build import PERSONS, Card, Picture, split_items
from .words import counted

_MOST = 4  # persons that a sentence can name one by one
# Semantic group of a general tag -> field of a card, or of the picture.
_OF_PERSON = {
    **dict.fromkeys(("hair", "eyes", "face", "body", "creature"), "tags"),
    **dict.fromkeys(("clothing", "accessory"), "clothing"),
    **dict.fromkeys(("pose", "action", "interaction"), "action"),
    "expression": "emotion",
}
_OF_PICTURE = {
    **dict.fromkeys(("background", "place", "nature", "light"), "scene"),
    **{"camera": "camera", "style": "style"},
}


def with_cards(picture: Picture, vocabulary: Vocabulary) -> Picture:
    """The same picture with cards for its loose persons and its general tags sorted into fields.

    Tags that describe a person join a card where there is only one; else they stay general.
    """
    cards = [*picture.cards, *_persons(picture)]
    fields = {name: getattr(picture, name) for name in ("scene", "camera", "style")}
    left = []
    for name, printed in split_items(picture.general):
        tag = vocabulary.lookup(name)
        group = tag.group if tag is not None else ""
        own, shared = _OF_PERSON.get(group), _OF_PICTURE.get(group)
        if tag is not None and tag.category == "framing":
            shared = "camera"
        if shared:
            fields[shared] = _joined(fields[shared], printed)
        elif own and len(cards) == 1:
            cards[0] = cards[0]._replace(**{own: _joined(getattr(cards[0], own), printed)})
        else:
            left.append(printed)
    return picture._replace(cards=tuple(cards), general=", ".join(left), **fields)


def _joined(field: str, item: str) -> str:
    return f"{field}, {item}" if field.strip() else item


def _persons(picture: Picture) -> list[Card]:
    """Cards of the persons counted and named besides; none if the count is open or large."""
    names = _names(picture.character)
    found = [counted(name) for name, _ in split_items(picture.persons)]
    found = [count for count in found if count]
    have = Counter(card.person for card in picture.cards)
    persons = [
        kind for kind, number, _ in found for _ in range(min(number, _MOST + 1) - have[kind])
    ]
    if any(at_least for _, _, at_least in found) or len(persons) + len(picture.cards) > _MOST:
        return []
    if not found:
        persons = ["other"] * len(names)
    if len(names) > len(persons) or not set(persons) <= set(PERSONS):
        return []
    series = _names(picture.series)
    if len(series) == 1:
        series *= len(names)
    elif len(series) != len(names):
        series = [""] * len(names)
    named = [*zip(names, series, strict=True)]
    named += [("", "")] * (len(persons) - len(names))
    return [
        Card(name=name, series=work, person=person)
        for (name, work), person in zip(named, persons, strict=True)
    ]


def _names(field: str) -> list[str]:
    return [name for name, _ in split_items(field)]
