"""Character cards and scene fields, and the ordered tags that they make.

Counts persons, says shared tags once and keeps a character's own tags together. Does not classify
or correct tags (see normalize) and writes no sentences (see prose, levels).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .choices import PERSONS
from .fields import field_text, joined, read_field, split_items
from .profiles import DEFAULT_PROFILE, SECTIONS, Profile, get_profile
from .words import closed_class, counted, trained_word

# Danbooru counts up to five and then says "6+girls".
_MOST = 5


class Card(NamedTuple):
    """One character. Every field is prompt text: tags with commas, weights allowed.

    person: "girl", "boy" or "other". tags: looks that belong to the character (hair, eyes, body).
    position: where in the picture, such as "left", "top right", "foreground".
    """

    name: str = ""
    series: str = ""
    person: str = "girl"
    tags: str = ""
    position: str = ""
    action: str = ""
    emotion: str = ""
    clothing: str = ""


class Picture(NamedTuple):
    """All fields of the builder; every field but `cards` is prompt text. text: free text.

    persons, character, series: who is there besides the cards, or without any.
    """

    cards: tuple[Card, ...] = ()
    scene: str = ""
    camera: str = ""
    style: str = ""
    artist: str = ""
    rating: str = ""
    score: str = ""
    year: str = ""
    general: str = ""
    text: str = ""
    persons: str = ""
    character: str = ""
    series: str = ""


# Fields of a card whose tags describe the character in the caption.
OWN_FIELDS = ("tags", "clothing", "action", "emotion")


def person_count(persons: Iterable[str]) -> list[str]:
    """Person-count tags of a list of "girl", "boy", "other": ["2girls", "1boy"].

    [] for no persons. Raises ValueError for another word.
    """
    counts = Counter(persons)
    for person in counts:
        if person not in PERSONS:
            raise ValueError(f"Person {person!r} is not known; use one of {', '.join(PERSONS)}.")
    return [_count_tag(counts[person], person) for person in PERSONS if counts[person]]


def with_trained_words(
    picture: Picture, profile: str | Profile = DEFAULT_PROFILE
) -> tuple[Picture, list[str]]:
    """The picture with the profile's nearest word for each rating, score and year word of another
    model, and a note for each."""
    chosen, notes, fields = get_profile(profile), [], {}
    for category in ("rating", "score", "year"):
        printed = []
        for item in read_field(getattr(picture, category)).items:
            word = trained_word(item.name, category, chosen)
            swap = word and word != item.name and closed_class(item.name, chosen)
            printed.append(item.printed_as(word) if swap else item.printed)
            if swap:
                notes.append(
                    f"{item.name}: written as {word}, the nearest that {chosen.title} knows"
                )
        fields[category] = ", ".join(printed)
    return picture._replace(**fields), notes


def _persons(cards: tuple[Card, ...], field: str) -> list[str]:
    """Person-count tags of the cards, and those of the field that state more than the cards do."""
    stated = {person: number for person, number in Counter(card.person for card in cards).items()}
    counts = {counted(tag)[0]: tag for tag in person_count(card.person for card in cards)}
    others = []
    for name, printed in split_items(field):
        found = counted(name)
        if found is None:
            others.append(printed)
        elif found[1] > stated.get(found[0], 0) or (found[2] and found[1] == stated[found[0]]):
            counts[found[0]] = printed
    return [*(counts[person] for person in PERSONS if person in counts), *others]


def _count_tag(number: int, person: str) -> str:
    if number > _MOST:
        return f"{_MOST + 1}+{person}s"
    return f"{number}{person}{'s' if number > 1 else ''}"


def own_items(card: Card) -> list[tuple[str, str]]:
    """Items of a card that describe the character."""
    return [item for field in OWN_FIELDS for item in split_items(getattr(card, field))]


def tag_sections(picture: Picture) -> dict[str, list[str]]:
    """The picture as tags, by section."""
    cards = picture.cards
    sections: dict[str, list[str]] = {
        "person count": _persons(cards, picture.persons),
        "character": _named([card.name for card in cards], picture.character),
        "copyright": _named([card.series for card in cards], picture.series),
    }
    owned = [own_items(card) for card in cards]
    counts = Counter(name for items in owned for name in {name for name, _ in items})
    shared = [item for items in owned for item in items if counts[item[0]] > 1]
    alone = len(cards) == 1 and sections["person count"] == person_count([cards[0].person])
    general = [("solo", "solo")] if alone else []
    general += shared + [item for items in owned for item in items]
    for field in ("general", "scene", "camera", "style"):
        general += split_items(getattr(picture, field))
    first: dict[str, str] = {}
    for name, printed in general:
        first.setdefault(name, printed)
    if not sections["person count"] and "no humans" in first:
        sections["person count"] = [first.pop("no humans")]
    sections["general"] = list(first.values())
    for field in ("rating", "artist", "score", "year"):
        sections[field] = [printed for _, printed in split_items(getattr(picture, field))]
    return {name: items for name, items in sections.items() if items}


def _named(of_cards: list[str], field: str) -> list[str]:
    """Names of the cards, then those of the field that no card has."""
    fields = [*of_cards, field]
    return list(dict.fromkeys(printed for one in fields for _, printed in split_items(one)))


def build(
    fields: Mapping[str, str | Iterable[str]], profile: str | Profile = DEFAULT_PROFILE
) -> str:
    """Prompt text from fields named after sections ("character", "general" ...), in profile order.

    A field is prompt text or a list of tags; weights and brackets in it stay. Empty fields are left
    out. Raises ValueError for a field that is no section.
    """
    for name in fields:
        if name not in SECTIONS:
            raise ValueError(f"Field {name!r} is no section; use one of {', '.join(SECTIONS)}.")
    order = get_profile(profile).order or SECTIONS
    return joined(field_text(fields[name]) for name in order if name in fields)
