"""Says what the normalizer changed, one line per change, each with its reason."""

from bisect import bisect_left
from typing import NamedTuple

from ..vocabulary.names import invisible, sign_names, visible
from .options import Options
from .parts import Prompt
from .profiles import Profile
from .render import Item, chain, print_items

_MOST_SHOWN = 40  # characters of the item that another one now stands behind
_ONE_SEPARATOR = "items are separated by one comma and one space"


class Change(NamedTuple):
    """One difference between source and result, as prompt text ("" for nothing).

    Kinds: moved, split, duplicate, implied, comment, separator, separators, weight, and the
    spellings invisible, underscores, spacing, escape, unescape, alias, renamed, word.
    """

    kind: str
    before: str
    after: str
    why: str

    def as_dict(self) -> dict:
        return {"kind": self.kind, "from": self.before, "to": self.after, "why": self.why}


def edit_changes(items: list[Item]) -> list[Change]:
    """Changes of spelling."""
    return [
        Change(kind, item.part.text, item.entry.text, why)
        for item in items
        for kind, why in item.entry.edits
    ]


def move_changes(items: list[Item], numbers: list[int], profile: Profile) -> list[Change]:
    """The fewest items that moved: those outside one longest run that kept its order.

    numbers: for each place of the result the number of the item in `items`.
    """
    kept = _kept(numbers)
    follows = _predecessors([items[number].entry.section for number in numbers])
    changes = []
    for number, place in sorted((number, place) for place, number in enumerate(numbers)):
        if number in kept:
            continue
        entry = items[number].entry
        before = follows[entry.section]
        where = f"{entry.section} follows {before}" if before else f"{entry.section} comes first"
        now = f"behind {_short(items[numbers[place - 1]].entry.text)}" if place else "first"
        why = f"{entry.why}; now {now}: {where} in {profile.title} captions ({profile.source})"
        changes.append(Change("moved", items[number].part.text, entry.text, why))
    return changes


def _short(text: str) -> str:
    """A name as it is; of a long sentence the beginning."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN].rstrip()} ..."


def _kept(numbers: list[int]) -> set[int]:
    """One longest increasing subsequence, by patience sorting."""
    tails: list[int] = []
    parent: dict[int, int] = {}
    for number in numbers:
        place = bisect_left(tails, number)
        parent[number] = tails[place - 1] if place else -1
        tails[place : place + 1] = [number]
    kept: set[int] = set()
    at = tails[-1] if tails else -1
    while at >= 0:
        kept.add(at)
        at = parent[at]
    return kept


def _predecessors(sections: list[str]) -> dict[str, str]:
    """For each section present the one before it, "" for the first."""
    follows: dict[str, str] = {}
    before = ""
    for section in sections:
        follows.setdefault(section, before)
        before = section
    return follows


def split_changes(items: list[Item], ordered: list[Item], prompt: Prompt) -> list[Change]:
    """A change per outermost group that no longer prints as one."""
    source: dict[int, list[Item]] = {}
    for item in items:
        source.setdefault(_root(prompt, item), []).append(item)
    runs: dict[int, list[list[Item]]] = {}
    last = -1
    for item in ordered:
        root = _root(prompt, item)
        if root >= 0:
            if root != last:
                runs.setdefault(root, []).append([])
            runs[root][-1].append(item)
        last = root
    why = "its tags belong to different sections; each keeps its weight"
    return [
        Change(
            "split",
            print_items(source[root], prompt.groups),
            ", ".join(print_items(part, prompt.groups) for part in parts),
            why,
        )
        for root, parts in runs.items()
        if len(parts) > 1
    ]


def _root(prompt: Prompt, item: Item) -> int:
    """The outermost group around an item, or -1."""
    path = chain(prompt.groups, item.part.group)
    return path[0] if path else -1


def glue_changes(prompt: Prompt, options: Options) -> list[Change]:
    """Changes between items: `|||`, line breaks, doubled commas, signs that cannot be seen."""
    changes: list[Change] = []
    if options.form != "caption" and any(part.kind == "bar" for part in prompt.parts):
        why = "the separator of stored captions was never part of the encoded text"
        changes.append(Change("separator", "|||", options.joiner, why))
    odd: dict[str, None] = {}
    run, hidden, inside = "", "", False
    for part in (*prompt.parts, None):
        kind = part.kind if part is not None else "keyword"
        if kind in ("comma", "newline", "space"):
            run += visible(part.text)
            hidden += invisible(part.text)
            continue
        at_edge = not inside or kind == "keyword"
        at_keyword = at_edge and part is not None and part.start > 0
        separates = any(char in run for char in (",，、" if at_keyword else ",，、\n\r"))
        if separates and (run != options.joiner or at_edge):
            odd[repr(run)[1:-1]] = None
        inside, run = kind != "keyword", ""
    if hidden:
        why = f"{sign_names(hidden)} between items, where nobody sees it"
        changes.append(Change("invisible", hidden, "", why))
    if odd:
        changes.append(Change("separators", " ".join(odd), options.joiner, _ONE_SEPARATOR))
    return changes
