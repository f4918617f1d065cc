"""Decides what of a language model's suggestions may join a prompt, with a reason for each refusal.

Refuses what the prompt says already or contradicts, what the user has banned or not allowed, what
is for the user to choose (score, year, file tags), and what would be read as prompt syntax. Knows
tags only as well as its vocabulary: a character that the vocabulary does not know passes as a
general tag. Does not ask the model and does not place anything.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from ..vocabulary.closed import RATINGS as RATING_WORDS
from ..vocabulary.contradictions import contradictions
from ..vocabulary.names import canonical
from .choices import RATINGS
from .classify import Entry, Reader, is_plain
from .order import implied_names
from .profiles import DEFAULT_PROFILE, get_profile
from .words import counted, trained_word

# Words that make a tag one of a picture of at least that rating (Danbooru, help:rate); the pack's
# own vocabulary has none of them, so a suggestion is judged by its words.
_RATED = {
    "sensitive": "ass cleavage lingerie panties pantyshot thong underboob underwear upskirt",
    "questionable": "areola areolae bdsm bondage bottomless naked nipple nipples nude nudity "
    "topless pubic undressing",
    "explicit": "anal anus clitoris cum ejaculation erection fellatio futanari genitals hentai "
    "masturbation orgasm paizuri penis pussy rape sex sexual testicles vaginal",
}
_LEAST_RATING = {word: rating for rating, words in _RATED.items() for word in words.split()}
# A picture that shows a person several times, where opposite tags are both true.
_SEVERAL = frozenset(("multiple views", "comic", "4koma", "2koma", "reference sheet", "variations"))
_NOT_SUGGESTED = {
    "score": "quality is for you to choose",
    "year": "the period is for you to choose",
    "quality": "it is about the file, not the picture",
    "meta": "it is about the file, not the picture",
}
_WORD = re.compile(r"[^\W_]+")
_WEIGHT = re.compile(r":\s*[-+.\d]+\Z")
_LONGEST = 80  # characters; Danbooru's names are shorter, but for a handful
_COUNTED = re.compile(
    r"\b(a|an|\d+|one|two|three|four|five|six|multiple) (?:\w+ ){0,2}?"
    r"(girl|boy|man|men|woman|women)s?\b"
)
_PROPER = re.compile(r"\b[A-Z][\w'-]*(?: [A-Z][\w'-]*)+")
_SYNTAX = re.compile(r"[\[\]{}<>|\\#]|__|//|::|/\*|\b(?:BREAK|AND|CAT)\b")


class Wishes(NamedTuple):
    """What the user allows. banned: tag names, `*` stands for any letters."""

    rating: str = "general"
    banned: tuple[str, ...] = ()
    characters: bool = False
    artists: bool = False


class Additions:
    """The suggestions for one prompt: what was taken, in order, and what was not, with the reason.

    own: the entries of the prompt's items.
    """

    def __init__(self, own: list[Entry], wishes: Wishes, reader: Reader):
        self.wishes, self.reader = wishes, reader
        self.taken: list[Entry] = []
        self.sentences: list[str] = []
        self.refused: dict[str, str] = {}
        self._entries = list(own)
        self._keys = {self._key(entry.name) for entry in own}
        self._banned = [canonical(name) for name in wishes.banned if name.strip()]
        self._banned += [self._key(name) for name in self._banned]
        self.rating = next(
            (known for e in own if e.category == "rating" and (known := _rating(e.name))),
            wishes.rating,
        )

    def offer(self, suggestion: str) -> bool:
        """Take a tag or note why not; True when it was taken."""
        name = canonical(suggestion)
        if not name or self._key(name) in self._keys:
            return False  # said already: nothing is lost
        printed = name.replace("(", r"\(").replace(")", r"\)")
        entry = self.reader.entry("tag", printed)
        why = self._syntax(printed) or self._against(entry)
        if why:
            self.refused.setdefault(name, why)
            return False
        self.taken.append(entry)
        self._entries.append(entry)
        self._keys.add(self._key(name))
        return True

    def offer_sentence(self, sentence: str) -> bool:
        """Take a sentence or note why not; True when it was taken."""
        why = self._against_sentence(sentence)
        if why:
            self.refused.setdefault(sentence, why)
        elif sentence not in self.sentences:
            self.sentences.append(sentence)
            return True
        return False

    def _key(self, name: str) -> str:
        """One name for a tag and its aliases."""
        tag = self.reader.lookup(name)
        return tag.name if tag is not None else name

    def _syntax(self, printed: str) -> str:
        plain = is_plain(printed, self.reader) and not _WEIGHT.search(printed)
        return "" if plain and len(printed) < _LONGEST else "it is no plain tag"

    def _against(self, entry: Entry) -> str:
        """Why a tag may not join, or ""."""
        for check in (self._banned_by, self._by_kind, self._rated, self._contradicted):
            if why := check(entry):
                return why
        return ""

    def _banned_by(self, entry: Entry) -> str:
        names = {entry.name, self._key(entry.name), *implied_names(entry.name, self.reader)}
        for banned in self._banned:
            hit = next((name for name in sorted(names) if fnmatchcase(name, banned)), None)
            if hit:
                return "banned" if hit == entry.name else f"it states {hit}, which is banned"
        return ""

    def _by_kind(self, entry: Entry) -> str:
        """What the user has not allowed, and what is not for the model to say."""
        category = entry.category
        if category in _NOT_SUGGESTED:
            return _NOT_SUGGESTED[category]
        if category in ("character", "copyright") and not self.wishes.characters:
            return f"a {'series' if category == 'copyright' else category} you did not ask for"
        if category == "artist" and not self.wishes.artists:
            return "an artist you did not ask for"
        if category == "rating":
            return "the rating is for you to choose"
        if category == "framing":
            framing = next((e.name for e in self._entries if e.category == "framing"), "")
            return f"{framing} frames the picture already" if framing else ""
        return ""

    def _rated(self, entry: Entry) -> str:
        return self._rated_text(entry.name)

    def _rated_text(self, text: str) -> str:
        most = RATINGS.index(self.rating)
        for word in _WORD.findall(text.lower()):
            least = _LEAST_RATING.get(word)
            if least and RATINGS.index(least) > most:
                return f"{word} is {least}, and {self.rating} is chosen"
        return ""

    def _contradicted(self, entry: Entry) -> str:
        name, names = entry.name, [e.name for e in self._entries]
        stated = {n: found for n in names if (found := counted(n))}
        if entry.category == "person count":
            return self._count_against(name, stated)
        persons = sum(number for _, number, _ in stated.values())
        if name == "solo" and (persons > 1 or self._characters() > 1):
            return f"{', '.join(stated) or 'the characters'} are more than one person"
        if persons > 1 or not _SEVERAL.isdisjoint(names):
            return ""
        for pair in contradictions([*names, name]):
            if not pair.weak and name in (pair.one, pair.other):
                return f"against {pair.one if pair.other == name else pair.other}: {pair.reason}"
        return ""

    def _characters(self) -> int:
        return sum(entry.category == "character" for entry in self._entries)

    def _count_against(self, name: str, stated: dict[str, tuple[str, int, bool]]) -> str:
        """Person counts: the prompt's own ones are complete; else one of each kind is taken."""
        own = [n for n in stated if all(n != entry.name for entry in self.taken)]
        everybody = {entry.name for entry in self._entries}
        found = counted(name)
        if found is None:
            return "it would empty the picture"  # no humans
        if "no humans" in everybody:
            return "the prompt says no humans"
        kind, number, at_least = found
        for before, (other, count, _) in stated.items():
            if other == kind:
                fits = at_least and count >= number
                return "" if fits else f"{before} says how many there are"
        if own:
            return f"{', '.join(own)} says who is there"
        if "solo" in everybody and (number > 1 or stated):
            return "the prompt says solo"
        if number < self._characters() and not stated:
            return f"the prompt names {self._characters()} characters"
        return ""

    def _against_sentence(self, sentence: str) -> str:
        """Why a sentence may not join, or ""."""
        if _SYNTAX.search(sentence) or not sentence.strip():
            return "it holds signs that a prompt gives a meaning"
        text = f" {' '.join(_WORD.findall(sentence.lower()))} "
        for banned in self._banned:
            if fnmatchcase(text, f"* {' '.join(_WORD.findall(banned)) or banned} *"):
                return f"it says {banned}, which is banned"
        if why := self._rated_text(sentence):
            return why
        if why := next(self._names_in(sentence), ""):
            return why
        return next(self._counts_in(sentence.lower()), "")

    def _names_in(self, sentence: str) -> Iterator[str]:
        """Characters, series and artists that a sentence names and the prompt does not."""
        for found in _PROPER.findall(sentence):
            words = found.lower().split()
            for first in range(len(words)):
                for last in range(first + 2, len(words) + 1):
                    name = " ".join(words[first:last])
                    tag = self.reader.lookup(name)
                    if tag is None or self._key(name) in self._keys:
                        continue
                    why = self._by_kind(self.reader.entry("tag", tag.name))
                    if why and tag.category in ("character", "copyright", "artist"):
                        yield f"{name} is {why}"

    def _counts_in(self, sentence: str) -> Iterator[str]:
        """Persons in a sentence that are not those that the tags count."""
        stated = {}
        for entry in self._entries:
            if entry.name == "no humans":
                stated.setdefault("nobody", (0, entry.name))
            elif found := counted(entry.name):
                stated[found[0]] = (99 if found[2] else found[1], entry.name)
        for found in _COUNTED.finditer(sentence) if stated else ():
            number, person = found.groups()
            number = "one" if number in ("a", "an") else number
            kind, several, _ = counted(f"{number} {person}") or counted(f"one {person}")
            most, name = stated.get(kind, (0, ""))
            if several > most:
                says = name or ", ".join(text for _, text in stated.values())
                yield f"it says {found.group()}, and the prompt says {says}"


def _rating(name: str) -> str:
    """Danbooru's rating for a rating word of any model, "" for none."""
    danbooru = get_profile(DEFAULT_PROFILE)
    return trained_word(name, "rating", danbooru) if name in RATING_WORDS else ""
