"""The token meter against ComfyUI's own encoder input."""

import pytest

pytestmark = pytest.mark.comfy

TEXTS = [
    "",
    "1girl, solo, long hair",
    "(long hair:1.2), [blue eyes], hatsune miku \\(cosplay\\), :d, >_<",
    "青い目, 😀, naïve, Ünïcode, é",
    ", ".join(f"tag number {n}" for n in range(60)),
    "a " * 200,
    "(masterpiece, best quality:1.3), " * 12,
]


@pytest.fixture(scope="module")
def clip(comfy):
    from comfy.sdxl_clip import SDXLTokenizer

    return SDXLTokenizer()


@pytest.mark.parametrize("text", TEXTS)
def test_counts_are_those_of_both_encoders(clip, text):
    from ixl.nodes._tokens import tokenize

    expected = clip.tokenize_with_weights(text, return_word_ids=True)
    for encoder in ("l", "g"):
        counts = [sum(1 for _, _, word in chunk if word) for chunk in expected[encoder]]
        assert [len(chunk) for chunk in tokenize(text)] == counts


@pytest.mark.parametrize("text", ["long hair, smile", "青い目, naïve, é 😀", ":d, >_<, a_b"])
def test_the_bytes_of_the_tokens_are_the_text(comfy, text):
    from ixl.nodes._tokens import tokenize

    read = b"".join(token for chunk in tokenize(text) for token in chunk)
    assert read.decode() == "".join(text.lower().split())


def test_the_cut_tag_is_the_one_that_comfyui_cuts(clip):
    from ixl.core.prompt.chunks import count_chunks
    from ixl.core.prompt.parse import parse
    from ixl.nodes._tokens import tokenize

    text = ", ".join(f"extraordinarily long name {n}" for n in range(20))
    chunks = count_chunks(parse(text), tokenize)
    cut = text[slice(*chunks[0].cut)]
    ids = clip.clip_l.tokenize_with_weights(text)
    first = clip.clip_l.tokenizer.decode([token for token, _ in ids[0]], skip_special_tokens=True)
    whole = [name.strip() for name in first.split(",")]
    assert cut not in whole
    assert cut.startswith(whole[-1])
