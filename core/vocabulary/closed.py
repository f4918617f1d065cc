"""The closed classes of the caption scheme: counts, ratings, scores, years, framing, quality.

Every family's words are here, because a word that one family was trained on is noise to another:
`SCORE_WORDS["illustrious"]` says which is which. Holds no open classes (see data/) and no ordering.

Sources: Illustrious arXiv 2409.19946, Tables 3 and 4, and the v0.1 card; NoobAI-XL 1.0 and
Animagine XL 3.1 / 4.0 model cards; person counts and framing from Danbooru's tag groups.
`solo`, `solo focus`, `male focus` and `couple` are general tags on Danbooru and stay general here
(group "number"): the fixed first section of the scheme holds counts only.
"""

import re
from functools import cache

from .tag import Tag

FAMILIES = ("illustrious", "noobai-xl", "animagine-xl-4", "animagine-xl-3", "pony-xl")

# Worst to best. Upper percentile of each band: arXiv 2409.19946, Table 3.
SCORE_PERCENTILES = {
    "worst quality": 8,
    "bad quality": 20,
    "average quality": 60,
    "good quality": 82,
    "best quality": 92,
    "masterpiece": 100,
}
# Per family, worst to best. Families other than Illustrious: their model cards.
SCORE_WORDS = {
    "illustrious": tuple(SCORE_PERCENTILES),
    "noobai-xl": (
        "worst aesthetic",
        "worst quality",
        "normal quality",
        "good quality",
        "best quality",
        "masterpiece",
        "very awa",
    ),
    "animagine-xl-4": (
        "worst quality",
        "low quality",
        "low score",
        "bad score",
        "average score",
        "good score",
        "great score",
        "high score",
        "best quality",
        "masterpiece",
    ),
    "animagine-xl-3": (
        "very displeasing",
        "displeasing",
        "worst quality",
        "low quality",
        "normal quality",
        "good quality",
        "great quality",
        "aesthetic",
        "very aesthetic",
        "best quality",
        "masterpiece",
    ),
    "pony-xl": (
        "score_4_up",
        "score_5_up",
        "score_6_up",
        "score_7_up",
        "score_8_up",
        "score_9",
    ),
}
# Often typed, trained by no family above as a score word (peers' presets); nearest trained word.
UNTRAINED_SCORE_WORDS = {
    "amazing quality": "masterpiece",
    "high quality": "good quality",
    "highest quality": "best quality",
    "top quality": "best quality",
    "perfect quality": "masterpiece",
    "ultra quality": "masterpiece",
    "medium quality": "average quality",
    "poor quality": "bad quality",
    "worse quality": "bad quality",
    "lowest quality": "worst quality",
    "bad aesthetic": "bad quality",
    "low aesthetic": "bad quality",
    "high aesthetic": "best quality",
    "best aesthetic": "best quality",
    "award winning": "best quality",
}
# What a score word of another family comes nearest to in Illustrious' six.
NEAREST_ILLUSTRIOUS_SCORE = UNTRAINED_SCORE_WORDS | {
    "worst aesthetic": "worst quality",
    "normal quality": "average quality",
    "low quality": "bad quality",
    "great quality": "best quality",
    "very awa": "masterpiece",
    "very displeasing": "worst quality",
    "displeasing": "bad quality",
    "aesthetic": "good quality",
    "very aesthetic": "best quality",
    "low score": "worst quality",
    "bad score": "bad quality",
    "average score": "average quality",
    "good score": "good quality",
    "great score": "best quality",
    "high score": "masterpiece",
    "score_4_up": "bad quality",
    "score_5_up": "average quality",
    "score_6_up": "average quality",
    "score_7_up": "good quality",
    "score_8_up": "best quality",
    "score_9": "masterpiece",
}

# word -> (first, last) year, both included. Illustrious: arXiv 2409.19946, Table 4 (upper bounds).
YEAR_WORDS = {
    "illustrious": {
        "oldest": (2005, 2017),
        "old": (2018, 2019),
        "modern": (2020, 2020),
        "recent": (2021, 2022),
        "newest": (2023, 2100),
    },
    "noobai-xl": {
        "old": (2005, 2010),
        "early": (2011, 2013),  # the card gives 2014 to both `early` and `mid`
        "mid": (2014, 2017),
        "recent": (2018, 2020),
        "newest": (2021, 2100),
    },
    "animagine-xl-3": {
        "oldest": (2005, 2010),
        "early": (2011, 2014),
        "mid": (2015, 2017),
        "recent": (2018, 2020),
        "newest": (2021, 2100),
    },
    "animagine-xl-4": {},  # `year 2005` ... `year 2025` only
    "pony-xl": {},
}
FIRST_YEAR, LAST_YEAR = 2005, 2026  # Danbooru opened in 2005

# Mildest first. Danbooru's four; NoobAI and Animagine cards for the others.
RATING_WORDS = {
    "illustrious": ("general", "sensitive", "questionable", "explicit"),
    "noobai-xl": ("general", "safe", "sensitive", "nsfw", "explicit"),
    "animagine-xl-4": ("safe", "sensitive", "nsfw", "explicit"),
    "animagine-xl-3": ("safe", "sensitive", "nsfw", "explicit"),
    "pony-xl": ("rating_safe", "rating_questionable", "rating_explicit"),
}
OTHER_RATING_WORDS = {"sfw": "general"}
NEAREST_ILLUSTRIOUS_RATING = {
    "safe": "general",
    "sfw": "general",
    "nsfw": "questionable",
    "rating_safe": "general",
    "rating_questionable": "questionable",
    "rating_explicit": "explicit",
}

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
    "feet out of frame",
    "knees out of frame",
    "eyes out of frame",
    "head out of frame",
    "cropped head",
    "cropped shoulders",
    "cropped torso",
    "cropped arms",
    "cropped legs",
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


def year_word(year: int, family: str = "illustrious") -> str:
    """The family's period word for a year, `year 2023` where it has none; "" before 2005."""
    if year < FIRST_YEAR:
        return ""
    for word, (first, last) in YEAR_WORDS[family].items():
        if first <= year <= last:
            return word
    return f"year {year}"


def families_of(name: str) -> tuple[str, ...]:
    """The families that were trained on this score, year or rating word."""
    if _YEAR.fullmatch(name):
        return ("illustrious", "noobai-xl", "animagine-xl-4")
    tables = (SCORE_WORDS, YEAR_WORDS, RATING_WORDS)
    return tuple(f for f in FAMILIES if any(name in table.get(f, ()) for table in tables))


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
    for category, words in (("score", SCORE_WORDS), ("year", YEAR_WORDS), ("rating", RATING_WORDS)):
        for family in FAMILIES:
            for name in words[family]:
                add(name, category)
    for name in UNTRAINED_SCORE_WORDS:
        add(name, "score")
    for name in OTHER_RATING_WORDS:
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
