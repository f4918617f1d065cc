"""Puts the items of a prompt into the section order of a profile, each segment by itself.

Inside a section items keep their order. Drops repetitions and (by option) implied tags and
comments, and reports every change. Does not look for mistakes; see lint.
"""

from typing import NamedTuple

from .changes import Change, edit_changes, glue_changes, move_changes, split_changes
from .classify import Reader
from .options import Options
from .parts import Prompt
from .profiles import Profile
from .render import Item, numeric_weights, print_item
from .segments import CAPTION_RANKS, cut_segments, print_segments

_COMMENT = "a comment would be encoded as if it were part of the picture"
_NUMERIC = "ComfyUI reads weights from round brackets only, and the innermost number counts there"
_MOST_IMPLIED = 64  # tags added for one tag; Danbooru's longest chains have fewer than ten


class Arrangement(NamedTuple):
    """An ordered prompt: its text, its segments of items, and what was changed."""

    text: str
    prompt: Prompt
    segments: list[list[Item]]
    keywords: list[str]
    dropped: list[tuple[Item, str]]
    changes: list[Change]


def section_ranks(profile: Profile, options: Options) -> dict[str, int]:
    """Rank of each section, {} when the profile keeps the source order."""
    if options.form == "caption":
        return CAPTION_RANKS
    order = profile.order
    if order and options.sentence != "profile":
        rest = tuple(name for name in order if name != "natural language")
        alone = ("natural language",)
        order = alone + rest if options.sentence == "first" else rest + alone
    return {name: rank for rank, name in enumerate(order)}


def arrange(prompt: Prompt, reader: Reader) -> Arrangement:
    """Order a parsed prompt for the reader's profile and options."""
    options, weights = reader.options, prompt.weights()
    segments = cut_segments(prompt, reader)
    ranks = section_ranks(reader.profile, options)
    changes: list[Change] = []
    dropped: list[tuple[Item, str]] = []
    for segment in segments:
        changes += edit_changes(segment.items)
        items = segment.items
        if options.duplicates == "drop":
            items = _without_duplicates(items, weights, dropped)
        if options.implied != "keep":
            items = _implied(items, weights, reader, dropped, changes)
        segment.items = _sorted(items, ranks, prompt, reader.profile, changes)
        if options.weights == "numeric":
            segment.items, prompt, written = numeric_weights(segment.items, prompt, weights)
            changes += [Change("weight", before, after, _NUMERIC) for before, after in written]
        if options.comments == "drop":
            changes += [Change("comment", c.text, "", _COMMENT) for c in segment.comments]
            segment.comments = []
    for item, why in dropped:
        kind = "implied" if why.startswith("stated") else "duplicate"
        changes.append(Change(kind, print_item(item, prompt.groups), "", why))
    text = print_segments(segments, prompt, options)
    changes += glue_changes(prompt, options)
    keywords = [segment.keyword for segment in segments]
    return Arrangement(text, prompt, [s.items for s in segments], keywords, dropped, changes)


def _weight(item: Item, weights: list[float]) -> float:
    group = item.part.group
    return round(weights[group], 6) if group >= 0 else 1.0


def _without_duplicates(
    items: list[Item], weights: list[float], dropped: list[tuple[Item, str]]
) -> list[Item]:
    """Items without exact repetitions: the same tag with the same weight in the same segment."""
    seen: set[tuple[str, float]] = set()
    kept: list[Item] = []
    for item in items:
        if item.part.kind != "tag":
            kept.append(item)
            continue
        key = (item.entry.name, _weight(item, weights))
        if key in seen:
            dropped.append((item, "the same tag with the same weight stands before"))
        else:
            seen.add(key)
            kept.append(item)
    return kept


def implied_names(name: str, reader: Reader) -> list[str]:
    """Every tag that a tag states, directly or through others, nearest first."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting and len(found) < _MOST_IMPLIED:
        tag = reader.lookup(waiting.pop(0))
        for implied in tag.implies if tag else ():
            if implied not in found and implied != name:
                found[implied] = None
                waiting.append(implied)
    return list(found)


def _implied(
    items: list[Item],
    weights: list[float],
    reader: Reader,
    dropped: list[tuple[Item, str]],
    changes: list[Change],
) -> list[Item]:
    """Drop the tags that others state with the same weight, or add those that are missing."""
    stated: dict[tuple[str, float], Item] = {}
    for item in items:
        if item.part.kind == "tag":
            for name in implied_names(item.entry.name, reader):
                stated.setdefault((name, _weight(item, weights)), item)
    if reader.options.implied == "drop":
        kept = []
        for item in items:
            owner = stated.get((item.entry.name, _weight(item, weights)))
            if owner is None or item.part.kind != "tag":
                kept.append(item)
            else:
                dropped.append((item, f"stated by {owner.entry.text}"))
        return kept
    present = {item.entry.name for item in items}
    added = []
    for (name, _), owner in stated.items():
        if name not in present:
            present.add(name)
            part = owner.part._replace(start=-1, end=-1, text=name)
            added.append(Item(part, reader.entry("tag", name)))
            changes.append(Change("implied", "", name, f"stated by {owner.entry.text}"))
    return items + added


def _sorted(
    items: list[Item],
    ranks: dict[str, int],
    prompt: Prompt,
    profile: Profile,
    changes: list[Change],
) -> list[Item]:
    """Items in section order; appends what moved and which groups were torn apart."""
    if not ranks:
        return items
    numbers = sorted(range(len(items)), key=lambda n: ranks.get(items[n].entry.section, 0))
    ordered = [items[n] for n in numbers]
    if any(number != place for place, number in enumerate(numbers)):
        changes += move_changes(items, numbers, profile)
        changes += split_changes(items, ordered, prompt)
    return ordered
