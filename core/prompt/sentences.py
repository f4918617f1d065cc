"""Finds full sentences and descriptive phrases among comma-separated items (en, ja, zh, ko).

Heuristic and deliberately cautious: a tag taken for a sentence moves to the wrong section, a
sentence cut at its commas loses its meaning, so evidence is function words and sentence ends, and a
phrase that is a known tag never counts. Works on spans; does not change text.
"""

import re
from collections.abc import Callable, Iterator

# How much a word speaks for prose. "of", "in", "on" are frequent inside tags and titles.
_EVIDENCE = {
    **dict.fromkeys(("a", "an", "is", "are", "was", "were", "she", "he", "they", "it"), 2.0),
    **dict.fromkeys(("her", "his", "their", "its", "has", "have", "who", "which", "there"), 2.0),
    **dict.fromkeys(("this", "that", "while", "i", "my", "your", "we", "you"), 2.0),
    **dict.fromkeys(("the", "with", "and", "as", "from", "where", "into", "or"), 1.0),
    **dict.fromkeys(("of", "in", "on", "at", "by", "to", "for", "under", "over"), 0.5),
    **dict.fromkeys(("wearing", "standing", "sitting", "holding", "looking", "walking"), 0.5),
}
# A phrase that continues the sentence before it starts with one of these.
_CONTINUES = frozenset(
    (
        *("and", "or", "but", "with", "wearing", "standing", "sitting", "holding", "looking"),
        *("walking", "while", "who", "which", "where", "as", "in", "on", "at", "under", "beneath"),
        *("beside", "near", "against", "her", "his", "their", "its", "she", "he", "they", "it"),
        "surrounded",
    )
)
# A piece that begins so has its subject before the comma: "Miku, in a red dress, is smiling."
# What stands in a list of persons: a name, or somebody without one.
_LISTED = re.compile(r"(?:a|an|another|the|two|three|several) |[^\W\d_a-z]|\d[A-Z]\b")
_VERBS = frozenset(("is", "are", "was", "were", "has", "have"))
_ABBREVIATIONS = frozenset(
    (
        "st.",
        "mr.",
        "mrs.",
        "ms.",
        "dr.",
        "vs.",
        "no.",
        "jr.",
        "sr.",
        "inc.",
        "etc.",
        "vol.",
        "feat.",
        "bros.",
    )
)
_MIN_WORDS = 5
_MIN_EVIDENCE = 2.5
_SENTENCE_LENGTH = 500  # characters that are looked at to tell a sentence; bounds the time
_WINDOW = 16  # items a sentence may span backwards; longer lists are tag lists

_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_END = re.compile(r"""[.!?…]["'”’)]*\Z|[。！？｡]["'”’）」』]*\Z""")
_BREAK_INSIDE = re.compile(r"(?<=[\w\"'”’）)])(?:[.!?][\"'”’]*\s+|[。！？｡][」』]*\s*)")
SENTENCE_END = re.compile(r"[.!?。！？｡]")  # without one of these nothing is split
_KANA = re.compile(r"[\u3040-\u309f]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")

Known = Callable[[str], bool]


def split_sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut an item behind each sentence end inside it: spans that cover start..end."""
    if end - start > 4:
        for found in _BREAK_INSIDE.finditer(text, start, end):
            phrase = text[max(start, found.end() - _SENTENCE_LENGTH) : found.end()].rstrip()
            if found.end() < end and ends_sentence(phrase):
                yield start, found.end()
                start = found.end()
    yield start, end


def ends_sentence(phrase: str) -> bool:
    """Whether a phrase ends the way only prose ends: "She smiles.", "雨の中に立つ。"."""
    if not _END.search(phrase):
        return False
    if phrase.rstrip("\"'”’）」』")[-1] in "。！？｡":
        return bool(_CJK.search(phrase) or _HANGUL.search(phrase))
    if _HANGUL.search(phrase) and " " in phrase:
        return True
    words = phrase.split()
    last = words[-1].lower()
    if len(words) < 2 or last in _ABBREVIATIONS or not any(c.isalpha() for c in last):
        return False
    if last.isascii() and len(last.rstrip(".!?\"')")) < 2:
        return False
    # Two words may be a name with an abbreviation ("square co."); a long last word is none.
    full_stop = phrase[-1] == "." and (len(words) > 2 or len(last) > 4)
    return phrase[0].isupper() or full_stop or evidence(phrase) >= 1.0


def evidence(phrase: str) -> float:
    """How strongly the words of an English phrase speak for prose."""
    return sum(_EVIDENCE.get(word, 0.0) for word in _WORD.findall(phrase.lower()))


def is_prose(phrase: str) -> bool:
    """Whether a phrase reads as natural language on its own."""
    if len(phrase) < 6:
        return bool(_CJK.search(phrase)) and ends_sentence(phrase)
    if ends_sentence(phrase):
        return True
    if phrase.isascii():
        return phrase.count(" ") >= _MIN_WORDS - 1 and evidence(phrase) >= _MIN_EVIDENCE
    if _HANGUL.search(phrase):
        return phrase.count(" ") >= 3
    cjk = len(_CJK.findall(phrase))
    if _KANA.search(phrase):
        return cjk >= 10
    if cjk:
        return cjk >= 12
    return phrase.count(" ") >= _MIN_WORDS - 1 and evidence(phrase) >= _MIN_EVIDENCE


def join_sentences(parts: list, text: str, known: Known | None) -> list:
    """Replace runs of tag parts that form a sentence by one part of kind "sentence"."""
    runs = list(_runs(parts, known))
    if not runs:
        return parts
    joined, done = [], 0
    for first, last in runs:
        joined.extend(parts[done:first])
        start, end = parts[first].start, parts[last].end
        joined.append(
            parts[first]._replace(kind="sentence", start=start, end=end, text=text[start:end])
        )
        done = last + 1
    joined.extend(parts[done:])
    return joined


def _runs(parts: list, known: Known | None) -> Iterator[tuple[int, int]]:
    """(first, last) part numbers of each sentence, in order, not overlapping.

    Sentences with an end claim their items first; phrases without one get what is left.
    """
    floor = 0
    for number, part in enumerate(parts):
        if _is_candidate(part, known) and ends_sentence(part.text):
            first = _reach_back(parts, number, floor)
            yield from _loose(parts, floor, first, known)
            yield first, number
            floor = number + 1
    yield from _loose(parts, floor, len(parts), known)


def _loose(parts: list, number: int, stop: int, known: Known | None) -> Iterator[tuple[int, int]]:
    """Descriptive phrases without a full stop among the parts number..stop."""
    floor = number
    while number < stop:
        part = parts[number]
        if not _is_candidate(part, known) or not is_prose(part.text):
            number += 1
            continue
        before = _neighbour(parts, number, -1, floor) if part.text[0].islower() else -1
        first = before if before >= 0 and _opens(parts[before].text) else number
        last = _reach_forward(parts, number, stop, known)
        yield first, last
        floor = number = last + 1


def _is_candidate(part, known: Known | None) -> bool:
    """Whether a part may be natural language: not one word, not a known tag."""
    phrase = part.text
    if part.kind not in ("tag", "mixed") or (" " not in phrase and not _CJK.search(phrase)):
        return False
    if not (is_prose(phrase) or _END.search(phrase)):
        return False
    return known is None or not known(phrase.lower())


def _neighbour(parts: list, number: int, step: int, floor: int = 0) -> int:
    """The next atom in one direction with one comma and nothing else between, or -1."""
    commas, here = 0, parts[number]
    number += step
    while floor <= number < len(parts):
        part = parts[number]
        if part.kind == "comma":
            commas += 1
        elif part.kind != "space":
            same = part.group == here.group and part.segment == here.segment
            text = part.kind in ("tag", "mixed")
            return number if text and same and commas == 1 else -1
        number += step
    return -1


def _reach_back(parts: list, number: int, floor: int) -> int:
    """Where the sentence that ends at `number` begins: "In the rain, she smiles."."""
    phrase = parts[number].text
    if _CJK.match(phrase):
        return _reach_back_eastern(parts, number, floor)
    lead = phrase.split(" ", 1)[0]
    listed, predicate = lead in _CONTINUES, lead in _VERBS
    at = best = number
    names = phrase[0].isupper() and " and " in phrase  # the end of a list: "A, a girl and B walk."
    for _ in range(1 if phrase[0].isupper() and not names else _WINDOW):
        at = _neighbour(parts, at, -1, floor)
        if at < 0 or _END.search(parts[at].text) or (names and not _LISTED.match(parts[at].text)):
            break
        if listed and _opens_small(parts[at].text):
            best = at  # unless a capital stands before
        if _opens(parts[at].text) or (predicate and parts[at].text[0].isupper()):
            best = at
            while (at := _neighbour(parts, at, -1, floor)) >= 0 and _opens(parts[at].text):
                best = at
            break
        predicate |= not _VERBS.isdisjoint(parts[at].text.split())
    return best


def _reach_back_eastern(parts: list, number: int, floor: int) -> int:
    """The same for Chinese and Japanese, whose sentences have commas of their own."""
    for _ in range(_WINDOW):
        at = _neighbour(parts, number, -1, floor)
        if at < 0 or _END.search(parts[at].text) or not _CJK.match(parts[at].text):
            break
        if "," in _between(parts, at):
            break
        number = at
    return number


def _opens(phrase: str) -> bool:
    """Whether a phrase without an end can begin a sentence: "In the rain"."""
    if not phrase[0].isupper() or " " not in phrase or _END.search(phrase):
        return False
    return evidence(phrase) >= 1.0


def _opens_small(phrase: str) -> bool:
    """Whether it can begin a sentence with a small letter: "a girl with long hair"."""
    return phrase.startswith(("a ", "an ", "the ")) and evidence(phrase) >= _MIN_EVIDENCE


def _between(parts: list, number: int) -> str:
    """The glue right behind a part."""
    return parts[number + 1].text if number + 1 < len(parts) else ""


def _reach_forward(parts: list, number: int, stop: int, known: Known | None) -> int:
    """Where the phrase that holds `number` ends; ", wearing a red dress" belongs to it."""
    while not _END.search(parts[number].text):
        after = _neighbour(parts, number, 1)
        if not 0 <= after < stop:
            return number
        phrase = parts[after].text
        words = phrase.split()
        if words[0].lower() not in _CONTINUES or len(words) < 3 or evidence(phrase) < 1.0:
            return number
        if known is not None and known(phrase.lower()):
            return number
        number = after
    return number
