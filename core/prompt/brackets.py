"""Pairs the brackets of a token list and says what each pair means.

Iterative, linear in the number of tokens. A bracket without a partner has no pair: it is text.
"""

import re
from typing import NamedTuple

from ..vocabulary.names import INVISIBLE
from .lexer import OPENERS, Token

# AUTOMATIC1111 wiki, "Attention/emphasis": ( ) multiplies by 1.1, [ ] divides by 1.1.
ROUND = 1.1
SQUARE = 1 / 1.1
# NovelAI docs, "Strengthening and weakening": { } multiplies by 1.05, [ ] divides by 1.05.
CURLY = 1.05
SQUARE_NOVELAI = 1 / 1.05

_NUMBER = re.compile(rf"\s*([-+]?(?:\d{{1,6}}(?:\.\d{{0,12}})?|\.\d{{1,12}}))[\s{INVISIBLE}]*\Z")
# After the last colon of [a:b:...]: a share or step, or several of them; or a tag like HR.
_WHEN = re.compile(r"\s*[-+\d.%]+(?:\s*,\s*[-+\d.%]+)*\s*\Z")
_WHEN_TAG = re.compile(r"\s*[A-Z][A-Z_0-9]*\s*\Z")
_LEADING_COUNT = re.compile(r"\s*[\d-]*\$\$")


class Pair(NamedTuple):
    """Two matching brackets, as token numbers.

    kind: "weight", "choice" ({a|b}), "schedule" ([a:b:0.5], [a|b]) or "verbatim" (holds a keyword).
    factor: what the pair multiplies the weight of its content by (1.0 unless kind is "weight").
    suffix: token number where the `:1.2` before the closing bracket begins, else the closing
    bracket.
    """

    kind: str
    open: int
    close: int
    suffix: int
    factor: float
    has_comma: bool


class _Frame:
    __slots__ = ("bracket", "colon", "colons", "comma", "keyword", "open", "pipe")

    def __init__(self, number: int, bracket: str):
        self.open, self.bracket = number, bracket
        self.pipe = self.comma = self.keyword = False
        self.colon = self.colons = 0


def pair_brackets(text: str, tokens: list[Token]) -> dict[int, Pair]:
    """Pairs by the token number of their opening bracket."""
    pairs: dict[int, Pair] = {}
    stack: list[_Frame] = []
    waiting = dict.fromkeys((")", "]", "}", "::"), 0)
    for number, token in enumerate(tokens):
        kind = token.kind
        if kind == "open" or kind == "number":
            bracket = text[token.start] if kind == "open" else "::"
            stack.append(_Frame(number, bracket))
            waiting[OPENERS.get(bracket, "::")] += 1
        elif _closes(text, token, stack, waiting):
            frame = _unwind(stack, "::" if kind == "endweight" else text[token.start], waiting)
            pairs[frame.open] = _pair(text, tokens, frame, number)
            if stack and frame.keyword:
                stack[-1].keyword = True
        elif stack:
            _note(stack[-1], kind, number)
    return pairs


def _closes(text: str, token: Token, stack: list[_Frame], waiting: dict[str, int]) -> bool:
    """Whether a token closes an open bracket; `::` closes only the innermost one."""
    if token.kind == "close":
        return waiting[text[token.start]] > 0
    return token.kind == "endweight" and bool(stack) and stack[-1].bracket == "::"


def _note(frame: _Frame, kind: str, number: int) -> None:
    """Remember what stands directly inside a bracket."""
    if kind == "comma" or kind == "newline":
        frame.comma = True
    elif kind == "colon":
        frame.colon, frame.colons = number, frame.colons + 1
    elif kind == "endweight":
        frame.colon, frame.colons = number, frame.colons + 2
    elif kind == "pipe" or kind == "bar":
        frame.pipe = True
    elif kind == "keyword":
        frame.keyword = True


def _unwind(stack: list[_Frame], wanted: str, waiting: dict[str, int]) -> _Frame:
    """Take frames off the stack down to the partner of `wanted`.

    Those above it stay unpaired, so what they hold stands directly inside the partner.
    """
    above: _Frame | None = None
    while True:
        frame = stack.pop()
        closer = OPENERS.get(frame.bracket, "::")
        waiting[closer] -= 1
        if above is not None:
            frame.pipe |= above.pipe
            frame.comma |= above.comma
            frame.keyword |= above.keyword
            frame.colon = max(frame.colon, above.colon)
            frame.colons += above.colons
        if closer == wanted:
            return frame
        above = frame


def _pair(text: str, tokens: list[Token], frame: _Frame, close: int) -> Pair:
    """The meaning of one closed bracket."""
    opening, closing = tokens[frame.open], tokens[close]
    kind, factor, suffix = "weight", 1.0, close
    if frame.keyword:
        kind = "verbatim"
    elif frame.bracket == "(":
        factor = ROUND
        if frame.colon > frame.open + 1:
            number = _NUMBER.match(text, tokens[frame.colon].end, closing.start)
            if number and tokens[frame.colon].end - tokens[frame.colon].start == 1:
                factor, suffix = float(number[1]), frame.colon
    elif frame.bracket == "[":
        factor = SQUARE
        if frame.pipe or _is_schedule(text, tokens, frame, closing.start):
            kind, factor = "schedule", 1.0
    elif frame.bracket == "{":
        factor = CURLY
        if frame.pipe or _LEADING_COUNT.match(text, opening.end, closing.start):
            kind, factor = "choice", 1.0
    else:
        factor = float(text[opening.start : opening.end - 2])
    return Pair(kind, frame.open, close, suffix, factor, frame.comma)


def _is_schedule(text: str, tokens: list[Token], frame: _Frame, end: int) -> bool:
    """[a:b:0.5], [a:0.3], [a::0.3], [a:b:HR], [SEQ:a:0.2:b:0.8]: a time follows the last colon."""
    if not frame.colons:
        return False
    if text.startswith("SEQ:", tokens[frame.open].end):
        return True
    start = tokens[frame.colon].end
    if _WHEN.match(text, start, end):
        return True
    return frame.colons > 1 and bool(_WHEN_TAG.match(text, start, end))
