"""Says of one item which section it belongs to, how it is spelled, and why.

Closed classes (person counts, ratings, score and year words, quality, framing) are recognised here,
from patterns and the profile table; everything else comes from the vocabulary, and what nobody
knows is general. Results are cached per item text, because captions repeat their tags. Does not
order.
"""

import re
from typing import NamedTuple

from ..vocabulary.names import emoticons, invisible, sign_names, visible
from ..vocabulary.tag import CATEGORIES, Tag, Vocabulary
from .options import Options
from .parse import parse
from .parts import Prompt
from .profiles import Profile, section_of
from .sentences import is_prose
from .words import FRAMING, QUALITY, closed_class, trained_word

_PREFIXES = {
    **{"artist": "artist", "character": "character", "rating": "rating"},
    **{"copyright": "copyright", "series": "copyright", "meta": "meta", "general": "general"},
}
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_TECHNICAL = re.compile(r"(?i)(?:score|source|rating)_|.*(?:\d_|_v?\d|__)|_|.*_\Z")
_ESCAPED = re.compile(r"\\([()])")
_ROUND = re.compile(r"(?<!\\)[()]")
_SPACES = re.compile(r"\s+")
_SIMPLE_CHOICE = re.compile(r"\{(?:[\d-]*\$\$)?(?:[\d.]+::)?([^{}|]*)\|[^{}]*\}")
_INLINE_WEIGHT = re.compile(r"(?<!\\)\(([^()]*?)(?::[-+.\d]+)?(?<!\\)\)")
_BRACKET = re.compile(r"[\[\](){}]")
_WHEN = re.compile(r":[-+\d.%, ]+\Z")
# Characters that can give an item a meaning together with its neighbours.
_STRUCTURE = re.compile(r"(?<!\\)[()\[\]{}|#]|<[A-Za-z]|::|//|/\*|\\\Z|[\r\n]|\\\\")
# Letters and marks of ordinary names: what matches is one tag, whatever stands around it.
_PLAIN = re.compile(r"(?:[a-z0-9'+~&^=;@$%-]|[ _:/.](?=[a-z0-9\\])|\\[()])+")
# Ordinary names as captions have them: `is_plain`, and spelled and printed as they are.
_SIMPLE = re.compile(r"(?:[a-z0-9]|\\[()])(?:[a-z0-9'-]|[ ](?=[a-z0-9\\])|\\[()])*")
_SIGNED = re.compile(r"[a-z0-9](?:[a-z0-9'-]|[!?](?![ ])|:?[ ](?=[a-z0-9\\])|\\[()])*")
_FILES = ("network", "embedding")  # named after files, whose names are as they are
_LISTED = "the vocabulary lists it"
_NO_ESCAPES = "captions are not read by an encoder with weights"
CACHE_LIMIT = 100_000  # items; some 40 MB
CACHED_LENGTH = 100


class Entry(NamedTuple):
    """One item, understood. name: canonical spelling for look-ups. text: as it is printed.

    why: one clause on how the section was found. edits: (kind, why) of each change of spelling.
    """

    section: str
    category: str
    name: str
    text: str
    why: str
    tag: Tag | None = None
    edits: tuple[tuple[str, str], ...] = ()


class Reader:
    """Classifies items for one profile, vocabulary and spelling; keeps what it has seen."""

    def __init__(self, profile: Profile, vocabulary: Vocabulary | None, options: Options):
        self.profile, self.vocabulary, self.options = profile, vocabulary, options
        self._entries: dict[tuple[str, str], Entry] = {}
        self._section_of = {name: section_of(name) for name in (*CATEGORIES, "unknown")}

    def lookup(self, name: str) -> Tag | None:
        """The vocabulary's tag of a name, or None."""
        if self.vocabulary is None:
            return None
        try:
            return self.vocabulary.lookup(name)
        except UnicodeEncodeError:  # half a surrogate pair, pasted from a cut string
            return None

    def known(self, name: str) -> bool:
        """Whether a lower-case phrase is a tag: for the parser's choice between name and prose."""
        name = _canonical(name)
        return self.lookup(name) is not None or closed_class(name, self.profile) is not None

    def parse(self, text: str) -> Prompt:
        return parse(text, self.known if self.vocabulary is not None else None)

    def entry(self, kind: str, text: str) -> Entry:
        """The entry of a part kind and its source text."""
        key = (kind, text)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._read(kind, text)
            if len(self._entries) >= CACHE_LIMIT:
                self._entries.clear()
            if len(text) <= CACHED_LENGTH:
                self._entries[key] = entry
        return entry

    def _read(self, kind: str, text: str) -> Entry:
        if kind not in _FILES and (shown := visible(text)) != text:
            entry = self._read(kind, shown)
            names = sign_names(invisible(text))
            why = f"{names} cannot be seen, and an encoder reads it as a sign"
            return entry._replace(edits=(("invisible", why), *entry.edits))
        if kind == "tag":
            return self._tag(text)
        if kind == "sentence":
            return self._sentence(text)
        if kind == "network":
            return Entry("network", "network", text, text, "a network to load, not encoded text")
        if kind == "embedding":
            return Entry("general", "unknown", text, text, "an embedding keeps its place")
        if kind == "mixed":
            return self._mixed(text)
        return self._dynamic(kind, text)

    def _sentence(self, text: str) -> Entry:
        printed, edits = text, ()
        if not self.options.escape and _ESCAPED.search(text) and "\\\\" not in text:
            printed, edits = _ESCAPED.sub(r"\1", text), (("unescape", _NO_ESCAPES),)
        why = "a sentence or descriptive phrase"
        return Entry("natural language", "natural language", text, printed, why, None, edits)

    def _tag(self, text: str) -> Entry:
        spelled, edits = self._spell(text)
        name = spelled.lower()
        section, category, why, tag = self.category(name)
        spelled = self._respell(spelled, name, category, tag, edits)
        printed, name = spelled, spelled.lower()
        if "\\\\" in text:
            printed = text if spelled in emoticons() else spelled
        elif self.options.escape and _ROUND.search(spelled):
            printed = re.sub(r"[()]", r"\\\g<0>", spelled)
            if _ROUND.search(text):
                why_escaped = "an encoder with weights reads bare round brackets as emphasis"
                edits.append(("escape", why_escaped))
        elif not self.options.escape and "\\" in text and _ESCAPED.search(text):
            edits.append(("unescape", _NO_ESCAPES))
        return Entry(section, category, name, printed, why, tag, tuple(edits))

    def _spell(self, text: str) -> tuple[str, list[tuple[str, str]]]:
        """Spelling without escapes, with single spaces for underscores that stand for one."""
        edits: list[tuple[str, str]] = []
        spelled = _ESCAPED.sub(r"\1", text) if "\\" in text else text
        if "\\\\" in text and spelled not in emoticons():
            spelled = text  # a backslash that was meant
        if "_" in spelled and self.options.underscores and self._is_spaced(spelled):
            spelled = spelled.replace("_", " ").strip()
            why = "the model was trained on spaces (arXiv 2409.19946, all prompts shown)"
            edits.append(("underscores", why))
        if "  " in spelled or (not spelled.isascii() and _SPACES.search(spelled)):
            collapsed = _SPACES.sub(" ", spelled)
            if collapsed != spelled:
                edits.append(("spacing", "one space is enough"))
            spelled = collapsed
        return spelled, edits

    def _is_spaced(self, name: str) -> bool:
        """Whether underscores stand for spaces: not in emoticons, triggers and score_9."""
        if not _TWO_LETTERS.search(name):
            return False
        if closed_class(name.lower(), self.profile) is not None:
            return False
        if self.lookup(_SPACES.sub(" ", name.replace("_", " ")).strip().lower()) is not None:
            return True
        return not _TECHNICAL.match(name)

    def _respell(self, spelled: str, name: str, category: str, tag: Tag | None, edits: list) -> str:
        """The trained word or name for an untrained one, where the options ask for it."""
        if self.options.words and category in ("score", "year", "rating"):
            word = trained_word(name, category, self.profile)
            if word and word != name:
                edits.append(("word", f"{name} is no {category} word of {self.profile.title}"))
                return word
        if self.options.aliases and tag is not None and category not in ("score", "year", "rating"):
            trained = tag.trained_as or tag.name
            if trained != name and self.lookup(name) == tag:
                kind = "renamed" if name == tag.name else "alias"
                edits.append((kind, f"the models were trained on the name {trained}"))
                return trained
        return spelled

    def category(self, name: str) -> tuple[str, str, str, Tag | None]:
        """(section, category, why, tag) of a canonical name."""
        category, why, listed = self._classify(name)
        tag = self.lookup(listed) if listed else None
        if why == _LISTED and tag is not None:
            why = f"the vocabulary ({tag.origin}) lists it as {category}"
        return section_of(category), category, why, tag

    def section(self, name: str) -> str:
        """The section of a canonical name, found without all that is known of the tag."""
        return self._section_of[self._classify(name)[0]]

    def _classify(self, name: str) -> tuple[str, str, str]:
        """(category, why, the name under which the vocabulary may list it or "")."""
        closed = closed_class(name, self.profile)
        if closed is not None:
            return *closed, name
        prefix, colon, rest = name.partition(":")
        if colon and prefix in _PREFIXES and rest.strip():
            return _PREFIXES[prefix], f"written with the prefix {prefix}:", ""
        category = self.listed(name)
        if category is None and name.startswith("by ") and self.listed(name[3:]) == "artist":
            return "artist", "the vocabulary lists the artist", name[3:]
        if name in FRAMING:
            return "framing", "a framing tag", name
        if name in QUALITY:
            return "quality", "a tag of file quality", name
        if category is not None:
            return category, _LISTED, name
        return "unknown", "not a known tag: stays with the general ones", ""

    def listed(self, name: str) -> str | None:
        """The vocabulary's category of a name, or None."""
        if self.vocabulary is None:
            return None
        try:
            return self.vocabulary.category(name)
        except UnicodeEncodeError:  # half a surrogate pair, pasted from a cut string
            return None

    def _mixed(self, text: str) -> Entry:
        """An item with brackets, choices or comments inside: a name, prose, or in between."""
        literal = _SPACES.sub(" ", _ESCAPED.sub(r"\1", text))
        name = _canonical(literal)
        if self._names_something(name) and "\\\\" not in text:
            return self._tag(text)
        plain = _SIMPLE_CHOICE.sub(r"\1", text)
        plain = _INLINE_WEIGHT.sub(r"\1", plain)
        if is_prose(plain):
            return self._sentence(text)
        section, category, why, tag = self.category(_canonical(plain))
        return Entry(section, category, _canonical(plain), text, why, tag)

    def _names_something(self, name: str) -> bool:
        """Whether a name is listed, bare or behind a prefix: "artist:ask (askzy)"."""
        prefix, _, rest = name.partition(":")
        bare = rest.strip() if prefix in _PREFIXES else name.removeprefix("by ")
        return any(self.lookup(known) is not None for known in (name, bare))

    def _dynamic(self, kind: str, text: str) -> Entry:
        """A wildcard, choice or schedule: goes where all its alternatives would go."""
        if kind == "wildcard":
            word = text.strip("_").rsplit("/", 1)[-1].lower().removesuffix("s")
            category = _PREFIXES.get(word, "unknown")
            why = f"a wildcard of {category} tags"
            return Entry(section_of(category), category, text, text, why)
        inner = text[1:-1]
        cut = r"[|,]"
        if kind == "schedule":
            inner, cut = _WHEN.sub("", inner), r"[|,:]"
        inner = re.sub(r"^[\d-]*\$\$(?:[^|$]*\$\$)?", "", inner)
        options = [_canonical(o.partition("::")[2] or o) for o in re.split(cut, inner)]
        found = {self.category(option)[:2] for option in options if option}
        flat = (not _BRACKET.search(o) or self.lookup(o) is not None for o in options)
        if len(found) == 1 and all(flat):
            section, category = found.pop()
            return Entry(section, category, text, text, f"every alternative is {category}")
        return Entry("general", "unknown", text, text, f"a {kind} of different kinds of tags")


def _canonical(text: str) -> str:
    """Lower case, single spaces, no escapes of round brackets; emoticons keep their underscores."""
    name = _ESCAPED.sub(r"\1", visible(text))
    if "_" in name and _TWO_LETTERS.search(name):
        name = name.replace("_", " ")
    return _SPACES.sub(" ", name).strip().lower()


def simple_name(text: str, reader: Reader) -> str:
    """The canonical name of an item that is spelled and printed as it stands, "" for others.

    Long names and names with signs are told from prose by the vocabulary, as the parser does.
    """
    options = reader.options
    if options.aliases or options.words or ("\\" in text and not options.escape):
        return ""
    short = _SIMPLE.fullmatch(text) and text.count(" ") < 4
    if not short and not _SIGNED.fullmatch(text):
        return ""
    name = _ESCAPED.sub(r"\1", text) if "\\" in text else text
    return name if short or reader.listed(name) else ""


def is_plain(text: str, reader: Reader) -> bool:
    """Whether an item parsed on its own is one tag whose meaning no neighbour can change.

    Only sentences reach over commas, and those have another kind.
    """
    if _PLAIN.fullmatch(text) and text.count(" ") < 4 and not text.startswith("embedding:"):
        return True
    prompt = reader.parse(text)
    return (
        len(prompt.parts) == 1
        and prompt.parts[0].kind == "tag"
        and not prompt.groups
        and not _STRUCTURE.search(text)
        and not invisible(text)
    )
