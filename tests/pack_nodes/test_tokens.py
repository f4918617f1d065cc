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
def test_chunks_are_those_of_both_encoders(clip, text):
    from ixl.core.prompt.budget import measure
    from ixl.nodes._tokens import count

    expected = clip.tokenize_with_weights(text, return_word_ids=True)
    for encoder in ("l", "g"):
        counts = [sum(1 for _, _, word in chunk if word) for chunk in expected[encoder]]
        assert [chunk.tokens for chunk in measure(text, count).chunks] == counts


def test_the_cut_tag_is_the_one_that_comfyui_cuts(clip):
    from ixl.core.prompt.budget import measure
    from ixl.nodes._tokens import count

    text = ", ".join(f"extraordinarily long name {n}" for n in range(20))
    (cut, *_) = measure(text, count).cuts
    ids = clip.clip_l.tokenize_with_weights(text)
    first = clip.clip_l.tokenizer.decode([token for token, _ in ids[0]], skip_special_tokens=True)
    whole = [name.strip() for name in first.split(",")]
    assert cut.tag not in whole
    assert cut.tag.startswith(whole[-1])
