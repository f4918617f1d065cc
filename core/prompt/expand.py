"""Expands a short prompt: asks a language model for more, keeps what fits, joins it to the prompt.

The prompt's own items stay as they are, with weights, BREAK, LoRA tags and everything else; only
their plain names are told to the model (passed in as a function, so nothing heavy is imported).
What is taken joins the part before the first BREAK or other keyword, and normalize gives it its
place. The joined text is read again to prove that nothing of the prompt has changed.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..tipo.form import (
    LENGTHS,
    Fields,
    Length,
    read_sentence,
    read_tags,
    sentence_request,
    tags_request,
)
from ..vocabulary.tag import Vocabulary
from .additions import Additions, Wishes
from .classify import Entry, Reader
from .fields import split_items
from .normalize import normalize
from .options import Options
from .parts import Part, Prompt
from .profiles import DEFAULT_PROFILE, Profile, get_profile
from .sentences import split_sentences

_ROUNDS = 4  # times the model is asked for tags when its answers are too short
_PLAIN = Wishes()
_GLUE = ("space", "newline", "comma", "comment", "bar")

Ask = Callable[[str, int], str]  # (request, seed) -> what the model writes behind it


class Expansion(NamedTuple):
    """The expanded prompt, what was added as prompt text, and a line per decision."""

    text: str
    added: str
    report: str


def expand(
    text: str,
    ask: Ask,
    length: str = "short",
    sentence: bool = False,
    wishes: Wishes = _PLAIN,
    seed: int = 0,
    profile: str | Profile = DEFAULT_PROFILE,
    vocabulary: Vocabulary | None = None,
) -> Expansion:
    """Expand a prompt to `length` (a key of tipo.form.LENGTHS), with `sentence` by a description.

    Raises ValueError for an unknown length or profile.
    """
    if length not in LENGTHS:
        raise ValueError(f"The length is {length!r}; it must be one of {', '.join(LENGTHS)}.")
    base = normalize(text, profile, vocabulary).text
    reader = Reader(get_profile(profile), vocabulary, Options())
    items = _items(reader.parse(base), reader)
    additions = Additions([entry for _, entry in items], wishes, reader)
    fields = _fields(items, additions.rating)
    notes = _ask_for_tags(fields, LENGTHS[length], additions, ask, seed)
    if sentence:
        notes += _ask_for_sentences(fields, LENGTHS[length], additions, ask, seed)
    return _join(base, additions, notes, profile, reader)


def banned_names(text: str) -> tuple[str, ...]:
    """The names in a field of banned tags."""
    return tuple(name for line in text.splitlines() for name, _ in split_items(line))


def _items(prompt: Prompt, reader: Reader) -> list[tuple[Part, Entry]]:
    return [(part, reader.entry(part.kind, part.text)) for part in prompt.atoms]


def _fields(items: Iterable[tuple[Part, Entry]], rating: str) -> Fields:
    """What the model is told: plain tags by their names, and the sentences."""
    found: dict[str, dict[str, None]] = {}
    for part, entry in items:
        if part.kind == "sentence":
            found.setdefault("sentence", {})[entry.text] = None
        elif part.kind == "tag":
            found.setdefault(entry.category, {})[_told(entry)] = None

    def names(*categories: str) -> tuple[str, ...]:
        return tuple(name for category in categories for name in found.get(category, ()))

    return Fields(
        rating=rating,
        artist=names("artist"),
        characters=names("character"),
        copyrights=names("copyright"),
        quality=names("score", "year"),
        meta=names("quality", "meta"),
        tags=names("person count", "general", "framing", "unknown"),
        sentence=" ".join(names("sentence")),
    )


def _told(entry: Entry) -> str:
    """A tag as its data has it: without `by` or a prefix, and without commas or line breaks."""
    name = entry.tag.name if entry.tag is not None else entry.name
    prefix, colon, rest = name.partition(":")
    name = rest if colon and entry.why.startswith("written with the prefix") else name
    return " ".join(name.replace(",", " ").split())


def _ask_for_tags(
    fields: Fields, length: Length, additions: Additions, ask: Ask, seed: int
) -> list[str]:
    """Ask until there are enough tags; each time with those that were taken before."""
    least, most = length.tags
    number = len(fields.tags)
    if number >= most:
        return [f"no tags added: the prompt has {number}, and {most} are the most for this length"]
    for turn in range(_ROUNDS):
        taken = tuple(entry.name for entry in additions.taken)
        told = fields._replace(tags=fields.tags + taken)
        answer = ask(tags_request(told, length), seed + turn)
        for name in read_tags(answer, told.tags[-1] if told.tags else ""):
            if number + len(additions.taken) < most:
                additions.offer(name)
        if number + len(additions.taken) >= least:
            return []
    return [
        f"{number + len(additions.taken)} tags after asking {_ROUNDS} times; {least} were aimed at"
    ]


def _ask_for_sentences(
    fields: Fields, length: Length, additions: Additions, ask: Ask, seed: int
) -> list[str]:
    """Ask once for a description of everything; keep the sentences that fit."""
    told = fields._replace(tags=fields.tags + tuple(entry.name for entry in additions.taken))
    answer = read_sentence(ask(sentence_request(told, length), seed + _ROUNDS))
    for start, end in split_sentences(answer, 0, len(answer)):
        sentence = answer[start:end].strip()
        if not sentence.endswith((".", "!", "?")):
            sentence += "."  # cut off by the end of the answer, or written without
        if sentence[:-1] and len(additions.sentences) < length.sentences:
            additions.offer_sentence(sentence)
    return [] if additions.sentences else ["no sentence added: the model gave none that fits"]


def _join(
    base: str, additions: Additions, notes: list[str], profile: str | Profile, reader: Reader
) -> Expansion:
    """The prompt with what was taken; without it where that would change the prompt."""
    tags = [entry.text for entry in additions.taken]
    sentences = [text.replace("(", r"\(").replace(")", r"\)") for text in additions.sentences]
    notes += [f"not added: {name} ({why})" for name, why in additions.refused.items()]
    tries = [(tags, sentences)] + ([(tags, [])] if tags and sentences else [])
    for names, said in tries if tags or sentences else ():
        added = ", ".join((*names, " ".join(said)) if said else names)
        for merged in _places(base, added, reader.parse(base)):
            result = normalize(merged, profile, reader.vocabulary).text
            if _same(base, result, names, said, reader):
                lost = [f"not added: {text} (it would be read as part of the prompt's own text)"
                        for text in sentences if text not in said]  # fmt: skip
                lines = [f"added: {added}", *lost, *notes]
                return Expansion(result, added, "\n".join(lines))
    if tags or sentences:
        why = "anything behind this prompt would be read as part of it; close its brackets"
        notes.insert(0, f"nothing added: {why}")
    return Expansion(
        base, "", "\n".join(notes or ["nothing added: the model suggested nothing new"])
    )


def _places(base: str, added: str, prompt: Prompt) -> list[str]:
    """The prompt with the additions behind its first segment, and before everything."""
    first = [part for part in prompt.parts if part.segment == 0 and part.kind not in _GLUE]
    solid = [part.end for part in first if part.kind != "keyword"]
    at = solid[-1] if solid else 0
    head, tail = base[:at], base[at:]
    behind = f"{head}, {added}{tail}" if head else f"{added} {tail}".rstrip()
    return [behind, f"{added}, {base}"]


def _same(base: str, result: str, tags: list[str], sentences: list[str], reader: Reader) -> bool:
    """Whether the result holds exactly the prompt's items, with their weights, and the additions.

    Sentences are compared by their words: neighbours may be read as one.
    """
    before, after = _content(base, reader), _content(result, reader)
    added = Counter((name, 1.0) for name in tags)
    added.update((word, 1.0) for text in sentences for word in text.split())
    return before[0] + added == after[0] and before[1] == after[1]


def _content(text: str, reader: Reader) -> tuple[Counter, list[str]]:
    """((item, weight) -> number, keywords and comments in order); sentences count by words."""
    prompt = reader.parse(text)
    weights = prompt.weights()
    content: Counter = Counter()
    for part, entry in _items(prompt, reader):
        weight = round(weights[part.group], 4) if part.group >= 0 else 1.0
        words = entry.text.split() if part.kind == "sentence" else [entry.text]
        content.update((word, weight) for word in words)
    return content, [p.text for p in prompt.parts if p.kind in ("keyword", "comment")]
