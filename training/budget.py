"""The token budget of a caption: what goes when it has more tokens than the text encoder takes.

sd-scripts cuts a long caption at its end, so quality words and sentences go first and in silence.
Here general tags go, at random, and what is cut is told.
"""

from collections.abc import Callable
from functools import lru_cache
from random import Random

from .plan import PROSE, Item
from .policy import Policy

# What goes first when a caption has too many tokens.
LEAST_NEEDED = ("general", "unknown", "meta", "framing", "quality", PROSE, "copyright", "year")

Count = Callable[[str], int]


def within_limit(
    kept: list[Item], texts: list[str], extras: list[str], joiner: str, policy: Policy,
    is_safe: Callable[[Item], bool], random: Random, count: Count,
) -> tuple[list[Item], list[str], list[Item]]:  # fmt: skip
    """As many items as the token limit allows, and those that had to go: general tags first."""
    marks = 1 if joiner.strip() else 0  # a comma is a token of its own
    sizes = [_tokens(count, text) + marks for text in texts]
    total = sum(sizes) + sum(_tokens(count, extra) + marks for extra in extras) - marks
    if total <= policy.token_limit:
        return kept, texts, []
    gone: set[int] = set()
    for position in _expendable(kept, policy, is_safe, random):
        gone.add(position)
        total -= sizes[position]
        if total <= policy.token_limit:
            break
    left = [n for n in range(len(kept)) if n not in gone]
    return [kept[n] for n in left], [texts[n] for n in left], [kept[n] for n in sorted(gone)]


def _expendable(
    kept: list[Item], policy: Policy, is_safe: Callable[[Item], bool], random: Random
) -> list[int]:
    """Positions in the order in which they go: by category, at random inside one."""
    ranks = {category: rank for rank, category in enumerate(LEAST_NEEDED)}
    may_go = [
        n
        for n, item in enumerate(kept)
        if item.category in ranks and item.section != policy.first and not is_safe(item)
    ]
    random.shuffle(may_go)
    return sorted(may_go, key=lambda n: ranks[kept[n].category])


@lru_cache(maxsize=100_000)
def _tokens(count: Count, text: str) -> int:
    return count(text)
