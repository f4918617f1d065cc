"""ComfyUI's own SDXL tokenizer for the canvas, which counts tokens while somebody types."""

import re
from functools import cache

from comfy.sdxl_clip import SDXLTokenizer

_END_OF_WORD = re.compile(r"</w>\Z")


def tokenize(text: str) -> list[list[bytes]]:
    """Per chunk of 75 the bytes that each token stands for, as CLIP-L and CLIP-G would read them.

    `embedding:` names are read as text: their files are not opened for a count.
    """
    clip = _tokenizer()
    words = _words()
    chunks = clip.tokenize_with_weights(text, return_word_ids=True)
    return [[words[token] for token, _, word in chunk if word] for chunk in chunks]


@cache
def _tokenizer():
    return SDXLTokenizer().clip_l


@cache
def _words() -> dict[int, bytes]:
    """Token id -> its bytes, for every id of the vocabulary."""
    letters = _letters()
    return {
        number: b"".join(letters.get(letter, b"") for letter in _END_OF_WORD.sub("", word))
        for number, word in _tokenizer().inv_vocab.items()
    }


def _letters() -> dict[str, bytes]:
    """The letters that byte-level BPE writes for bytes (Radford et al. 2019, GPT-2)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = {chr(byte): bytes((byte,)) for byte in plain}
    return letters | {chr(256 + n): bytes((byte,)) for n, byte in enumerate(others)}
