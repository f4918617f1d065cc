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
    )
)
_MIN_WORDS = 5
_MIN_EVIDENCE = 2.5
_SENTENCE_LENGTH = 500  # characters that are looked at to tell a sentence; bounds the time
_WINDOW = 8  # items a sentence may span backwards; longer lists are tag lists

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
    if _CJK.search(phrase) or _HANGUL.search(phrase):
        return phrase.rstrip("\"'”’）」』")[-1] in "。！？｡" or (
            phrase[-1] in ".!?" and bool(_HANGUL.search(phrase)) and " " in phrase
        )
    words = phrase.split()
    last = words[-1].lower()
    if len(words) < 2 or last in _ABBREVIATIONS or not any(c.isalpha() for c in last):
        return False
    if len(last.rstrip(".!?…\"'”’)")) < 2:
        return False
    return phrase[0].isupper() or evidence(phrase) >= 1.0


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
    """(first, last) part numbers of each sentence, in order, not overlapping."""
    floor, number, count = 0, 0, len(parts)
    while number < count:
        part = parts[number]
        if part.kind not in ("tag", "mixed") or not _is_candidate(part.text, known):
            number += 1
            continue
        first = _reach_back(parts, number, floor)
        prose = first < number or is_prose(part.text)
        if prose:
            last = _reach_forward(parts, number, known)
            yield first, last
            floor = number = last + 1
        else:
            number += 1


def _is_candidate(phrase: str, known: Known | None) -> bool:
    if " " not in phrase and not _CJK.search(phrase):
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
    if not ends_sentence(phrase):
        return number
    eastern = bool(_CJK.match(phrase))
    if not eastern and phrase[0].isupper():
        return number
    best = at = number
    for _ in range(_WINDOW):
        at = _neighbour(parts, at, -1, floor)
        if at < 0:
            break
        before = parts[at].text
        if _END.search(before):
            break
        if eastern:
            if not _CJK.match(before) or "," in _between(parts, at):
                break
            best = at
        elif before[0].isupper() and " " in before and evidence(before) >= 1.0:
            return at
    return best


def _between(parts: list, number: int) -> str:
    """The glue right behind a part."""
    return parts[number + 1].text if number + 1 < len(parts) else ""


def _reach_forward(parts: list, number: int, known: Known | None) -> int:
    """Where the sentence that holds `number` ends; ", wearing a red dress" belongs to it."""
    end = _list_end(parts, number)
    while end < 0 and not _END.search(parts[number].text):
        after = _neighbour(parts, number, 1)
        if after < 0:
            return number
        phrase = parts[after].text
        words = phrase.split()
        if words[0].lower() not in _CONTINUES or len(words) < 3 or evidence(phrase) < 1.0:
            return number
        if known is not None and known(phrase.lower()):
            return number
        number = after
    return max(number, end)


def _list_end(parts: list, number: int) -> int:
    """End of a sentence with a list in it ("A girl with long hair, and a smile."), or -1."""
    if not parts[number].text[0].isupper() or _END.search(parts[number].text):
        return -1
    for _ in range(_WINDOW):
        number = _neighbour(parts, number, 1)
        if number < 0 or parts[number].text[0].isupper():
            return -1
        if ends_sentence(parts[number].text):
            return number
    return -1
