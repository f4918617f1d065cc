"""The explanation of a normalization: for every atom where it came from, where it went and why."""

from typing import NamedTuple

from .order import Arrangement
from .render import Item, print_item


class Placement(NamedTuple):
    """One atom of the source. place_after is -1 for a dropped atom; spans are source offsets."""

    text: str
    start: int
    end: int
    section: str
    category: str
    name: str
    weight: float
    place_before: int
    place_after: int
    printed: str
    why: str


def explain(arrangement: Arrangement) -> list[Placement]:
    """A placement per atom of the source, in source order."""
    prompt = arrangement.prompt
    weights = prompt.weights()
    placed = {
        item.part.start: (place, item)
        for place, item in enumerate(i for items in arrangement.segments for i in items)
    }
    dropped = {item.part.start: (item, why) for item, why in arrangement.dropped}
    placements = []
    for number, part in enumerate(prompt.atoms):
        if part.start in placed:
            place, item = placed[part.start]
            why, printed = item.entry.why, print_item(item, prompt.groups)
        else:
            item, why = dropped[part.start]
            place, printed = -1, ""
        entry = item.entry
        weight = weights[part.group] if part.group >= 0 else 1.0
        where = (part.text, part.start, part.end, entry.section, entry.category, entry.name)
        placements.append(Placement(*where, weight, number, place, printed, why))
    return placements


def list_sections(arrangement: Arrangement) -> list[dict]:
    """[{"name", "items"}] in the order of the text; a keyword is a section named "separator"."""
    groups = arrangement.prompt.groups
    sections: list[dict] = []
    for items, keyword in zip(arrangement.segments, arrangement.keywords, strict=True):
        name = None
        for item in items:
            if item.entry.section != name:
                name = item.entry.section
                sections.append({"name": name, "items": []})
            sections[-1]["items"].append(_print(item, groups))
        if keyword:
            sections.append({"name": "separator", "items": [keyword]})
    return sections


def _print(item: Item, groups: tuple) -> str:
    return print_item(item, groups) if item.part.group >= 0 else item.entry.text
