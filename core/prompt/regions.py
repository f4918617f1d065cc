"""Regions for several characters: a rectangle and a prompt per card, as data and prompt-control
text.

Rectangles are shares of width and height from the top left corner. Does not build conditioning;
nodes turn the rectangles into masks.
"""

from collections import Counter
from typing import NamedTuple

from .build import (
    Card,
    Picture,
    build,
    own_items,
    split_items,
    tag_sections,
    with_trained_words,
)
from .profiles import DEFAULT_PROFILE, Profile

_COLUMNS = {"left": 0, "center": 1, "middle": 1, "right": 2}
_ROWS = {"top": 0, "upper": 0, "background": 0, "back": 0, "bottom": 2, "lower": 2, "foreground": 2,
         "front": 2}  # fmt: skip


class Region(NamedTuple):
    """Where one character is (shares 0 - 1 of the picture) and the prompt for that place."""

    card: int
    left: float
    top: float
    right: float
    bottom: float
    text: str


class Regions(NamedTuple):
    """base: the prompt for the whole picture. prompt_control: the same as COUPLE text."""

    base: str
    regions: tuple[Region, ...]
    prompt_control: str


def make_regions(picture: Picture, profile: str | Profile = DEFAULT_PROFILE) -> Regions:
    """Regions of a picture's cards: columns and rows from their positions, else from left to right.

    The base keeps the person count, the tags that several cards share and the fields of the
    picture; each region has its character with the tags of that card, and what makes all regions
    one picture: style, rating, artist, score and year. Raises ValueError without cards.
    """
    if not picture.cards:
        raise ValueError(
            "The picture has no characters to place; connect Character (Illustrious) to Build "
            "Prompt (Illustrious)."
        )
    picture, _ = with_trained_words(picture, profile)
    base = _base_text(picture, profile)
    regions = tuple(
        Region(number, *box, build(_card_sections(picture, number), profile))
        for number, box in enumerate(place_cards(picture.cards))
    )
    parts = [base]
    for region in regions:
        columns = f"{region.left:g} {region.right:g}, {region.top:g} {region.bottom:g}"
        parts.append(f"COUPLE MASK({columns}) {region.text}")
    return Regions(base, regions, "\n".join(part for part in parts if part))


def _base_text(picture: Picture, profile: str | Profile) -> str:
    """Prompt for the whole picture: everything but what belongs to one card alone."""
    sections = tag_sections(picture)
    if len(picture.cards) > 1:
        counts = Counter(
            name for card in picture.cards for name in {name for name, _ in own_items(card)}
        )
        fields = (picture.general, picture.scene, picture.camera, picture.style)
        everywhere = {name for field in fields for name, _ in split_items(field)}
        sections["general"] = [
            tag
            for tag in sections.get("general", ())
            for name, _ in split_items(tag)
            if counts[name] != 1 or name in everywhere
        ]
        sections["character"] = [printed for _, printed in split_items(picture.character)]
    return build(sections, profile)


def _card_sections(picture: Picture, number: int) -> dict[str, list[str]]:
    one = Picture(
        cards=(picture.cards[number],),
        **{name: getattr(picture, name) for name in ("style", "rating", "artist", "score", "year")},
    )
    sections = tag_sections(one)
    sections["general"] = [tag for tag in sections.get("general", ()) if tag != "solo"]
    return sections


def place_cards(cards: tuple[Card, ...]) -> list[tuple[float, float, float, float]]:
    """(left, top, right, bottom) of each card in shares of the picture; they cover it together."""
    cells = [_cell(card.position) for card in cards]
    if all(column is None and row is None for column, row in cells):
        cells = [(number, None) for number in range(len(cards))]
    cells = _fill(cells)
    columns = sorted({column for column, _ in cells})
    boxes = []
    for number, (column, row) in enumerate(cells):
        rows = sorted({r for c, r in cells if c == column})
        left, width = columns.index(column) / len(columns), 1 / len(columns)
        top, height = rows.index(row) / len(rows), 1 / len(rows)
        same = [n for n, cell in enumerate(cells) if cell == (column, row)]
        share = width / len(same)
        left += same.index(number) * share
        box = (left, top, left + share, top + height)
        boxes.append(tuple(round(value, 4) for value in box))
    return boxes


def _cell(position: str) -> tuple[int | None, int | None]:
    """(column, row) that a position names, None where it names none."""
    words = position.lower().replace("-", " ").split()
    column = next((_COLUMNS[word] for word in words if word in _COLUMNS), None)
    row = next((_ROWS[word] for word in words if word in _ROWS), None)
    return column, row


def _fill(cells: list[tuple[int | None, int | None]]) -> list[tuple[int, int]]:
    """Give cards without a column one that is free; rows default to the middle."""
    by_rows = all(column is None for column, _ in cells)
    free = [c for c in (0, 2, 1) if c not in {column for column, _ in cells}]
    filled = []
    for column, row in cells:
        if column is None:
            column = 1 if by_rows or not free else free.pop(0)
        filled.append((column, 1 if row is None else row))
    return filled
