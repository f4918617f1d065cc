"""Tags that do not fit together in one picture, with the reason (data/contradictions.txt).

Says only what the tags mean; whether a warning is due (several persons, several views, a negative
prompt) is the caller's decision. `weak` marks what is possible but rarely meant.
"""

from functools import cache
from itertools import combinations
from typing import NamedTuple

from .curated import entries, names
from .names import DATA


class Contradiction(NamedTuple):
    """Two tags that contradict each other; `weak` when some pictures do show both."""

    one: str
    other: str
    reason: str
    weak: bool


@cache
def _pairs() -> dict[frozenset[str], tuple[str, bool]]:
    """Unordered pair of tags -> (reason, weak); a strong line wins over a weak one."""
    pairs: dict[frozenset[str], tuple[str, bool]] = {}
    for line in entries(DATA / "contradictions.txt"):
        head, _, rest = line.partition(": ")
        body, _, reason = rest.partition(" = ")
        weak = head.startswith("weak")
        if head.endswith(" one of"):
            lines = combinations(names(body), 2)
        else:
            left, _, right = body.partition(" ; ")
            lines = ((a, b) for a in names(left) for b in names(right))
        for a, b in lines:
            pair = frozenset((a, b))
            if pair not in pairs or (pairs[pair][1] and not weak):
                pairs[pair] = (reason.strip(), weak)
    return pairs


@cache
def _partners() -> dict[str, tuple[str, ...]]:
    """Tag -> the tags it contradicts, so that a caption is checked in one pass over its tags."""
    partners: dict[str, list[str]] = {}
    for a, b in map(tuple, _pairs()):
        partners.setdefault(a, []).append(b)
        partners.setdefault(b, []).append(a)
    return {tag: tuple(sorted(others)) for tag, others in partners.items()}


def contradictions(tags: list[str]) -> list[Contradiction]:
    """Every contradicting pair among canonical tag names, in the order of the tags; pairs once."""
    partners, pairs = _partners(), _pairs()
    place = {tag: i for i, tag in enumerate(dict.fromkeys(tags))}
    return [
        Contradiction(tag, other, *pairs[frozenset((tag, other))])
        for tag in place
        for other in sorted(partners.get(tag, ()), key=lambda o: place.get(o, -1))
        if place.get(other, -1) > place[tag]
    ]


def known_contradictions() -> list[Contradiction]:
    """All pairs of the table, for reports and tests."""
    return [Contradiction(*sorted(pair), *why) for pair, why in sorted(_pairs().items(), key=str)]
