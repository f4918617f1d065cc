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


def test_breaks_are_put_where_the_encoder_would_cut_a_section(comfy):
    from ixl.nodes.tag_normalizer import IXLTagNormalizer

    hats = ", ".join(f"extraordinary hat {n}" for n in range(20))
    text = f"1girl, hatsune miku, vocaloid, {hats}"
    plain, proposed = comfy.run_node(IXLTagNormalizer, text=text).args
    assert "BREAK" not in plain and "proposal: BREAK before general" in proposed
    broken, report = comfy.run_node(IXLTagNormalizer, text=text, add_breaks=True).args
    assert broken.replace(" BREAK ", ", ") == plain
    assert "added: BREAK before general" in report and "ends inside" not in report


def test_routes_answer_from_the_same_index_once_it_is_there(node):
    from ixl.nodes._vocabulary import vocabulary

    node("1girl")
    assert vocabulary().lookup("hatsune miku").category == "character"


def test_profiles_of_the_user_are_offered_and_broken_files_named_once(comfy, caplog):
    from pathlib import Path

    from ixl.core.prompt.profiles import PROFILES
    from ixl.nodes._host import user_folder
    from ixl.nodes.tag_normalizer import IXLTagNormalizer

    folder = Path(user_folder("profiles"))
    (folder / "good.json").write_text('{"id": "mine", "base": "noobai-xl"}')
    (folder / "broken.json").write_text("{")
    (folder / "taken.json").write_text('{"id": "sdxl"}')
    for _ in range(2):
        options = IXLTagNormalizer.INPUT_TYPES()["required"]["profile"][1]["options"]
        assert options == [*PROFILES, "mine"]
    said = [record.message for record in caplog.records]
    assert len(said) == 2 and "broken.json" in said[0] and "'sdxl' is taken" in said[1]
    text, noob = (
        comfy.run_node(IXLTagNormalizer, text="1girl, smile, masterpiece", profile=name).args[0]
        for name in ("mine", "noobai-xl")
    )
    assert text == noob
