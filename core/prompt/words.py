"""The closed classes of all model families: which words they are, and which trained one is nearest.

Recognises person counts, ratings, score and year words by pattern and by the profile table, because
a word that one family was trained on is noise to another. Holds no open classes; those are in the
vocabulary.
"""

import re
from functools import lru_cache

from ..vocabulary.closed import FRAMINGS, QUALITIES, RATINGS, SCORES, YEARS, Word
from .profiles import Profile

# Danbooru person counts, spelled as tags or (paraphrases of the authors' trainer) as words. `solo`
# is a general tag there, and stands among the general tags in the sample prompt of the v0.1 card.
_COUNT = re.compile(
    r"(\d{1,3}|multiple|one|two|three|four|five|six)(\+?) ?(girl|boy|other|man|men|woman|women)s?"
)
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "multiple": 2}
_KINDS = {"man": "boy", "men": "boy", "woman": "girl", "women": "girl"}
_COUNT_ENDS = ("girl", "girls", "boy", "boys", "other", "others", "man", "men", "woman", "women",
               "humans")  # fmt: skip
_YEAR = re.compile(r"year (\d{4})")

# The v0.1 card names masterpiece so, to tell it from the tag of the same name.
_SAME = {"masterpiece (quality)": "masterpiece"}
# Ratings of one scheme in the words of another; paraphrases of the authors' trainer.
_NEAR_RATING = {
    **{"safe": ("general",), "sfw": ("general", "safe"), "general": ("safe",)},
    **{"nsfw": ("questionable", "explicit"), "questionable": ("nsfw", "sensitive")},
    **{"rating_safe": ("general", "safe"), "rating_questionable": ("questionable", "nsfw")},
    "rating_explicit": ("explicit",),  # Pony's control words keep their underscores
}
QUALITY, FRAMING = frozenset(QUALITIES), frozenset(FRAMINGS)

_SCORE_NAMES = frozenset(word.name for word in SCORES) | frozenset(_SAME)
_YEAR_NAMES = frozenset(word.name for word in YEARS)
_RATING_NAMES = frozenset(RATINGS)


def closed_class(name: str, profile: Profile) -> tuple[str, str] | None:
    """(category, why) of a member of a closed class, or None. `name` is canonical."""
    category = _closed_words(profile).get(name)
    if category is not None:
        return category, f"a {category} word"
    if name.endswith(_COUNT_ENDS) and (_COUNT.fullmatch(name) or name == "no humans"):
        return "person count", "a count of persons"
    if name.startswith("year ") and _YEAR.fullmatch(name):
        return "year", "a year word"
    return None


@lru_cache(maxsize=64)
def _closed_words(profile: Profile) -> dict[str, str]:
    """Category of each score, year and rating word of any family and of this profile."""
    words = dict.fromkeys((*_RATING_NAMES, *profile.ratings), "rating")
    words |= dict.fromkeys((*_YEAR_NAMES, *(word.name for word in profile.years)), "year")
    return words | dict.fromkeys((*_SCORE_NAMES, *(word.name for word in profile.scores)), "score")


def counted(name: str) -> tuple[str, int, bool] | None:
    """(kind, number, at_least) that a person count states: "6+girls" -> ("girl", 6, True)."""
    found = _COUNT.fullmatch(name)
    if found is None:
        return None
    number, plus, kind = found.groups()
    at_least = bool(plus) or number == "multiple"
    return _KINDS.get(kind, kind), _NUMBERS.get(number) or int(number), at_least


def year_of(name: str) -> int | None:
    """The year of "year 2023", or None."""
    found = _YEAR.fullmatch(name)
    return int(found[1]) if found else None


def year_band(name: str, profile: Profile) -> tuple[float, float] | None:
    """First and last year that a year word means to a profile, or None."""
    year = year_of(name)
    if year is not None:
        return year, year
    return next(((w.low, w.high) for w in profile.years if w.name == name), None)


def is_good_score(name: str) -> bool | None:
    """Whether a score word asks for the upper or the lower part of the scale; None in between."""
    word = _find(_SAME.get(name, name), SCORES)
    if word is None or word.low < 50 < word.high:
        return None
    return word.low >= 50


def trained_word(name: str, category: str, profile: Profile) -> str:
    """The word of a profile for a closed-class word of any model; the word itself if trained.

    "" where the profile has no words of that category.
    """
    name = _SAME.get(name, name)
    if category == "score":
        return _nearest(name, profile.scores, SCORES)
    if category == "rating":
        if name in profile.ratings or not profile.ratings:
            return name if profile.ratings else ""
        near = (word for word in _NEAR_RATING.get(name, ()) if word in profile.ratings)
        return next(near, profile.ratings[0])
    year = year_of(name)
    if year is not None:
        if not profile.last_year:
            return ""
        return f"year {min(max(year, profile.first_year), profile.last_year)}"
    if not profile.years and profile.last_year:
        band = _find(name, YEARS)
        return f"year {round((band.low + band.high) / 2)}" if band else ""
    return _nearest(name, profile.years, YEARS)


def _find(name: str, words: tuple[Word, ...]) -> Word | None:
    return next((word for word in words if word.name == name), None)


def _nearest(name: str, trained: tuple[Word, ...], known: tuple[Word, ...]) -> str:
    """The trained word whose band lies nearest to the band of the word `name`."""
    if not trained or any(word.name == name for word in trained):
        return name if trained else ""
    band = _find(name, known)
    middle = (band.low + band.high) / 2 if band else trained[-1].high
    return min(trained, key=lambda word: _distance(middle, word)).name


def _distance(value: float, word: Word) -> tuple[float, float]:
    """How far a value lies outside a word's band, then from its middle."""
    outside = max(word.low - value, 0, value - word.high)
    return outside, abs((word.low + word.high) / 2 - value)
