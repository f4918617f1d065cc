"""Puts the items of a prompt into the section order of a profile, each segment by itself.

Keywords (BREAK, AND, COUPLE(...)) stay where they are and nothing crosses them; inside a section
items keep their order. Reports every change: moved, dropped, respelled, split. Does not look for
mistakes.
"""

from bisect import bisect_left
from typing import NamedTuple

from .classify import Reader
from .parse import ATOMS, Part, Prompt
from .profiles import SECTIONS
from .render import Item, chain, print_item, print_items

# The seven sections of the paper's stored captions (arXiv 2409.19946, section 3.1.2) and where the
# sections that it lacks are filed there.
CAPTION_SECTIONS = ("person count", "character", "rating", "general", "artist", "score", "year")
_CAPTION_HOME = {
    **{name: name for name in CAPTION_SECTIONS},
    **{"copyright": "character", "natural language": "general", "meta": "general"},
    **{"network": "general", "quality": "score"},
}


class Change(NamedTuple):
    """One difference between source and result, as prompt text ("" for nothing)."""

    kind: str
    before: str
    after: str
    why: str

    def as_dict(self) -> dict:
        return {"kind": self.kind, "from": self.before, "to": self.after, "why": self.why}


class Placement(NamedTuple):
    """Where one atom came from, where it went, and why. place_after is -1 for a dropped atom."""

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


class Arrangement(NamedTuple):
    """An ordered prompt: its text, its segments of items, and what was changed."""

    text: str
    prompt: Prompt
    segments: list[list[Item]]
    keywords: list[str]
    dropped: list[tuple[Item, str]]
    changes: list[Change]


class Segment:
    """The parts between two keywords, sorted by role."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.comments: list[Part] = []
        self.branch = ""
        self.keyword = ""  # the keyword that ends this segment
        self.lead = self.tail = ""  # blanks behind the keyword before and before the keyword after


def arrange(prompt: Prompt, reader: Reader, options) -> Arrangement:
    """Order a parsed prompt. `options` is normalize.Options."""
    weights = prompt.weights()
    segments = _segments(prompt, reader, options)
    changes: list[Change] = []
    dropped: list[tuple[Item, str]] = []
    for segment in segments:
        changes.extend(_edits(segment.items))
        kept = _without_duplicates(segment.items, weights, dropped) if (
            options.duplicates == "drop"
        ) else segment.items  # fmt: skip
        segment.items = _sorted(kept, prompt, reader, options, changes)
        if options.comments == "drop":
            changes.extend(
                Change("comment", c.text, "", "a comment would be encoded as if it were part of "
                       "the picture") for c in segment.comments
            )  # fmt: skip
            segment.comments = []
    changes.extend(
        Change("duplicate", print_item(item, prompt.groups), "", why) for item, why in dropped
    )
    text = _print(segments, prompt, options)
    changes.extend(_glue_changes(prompt, options))
    return Arrangement(
        text, prompt, [s.items for s in segments], [s.keyword for s in segments], dropped, changes
    )


def _segments(prompt: Prompt, reader: Reader, options) -> list[Segment]:
    """The prompt cut at its keywords."""
    segments = [Segment()]
    homes = _caption_positions(prompt) if options.form == "caption" else None
    blanks, bars = "", 0
    for part in prompt.parts:
        segment, kind = segments[-1], part.kind
        if kind in ATOMS:
            entry = reader.entry(kind, part.text)
            if homes and entry.category == "unknown":
                section = homes[bars]
                why = "unknown, and the caption's sections say what it is"
                entry = entry._replace(section=section, category=section, why=why)
            if not (segment.items or segment.comments):
                segment.lead = blanks
            segment.items.append(Item(part, entry))
            blanks = ""
        elif kind == "keyword":
            segment.keyword, segment.tail = part.text, blanks
            segments.append(Segment())
            blanks = ""
        elif kind == "comment":
            segment.comments.append(part)
        elif kind == "branch":
            segment.branch = part.text.strip()
        elif kind in ("space", "newline", "comma"):
            blanks += part.text
        bars += kind == "bar"
    return segments


def _caption_positions(prompt: Prompt) -> tuple[str, ...] | None:
    """Section per number of `|||` seen, when the text is a stored caption with all seven."""
    bars = sum(part.kind == "bar" for part in prompt.parts)
    return CAPTION_SECTIONS if bars == len(CAPTION_SECTIONS) - 1 else None


def _edits(items: list[Item]) -> list[Change]:
    return [
        Change(kind, item.part.text, item.entry.text, why)
        for item in items
        for kind, why in item.entry.edits
    ]


def _without_duplicates(
    items: list[Item], weights: list[float], dropped: list[tuple[Item, str]]
) -> list[Item]:
    """Items without exact repetitions: the same tag with the same weight in the same segment."""
    seen: set[tuple[str, float]] = set()
    kept: list[Item] = []
    for item in items:
        if item.part.kind not in ("tag", "sentence"):
            kept.append(item)
            continue
        group = item.part.group
        key = (item.entry.name, round(weights[group], 6) if group >= 0 else 1.0)
        if key in seen:
            dropped.append((item, "the same tag with the same weight stands before"))
        else:
            seen.add(key)
            kept.append(item)
    return kept


def _sorted(items: list[Item], prompt: Prompt, reader: Reader, options, changes) -> list[Item]:
    """Items in section order; appends what moved and which groups were torn apart."""
    ranks = section_ranks(reader.profile, options)
    if not ranks:
        return items
    numbers = sorted(range(len(items)), key=lambda n: ranks.get(items[n].entry.section, 0))
    ordered = [items[n] for n in numbers]
    why = f"{reader.profile.title} captions ({reader.profile.source})"
    moved = _moved(numbers)
    for number, before in sorted((number, place) for place, number in enumerate(numbers)):
        if number not in moved:
            continue
        item = items[number]
        reason = (
            f"{item.entry.why}; item {number + 1} became item {before + 1}: "
            f"{_place(item.entry.section, ordered)} in {why}"
        )
        changes.append(Change("moved", item.part.text, item.entry.text, reason))
    if numbers != list(range(len(items))):
        changes.extend(_splits(items, ordered, prompt))
    return ordered


def _place(section: str, ordered: list[Item]) -> str:
    """Where a section stands among those present, in words."""
    before = ""
    for item in ordered:
        if item.entry.section == section:
            return f"{section} follows {before}" if before else f"{section} comes first"
        before = item.entry.section
    return section


def section_ranks(profile, options) -> dict[str, int]:
    """Rank of each section, {} when the profile keeps the source order."""
    order = profile.order
    if options.form == "caption":
        homes = {name: CAPTION_SECTIONS.index(home) for name, home in _CAPTION_HOME.items()}
        return {name: homes[name] * len(SECTIONS) + SECTIONS.index(name) for name in SECTIONS}
    if not order:
        return {}
    if options.sentence != "profile":
        order = tuple(name for name in order if name != "natural language")
        lead, tail = ("natural language",), order
        order = lead + tail if options.sentence == "first" else tail + lead
    return {name: rank for rank, name in enumerate(order)}


def _moved(numbers: list[int]) -> set[int]:
    """Source numbers outside one longest run that kept its order: the fewest items that moved."""
    tails: list[int] = []
    ends: list[int] = []
    parent: dict[int, int] = {}
    for number in numbers:
        place = bisect_left(tails, number)
        parent[number] = ends[place - 1] if place else -1
        if place == len(tails):
            tails.append(number)
            ends.append(number)
        else:
            tails[place] = ends[place] = number
    kept: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.add(at)
        at = parent[at]
    return set(numbers) - kept


def _splits(items: list[Item], ordered: list[Item], prompt: Prompt) -> list[Change]:
    """A change per outermost group that no longer prints as one."""
    runs: dict[int, list[list[Item]]] = {}
    source: dict[int, list[Item]] = {}
    for item in items:
        source.setdefault(_root(prompt, item), []).append(item)
    last = -1
    for item in ordered:
        root = _root(prompt, item)
        if root >= 0:
            if root != last:
                runs.setdefault(root, []).append([])
            runs[root][-1].append(item)
        last = root
    changes = []
    for root, parts in runs.items():
        if len(parts) > 1:
            after = ", ".join(print_items(part, prompt.groups) for part in parts)
            why = "its tags belong to different sections; each keeps its weight"
            changes.append(Change("split", print_items(source[root], prompt.groups), after, why))
    return changes


def _root(prompt: Prompt, item: Item) -> int:
    """The outermost group around an item, or -1."""
    path = chain(prompt.groups, item.part.group)
    return path[0] if path else -1


def _print(segments: list[Segment], prompt: Prompt, options) -> str:
    """Text of all segments with their keywords between them."""
    out: list[str] = []
    for number, segment in enumerate(segments):
        pieces = [comment.text + ("" if comment.text.startswith("/*") else "\n")
                  for comment in segment.comments]  # fmt: skip
        if options.form == "caption":
            pieces.append(_print_caption(segment.items, prompt))
        else:
            pieces.append(print_items(segment.items, prompt.groups, options.joiner))
        if segment.branch:
            pieces.append(" " + segment.branch)
        body = "".join(pieces)
        if number:
            out.append("\n" if "\n" in segment.lead else " " if body else "")
        out.append(body)
        if segment.keyword:
            if body or number:
                out.append("\n" if "\n" in segment.tail else " ")
            out.append(segment.keyword)
    return "".join(out)


def _print_caption(items: list[Item], prompt: Prompt) -> str:
    """The paper's stored form: seven sections, empty ones included, with `|||` between them."""
    homes: dict[str, list[Item]] = {name: [] for name in CAPTION_SECTIONS}
    for item in items:
        homes[_CAPTION_HOME[item.entry.section]].append(item)
    return " ||| ".join(print_items(part, prompt.groups) for part in homes.values())


def _glue_changes(prompt: Prompt, options) -> list[Change]:
    """Changes of separators: `|||`, line breaks, doubled and missing commas."""
    changes: list[Change] = []
    if options.form != "caption" and any(part.kind == "bar" for part in prompt.parts):
        why = "the separator of stored captions was never part of the encoded text"
        changes.append(Change("separator", "|||", options.joiner, why))
    odd: list[str] = []
    run, inside = "", False
    for part in (*prompt.parts, None):
        if part is not None and part.kind in ("comma", "newline", "space"):
            run += part.text
            continue
        at_edge = not inside or part is None or part.kind == "keyword"
        if ("," in run or "，" in run or "、" in run or "\n" in run) and (
            run != options.joiner or at_edge
        ):
            odd.append(run)
        inside, run = part is not None and part.kind != "keyword", ""
    if odd:
        shown = " ".join(dict.fromkeys(repr(run)[1:-1] for run in odd))
        changes.append(Change("separators", shown, options.joiner, "one separator between items"))
    return changes
