"""What of a prompt a text encoder gets: the text between BREAKs, without what is no text to CLIP.

Networks, comments and `|||` are taken out; every removal has a note. Weights stay ComfyUI's own
text, or are written so that ComfyUI's tokenizer gives each token the weight that A1111 would. Does
not tokenize and does not reorder.

Sources: AUTOMATIC1111 wiki "Features" (BREAK fills the chunk; nested weights multiply; [ ] divides
by 1.1); `comfy.sd1_clip.token_weights` of ComfyUI 0.30.0 (behaviour: only round brackets, a number
replaces the weight around it).
"""

import re
from operator import itemgetter
from typing import NamedTuple

from .brackets import Pair, pair_brackets
from .lexer import Token, lex
from .parse import parse

WEIGHTS = ("comfyui", "a1111")
_GONE = "\0"  # stands for removed text until the commas around it are tidied
_GLUE = " \t\r\n,"
_SUFFIX = re.compile(r":\s*([-+]?[\d.]+)\s*\Z")
_NOTES = {
    "network": "a network is not text: load it with a LoRA loader",
    "comment": "a comment is not encoded",
    "bar": "the separator of stored captions is not encoded",
    "wildcard": "encoded as written: no wildcard was filled in before",
    "choice": "encoded as written: no choice was made before",
    "schedule": "encoded as written: a schedule needs prompt-control or A1111",
    "keyword": "encoded as written: it needs the node pack that it was written for",
}
_REMOVED = ("network", "comment", "bar")


class Encodable(NamedTuple):
    """segments: text for the tokenizer, one entry per BREAK part, at least one. notes: what was
    taken out, or is read as plain text, and why."""

    segments: tuple[str, ...]
    notes: tuple[str, ...]


class _Span(NamedTuple):
    """A weight bracket that matters here: its four offsets and the factor inside."""

    open: int
    inner: int
    suffix: int
    close: int
    factor: float


def encodable(text: str, weights: str = "comfyui") -> Encodable:
    """The segments of a prompt for ComfyUI's tokenizer, with `weights` (WEIGHTS) in its syntax.

    A weight around a BREAK counts on both sides of it. Raises ValueError for other `weights`.
    """
    if weights not in WEIGHTS:
        raise ValueError(f"weights is {weights!r}; use one of {', '.join(WEIGHTS)}.")
    tokens = lex(text)
    cuts = [
        (token.start, token.end)
        for token in tokens
        if token.kind == "keyword" and text[token.start : token.end] == "BREAK"
    ]
    kept, notes = _without_removed(text, tokens)
    spans = _weight_spans(text, tokens, cuts, weights)
    write = _flat if weights == "a1111" else _verbatim
    edges = [0, *(edge for cut in cuts for edge in cut), len(text)]
    segments = [
        _tidy(write(kept, start, end, spans))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]
    return Encodable(tuple(filter(None, segments)) or ("",), tuple(notes))


def _without_removed(text: str, tokens: list[Token]) -> tuple[str, dict[str, None]]:
    """The text at the same offsets with removed parts blotted out, and the notes."""
    read = [(token.kind, token.start, token.end) for token in tokens if token.kind in _REMOVED]
    read += [(p.kind, p.start, p.end) for p in parse(text).parts if p.kind not in _REMOVED]
    notes: dict[str, None] = {}
    shown = list(text)
    for kind, start, end in sorted(read, key=itemgetter(1)):
        if kind in _NOTES and text[start:end] != "BREAK":
            notes.setdefault(f"{text[start:end].strip()}: {_NOTES[kind]}")
        if kind in _REMOVED:
            shown[start:end] = _GONE * (end - start)
            shown[start] = "," if kind == "bar" else _GONE
    return "".join(shown), notes


def _weight_spans(text: str, tokens: list[Token], cuts: list, weights: str) -> list[_Span]:
    """Weight brackets in the order of their opening: all for A1111, else those around a BREAK."""
    brackets = "([" if weights == "a1111" else "("
    spans = []
    for pair in pair_brackets(text, tokens).values():
        span = _span(text, tokens, pair)
        counts = weights == "a1111" and pair.kind == "weight"
        counts |= any(span.open < start < span.close for start, _ in cuts)
        if counts and text[span.open] in brackets:
            spans.append(span)
    return sorted(spans)


def _span(text: str, tokens: list[Token], pair: Pair) -> _Span:
    opening, closing = tokens[pair.open], tokens[pair.close]
    suffix, factor = tokens[pair.suffix].start, pair.factor
    if pair.kind == "verbatim":  # holds a keyword, so the parser did not look for a weight
        found = _SUFFIX.search(text, opening.end, closing.start)
        round_bracket = text[opening.start] == "("
        factor = 1.1 if round_bracket else 1 / 1.1
        if round_bracket and found:
            suffix, factor = found.start(), float(found[1])
    return _Span(opening.start, opening.end, suffix, closing.end, factor)


def _verbatim(text: str, start: int, end: int, spans: list[_Span]) -> str:
    """The text as it is; brackets that reach over its ends are closed and opened there."""
    before = [span for span in spans if span.open < start < span.close]
    behind = [span for span in spans if span.open < end < span.close]
    opening = "".join(text[span.open : span.inner] for span in before)
    closing = "".join(text[span.suffix : span.close] for span in reversed(behind))
    return opening + text[start:end].strip() + closing


def _flat(text: str, start: int, end: int, spans: list[_Span]) -> str:
    """Runs of one weight as `(run:weight)`, the weight being the product of all brackets around."""
    edges = {start, end}
    for span in spans:
        edges.update(e for e in (span.open, span.inner, span.suffix, span.close) if start < e < end)
    runs: list[list] = []
    ordered = sorted(edges)
    for left, right in zip(ordered, ordered[1:], strict=False):
        weight, hidden = 1.0, False
        for span in spans:
            if span.open <= left < span.close:
                weight *= span.factor
                hidden |= left < span.inner or left >= span.suffix
        if hidden:
            continue
        if runs and runs[-1][1] == weight:
            runs[-1][0] += text[left:right]
        else:
            runs.append([text[left:right], weight])
    return "".join(_run(*run) for run in runs)


def _run(text: str, weight: float) -> str:
    """One run in ComfyUI's syntax; a round bracket that is text is escaped."""
    text = re.sub(r"\\([()\[\]\\])|([()])", lambda m: _literal(m[1] or m[2]), text)
    return text if weight == 1.0 or not text.strip() else f"({text}:{weight!r})"


def _literal(char: str) -> str:
    return f"\\{char}" if char in "()" else char


def _tidy(text: str) -> str:
    """Closes the gaps that removed text leaves: one separator instead of two, none at the ends."""
    if _GONE not in text:
        return text.strip()
    out, comma = "", False
    for piece in text.strip().split(_GONE):
        inner = piece.strip(_GLUE)
        if not inner:
            comma |= "," in piece
            continue
        comma |= "," in piece[: piece.index(inner)]
        out += (", " if comma else " ") + inner if out else inner
        comma = "," in piece[piece.index(inner) + len(inner) :]
    return out
