"""Makes one caption of a plan: level, multi-level dropout, rates, order, joiners, token budget.

A pure function of plan, policy and random numbers; the same seed, picture, epoch and visit give the
same caption in whatever process. Order of the steps as in the authors' trainer (aria1th/sd-scripts,
library/train_util.py, commit 3d1f2dd); what it protects by parts of words is exact here.
"""

import hashlib
from functools import lru_cache
from random import Random
from typing import NamedTuple

from .budget import Count, within_limit
from .paraphrases import PARAPHRASES
from .plan import PROSE, Item, Level, Plan
from .policy import REGISTER_LENGTH, Policy, Stage

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# Marks of how much is left of a caption, and how likely they are (commit 606ddff and later).
HINTS = {
    **{"keep-30": "very simple caption", "keep-40": "simple caption"},
    "keep-6": "extremely simple caption",
}
HINT_SHARE, SHORT_HINT, DETAIL_HINT = 0.25, "extremely simple caption", "detailed caption"
DETAIL_SHARE, DETAIL_TAGS = 0.5, 10
CASE_UPPER = 0.1  # of the touched tags; the others become lower case (commit e404fab)


class Composed(NamedTuple):
    """One caption. stage: one of policy.STAGE_NAMES, "" where the whole caption was dropped.

    kept: the items in it. dropped, ruled, cut: items of the level that the dropout and the rates,
    the rules, and the token limit took. extras: hint and register string.
    """

    text: str
    level: Level | None
    stage: str
    kept: tuple[Item, ...] = ()
    dropped: tuple[Item, ...] = ()
    ruled: tuple[Item, ...] = ()
    cut: tuple[Item, ...] = ()
    extras: tuple[str, ...] = ()


def random_for(seed: int, key: str, epoch: int, visit: int) -> Random:
    """Random numbers of one picture at one visit, the same in every worker and on every machine."""
    told = f"{seed}\0{epoch}\0{visit}\0{key}".encode("utf-8", "surrogatepass")
    return Random(int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big"))


def compose(plan: Plan, policy: Policy, random: Random, count: Count | None = None) -> Composed:
    """One caption of a picture. count: tokens of a text, for the token limit."""
    level = _choose_level(plan, policy, random)
    if level is None:
        return Composed("", None, "full")
    rules = _prepared(policy)
    if policy.caption_dropout and random.random() < policy.caption_dropout:
        stage, kept = "", [item for item in level.items if rules.is_safe(item)]
    else:
        stage, kept = _drop(level.items, policy, rules, random)
    dropped = _without(level.items, kept)
    before = kept
    for rule in policy.rules if stage else ():
        kept = _correlated(kept, rule, rules, random)
    ruled = _without(before, kept)
    extras = _extras(level, kept, stage, policy, random)
    if policy.shuffle:
        kept = _shuffled(kept, random)
    texts = [_written(item, policy, random) for item in kept]
    joiner = _weighted(policy.joiners, random)
    cut: list[Item] = []
    if policy.token_limit and count:
        kept, texts, cut = within_limit(
            kept, texts, extras, joiner, policy, rules.is_safe, random, count
        )
    text = _joined(kept, texts, extras, joiner)
    return Composed(text, level, stage, tuple(kept), dropped, ruled, tuple(cut), tuple(extras))


def _without(items, kept: list[Item]) -> tuple[Item, ...]:
    if len(kept) == len(items):
        return ()
    stay = set(map(id, kept))
    return tuple(item for item in items if id(item) not in stay)


class _Rules(NamedTuple):
    """A policy as look-ups."""

    safe_names: frozenset[str]
    safe_categories: frozenset[str]
    weak_names: frozenset[str]
    weak_categories: frozenset[str]
    rates: dict[str, float]

    def is_safe(self, item: Item) -> bool:
        return item.name in self.safe_names or item.category in self.safe_categories

    def is_weak(self, item: Item) -> bool:
        return item.name in self.weak_names or item.category in self.weak_categories


@lru_cache(maxsize=16)
def _prepared(policy: Policy) -> _Rules:
    return _Rules(
        frozenset(policy.no_dropout),
        frozenset(policy.no_dropout_categories),
        frozenset(policy.weak),
        frozenset(policy.weak_categories),
        {category: rate for category, rate in policy.rates if rate},
    )


def _choose_level(plan: Plan, policy: Policy, random: Random) -> Level | None:
    if len(plan.levels) < 2:
        return plan.levels[0] if plan.levels else None
    weights = dict(policy.levels)
    given = [weights.get(level.id, 0.0) for level in plan.levels]
    if not any(given):
        return plan.levels[0]
    return random.choices(plan.levels, given)[0]


def _drop(
    items: tuple[Item, ...], policy: Policy, rules: _Rules, random: Random
) -> tuple[str, list[Item]]:
    """(stage, items that stay), in their order."""
    tags = [i for i in items if i.section != policy.first and i.section != PROSE]
    stage = _draw_stage(len(tags), policy, random)
    number = _number_kept(stage, len(tags), policy, random)
    if number >= len(tags):
        kept = list(items)
    else:
        chosen = set(map(id, random.sample(tags, number)))
        weak = stage is None or stage.weak
        kept = [
            item
            for item in items
            if id(item) in chosen
            or item.section == policy.first
            or item.section == PROSE
            or rules.is_safe(item)
            or (weak and rules.is_weak(item))
        ]
    if rules.rates:
        kept = [i for i in kept if not _by_rate(i, policy, rules, random)]
    return _stage_name(stage, len(tags), policy), kept


def _draw_stage(tags: int, policy: Policy, random: Random) -> Stage | None:
    """The stage of a caption, None for the branch behind all stages."""
    if not policy.stages or tags < policy.fewest_for_dropout:
        return None
    if policy.reading == "authors-code":
        return next((s for s in policy.stages if random.random() < s.probability), None)
    drawn = random.random()
    for stage in policy.stages:
        if drawn < stage.probability:
            return stage
        drawn -= stage.probability
    return None


def _stage_name(stage: Stage | None, tags: int, policy: Policy) -> str:
    if stage is not None:
        return stage.name
    long_enough = tags >= policy.fewest_for_dropout
    return (
        "linear" if policy.reading == "authors-code" and policy.stages and long_enough else "full"
    )


def _number_kept(stage: Stage | None, tags: int, policy: Policy, random: Random) -> int:
    if stage is None:
        if not policy.tag_dropout or tags < policy.fewest_for_dropout:
            return tags
        return max(1, int(tags * (1 - policy.tag_dropout * random.random())))
    if stage.fewest:
        return min(tags, random.randint(stage.fewest, stage.most))
    if not stage.share and not stage.least:
        return min(tags, stage.most)
    number = max(int(stage.share * tags), stage.least)
    return min(tags, number, stage.most) if stage.most else min(tags, number)


def _by_rate(item: Item, policy: Policy, rules: _Rules, random: Random) -> bool:
    """Whether the rate of its category takes an item."""
    rate = rules.rates.get(item.category)
    if not rate or item.section == policy.first or rules.is_safe(item):
        return False
    return random.random() < rate


def _correlated(kept: list[Item], rule, rules: _Rules, random: Random) -> list[Item]:
    if not any(rule.when in (item.category, item.name) for item in kept):
        return kept
    if random.random() >= rule.probability:
        return kept
    gone = set(rule.drop)
    return [
        item
        for item in kept
        if rules.is_safe(item)
        or rule.when in (item.category, item.name)
        or gone.isdisjoint((item.name, item.category, item.group))
    ]


def _extras(
    level: Level, kept: list[Item], stage: str, policy: Policy, random: Random
) -> list[str]:
    """Hint and register string, which stand at the very end."""
    extras = []
    if policy.hints and stage:
        hint = _hint(level, kept, stage, policy, random)
        extras += [hint] if hint else []
    if policy.registers and random.random() < policy.registers:
        length = random.randint(*REGISTER_LENGTH)
        extras.append("".join(random.choices(LETTERS, k=length)))
    return extras


def _hint(level: Level, kept: list[Item], stage: str, policy: Policy, random: Random) -> str:
    if stage in HINTS:
        return HINTS[stage] if random.random() < HINT_SHARE else ""
    if len(level.items) < policy.fewest_for_dropout:
        return SHORT_HINT if random.random() < HINT_SHARE else ""
    if len(kept) > DETAIL_TAGS:
        return DETAIL_HINT if random.random() < DETAIL_SHARE else ""
    return ""


def _shuffled(kept: list[Item], random: Random) -> list[Item]:
    """Tags shuffled inside their sections; sentences keep their order, sections theirs."""
    out: list[Item] = []
    start = 0
    for end in range(1, len(kept) + 1):
        if end == len(kept) or kept[end].section != kept[start].section:
            run = kept[start:end]
            if len(run) > 1 and run[0].section != PROSE:
                random.shuffle(run)
            out += run
            start = end
    return out


def _written(item: Item, policy: Policy, random: Random) -> str:
    text = item.text
    if item.section == PROSE:
        return text
    if policy.paraphrases:
        others = PARAPHRASES.get(item.name)
        if others and random.random() < policy.paraphrases:
            text = random.choice(others)
    if policy.underscore_jitter:
        for mark in "_-":
            if mark in text[1:-1] and random.random() < policy.underscore_jitter:
                text = text.replace(mark, " ")
    if policy.case_jitter and random.random() < policy.case_jitter:
        text = text.capitalize() if random.random() < CASE_UPPER else text.lower()
    return text


def _weighted(pairs: tuple[tuple[str, float], ...], random: Random) -> str:
    if len(pairs) == 1:
        return pairs[0][0]
    return random.choices([text for text, _ in pairs], [weight for _, weight in pairs])[0]


def _joined(kept: list[Item], texts: list[str], extras: list[str], joiner: str) -> str:
    """Tags with the joiner between them; neighbouring sentences with a space."""
    pieces: list[str] = []
    before = ""
    for item, text in zip(kept, texts, strict=True):
        if before == PROSE == item.section and pieces[-1].endswith((".", "!", "?", "。")):
            pieces[-1] += f" {text}"
        else:
            pieces.append(text)
        before = item.section
    return joiner.join([*pieces, *extras])
