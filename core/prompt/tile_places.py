"""Who or what is where: character cards, lines of boxes and boxes of a detector as one list.

Decides which box is a character's. Does not write prompts (see tile_prompts).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .build import Card, own_items, person_count
from .fields import joined, split_items
from .regions import place_cards
from .tile_boxes import MOST_BOXES, Box, Marked

_CARD = re.compile(r"\s*character (\d+)\s*(?:,\s*(.*))?", re.IGNORECASE)


class Place(NamedTuple):
    """A box and its tags as prompt text; "": whatever the prompt says that no other place does."""

    box: Box
    tags: str


def places_of(
    cards: Sequence[Card], lines: Sequence[Marked], given: Sequence[Marked] | None
) -> list[Place]:
    """All places. given: boxes of another node, None where none is connected.

    A line whose tags begin with "character 2" is the box of the second card. As many given boxes
    without tags as there are cards without a box are theirs, from left to right; a card that
    still has none keeps its position. Raises ValueError with one sentence.
    """
    boxes: dict[int, Box] = {}
    more: dict[int, str] = {}
    places = []
    for box, tags in [*lines, *(given or ())]:
        found = _CARD.fullmatch(tags)
        if found is None:
            places.append(Place(box, tags))
            continue
        number = int(found[1])
        if not 1 <= number <= len(cards):
            raise ValueError(
                f"A box is that of character {number} and {len(cards)} are connected; connect a "
                "Character (Illustrious) for each, or write its tags behind the box."
            )
        boxes[number - 1], more[number - 1] = box, found[2] or ""
    places, boxes = _hand_out(places, given or (), cards, boxes)
    regions = [Box(*box) for box in place_cards(tuple(cards))] if cards else []
    of_cards = [
        Place(boxes.get(i, regions[i]), joined((_card_text(card), more.get(i, ""))))
        for i, card in enumerate(cards)
    ]
    return _checked([*of_cards, *places], given is not None)


def _hand_out(places, given, cards, boxes) -> tuple[list[Place], dict[int, Box]]:
    """The boxes without tags of a detector to the cards without a box, if they are as many."""
    bare = sorted(box for box, tags in given if not tags)
    regions = place_cards(tuple(cards)) if cards else []
    homeless = sorted((i for i in range(len(cards)) if i not in boxes), key=lambda i: regions[i])
    if not bare or len(bare) != len(homeless):
        return places, boxes
    rest = [place for place in places if place.tags or place.box not in bare]
    return rest, boxes | dict(zip(homeless, bare, strict=True))


def _card_text(card: Card) -> str:
    named = [printed for text in (card.name, card.series) for _, printed in split_items(text)]
    return joined((*person_count([card.person]), *named, *(p for _, p in own_items(card))))


def _checked(places: list[Place], searched: bool) -> list[Place]:
    if not places and not searched:
        raise ValueError(
            "Nothing says where anybody is; write a line such as '30 10 40 85' into boxes, or "
            "connect characters or bboxes."
        )
    if len(places) > MOST_BOXES:
        raise ValueError(
            f"There are {len(places)} boxes; at most {MOST_BOXES} can be told apart. Leave out "
            "the smallest, or join neighbours."
        )
    return places
