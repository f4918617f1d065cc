"""Counts CLIP tokens from a `merges.txt`, without torch, transformers or ComfyUI.

Byte-level BPE of OpenAI's CLIP (Radford et al. 2021; the tokenizer files of any SDXL text encoder;
both encoders share them). Counts only: ids would need vocab.json. Does not bundle the file; ComfyUI
has it in comfy/sd1_tokenizer.
"""

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

_CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")


def counter(folder: str | Path) -> Callable[[str], int]:
    """A function from text to its number of tokens, without start and end token.

    folder: holds merges.txt. Raises ValueError with one sentence when it does not.
    """
    ranks = _read_ranks(str(folder))

    @lru_cache(maxsize=100_000)
    def count_word(word: str) -> int:
        return len(_merge(_symbols(word), ranks))

    def count(text: str) -> int:
        return sum(count_word(word) for word in split_words(text))

    return count


@lru_cache(maxsize=4)
def _read_ranks(folder: str) -> dict[tuple[str, str], int]:
    file = Path(folder) / "merges.txt"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{file} cannot be read ({error}); give a CLIP tokenizer folder."
        ) from None
    pairs = [tuple(line.split()) for line in lines if line and not line.startswith("#version")]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"{file} is no CLIP merges file; give a CLIP tokenizer folder.")
    return {pair: rank for rank, pair in enumerate(pairs)}


@lru_cache(maxsize=1)
def _byte_letters() -> dict[int, str]:
    """GPT-2's printable stand-in for every byte."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    letters = {byte: chr(byte) for byte in plain}
    others = (byte for byte in range(256) if byte not in letters)
    return letters | {byte: chr(256 + number) for number, byte in enumerate(others)}


def _symbols(word: str) -> list[str]:
    letters = _byte_letters()
    symbols = [letters[byte] for byte in word.encode("utf-8", errors="replace")]
    return [*symbols[:-1], symbols[-1] + "</w>"]


def _merge(symbols: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Join the best-ranked neighbours until none is listed."""
    while len(symbols) > 1:
        pairs = set(zip(symbols, symbols[1:], strict=False))
        best = min(pairs, key=lambda pair: ranks.get(pair, 1 << 30))
        if best not in ranks:
            break
        joined, position = [], 0
        while position < len(symbols):
            if tuple(symbols[position : position + 2]) == best:
                joined.append(best[0] + best[1])
                position += 2
            else:
                joined.append(symbols[position])
                position += 1
        symbols = joined
    return symbols


def split_words(text: str) -> list[str]:
    """CLIP's words: contractions, runs of letters, single digits, runs of other marks."""
    text = unicodedata.normalize("NFC", text).lower()
    words: list[str] = []
    position = 0
    while position < len(text):
        kind = _kind(text[position])
        start = position
        if text[position] == "'":
            found = next((c for c in _CONTRACTIONS if text.startswith(c, position)), "")
            if found:
                words.append(found)
                position += len(found)
                continue
        position += 1
        if kind != "number":
            while position < len(text) and _kind(text[position]) == kind:
                position += 1
        if kind != "space":
            words.append(text[start:position])
    return words


@lru_cache(maxsize=10_000)
def _kind(char: str) -> str:
    if char.isspace():
        return "space"
    category = unicodedata.category(char)[0]
    return {"L": "letter", "N": "number"}.get(category, "mark")
