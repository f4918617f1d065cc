"""Looks for likely mistakes in a classified prompt; warns with a remedy and changes nothing."""

from collections.abc import Iterator
from typing import NamedTuple

from .classify import Entry, Reader
from .profiles import FOREIGN_SCORES, PROFILES, Word
from .render import Item


class Warning(NamedTuple):
    """One likely mistake: what kind, at which tag, why it matters, what to do."""

    kind: str
    tag: str
    why: str
    remedy: str

    def as_dict(self) -> dict:
        return self._asdict()


def check_items(segments: list[list[Item]], reader: Reader) -> list[Warning]:
    """Warnings of all segments, each distinct one once, in the order of the text."""
    found: dict[Warning, None] = {}
    for items in segments:
        for item in items:
            for warning in check_entry(item.entry, reader):
                found.setdefault(warning)
    return list(found)


def check_entry(entry: Entry, reader: Reader) -> Iterator[Warning]:
    """Warnings about one tag by itself."""
    profile = reader.profile
    if entry.category == "score" and profile.scores:
        trained = [word.name for word in profile.scores]
        if entry.name not in trained and entry.name != "masterpiece (quality)":
            near = nearest_word(entry.name, profile.scores, _ALL_SCORES)
            yield _untrained(entry, profile.title, "score", trained, near)
    elif entry.category == "year" and (profile.years or profile.last_year):
        yield from _check_year(entry, profile)
    elif entry.category == "rating" and profile.ratings and entry.name not in profile.ratings:
        near = _NEAR_RATING.get(entry.name, ())
        best = next((word for word in near if word in profile.ratings), profile.ratings[0])
        yield _untrained(entry, profile.title, "rating", list(profile.ratings), best)


# Ratings of one scheme in the words of another; paraphrase dictionary of the authors' trainer.
_NEAR_RATING = {
    **{"safe": ("general",), "sfw": ("general", "safe"), "general": ("safe",)},
    **{"nsfw": ("questionable", "explicit"), "questionable": ("nsfw", "sensitive")},
}
_ALL_SCORES = (*(w for p in PROFILES.values() for w in p.scores), *FOREIGN_SCORES)
_ALL_YEARS = tuple(word for p in PROFILES.values() for word in p.years)


def _check_year(entry: Entry, profile) -> Iterator[Warning]:
    words = [word.name for word in profile.years]
    if entry.name in words:
        return
    if entry.name.startswith("year "):
        year = int(entry.name[5:])
        if not profile.first_year <= year <= profile.last_year:
            nearest = min(max(year, profile.first_year), profile.last_year)
            why = f"the data of {profile.title} ends in {profile.cut_off or profile.last_year}"
            yield Warning("new" if year > profile.last_year else "untrained", entry.name, why,
                          f"use year {nearest}")  # fmt: skip
        return
    if words:
        near = nearest_word(entry.name, profile.years, _ALL_YEARS)
        yield _untrained(entry, profile.title, "year", words, near)
    else:
        band = next(word for word in _ALL_YEARS if word.name == entry.name)
        near = f"year {round((band.low + band.high) / 2)}"
        yield _untrained(entry, profile.title, "year", ["year NNNN"], near)


def _untrained(entry: Entry, title: str, kind: str, trained: list[str], near: str) -> Warning:
    why = f"not a {kind} word that {title} was trained on; those are {', '.join(trained)}"
    return Warning("untrained", entry.name, why, f"use {near}")


def nearest_word(name: str, trained: tuple[Word, ...], known: tuple[Word, ...]) -> str:
    """The trained word whose band lies nearest to the band of another model's word."""
    band = next((word for word in known if word.name == name), None)
    middle = (band.low + band.high) / 2 if band else (trained[-1].low + trained[-1].high) / 2
    return min(trained, key=lambda word: abs((word.low + word.high) / 2 - middle)).name
