"""Where a text falls into CLIP's chunks of 75 tokens, and which tag a chunk border cuts.

Does not tokenize: the caller hands in a tokenizer, because the real one is the host's. BREAK starts
a new chunk, as A1111 and Encode Prompt (Illustrious) read it. Both encoders of SDXL share their BPE
vocabulary, so one count holds for both.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from .parse import Prompt

# CLIP reads 77 positions; the first and the last hold the start and end tokens.
CHUNK_TOKENS = 75
_ESCAPED = re.compile(r"\\([()])")

# text -> per chunk the bytes that each of its tokens stands for, without start, end and padding.
Tokenize = Callable[[str], list[list[bytes]]]


class Chunk(NamedTuple):
    """One chunk. cut: (start, end) in the text of the tag that reaches into the next chunk."""

    tokens: int
    cut: tuple[int, int] | None


def count_chunks(prompt: Prompt, tokenize: Tokenize) -> list[Chunk]:
    """The chunks of a parsed prompt in order; an empty prompt fills one chunk with nothing."""
    text = str(prompt)
    chunks: list[Chunk] = []
    atoms = set(prompt.atoms)
    parts = []
    for part in (*prompt.parts, None):
        if part is not None and not (part.kind == "keyword" and part.text == "BREAK"):
            parts.append(part)
            continue
        inner = text[parts[0].start : parts[-1].end].strip() if parts else ""
        if inner or not chunks and part is None:
            chunks.extend(_segment(parts, atoms, tokenize(inner)))
        parts = []
    return chunks


def _segment(parts: list, atoms: set, pieces: list[list[bytes]]) -> list[Chunk]:
    """Chunks of the text between two BREAKs. Cuts are left out where tokens and text differ."""
    owners, stream = _stream(parts)
    known = stream == b"".join(token for piece in pieces for token in piece)
    chunks, position = [], 0
    for number, piece in enumerate(pieces):
        position += sum(map(len, piece))
        cut = None
        if known and number + 1 < len(pieces) and 0 < position < len(owners):
            before, after = owners[position - 1], owners[position]
            cut = (before.start, before.end) if before is after and before in atoms else None
        chunks.append(Chunk(len(piece), cut))
    return chunks


def _stream(parts: list) -> tuple[list, bytes]:
    """The bytes that reach the tokenizer (no weights, no spaces, lower case), and their parts."""
    owners = []
    stream = bytearray()
    for part in parts:
        if part.kind in ("open", "close") and part.text[:1] in "(:)":
            continue
        read = _ESCAPED.sub(r"\1", part.text).lower()
        content = "".join(read.split()).encode("utf-8", "surrogatepass")
        stream += content
        owners.extend([part] * len(content))
    return owners, bytes(stream)
