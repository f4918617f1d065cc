"""Normalize Tags as ComfyUI runs it: with the full vocabulary."""

import pytest
from ixl.core.vocabulary.sources import kgen_source

pytestmark = [
    pytest.mark.comfy,
    pytest.mark.skipif(kgen_source() is None, reason="tipo-kgen is not installed"),
]


@pytest.fixture(scope="module")
def node(comfy):
    from ixl.nodes.tag_normalizer import IXLTagNormalizer

    return lambda text: comfy.run_node(IXLTagNormalizer, text=text).args


def test_names_that_only_the_full_vocabulary_knows_find_their_sections(node):
    text, report = node("masterpiece, wlop, smile, hatsune miku, vocaloid, 1girl")
    assert text == "1girl, hatsune miku, vocaloid, smile, wlop, masterpiece"
    assert "order of" in report or "moved" in report


def test_routes_answer_from_the_same_index_once_it_is_there(node):
    from ixl.nodes._vocabulary import vocabulary

    node("1girl")
    assert vocabulary().lookup("hatsune miku").category == "character"
