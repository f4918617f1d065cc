"""The caption policy: how a caption is varied every time a picture is seen. Values and checks only.

Composing is in compose.py. Numbers from arXiv 2409.19946, section 3.2, and from the authors' own
trainer (github.com/aria1th/sd-scripts, library/train_util.py, named here by commit). Where paper
and trainer differ there are two readings: "paper" takes the published 30/20/10/4 % as shares of all
captions; "authors-code" draws the stages one after the other as the trainer does, which makes
30/14/5.6/2.0 % of them and leaves 48.4 % to a branch that the paper does not name.
"""

import json
from pathlib import Path
from typing import NamedTuple

from ..core.vocabulary.closed import ILLUSTRIOUS_RATINGS, ILLUSTRIOUS_SCORES
from .choices import READINGS

LEVELS = ("tags", "sentence", "description", "prose")
# Sections that a caption can have; rates are per category, and these are the categories.
CATEGORIES = (
    *("person count", "character", "copyright", "natural language", "rating", "general"),
    *("framing", "meta", "artist", "score", "quality", "year", "unknown"),
)


class Stage(NamedTuple):
    """One stage of the multi-level dropout: how likely it is, and how many tags it keeps.

    probability: of this stage when it is its turn (reading "authors-code") or of all captions
    ("paper"). Of n flexible tags it keeps max(share * n, least), but at most `most` (0: no limit).
    fewest: when above 0 the number is drawn from fewest..most. weak: whether the weak list counts.
    """

    name: str
    probability: float
    share: float = 0.0
    least: int = 0
    most: int = 0
    fewest: int = 0
    weak: bool = True


# arXiv 2409.19946, section 3.2, third item; the weak list is not honoured in the last stage, and
# that stage draws 1..5 where the paper prints 4 (commit 3d1f2dd, 2024-07-07).
STAGES_PAPER = (
    Stage("keep-30", 0.30, share=0.3, least=10),
    Stage("keep-40", 0.20, share=0.4, least=15),
    Stage("keep-6", 0.10, most=6),
    Stage("keep-4", 0.04, most=4, weak=False),
)
STAGES_CODE = (*STAGES_PAPER[:3], Stage("keep-4", 0.04, most=5, fewest=1, weak=False))
STAGE_NAMES = ("keep-30", "keep-40", "keep-6", "keep-4", "linear", "full")
# Captions with fewer flexible tags lose none (commit 3d1f2dd).
FEWEST_FOR_DROPOUT = 10
# Commit e404fab, 2024-06-29: 5 to 10 letters and digits. 2 % then, 42 % on 2024-09-08, 3 % since
# 2024-10-04 (fcbd5f9).
REGISTER_LENGTH = (5, 10)

# What the authors always keep, less the sexual vocabulary, which this project does not ship: users
# extend the lists. Exact names, never parts of names: "male" must not protect "female".
_ARTEFACTS = (
    *("text", "english text", "watermark", "web address", "signature", "artist name", "logo"),
    *("username", "twitter username", "dated", "scan", "scan artifacts", "jpeg artifacts"),
    *("comic", "4koma", "2koma", "multiple 4koma", "cover", "cover page", "doujin cover"),
    *(
        "magazine cover",
        "manga cover",
        "speech bubble",
        "border",
        "letterboxed",
        "sample watermark",
    ),
    *("ai-generated", "lowres", "highres", "absurdres", "bad anatomy", "bad hands", "bad feet"),
    *("bad proportions", "bad perspective", "bad id", "bad pixiv id", "error", "extra digits"),
    *(
        "fewer digits",
        "missing finger",
        "blurry",
        "censored",
        "photo (medium)",
        "traditional media",
    ),
    *("sketch", "lineart", "monochrome", "greyscale", "unfinished", "3d", "crossdressing"),
)
NO_DROPOUT_TAGS = tuple(
    dict.fromkeys((*ILLUSTRIOUS_RATINGS, *(word.name for word in ILLUSTRIOUS_SCORES), *_ARTEFACTS))
)


class Rule(NamedTuple):
    """Correlated tags: when a tag of `when` stays, those of `drop` go with this probability.

    when: a category or a tag. drop: tags, categories or semantic groups ("hair", "eyes").
    """

    when: str
    drop: tuple[str, ...]
    probability: float = 1.0


class Policy(NamedTuple):
    """All settings of caption making; probabilities from 0 to 1.

    stages: () for no multi-level dropout. tag_dropout: r of the linear branch, which keeps
    max(1, n * (1 - r * U(0, 1))) tags. rates: further probability per category that a kept tag is
    dropped. no_dropout, no_dropout_categories: always kept, even in an empty caption. weak,
    weak_categories: kept in all stages but the last. first: the section that never loses a tag.
    caption_dropout: share of captions that are empty but for no_dropout. registers: share that gets
    a random string at the end. hints: whether "simple caption" and its like are appended.
    paraphrases: probability that a tag with synonyms is written as one of them. case_jitter: share
    of tags whose case is touched. underscore_jitter: probability that "_" and "-" become spaces.
    joiners: (text, weight) pairs. levels: (level, weight) pairs, weights of those that a picture
    has are rescaled. token_limit: 75, 150 or 225 (0: none); general tags go first.
    """

    reading: str = "authors-code"
    stages: tuple[Stage, ...] = STAGES_CODE
    fewest_for_dropout: int = FEWEST_FOR_DROPOUT
    tag_dropout: float = 0.0
    rates: tuple[tuple[str, float], ...] = ()
    no_dropout: tuple[str, ...] = NO_DROPOUT_TAGS
    no_dropout_categories: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    weak_categories: tuple[str, ...] = ("character", "artist")
    first: str = "person count"
    shuffle: bool = True
    caption_dropout: float = 0.0
    registers: float = 0.0
    hints: bool = False
    paraphrases: float = 0.0
    case_jitter: float = 0.0
    underscore_jitter: float = 0.0
    joiners: tuple[tuple[str, float], ...] = ((", ", 1.0),)
    levels: tuple[tuple[str, float], ...] = tuple((level, 1.0) for level in LEVELS)
    rules: tuple[Rule, ...] = ()
    token_limit: int = 225
    seed: int = 0

    def as_dict(self) -> dict:
        """JSON-ready; `read_policy` reads it back."""
        return {
            **self._asdict(),
            "stages": [stage._asdict() for stage in self.stages],
            "rules": [rule._asdict() for rule in self.rules],
            "rates": dict(self.rates),
            "joiners": dict(self.joiners),
            "levels": dict(self.levels),
        }


def stage_shares(policy: Policy) -> dict[str, float]:
    """Share of each of STAGE_NAMES among captions that are long enough to lose tags."""
    shares, rest = dict.fromkeys(STAGE_NAMES, 0.0), 1.0
    for stage in policy.stages:
        share = stage.probability * (rest if policy.reading == "authors-code" else 1.0)
        shares[stage.name] += share
        rest -= share
    shares["linear" if policy.reading == "authors-code" and policy.stages else "full"] += rest
    return shares


def with_reading(policy: Policy, reading: str) -> Policy:
    """The policy with the paper's stages in another reading."""
    if reading not in READINGS:
        raise ValueError(f"The reading is '{reading}'; it must be one of {', '.join(READINGS)}.")
    if reading == "paper":
        return policy._replace(reading=reading, stages=STAGES_PAPER, fewest_for_dropout=0)
    return policy._replace(
        reading=reading, stages=STAGES_CODE, fewest_for_dropout=FEWEST_FOR_DROPOUT
    )


def check_policy(policy: Policy) -> Policy:
    """The policy itself. Raises ValueError with one sentence on what cannot work."""
    for name in _SHARES:
        _check_share(name, getattr(policy, name))
    if policy.reading not in READINGS:
        raise ValueError(f"reading is '{policy.reading}'; it must be one of {', '.join(READINGS)}.")
    for category, rate in policy.rates:
        if category not in CATEGORIES:
            raise ValueError(
                f"rates names the category '{category}'; use some of {', '.join(CATEGORIES)}."
            )
        _check_share(f"rates[{category}]", rate)
    for level, weight in policy.levels:
        if level not in LEVELS or not 0 <= weight < 1e6:
            raise ValueError(
                f"levels has {level}={weight}; use weights from 0 for {', '.join(LEVELS)}."
            )
    if not any(weight > 0 for _, weight in policy.levels):
        raise ValueError("levels has no weight above 0; give at least one level a weight.")
    if not policy.joiners or not any(weight > 0 for _, weight in policy.joiners):
        raise ValueError('joiners has no weight above 0; give at least {", ": 1}.')
    for stage in policy.stages:
        _check_stage(stage)
    if policy.reading == "paper" and sum(stage.probability for stage in policy.stages) > 1 + 1e-9:
        raise ValueError(
            "The stages' probabilities add up to more than 1, and in the reading 'paper' they are "
            "shares of all captions; lower them."
        )
    for rule in policy.rules:
        _check_share(f"the probability of the rule for {rule.when}", rule.probability)
    if policy.token_limit not in (0, 75, 150, 225):
        raise ValueError(
            f"token_limit is {policy.token_limit}; sd-scripts allows 75, 150 and 225 (0: no limit)."
        )
    return policy


_SHARES = (
    *("tag_dropout", "caption_dropout", "registers", "paraphrases", "case_jitter"),
    "underscore_jitter",
)


def _check_stage(stage: Stage) -> None:
    _check_share(f"the probability of {stage.name}", stage.probability)
    _check_share(f"the share of {stage.name}", stage.share)
    if stage.name not in STAGE_NAMES[:4]:
        raise ValueError(
            f"A stage is called '{stage.name}'; the names are {', '.join(STAGE_NAMES[:4])}."
        )
    if not (0 <= stage.least < 1000 and 0 <= stage.fewest <= max(stage.most, 0) < 1000):
        raise ValueError(
            f"{stage.name} keeps from {stage.fewest} or {stage.least} to {stage.most} tags; they "
            "must be whole numbers below 1000, fewest not above most."
        )


def _check_share(name: str, value: object) -> None:
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} is {value!r}; it must be a number from 0 to 1.")


def read_policy(data: object, base: Policy | None = None) -> Policy:
    """A policy from JSON data (`Policy.as_dict`, or any part of it over a base)."""
    base = base or Policy()
    if not isinstance(data, dict):
        raise ValueError('A caption policy must be an object, such as {"caption_dropout": 0.1}.')
    changed = {}
    for name, value in data.items():
        if name not in Policy._fields:
            raise ValueError(
                f"A caption policy has no field '{name}'; the fields are "
                f"{', '.join(Policy._fields)}."
            )
        changed[name] = _field(name, value, getattr(base, name))
    return check_policy(base._replace(**changed))


def load_policy(path: str | Path) -> Policy:
    """A policy from a JSON file. Raises ValueError with one sentence."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"The caption policy {path} cannot be read as JSON: {error}.") from None
    return read_policy(data)


def _field(name: str, value: object, default: object) -> object:
    wrong = ValueError(f"The field '{name}' of a caption policy is {value!r}, which it cannot be.")
    try:
        if name == "stages":
            return tuple(Stage(**stage) for stage in value)
        if name == "rules":
            return tuple(
                Rule(rule["when"], _texts(rule["drop"]), rule.get("probability", 1.0))
                for rule in value
            )
        if name in ("rates", "joiners", "levels"):
            pairs = value.items() if isinstance(value, dict) else value
            return tuple((str(key), float(number)) for key, number in pairs)
        if isinstance(default, tuple):
            return _texts(value)
    except (TypeError, ValueError, KeyError, AttributeError):
        raise wrong from None
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise wrong
    return value


def _texts(values: object) -> tuple[str, ...]:
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise TypeError
    return tuple(values)
