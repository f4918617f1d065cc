"""Tokens of a prompt per section and per chunk, the tags that a chunk border cuts, and where to
BREAK.

Lays runs of equal weight into chunks as ComfyUI does: a run of fewer than 8 tokens moves whole to
the next chunk, a longer one is cut where the chunk is full. BREAK starts a new chunk. Networks and
comments are not encoded. Counts tokens with a function that the caller gives, once per encoder.

Sources: `SDTokenizer.tokenize_with_weights` of ComfyUI 0.30.0 (behaviour), CLIP's 77-token context
of which 75 are free; arXiv 2409.19946, appendix A.6 (padding acts as a register).
"""

from collections.abc import Callable
from typing import NamedTuple

from ..vocabulary.tag import Vocabulary
from .brackets import pair_brackets
from .classify import Reader
from .lexer import lex
from .options import Options
from .parse import parse
from .parts import ATOMS, Part, Prompt
from .profiles import DEFAULT_PROFILE, Profile, get_profile

CHUNK = 75
SHORT_RUN = 8  # tokens; ComfyUI keeps shorter runs in one chunk
NEARLY_EMPTY = 10  # tokens in the only chunk; below that padding dominates (appendix A.6)

Count = Callable[[str], int]


class Chunk(NamedTuple):
    """One encoder call: the segment it belongs to, its tokens (up to 75), and where its text is."""

    segment: int
    tokens: int
    start: int
    end: int


class Cut(NamedTuple):
    """A tag of which `before` tokens end one chunk and `after` tokens begin the next."""

    tag: str
    start: int
    end: int
    chunk: int
    before: int
    after: int


class Break(NamedTuple):
    """A place for BREAK: source offset, and the section that would begin the new chunk."""

    position: int
    section: str


class Budget(NamedTuple):
    """Token counts of one prompt for one encoder. sections: (name, tokens) as they come."""

    tokens: int
    chunks: tuple[Chunk, ...]
    sections: tuple[tuple[str, int], ...]
    cuts: tuple[Cut, ...]
    breaks: tuple[Break, ...]
    notes: tuple[str, ...]


class _Piece(NamedTuple):
    """Encoded text of one item (`core` tokens) with the separator behind it (`tokens` in all)."""

    start: int
    end: int
    core: int
    tokens: int
    run: int
    atom: int  # index into the atoms, -1 for text between them


def measure(
    text: str,
    count: Count,
    profile: str | Profile = DEFAULT_PROFILE,
    vocabulary: Vocabulary | None = None,
) -> Budget:
    """The token budget of a prompt.

    count: number of tokens of a text without start and end token, for instance
    `lambda text: len(tokenizer(text)["input_ids"]) - 2`, or clip_tokens.counter(folder).
    """
    reader = Reader(get_profile(profile), vocabulary, Options())
    prompt = reader.parse(text)
    atoms = prompt.atoms
    segments = _pieces(text, atoms, count)
    names = [reader.entry(atom.kind, atom.text).section for atom in atoms]
    places = _break_places(prompt)
    chunks: list[Chunk] = []
    cuts: list[Cut] = []
    breaks: list[Break] = []
    filled = [pieces for pieces in segments if pieces] or [[]]  # BREAK BREAK is one BREAK
    for number, pieces in enumerate(filled):
        _lay_out(number, pieces, chunks, cuts, atoms)
        if sum(piece.tokens for piece in pieces) > CHUNK:
            breaks += _propose(pieces, atoms, names, places)
    tokens = sum(chunk.tokens for chunk in chunks)
    notes = []
    if len(chunks) == 1 and 0 < tokens < NEARLY_EMPTY:
        notes.append(
            f"{tokens} of {CHUNK} tokens: padding outweighs the prompt and can show as artefacts "
            "(arXiv 2409.19946, A.6); describe more"
        )
    sections: dict[str, int] = {}
    for piece in (piece for pieces in segments for piece in pieces):
        if piece.atom >= 0:
            sections[names[piece.atom]] = sections.get(names[piece.atom], 0) + piece.tokens
    return Budget(
        tokens, tuple(chunks), tuple(sections.items()), tuple(cuts), tuple(breaks), tuple(notes)
    )


def lay_out(
    text: str,
    count: Count,
    profile: str | Profile = DEFAULT_PROFILE,
    vocabulary: Vocabulary | None = None,
    add_breaks: bool = False,
) -> tuple[str, Budget, tuple[Break, ...]]:
    """The text, its budget, and what was added: with `add_breaks` every BREAK that is proposed."""
    budget = measure(text, count, profile, vocabulary)
    if not (add_breaks and budget.breaks):
        return text, budget, ()
    broken = with_breaks(text, budget.breaks)
    return broken, measure(broken, count, profile, vocabulary), budget.breaks


def with_breaks(text: str, breaks: tuple[Break, ...]) -> str:
    """The text with BREAK at the proposed places, in the stead of the separator there."""
    out, done = [], 0
    for place in breaks:
        out += [text[done : place.position].rstrip(" ,，、\n"), " BREAK "]
        done = place.position
    return "".join([*out, text[done:]])


def _removed_spans(text: str) -> tuple[list[tuple[int, int]], set[int]]:
    """Spans that are no encoded text, and the offsets where a keyword starts a segment."""
    tokens = lex(text)
    pairs = pair_brackets(text, tokens)
    removed: list[tuple[int, int]] = []
    for pair in pairs.values():
        if pair.kind == "weight" and text[tokens[pair.open].start] == "(":
            removed.append((tokens[pair.open].start, tokens[pair.open].end))
            removed.append((tokens[pair.suffix].start, tokens[pair.close].end))
    borders = set()
    for part in parse(text).parts:
        if part.kind in ("network", "comment", "branch", "bar", "keyword"):
            removed.append((part.start, part.end))
        if part.kind == "keyword":
            borders.add(part.start)
    return sorted(removed), borders


def _pieces(text: str, atoms: list[Part], count: Count) -> list[list[_Piece]]:
    """Pieces of encoded text per segment."""
    removed, borders = _removed_spans(text)
    starts = [atom.start for atom in atoms]
    segments: list[list[_Piece]] = [[]]
    position, atom = 0, -1
    for run, (start, end) in enumerate([*removed, (len(text), len(text))]):
        while position < start:
            while atom + 1 < len(atoms) and starts[atom + 1] <= position:
                atom += 1
            following = starts[atom + 1] if atom + 1 < len(atoms) else start
            stop = min(start, max(following, position + 1))
            _append(segments[-1], text, position, stop, run, atom, atoms, count)
            position = stop
        position = max(position, end)
        if start in borders:
            segments.append([])
    return segments


def _append(pieces, text, start, stop, run, atom, atoms, count) -> None:
    """One piece, without the escapes that no encoder sees."""
    shown = text[start:stop].replace("\\(", "(").replace("\\)", ")")
    if not shown.strip():
        return
    inside = atom >= 0 and start < atoms[atom].end
    core_end = min(stop, atoms[atom].end) if inside else start
    core = text[start:core_end].replace("\\(", "(").replace("\\)", ")")
    total = count(shown)
    own = total if core_end == stop else count(core) if core.strip() else 0
    pieces.append(_Piece(start, stop, min(own, total), total, run, atom))


def _lay_out(
    number: int, pieces: list[_Piece], chunks: list[Chunk], cuts: list[Cut], atoms: list[Part]
) -> None:
    """Fill chunks with the runs of one segment; appends the chunks and what they cut."""
    runs: dict[int, list[_Piece]] = {}
    for piece in pieces:
        runs.setdefault(piece.run, []).append(piece)
    start = pieces[0].start if pieces else 0
    used, end = 0, start
    for run in runs.values():
        total = sum(piece.tokens for piece in run)
        if used + total > CHUNK and total < SHORT_RUN:
            chunks.append(Chunk(number, used, start, end))
            used, start = 0, run[0].start
        for piece in run:
            left = piece.tokens
            while used + left > CHUNK:
                before = CHUNK - used
                done = piece.tokens - left
                if 0 < done + before < piece.core:
                    atom = atoms[piece.atom]
                    where = (atom.text, atom.start, atom.end)
                    cuts.append(Cut(*where, len(chunks), before, piece.core - done - before))
                chunks.append(Chunk(number, CHUNK, start, piece.end if before else piece.start))
                left -= before
                used, start = 0, piece.start
            used += left
            end = piece.end
    if used or not pieces:
        chunks.append(Chunk(number, used, start, end))


def _break_places(prompt: Prompt) -> list[int]:
    """For each atom the offset where a BREAK before it goes: in front of its opening brackets."""
    places: list[int] = []
    opening = -1
    for part in prompt.parts:
        if part.kind == "open":
            opening = part.start if opening < 0 else opening
        elif part.kind in ATOMS:
            places.append(part.start if opening < 0 else opening)
            opening = -1
        elif part.kind != "space":
            opening = -1
    return places


def _propose(
    pieces: list[_Piece], atoms: list[Part], names: list[str], places: list[int]
) -> list[Break]:
    """BREAK places that keep sections in one chunk, or tags where a section is too long."""
    blocks = _blocks(pieces, atoms, names)
    breaks: list[Break] = []
    used = 0
    for block in blocks:
        size = sum(tokens for _, tokens in block)
        if used and used + size > CHUNK:
            breaks.append(Break(places[block[0][0]], names[block[0][0]]))
            used = 0
        for atom, tokens in block:
            if used and used + tokens > CHUNK and atoms[atom].group < 0:
                breaks.append(Break(places[atom], names[atom]))
                used = 0
            used += tokens
    return breaks


def _blocks(
    pieces: list[_Piece], atoms: list[Part], names: list[str]
) -> list[list[tuple[int, int]]]:
    """(atom, tokens) of the items that should stay together: one section, or one bracket group."""
    sizes: dict[int, int] = {}
    for piece in pieces:
        if piece.atom >= 0:
            sizes[piece.atom] = sizes.get(piece.atom, 0) + piece.tokens
    blocks: list[list[tuple[int, int]]] = []
    before = -1
    for atom, tokens in sizes.items():
        grouped = before >= 0 and atoms[atom].group >= 0 and atoms[before].group >= 0
        if before < 0 or (names[atom] != names[before] and not grouped):
            blocks.append([])
        blocks[-1].append((atom, tokens))
        before = atom
    return blocks
