"""Cuts a parsed prompt at its keywords, and prints the segments back with the keywords in place.

Nothing moves across a keyword (BREAK, AND, COUPLE(...), frame lines), because what stands before
and behind it is encoded, placed or timed by itself.
"""

from .classify import Reader
from .options import Options
from .parts import ATOMS, Part, Prompt
from .profiles import SECTIONS
from .render import Item, print_items

# The seven sections of the paper's stored captions (arXiv 2409.19946, section 3.1.2) and where the
# sections that it lacks are filed there.
CAPTION_SECTIONS = ("person count", "character", "rating", "general", "artist", "score", "year")
CAPTION_HOME = {
    **{name: name for name in CAPTION_SECTIONS},
    **{"copyright": "character", "natural language": "general", "meta": "general"},
    **{"network": "general", "quality": "score"},
}
# Rank of each section inside the stored form.
CAPTION_RANKS = {
    name: CAPTION_SECTIONS.index(CAPTION_HOME[name]) * len(SECTIONS) + number
    for number, name in enumerate(SECTIONS)
}


class Segment:
    """The parts between two keywords, sorted by role."""

    __slots__ = ("branch", "comments", "items", "keyword", "lead", "tail")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.comments: list[Part] = []
        self.branch = ""  # the `:0.8` of an AND part
        self.keyword = ""  # the keyword that ends this segment
        self.lead = self.tail = ""  # blanks behind the keyword before, and before the keyword after


def cut_segments(prompt: Prompt, reader: Reader) -> list[Segment]:
    """The prompt cut at its keywords, every atom classified."""
    segments = [Segment()]
    homes = _caption_positions(prompt) if reader.options.form == "caption" else None
    blanks, bars = "", 0
    for part in prompt.parts:
        segment, kind = segments[-1], part.kind
        if kind in ATOMS:
            entry = reader.entry(kind, part.text)
            if homes and entry.category == "unknown":
                section = homes[bars]
                why = "unknown, and the sections of the caption say what it is"
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


def print_segments(segments: list[Segment], prompt: Prompt, options: Options) -> str:
    """Text of all segments with their keywords between them."""
    out: list[str] = []
    keyword = ""
    for number, segment in enumerate(segments):
        body = _print_body(segment, prompt, options)
        if number and not keyword.endswith('"'):
            out.append("\n" if "\n" in segment.lead else " " if body else "")
        out.append(body)
        keyword = segment.keyword
        if keyword:
            line = "\n" in segment.tail
            if line or ((body or number) and not keyword.startswith('"')):
                out.append("\n" if line else " ")
            out.append(keyword)
    return "".join(out)


def _print_body(segment: Segment, prompt: Prompt, options: Options) -> str:
    pieces = []
    for comment in segment.comments:
        pieces += [comment.text, " " if comment.text.startswith("/*") else "\n"]
    if options.form == "caption":
        pieces.append(_print_caption(segment.items, prompt))
    else:
        pieces.append(print_items(segment.items, prompt.groups, options.joiner))
    if segment.branch:
        pieces.append(" " + segment.branch)
    return "".join(pieces)


def _print_caption(items: list[Item], prompt: Prompt) -> str:
    """The paper's stored form: seven sections, empty ones included, with `|||` between them."""
    homes: dict[str, list[Item]] = {name: [] for name in CAPTION_SECTIONS}
    for item in items:
        homes[CAPTION_HOME[item.entry.section]].append(item)
    return " ||| ".join(print_items(part, prompt.groups) for part in homes.values())
