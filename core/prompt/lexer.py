"""Cuts a prompt into tokens that cover every character, and pairs its brackets.

Knows the punctuation of the field: A1111 weights, schedules and escapes, NovelAI braces and
`1.2::`, dynamic-prompts choices and wildcards, prompt-control and regional-prompter keywords,
comments, emoticons. Does not know tags. One pass, no recursion, every pattern bounded: time is
linear in length.

Sources: AUTOMATIC1111 wiki "Features" (attention, prompt editing, AND, BREAK), NovelAI docs
(strengthening), dynamic-prompts syntax, prompt-control's documentation of its keywords.
"""

import re
from typing import NamedTuple

from ..vocabulary.names import INVISIBLE

# Words that separate parts of a prompt (A1111: BREAK, AND; prompt-control: CAT, AVG, COUPLE;
# regional prompter: ADD*). They stay where they are and nothing moves across them.
SEPARATORS = frozenset(
    ("BREAK", "AND", "CAT", "AVG", "COUPLE", "ADDBASE", "ADDCOL", "ADDROW", "ADDCOMM")
)
# Words that act only with arguments in brackets (prompt-control). The same rule holds for them.
FUNCTIONS = frozenset(
    (
        *("COUPLE", "AVG", "MASK", "AREA", "FEATHER", "FILL", "MASK_SIZE", "MASKW", "IMASK"),
        *("NOISE", "SHIFT", "STYLE", "TE", "TE_WEIGHT", "SDXL", "ATTN", "CUT", "DEF", "SEG"),
    )
)

_LINE = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# What ends a run of plain text; capitals, because they may begin a keyword.
_STOP = rf"\s{INVISIBLE},，、|\\<_()\[\]{{}}:/\#A-Z\""
_TOKEN = re.compile(
    rf"""
    (?P<text>[^{_STOP}]+(?:(?:[ ]|_(?!_))[^{_STOP}]+)*)
  | (?P<comma>[,，、][^\S{_LINE}]*)
  | (?P<newline>\r\n|[{_LINE}])
  | (?P<space>(?:[^\S{_LINE}]|[{INVISIBLE}])+)
  | (?P<escape>\\[()\[\]{{}}\\])
  | (?P<open>[(\[{{])
  | (?P<close>[)\]}}])
  | (?P<word>[A-Z]+(?:_[A-Z]+)*)
  | (?P<bar>\|\|\|)
  | (?P<pipe>\|)
  | (?P<weight>::)
  | (?P<colon>:)
  | (?P<network><[A-Za-z]\w{{0,20}}:[^<>\n]{{1,300}}>)
  | (?P<wildcard>__[^\s,_](?:[^\s,_]|[_ ](?!_)){{0,99}}__)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# An item that is nothing but an emoticon, seen by its shape: `:d`, `>:(`, `;)`, `:3`, `(o)_(o)`,
# `|_|`.
_EMOTICON = re.compile(
    rf"""(?:>?[:;=]['^-]?[()\[\]{{}}|/\\<>@3a-zA-Z]
           | \(o\)_\(o\) | \|\|?_\|\|? | <\|>_<\|> | \\\|\|/)
        (?=(?:[^\S\n\r]|[{INVISIBLE}])*(?:[,，、)\]}}|\n\r]|:[-+.\d]|\Z))""",
    re.VERBOSE,
)
_EMOTICON_START = frozenset(">:;=(|<\\")
# A line of a batch prompt schedule: "12": "1girl, smile",
_FRAME = re.compile(r'"\d{1,6}"[^\S\n\r]*:[^\S\n\r]*"')
_FRAME_END = re.compile(r'"[^\S\n\r]*,?(?=[^\S\n\r]*(?:[\n\r]|\Z))')
# NovelAI's numeric emphasis: the number stands right before the two colons.
_WEIGHT_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,4}(?:\.\d{0,6})?|\.\d{1,6})\Z")

OPENERS = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    """A run of characters of one kind; tokens follow each other without gaps."""

    kind: str
    start: int
    end: int


def lex(text: str) -> list[Token]:
    """Tokens that cover `text` from the first to the last character."""
    tokens: list[Token] = []
    position, size, fresh = 0, len(text), True
    match = _TOKEN.match
    last_close = text.rfind("*/") if "/*" in text else -1
    framed = False
    while position < size:
        special = None
        if text[position] in _MAYBE:
            special = _special(text, position, fresh, last_close)
        elif text[position] == '"':
            special = _frame(text, position, framed)
            framed ^= special is not None
        if special is None:
            found = match(text, position)
            kind, end = found.lastgroup, found.end()
            if kind == "word":
                kind = "keyword" if _is_keyword(text, position, end) else "text"
            elif kind == "weight":
                kind = _weight_token(text, tokens, position)
            elif kind == "other":
                kind = "text"
            start = tokens[-1].end if tokens else 0
        else:
            kind, end = special
            start = position
        tokens.append(Token(kind, start, end))
        position = end
        fresh = kind in _FRESH or (fresh and kind in ("space", "comment"))
    return tokens


_FRESH = frozenset(("comma", "newline", "bar", "open", "keyword", "number"))
_MAYBE = _EMOTICON_START | frozenset("#/")


def _special(text: str, position: int, fresh: bool, last_close: int) -> tuple[str, int] | None:
    """Comments, and emoticons at the start of an item: (kind, end), or None."""
    char = text[position]
    if char in _EMOTICON_START:
        found = _EMOTICON.match(text, position) if fresh else None
        return ("emoticon", found.end()) if found else None
    before = text[position - 1] if position else "\n"
    if before not in ",，、" and not before.isspace():
        return None
    after = text[position + 1 : position + 2]
    if char == "#" and (after in ("", "#", "!", "-", "=") or after.isspace()):
        return "comment", _line_end(text, position)
    if char == "/" and after == "/":
        return "comment", _line_end(text, position)
    if char == "/" and after == "*" and position + 2 <= last_close:
        return "comment", text.find("*/", position + 2) + 2
    return None


def _frame(text: str, position: int, framed: bool) -> tuple[str, int] | None:
    """The quote that opens a frame line with its number, or the one that closes it."""
    if framed:
        found = _FRAME_END.match(text, position)
    else:
        line = text[max(0, position - 8) : position].rsplit("\n", 1)
        at_line_start = not line[-1].strip() and (len(line) > 1 or position < 8)
        found = _FRAME.match(text, position) if at_line_start else None
    return ("keyword", found.end()) if found else None


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - 1 if text[end - 1] == "\r" and end < len(text) else end


def _is_keyword(text: str, start: int, end: int) -> bool:
    """A capital word is a keyword alone, or with its argument bracket right behind."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or before == "_" or after.isalnum() or after == "_":
        return False
    word = text[start:end]
    return word in SEPARATORS or (word in FUNCTIONS and after == "(")


def _weight_token(text: str, tokens: list[Token], position: int) -> str:
    """Kind of a `::` token; a number right before it is taken into it and opens a weight."""
    last = tokens[-1] if tokens else None
    if last is None or last.kind != "text":
        return "endweight"
    found = _WEIGHT_NUMBER.search(text, max(last.start, position - 14), position)
    if found is None:
        return "endweight"
    start = found.start()
    # A sign or a dot may have been lexed apart from the digits; take whole tokens back.
    tokens.pop()
    if start > last.start:
        tokens.append(Token("text", last.start, start))
    return "number"
