"""Sampled captions before any training: what a policy really does to a data set.

Realised rates stand beside those that the settings should give (expected.py). Does not train and
does not read files.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from .compose import Composed, compose, random_for
from .expected import expected_loss, expected_shares
from .plan import Plan
from .policy import STAGE_NAMES, Policy

OnStep = Callable[[int, int], None]
MOST_SAMPLES = 200


class Tally:
    """Counts over many composed captions."""

    def __init__(self, policy: Policy):
        self.policy = policy
        self.captions = self.whole = self.empty = self.over = self.registers = 0
        self.stages: Counter[str] = Counter()
        self.should: Counter[str] = Counter()
        self.levels: Counter[str] = Counter()
        self.items: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.should_lose: Counter[str] = Counter()
        self.ruled: Counter[str] = Counter()
        self.cut: Counter[str] = Counter()
        self._expected: dict[int, tuple] = {}

    def add(self, made: Composed) -> None:
        self.captions += 1
        self.empty += not made.text
        if made.level is None:
            return
        self.levels[made.level.id] += 1
        self.over += bool(made.cut)
        shares, sizes, losses = self._of(made.level)
        if made.stage:
            self.stages[made.stage] += 1
            self.should.update(shares)
        else:
            self.whole += 1
        self.items.update(sizes)
        self.should_lose.update(losses)
        self.lost.update([item.category for item in made.dropped])
        self.ruled.update([item.category for item in made.ruled])
        self.cut.update([item.category for item in made.cut])

    def _of(self, level) -> tuple[dict, Counter, Counter]:
        """(stage shares, items per category, expected losses per category) of a level."""
        found = self._expected.get(id(level))
        if found is None or found[0] is not level:
            sizes = Counter(item.category for item in level.items)
            losses: Counter[str] = Counter()
            for item in level.items:
                losses[item.category] += expected_loss(item, level, self.policy)
            found = self._expected[id(level)] = (
                level, expected_shares(level, self.policy), sizes, losses,
            )  # fmt: skip
        return found[1:]

    def as_dict(self) -> dict:
        """The figures of `train preview --json`, without the samples. Shares from 0 to 1."""
        drawn = max(1, self.captions - self.whole)
        total = max(1, self.captions)
        return {
            "captions": self.captions,
            "stages": [
                {
                    "name": name,
                    "configured": round(self.should[name] / drawn, 6),
                    "realised": round(self.stages[name] / drawn, 6),
                }
                for name in STAGE_NAMES
            ],
            "categories": [
                {
                    "name": name,
                    "items": size,
                    "configured_drop": round(self.should_lose[name] / size, 6),
                    "realised_drop": round(self.lost[name] / size, 6),
                    "lost_to_rules": round(self.ruled[name] / size, 6),
                    "lost_to_token_limit": round(self.cut[name] / size, 6),
                }
                for name, size in sorted(self.items.items())
            ],
            "caption_dropout": {
                "configured": self.policy.caption_dropout,
                "realised": round(self.whole / total, 6),
            },
            "levels": [
                {"name": name, "realised": round(count / total, 6)}
                for name, count in sorted(self.levels.items())
            ],
            "over_token_limit": round(self.over / total, 6),
            "empty": round(self.empty / total, 6),
        }


def preview(
    plans: Sequence[Plan],
    policy: Policy,
    number: int,
    count: Callable[[str], int] | None = None,
    samples: int = 20,
    on_step: OnStep | None = None,
) -> dict:
    """`number` captions of the plans in turn, as they would come in training.

    Raises ValueError when there is nothing to caption.
    """
    if not plans:
        raise ValueError("There are no captions to preview; give a folder or a file with captions.")
    if not 1 <= number <= 100_000_000:
        raise ValueError(f"The number of captions is {number}; it must be 1 to 100,000,000.")
    tally, shown = Tally(policy), []
    for position in range(number):
        visit, index = divmod(position, len(plans))
        plan = plans[index]
        made = compose(plan, policy, random_for(policy.seed, plan.key, 0, visit), count)
        tally.add(made)
        if len(shown) < min(samples, MOST_SAMPLES):
            shown.append(_shown(plan, made))
        if on_step and position % 1000 == 999:
            on_step(position + 1, number)
    return {**tally.as_dict(), "samples": shown}


def _shown(plan: Plan, made: Composed) -> dict:
    return {
        "key": plan.key,
        "level": made.level.id if made.level else "",
        "stage": made.stage,
        "text": made.text,
        "lost": [item.text for item in (*made.dropped, *made.ruled, *made.cut)],
    }


def variants(
    plans: Sequence[Plan],
    policy: Policy,
    each: int,
    count: Callable[[str], int] | None = None,
) -> list[dict]:
    """For every plan its captions as they are, and `each` ways in which training may see them."""
    return [
        {
            "key": plan.key,
            "levels": [
                {"name": level.id, "text": ", ".join(item.text for item in level.items)}
                for level in plan.levels
            ],
            "samples": [
                _shown(plan, compose(plan, policy, random_for(policy.seed, plan.key, 0, n), count))
                for n in range(each)
            ],
        }
        for plan in plans
    ]


def preview_text(found: dict) -> str:
    """The figures of a preview as tables for people."""
    rows = ["stage      configured  realised"]
    rows += [
        f"{s['name']:<10} {s['configured']:>9.2%} {s['realised']:>9.2%}" for s in found["stages"]
    ]
    rows += ["", "category           items  configured drop  realised drop"]
    rows += [
        f"{c['name']:<18} {c['items']:>6} {c['configured_drop']:>15.2%} {c['realised_drop']:>14.2%}"
        for c in found["categories"]
    ]
    rows += [
        "",
        f"empty {found['empty']:.2%}, over the token limit {found['over_token_limit']:.2%}",
    ]
    rows += [found["note"]] if "note" in found else []
    return "\n".join(rows)


def samples_text(found: dict) -> str:
    """The sampled captions of a preview, one a line."""
    return "\n".join(sample["text"] or "(empty)" for sample in found["samples"])
