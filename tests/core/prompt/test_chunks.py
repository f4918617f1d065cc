"""Chunks of a prompt: counts, BREAK, and which tag a border cuts."""

import pytest
from ixl.core.prompt.chunks import CHUNK_TOKENS, count_chunks
from ixl.core.prompt.parse import parse


def words(text: str) -> list[list[bytes]]:
    """A tokenizer that is easy to count with: words and commas, weights as A1111 writes them."""
    prompt = parse(text)
    plain = "".join(p.text for p in prompt.parts if p.kind not in ("open", "close"))
    tokens = [word.lower().encode() for word in plain.replace(",", " , ").split()]
    return [tokens[n : n + 75] for n in range(0, len(tokens), 75)] or [[]]


def counted(text: str) -> list[tuple[int, str]]:
    chunks = count_chunks(parse(text), words)
    return [(chunk.tokens, text[slice(*chunk.cut)] if chunk.cut else "") for chunk in chunks]


def test_nothing_is_one_empty_chunk():
    assert counted("") == [(0, "")]


def test_commas_count():
    assert counted("long hair, smile") == [(4, "")]


@pytest.mark.parametrize(
    ("before", "cut"),
    [(73, ""), (74, "long hair"), (75, "")],
)
def test_a_tag_over_the_border_is_named(before, cut):
    """`before` tokens stand in front of the two words of `long hair`."""
    filler = "x " * (before - 1) + ","
    assert len(words(filler)[0]) == before
    found = counted(f"{filler} long hair, smile")
    assert (found[0][0], found[0][1]) == (CHUNK_TOKENS, cut)


def test_weights_are_no_tokens_and_do_not_hide_the_cut():
    filler = "x " * 73 + ","
    assert counted(f"{filler} (Long Hair:1.2), smile")[0] == (75, "Long Hair")


def test_break_starts_a_chunk():
    assert counted("a, b BREAK c") == [(3, ""), (1, "")]
    assert counted("BREAK a BREAK BREAK b BREAK") == [(1, ""), (1, "")]


def test_where_text_and_tokens_differ_no_cut_is_claimed():
    chunks = count_chunks(parse("x " * 80), lambda text: [[b"?"] * 75, [b"?"] * 5])
    assert [(chunk.tokens, chunk.cut) for chunk in chunks] == [(75, None), (5, None)]
