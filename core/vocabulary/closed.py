"""The closed classes of the caption scheme: counts, ratings, scores, years, framing, quality.

The one table of these words, of every model family, because a word that one family was trained on
is noise to another. Which family reads which is in prompt/profiles.py; which trained word is
nearest to an untrained one is worked out from the bands by prompt/words.py. Holds no open classes
(see data/) and no ordering.

Sources: Illustrious arXiv 2409.19946, Tables 3 and 4, and the v0.1 card; NoobAI-XL 1.0 and
Animagine XL 3.1 / 4.0 model cards; person counts and framing from Danbooru's tag groups.
`solo`, `solo focus`, `male focus` and `couple` are general tags on Danbooru and stay general here
(group "number"): the fixed first section of the scheme holds counts only.
"""

import re
from functools import cache
from typing import NamedTuple

from .tag import Tag


class Word(NamedTuple):
    """A trained word with the band it stands for: score percentiles 0 - 100, or years."""

    name: str
    low: float
    high: float


# Worst to best. arXiv 2409.19946, Table 3: upper percentiles; the lower bound is the one before.
ILLUSTRIOUS_SCORES = (
    Word("worst quality", 0, 8),
    Word("bad quality", 8, 20),
    Word("average quality", 20, 60),
    Word("good quality", 60, 82),
    Word("best quality", 82, 92),
    Word("masterpiece", 92, 100),
)
# Card of Laxhar/noobai-XL-1.0, "Quality Tags" (percentiles).
NOOBAI_SCORES = (
    Word("worst quality", 0, 30),
    Word("normal quality", 30, 60),
    Word("good quality", 60, 85),
    Word("best quality", 85, 95),
    Word("masterpiece", 95, 100),
    Word("worst aesthetic", 0, 5),
    Word("very awa", 95, 100),
)
# Card of cagliostrolab/animagine-xl-4.0 names the words without bands; the bands are our reading.
ANIMAGINE_SCORES = (
    Word("worst quality", 0, 10),
    Word("low quality", 10, 30),
    Word("best quality", 80, 95),
    Word("masterpiece", 95, 100),
    Word("low score", 0, 10),
    Word("bad score", 10, 25),
    Word("average score", 25, 60),
    Word("good score", 60, 80),
    Word("great score", 80, 92),
    Word("high score", 92, 100),
)
# Words of models without a profile here (Animagine XL 3.1, Pony), and words that are often typed
# and that no family was trained on, with the band nearest to what they mean. "amazing quality" and
# "low quality" are paraphrases of masterpiece and bad quality in the authors' trainer
# (aria1th/sd-scripts, library/train_util.py); the others are our reading.
FOREIGN_SCORES = (
    *(Word(name, 92, 100) for name in ("amazing quality", "perfect quality", "ultra quality")),
    *(Word(name, 82, 92) for name in ("great quality", "high quality", "highest quality")),
    *(Word(name, 82, 92) for name in ("top quality", "high aesthetic", "best aesthetic")),
    *(Word(name, 82, 92) for name in ("aesthetic", "award winning")),
    *(Word(name, 20, 60) for name in ("normal quality", "medium quality")),
    *(Word(name, 8, 20) for name in ("low quality", "poor quality", "worse quality")),
    *(Word(name, 8, 20) for name in ("displeasing", "bad aesthetic", "low aesthetic")),
    Word("lowest quality", 0, 8),
    Word("very aesthetic", 92, 100),
    Word("very displeasing", 0, 8),
    *(Word(f"score_{n}", 10 * n, 10 * n + 10) for n in range(4, 10)),
    *(Word(f"score_{n}_up", 10 * n, 100) for n in range(4, 9)),
)
# arXiv 2409.19946, Table 4: upper bounds. Danbooru's first posts are of 2005.
ILLUSTRIOUS_YEARS = (
    Word("oldest", 2005, 2017),
    Word("old", 2018, 2019),
    Word("modern", 2020, 2020),
    Word("recent", 2021, 2022),
    Word("newest", 2023, 2024),
)
# Card of Laxhar/noobai-XL-1.0, "Date Tags" (period tags).
NOOBAI_YEARS = (
    Word("old", 2005, 2010),
    Word("early", 2011, 2014),
    Word("mid", 2014, 2017),
    Word("recent", 2018, 2020),
    Word("newest", 2021, 2024),
)
FIRST_YEAR, LAST_YEAR = 2005, 2026  # Danbooru opened in 2005

# Mildest first. Danbooru's four (author's tooling, aria1th/sanitize-danbooru2023-dataset; "safe" is
# a paraphrase only); NoobAI and Animagine cards for the others.
ILLUSTRIOUS_RATINGS = ("general", "sensitive", "questionable", "explicit")
NOOBAI_RATINGS = ("general", "safe", "sensitive", "nsfw", "explicit")
ANIMAGINE_RATINGS = ("safe", "sensitive", "nsfw", "explicit")
# Other spellings of ratings; Pony's control words keep their underscores.
FOREIGN_RATINGS = ("sfw", "rating_safe", "rating_questionable", "rating_explicit")

SCORES = (*ILLUSTRIOUS_SCORES, *NOOBAI_SCORES, *ANIMAGINE_SCORES, *FOREIGN_SCORES)
YEARS = (*ILLUSTRIOUS_YEARS, *NOOBAI_YEARS)
RATINGS = (*ILLUSTRIOUS_RATINGS, *NOOBAI_RATINGS, *ANIMAGINE_RATINGS, *FOREIGN_RATINGS)

PERSON_COUNTS = (
    *(f"{n}{'girl' if n == '1' else 'girls'}" for n in ("1", "2", "3", "4", "5", "6+")),
    *(f"{n}{'boy' if n == '1' else 'boys'}" for n in ("1", "2", "3", "4", "5", "6+")),
    *(f"{n}{'other' if n == '1' else 'others'}" for n in ("1", "2", "3", "4", "5", "6+")),
    "multiple girls",
    "multiple boys",
    "multiple others",
    "no humans",
)
# How much of the body is in the picture, tightest first. The v0.1 card asks for one of these.
FRAMINGS = (
    "close-up",
    "portrait",
    "upper body",
    "cowboy shot",
    "lower body",
    "full body",
    "wide shot",
    "very wide shot",
)
# About the file, not about the drawing's worth or its content.
QUALITIES = (
    "lowres",
    "highres",
    "absurdres",
    "incredibly absurdres",
    "jpeg artifacts",
    "scan artifacts",
    "upscaled",
    "downscaled",
)

_COUNT = re.compile(r"(\d{1,2})\s?(\+?)\s?(girl|boy|other)s?")
_WORD_COUNT = re.compile(r"(one|two|three|four|five) (girl|boy|other)s?")
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_YEAR = re.compile(r"(?:year|date|created in)[ :]\s?(\d{4})")
_RATING = re.compile(r"rating\s?[:=]\s?(g|s|q|e|general|safe|sensitive|questionable|explicit)")
_RATING_LETTERS = {"g": "general", "s": "sensitive", "q": "questionable", "e": "explicit"}


def person_count(kind: str, number: int) -> str:
    """The count tag of `number` (1 or more) girls, boys or others: `2girls`, `6+boys`."""
    if number < 1 or kind not in ("girl", "boy", "other"):
        raise ValueError(
            f"no person count for {number} x {kind!r}; use 1 or more of girl, boy, other."
        )
    return f"1{kind}" if number == 1 else f"{min(number, 6)}{'+' if number > 5 else ''}{kind}s"


def counted(name: str) -> tuple[str, int] | None:
    """(kind, number) that a count tag states: `2girls` -> ("girl", 2), `6+boys` -> ("boy", 6).

    `multiple girls` states at least two -> ("girl", 2). None for `no humans` and other tags.
    """
    if name not in PERSON_COUNTS or name == "no humans":
        return None
    if name.startswith("multiple "):
        return name.removeprefix("multiple ").rstrip("s"), 2
    return name.lstrip("0123456789+").rstrip("s"), int(name[0])


@cache
def closed_tags() -> dict[str, Tag]:
    """Every closed tag by canonical name, without the patterns (`year 2023`)."""
    tags: dict[str, Tag] = {}

    def add(name: str, category: str, **more) -> None:
        tags.setdefault(name, Tag(name, category, **more))

    for name in PERSON_COUNTS:
        kind = next((k for k in ("girl", "boy", "other") if name.endswith(k + "s")), "")
        plural = kind and name != f"multiple {kind}s"
        add(name, "person count", implies=(f"multiple {kind}s",) if plural else ())
    for word in SCORES:
        add(word.name, "score")
    for word in YEARS:
        add(word.name, "year")
    for name in RATINGS:
        add(name, "rating")
    for name in FRAMINGS:
        add(name, "framing", group="camera")
    for name in QUALITIES:
        add(name, "quality")
    return tags


def by_pattern(name: str) -> str | Tag | None:
    """A closed tag that is spelt by a rule: the Tag of a year, or the name of the tag meant.

    `year 2023` -> a Tag; `2 girls`, `9girls`, `rating:g` -> the canonical name; else None.
    """
    if match := _YEAR.fullmatch(name):
        year = int(match[1])
        if FIRST_YEAR <= year <= LAST_YEAR:
            return Tag(f"year {year}", "year")
        return None
    if match := _COUNT.fullmatch(name):
        number = int(match[1])
        return person_count(match[3], number) if number else None
    if match := _WORD_COUNT.fullmatch(name):
        return person_count(match[2], _NUMBERS[match[1]])
    if match := _RATING.fullmatch(name):
        return _RATING_LETTERS.get(match[1], match[1])
    return None
