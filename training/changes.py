"""A caption policy with a few fields changed, as a node's widgets or a form give them."""

from ..core.vocabulary.names import canonical
from .policy import Policy, check_policy


def changed_policy(
    policy: Policy, caption_dropout: float, tag_dropout: float, registers: float, rates: str,
    never_drop: str, multi_level: bool, seed: int,
) -> Policy:  # fmt: skip
    """The policy with these changes. A share below 0 leaves what it has. Raises ValueError."""
    shares = {
        "caption_dropout": caption_dropout,
        "tag_dropout": tag_dropout,
        "registers": registers,
    }
    changes: dict[str, object] = {name: share for name, share in shares.items() if share >= 0}
    if rates.strip():
        changes["rates"] = tuple({**dict(policy.rates), **read_rates(rates)}.items())
    words = [word.strip() for line in never_drop.splitlines() for word in line.split(",")]
    if any(words):
        names = [canonical(word) for word in words if word]
        changes["no_dropout"] = tuple(dict.fromkeys((*policy.no_dropout, *names)))
    if not multi_level:
        changes["stages"] = ()
    return check_policy(policy._replace(seed=seed, **changes))


def read_rates(text: str) -> dict[str, float]:
    """`category: rate` lines as numbers. Raises ValueError for a line that is none."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, mark, number = line.rpartition(":")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            mark = ""
        if not mark:
            raise ValueError(f"'{line}' is no rate; write one a line, such as general: 0.1.")
    return found
