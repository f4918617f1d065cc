"""Counts tokens with ComfyUI's own SDXL tokenizer, for the meter of the canvas."""

from functools import cache, lru_cache

from comfy.sdxl_clip import SDXLTokenizer


@lru_cache(maxsize=50_000)  # while somebody types, nearly all tags stay the same
def count(text: str) -> int:
    """Tokens of a text without start and end token; both encoders of SDXL share the vocabulary.

    Weights are no business of the tokenizer: see core/prompt/budget.py. `embedding:` names are
    counted as text: their files are not opened for a count.
    """
    return len(_tokenizer()(text)["input_ids"]) - 2


@cache
def _tokenizer():
    return SDXLTokenizer().clip_l.tokenizer
