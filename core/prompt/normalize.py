"""Puts any prompt into the form that a model was trained on, and says what it did.

`normalize` is the one entry: plain comma lists take a table look-up per tag; everything else is
parsed, arranged, printed, and the print is parsed again to prove that tags and weights survived and
that a second run would change nothing. Where that proof fails the text stays as it is.
"""

from collections import Counter
from functools import lru_cache
from operator import itemgetter

from ..vocabulary.tag import Vocabulary
from .changes import Change
from .classify import CACHE_LIMIT, CACHED_LENGTH, Reader, is_plain, simple_name
from .explain import Placement, explain, list_sections
from .lint import check_items, check_negatives
from .options import check_options
from .order import Arrangement, arrange, section_ranks
from .parts import Prompt
from .profiles import DEFAULT_PROFILE, Profile, get_profile
from .render import Item
from .warning import PromptWarning

_ROUNDS = 4  # re-parses allowed until the text is stable; two are the normal case
_UNKNOWN_RANK = -1
_EMPTY_RANK = 1_000


class Normalized:
    """The result of `normalize`. `text` is ready; the rest is worked out when it is asked for."""

    __slots__ = ("_details", "_source", "_table", "text")

    def __init__(self, text: str, source: str, table: "_Table", details: "_Details | None"):
        self.text = text
        self._source, self._table, self._details = source, table, details

    def __str__(self) -> str:
        return self.text

    @property
    def _found(self) -> "_Details":
        if self._details is None:
            self._details = _normalize(self._source, self._table)
        return self._details

    @property
    def source(self) -> Prompt:
        """The parse of the source text; `explanation` has one entry per atom of it."""
        return self._found.first.prompt

    @property
    def changes(self) -> list[Change]:
        """Every difference between source and text."""
        return self._found.changes

    @property
    def warnings(self) -> list[PromptWarning]:
        """What looks like a mistake; nothing of it was changed."""
        found = self._found
        if found.warnings is None:
            found.warnings = found.problems + check_items(
                found.segments, found.last.prompt.weights(), self._table.reader
            )
        return found.warnings

    @property
    def sections(self) -> list[dict]:
        """[{"name", "items"}] in the order of the text; keywords are sections named "separator"."""
        return list_sections(self._found.last)

    @property
    def explanation(self) -> list[Placement]:
        """For every atom of the source where it came from, where it went and why."""
        return explain(self._found.first)

    def as_dict(self) -> dict:
        """The `normalize --json` contract of the command line."""
        return {
            "text": self.text,
            "sections": self.sections,
            "changes": [change.as_dict() for change in self.changes],
            "warnings": [warning.as_dict() for warning in self.warnings],
        }


class _Details:
    """What the slow path found out."""

    __slots__ = ("changes", "first", "last", "problems", "segments", "text", "warnings")

    def __init__(self, first: Arrangement, last: Arrangement, text: str, changes, problems):
        self.first, self.last, self.text = first, last, text
        self.changes, self.problems, self.warnings = changes, problems, None
        self.segments = last.segments


class _Table(dict):
    """From the raw text between two commas to (rank, printed, name); fills itself."""

    def __init__(self, reader: Reader):
        super().__init__()
        self.reader, self.options = reader, reader.options
        self.ranks = section_ranks(reader.profile, reader.options)

    def __missing__(self, raw: str) -> tuple[int, str, str]:
        found = self._read(raw)
        if len(self) >= CACHE_LIMIT:
            self.clear()
        if len(raw) <= CACHED_LENGTH:
            self[raw] = found
        return found

    def _read(self, raw: str) -> tuple[int, str, str]:
        text = raw.strip(" ")
        if not text:
            return _EMPTY_RANK, "", ""
        if name := simple_name(text, self.reader):
            return self.ranks.get(self.reader.section(name), 0), text, name
        if not is_plain(text, self.reader):
            return _UNKNOWN_RANK, "", ""
        entry = self.reader.entry("tag", text)
        return self.ranks.get(entry.section, 0), entry.text, entry.name


def normalize(
    text: str,
    profile: str | Profile = DEFAULT_PROFILE,
    vocabulary: Vocabulary | None = None,
    **options,
) -> Normalized:
    """Normalize a prompt or caption for a model family.

    profile: an id of profiles.PROFILES or a Profile. vocabulary: tells names from each other;
    without one only the closed classes are recognised. options: see options.Options.
    Raises TypeError for a text that is no string, ValueError for an unknown profile or option.
    """
    if not isinstance(text, str):
        raise TypeError(f"normalize needs a string and got {type(text).__name__}.")
    table = _table(get_profile(profile), vocabulary, tuple(options.items()))
    quick = _quick(text, table)
    if quick is not None:
        return Normalized(quick, text, table, None)
    details = _normalize(text, table)
    return Normalized(details.text, text, table, details)


def check_negative(
    positive: str,
    negative: str,
    profile: str | Profile = DEFAULT_PROFILE,
    vocabulary: Vocabulary | None = None,
) -> list[PromptWarning]:
    """Warnings for each tag of the negative prompt that cancels something in the positive one."""
    table = _table(get_profile(profile), vocabulary, ())
    found = (_normalize(text, table).segments for text in (positive, negative))
    return check_negatives(*found, table.reader)


@lru_cache(maxsize=32)
def _table(profile: Profile, vocabulary: Vocabulary | None, options: tuple) -> _Table:
    """The look-up table of one profile, vocabulary and set of options."""
    chosen = check_options(dict(options))
    return _Table(Reader(profile, vocabulary, chosen))


def _quick(text: str, table: _Table) -> str | None:
    """The result for a plain list of tags, or None when the text needs the parser."""
    if table.options.form != "prompt" or table.options.implied != "keep":
        return None
    found = list(map(table.__getitem__, text.split(",")))
    if table.ranks:
        found.sort(key=_rank)
        if found[0][0] == _UNKNOWN_RANK:
            return None
        while found and found[-1][0] == _EMPTY_RANK:
            found.pop()
    else:
        if any(entry[0] == _UNKNOWN_RANK for entry in found):
            return None
        found = [entry for entry in found if entry[0] != _EMPTY_RANK]
    if len(set(map(_name, found))) != len(found) and table.options.duplicates == "drop":
        unique: dict[str, tuple] = {}
        for entry in found:
            unique.setdefault(entry[2], entry)
        found = list(unique.values())
    return table.options.joiner.join(map(_printed, found))


_rank, _printed, _name = itemgetter(0), itemgetter(1), itemgetter(2)


def _normalize(text: str, table: _Table) -> _Details:
    """Parse, arrange and print until nothing changes any more; prove that nothing was lost."""
    reader = table.reader
    prompt = reader.parse(text)
    first = last = arrange(prompt, reader)
    changes = list(first.changes)
    for _ in range(_ROUNDS):
        again = reader.parse(last.text)
        if _content(again, reader) != _kept(last):
            break
        following = arrange(again, reader)
        if following.text == last.text:
            return _Details(first, following, last.text, changes, [])
        changes.extend(following.changes)
        last = following
    return _unchanged(prompt, text, reader)


def _content(prompt: Prompt, reader: Reader) -> Counter:
    """Words with their weights: what no rearrangement may lose."""
    weights = prompt.weights()
    items = (Item(part, reader.entry(part.kind, part.text)) for part in prompt.atoms)
    return _count(items, weights)


def _kept(arrangement: Arrangement) -> Counter:
    items = (item for segment in arrangement.segments for item in segment)
    return _count(items, arrangement.prompt.weights())


def _count(items, weights: list[float]) -> Counter:
    content: Counter = Counter()
    for part, entry in items:
        weight = round(weights[part.group], 4) if part.group >= 0 else 1.0
        for word in entry.text.split():
            content[word, weight] += 1
    return content


def _unchanged(prompt: Prompt, text: str, reader: Reader) -> _Details:
    """The text as it is, with a warning: its parts cannot be moved safely."""
    items = []
    for part in prompt.atoms:
        entry = reader.entry(part.kind, part.text)
        left = {"section": "general", "text": part.text, "edits": (), "why": "left where it is"}
        items.append(Item(part, entry._replace(**left)))
    kept = Arrangement(text, prompt, [items], [""], [], [])
    why = "the parts of this text cannot be moved without changing what they mean"
    problem = PromptWarning(
        "syntax", text[:60], why, "close every bracket, or write the parts apart"
    )
    return _Details(kept, kept, text, [], [problem])
