"""What a policy should do to a caption, worked out rather than sampled.

For the preview and for tests: shares of the stages and the probability that an item is lost to the
dropout and to its category's rate. Rules and the token limit come on top and are not in it.
"""

from functools import lru_cache
from math import floor

from .plan import PROSE, Item, Level
from .policy import STAGE_NAMES, Policy, Stage, stage_shares


def flexible_tags(level: Level, policy: Policy) -> int:
    """How many items of a caption the stages may take."""
    return sum(item.section not in (policy.first, PROSE) for item in level.items)


def expected_shares(level: Level, policy: Policy) -> dict[str, float]:
    """Share of each stage among the captions of this level that are not dropped whole."""
    if flexible_tags(level, policy) < policy.fewest_for_dropout:
        return {**dict.fromkeys(STAGE_NAMES, 0.0), "full": 1.0}
    return stage_shares(policy)


def expected_loss(item: Item, level: Level, policy: Policy) -> float:
    """Probability that an item of this level is dropped."""
    if item.name in policy.no_dropout or item.category in policy.no_dropout_categories:
        return 0.0
    stays = 1.0
    if item.section != policy.first:
        stays = 1.0 - dict(policy.rates).get(item.category, 0.0)
        if item.section != PROSE:
            weak = item.name in policy.weak or item.category in policy.weak_categories
            stays *= _kept_share(flexible_tags(level, policy), weak, policy)
    return 1.0 - (1.0 - policy.caption_dropout) * stays


@lru_cache(maxsize=4096)
def _kept_share(tags: int, weak: bool, policy: Policy) -> float:
    """Probability that one of `tags` flexible tags survives the stages."""
    if tags < policy.fewest_for_dropout or not tags:
        return 1.0
    shares = stage_shares(policy)
    by_name = {stage.name: stage for stage in policy.stages}
    kept = 0.0
    for name, share in shares.items():
        stage = by_name.get(name)
        protected = weak and (stage is None or stage.weak)
        kept += share * (1.0 if protected else _mean_number(stage, tags, policy) / tags)
    return kept


def _mean_number(stage: Stage | None, tags: int, policy: Policy) -> float:
    if stage is None:
        return _mean_of_linear(tags, policy.tag_dropout)
    if stage.fewest:
        numbers = range(stage.fewest, stage.most + 1)
        return sum(min(tags, number) for number in numbers) / len(numbers)
    if not stage.share and not stage.least:
        return min(tags, stage.most)
    number = min(tags, max(int(stage.share * tags), stage.least))
    return min(number, stage.most) if stage.most else number


def _mean_of_linear(tags: int, rate: float) -> float:
    """Mean of max(1, floor(tags * (1 - rate * U))) with U uniform on [0, 1)."""
    low = tags * (1 - rate)
    if rate == 0:
        return tags
    total = 0.0
    for number in range(floor(low), tags + 1):
        width = min(tags, number + 1) - max(low, number)
        total += max(1, number) * max(0.0, width)
    return total / (tags - low)
