"""Tags that do not fit together in one picture, with the reason (data/contradictions.txt).

Says only what the tags mean; whether a warning is due (several persons, several views, a negative
prompt) is the caller's decision. `weak` marks what is possible but rarely meant.
"""

from collections.abc import Iterable
from functools import cache
from itertools import combinations
from typing import NamedTuple

from .names import DATA
from .tables import entries, names


class Contradiction(NamedTuple):
    """Two tags that contradict each other; `weak` when some pictures do show both."""

    one: str
    other: str
    reason: str
    weak: bool


class _Why(NamedTuple):
    """Why a pair contradicts; not when one of the tags of `unless` is there as well."""

    reason: str
    weak: bool
    unless: tuple[str, ...]


@cache
def _pairs() -> dict[frozenset[str], _Why]:
    """Why each unordered pair of tags contradicts; a strong line wins over a weak one."""
    pairs: dict[frozenset[str], _Why] = {}
    for line in entries(DATA / "contradictions.txt"):
        head, _, rest = line.partition(": ")
        body, _, reason = rest.partition(" = ")
        reason, _, unless = reason.partition(" | unless ")
        why = _Why(reason.strip(), head.startswith("weak"), tuple(names(unless)))
        if head.endswith(" one of"):
            lines = combinations(names(body), 2)
        else:
            left, _, right = body.partition(" ; ")
            lines = ((a, b) for a in names(left) for b in names(right))
        for a, b in lines:
            pair = frozenset((a, b))
            if pair not in pairs or (pairs[pair].weak and not why.weak):
                pairs[pair] = why
    return pairs


@cache
def _partners() -> dict[str, tuple[str, ...]]:
    """Tag -> the tags it contradicts, so that a caption is checked in one pass over its tags."""
    partners: dict[str, list[str]] = {}
    for a, b in map(tuple, _pairs()):
        partners.setdefault(a, []).append(b)
        partners.setdefault(b, []).append(a)
    return {tag: tuple(sorted(others)) for tag, others in partners.items()}


def contradictions(tags: Iterable[str]) -> list[Contradiction]:
    """Every contradicting pair among canonical tag names, in the order of the tags; pairs once."""
    partners, pairs = _partners(), _pairs()
    place = {tag: i for i, tag in enumerate(dict.fromkeys(tags))}
    found = []
    for tag in place:
        others = (other for other in partners.get(tag, ()) if place.get(other, -1) > place[tag])
        for other in sorted(others, key=place.__getitem__):
            why = pairs[frozenset((tag, other))]
            if place.keys().isdisjoint(why.unless):
                found.append(Contradiction(tag, other, why.reason, why.weak))
    return found


def opposites(tag: str) -> list[Contradiction]:
    """Every tag that does not fit together with one canonical name, by name."""
    pairs = ((other, _pairs()[frozenset((tag, other))]) for other in _partners().get(tag, ()))
    return [Contradiction(tag, other, why.reason, why.weak) for other, why in pairs]
