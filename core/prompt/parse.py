"""Lossless parse of a prompt: `str(parse(text)) == text` for every string.

Walks the tokens once and collects items (what stands between commas) and the weight brackets around
whole items; see parts for the result. Does not know tags, except through `known`, which decides
only whether a phrase is one name, two names or prose.
"""

import re

from ..vocabulary.names import visible
from .brackets import SQUARE_NOVELAI, Pair, pair_brackets
from .lexer import FUNCTIONS, Token, lex
from .parts import Group, Part, Prompt
from .sentences import SENTENCE_END, Known, join_sentences, split_sentences

# Deeper brackets are kept as text: no encoder gives them a meaning, and an output in which every
# tag repeats its whole chain stays linear in the input.
MAX_DEPTH = 16

_EMBEDDING = re.compile(r"embedding:\S+\Z", re.IGNORECASE)
_BRANCH_WEIGHT = re.compile(r"\s*:\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)\Z")
_BOUNDARY = frozenset(("comma", "newline", "bar", "keyword"))
_BLANK = frozenset(("space", "comment"))


def parse(text: str, known: Known | None = None) -> Prompt:
    """The lossless parse of any string.

    known: whether a lower-case name is a tag; keeps titles such as "is the order a rabbit?" from
    being taken for sentences. Called only for phrases that look like prose.
    """
    if not isinstance(text, str):
        raise TypeError(f"parse needs a string and got {type(text).__name__}.")
    tokens = lex(text)
    scan = _Scan(text, tokens, pair_brackets(text, tokens), known)
    scan.run()
    parts = join_sentences(scan.parts, text, known)
    return Prompt(tuple(parts), tuple(scan.groups))


class _Scan:
    """One walk over the tokens that collects parts and groups."""

    def __init__(self, text: str, tokens: list[Token], pairs: dict[int, Pair], known: Known | None):
        self.text, self.tokens, self.pairs, self.known = text, tokens, pairs, known
        self.parts: list[Part] = []
        self.groups: list[Group] = []
        self.stack: list[tuple[int, Pair]] = []
        self.segment = 0
        self.solid = list(range(len(tokens) + 2))
        for number in range(len(tokens) - 1, -1, -1):
            if tokens[number].kind in _BLANK:
                self.solid[number] = self.solid[number + 1]
        self.first = -1  # token number where the item in progress begins
        self.last = -1  # its last token that is not blank
        self.novelai = any(
            text[tokens[p.open].start] in "{" or tokens[p.open].kind == "number"
            for p in pairs.values()
            if p.kind == "weight"
        )
        self.sentences = bool(SENTENCE_END.search(text))
        self.branches = any(t.kind == "keyword" and self._slice(t) == "AND" for t in tokens)

    def run(self) -> None:
        number, count = 0, len(self.tokens)
        while number < count:
            number = self._step(number, self.tokens[number].kind)
        self._flush(count)

    def _step(self, number: int, kind: str) -> int:
        """Handle the token `number`; return the number of the next one to handle."""
        if self.stack and number == self.stack[-1][1].suffix:
            return self._close(number)
        if kind in _BOUNDARY:
            self._flush(number)
            return self._keyword(number) if kind == "keyword" else self._glue(number, kind)
        if kind in _BLANK:
            inside = self.first >= 0 and (kind == "space" or self._text_follows(number + 1))
            return number + 1 if inside else self._blank(number, kind)
        if kind == "open" or kind == "number":
            return self._open(number)
        if kind == "network" and (self.first < 0 or not self._text_follows(number + 1)):
            self._flush(number)
            return self._glue(number, "network")
        return self._extend(number, number)

    def _slice(self, token: Token) -> str:
        return self.text[token.start : token.end]

    def _emit(self, kind: str, start: int, end: int) -> None:
        if end > start:
            group = self.stack[-1][0] if self.stack else -1
            self.parts.append(Part(kind, start, end, self.text[start:end], group, self.segment))

    def _glue(self, number: int, kind: str) -> int:
        token = self.tokens[number]
        self._emit(kind, token.start, token.end)
        return number + 1

    def _blank(self, number: int, kind: str) -> int:
        self._flush(number)
        return self._glue(number, kind)

    def _extend(self, first: int, last: int) -> int:
        if self.first < 0:
            self.first = first
        self.last = last
        return last + 1

    def _keyword(self, number: int) -> int:
        """A keyword with its argument brackets; what follows is the next segment."""
        last = number
        pair = self.pairs.get(number + 1)
        if pair and self._slice(self.tokens[number]) in FUNCTIONS:
            last = pair.close
        group, self.stack = self.stack, []
        self._emit("keyword", self.tokens[number].start, self.tokens[last].end)
        self.stack = group
        self.segment += 1
        return last + 1

    def _open(self, number: int) -> int:
        """An opening bracket: a group, or (with its content) text of the item in progress."""
        pair = self.pairs.get(number)
        if pair is None:
            return self._extend(number, number)
        if pair.kind != "weight" or not self._is_group(pair):
            return self._extend(number, pair.close)
        self._flush(number)
        token, closing = self.tokens[number], self.tokens[pair.close]
        factor = pair.factor
        if self.novelai and self.text[token.start] == "[":
            factor = SQUARE_NOVELAI
        tail = self.text[self.tokens[pair.suffix].start : closing.end]
        parent = self.stack[-1][0] if self.stack else -1
        self._emit("open", token.start, token.end)
        self.groups.append(Group(parent, self._slice(token), visible(tail), factor))
        self.stack.append((len(self.groups) - 1, pair))
        return number + 1

    def _close(self, number: int) -> int:
        self._flush(number)
        _, pair = self.stack.pop()
        self._emit("close", self.tokens[number].start, self.tokens[pair.close].end)
        return pair.close + 1

    def _is_group(self, pair: Pair) -> bool:
        """Whether the brackets hold whole items, rather than a part of one item."""
        if len(self.stack) >= MAX_DEPTH or not self._has_content(pair):
            return False
        explicit = pair.suffix != pair.close or self.tokens[pair.open].kind == "number"
        ends = self._item_ends(pair.close + 1)
        if self.first >= 0:
            return explicit and (pair.has_comma or (ends and self._stands_apart(pair, True)))
        return pair.has_comma or ends or (explicit and self._stands_apart(pair, False))

    def _stands_apart(self, pair: Pair, behind: bool) -> bool:
        """Whether a comma is missing: "(masterpiece:1.2) best quality" are two known tags."""
        if self.known is None:
            return False
        start, last = self.tokens[pair.open].end, pair.close + 1
        inner = self.text[start : self.tokens[pair.suffix].start]
        if behind:
            rest = self.text[self.tokens[self.first].start : self.tokens[self.last].end]
        else:
            while last < len(self.tokens) and self.tokens[last].kind in ("text", "space", "other"):
                last += 1
            rest = self.text[self.tokens[pair.close].end : self.tokens[last - 1].end]
        whole = f"{rest} {inner}" if behind else f"{inner} {rest}"
        names = [" ".join(part.lower().split()) for part in (inner, rest, whole)]
        return [self.known(name) for name in names] == [True, True, False]

    def _has_content(self, pair: Pair) -> bool:
        kinds = (t.kind for t in self.tokens[pair.open + 1 : pair.suffix])
        return any(kind not in _BLANK and kind != "comma" for kind in kinds)

    def _item_ends(self, number: int) -> bool:
        """Whether nothing of the same item follows: a boundary, or the end of the group around."""
        number = self._skip(number)
        if number >= len(self.tokens) or self.tokens[number].kind in _BOUNDARY:
            return True
        if self.stack and number == self.stack[-1][1].suffix:
            return True
        pair = self.pairs.get(number)
        return self.tokens[number].kind == "network" or bool(pair and pair.kind == "weight")

    def _text_follows(self, number: int) -> bool:
        number = self._skip(number)
        if number >= len(self.tokens) or (self.stack and number == self.stack[-1][1].suffix):
            return False
        return self.tokens[number].kind not in _BOUNDARY and self.tokens[number].kind != "network"

    def _skip(self, number: int) -> int:
        """The first token from `number` on that is neither space nor comment."""
        return self.solid[number]

    def _flush(self, number: int) -> None:
        """Emit the item in progress and the blanks between it and the token `number`."""
        if self.first < 0:
            return
        start, end = self.tokens[self.first].start, self.tokens[self.last].end
        branch = end
        if self.branches and self._at_segment_end(number):
            found = _BRANCH_WEIGHT.search(self.text, max(start, end - 16), end)
            alone = found and found.start() == start
            face = alone and "." not in found.group()  # `:3` is an emoticon
            branch = found.start() if found and not face else end
        if branch > start:
            self._items(start, branch)
        self._emit("branch", branch, end)
        for blank in self.tokens[self.last + 1 : number]:
            self._emit(blank.kind, blank.start, blank.end)
        self.first = self.last = -1

    def _at_segment_end(self, number: int) -> bool:
        number = self._skip(number)
        return number >= len(self.tokens) or self.tokens[number].kind == "keyword"

    def _items(self, start: int, end: int) -> None:
        kind = self._kind(start, end)
        if kind != "tag" or not self.sentences:
            self._emit(kind, start, end)
            return
        for piece_start, piece_end in split_sentences(self.text, start, end):
            content_end = piece_start + len(self.text[piece_start:piece_end].rstrip())
            self._emit("tag", piece_start, content_end)
            self._emit("space", content_end, piece_end)

    def _kind(self, start: int, end: int) -> str:
        """Kind of the item in progress, from the tokens it is made of."""
        if self.first == self.last and self.tokens[self.first].kind == "text":
            return "tag"
        pair = self.pairs.get(self.first)
        if pair and pair.close == self.last and pair.kind in ("choice", "schedule"):
            return pair.kind
        if self.first == self.last and self.tokens[self.first].kind == "wildcard":
            return "wildcard"
        if _EMBEDDING.match(self.text, start, end):
            return "embedding"
        special = ("network", "wildcard", "keyword", "comment", "number")
        for number in range(self.first, self.last + 1):
            if number in self.pairs or self.tokens[number].kind in special:
                return "mixed"
        return "tag"
