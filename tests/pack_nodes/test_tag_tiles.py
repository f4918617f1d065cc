"""Tag Tiles in ComfyUI: what a tagger sees reaches Tile Prompts."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def taggers(comfy):
    """ComfyUI's models/taggers with the tagger `tiny`, and a folder that is no tagger."""
    import shutil

    import folder_paths

    tiny_tagger = pytest.importorskip("tiny_tagger")
    folder = Path(folder_paths.models_dir) / "taggers"
    tiny_tagger.write_tagger(folder / "tiny")
    (folder / "half").mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def node(comfy):
    from ixl.nodes.tag_tiles import IXLTagTiles

    def run(image, tagger="tiny", **more):
        return comfy.run_node(IXLTagTiles, image=image, tagger=tagger, **more).args

    run.cls = IXLTagTiles
    return run


def picture():
    """A red upper left third and a blue lower right one on white."""
    pixels = torch.ones(1, 300, 300, 3)
    pixels[:, :100, :200] = torch.tensor((1.0, 0.0, 0.0))
    pixels[:, 200:, 200:] = torch.tensor((0.0, 0.0, 1.0))
    return pixels


def test_only_taggers_are_listed(node, taggers):
    kind, options = node.cls.INPUT_TYPES()["required"]["tagger"]
    assert (kind if isinstance(kind, list) else options["options"]) == ["tiny"]


def test_what_is_seen_reaches_tile_prompts(comfy, node, tiny, taggers):
    from ixl.nodes.tile_prompts import IXLTilePrompts

    boxes, tags, report = node(picture())
    girl = "1girl, rose \\(flower\\), red hair"
    assert boxes.split("\n") == [
        f"0 0 33.33 33.33: {girl}",
        f"33.33 0 33.34 33.33: {girl}",
        "66.67 66.67 33.33 33.33: cat",
    ]
    assert tags == "night"
    assert report.startswith("rating: general 0.88\nwhole: night 0.95\npart 1 (0-33 % across")
    text = "1girl, red hair, night"
    made = comfy.run_node(IXLTilePrompts, clip=tiny.clip, text=text, boxes=boxes)
    said = made.args[1].split("\n")
    assert said[1] == "whole: 1girl, red hair, night, rose \\(flower\\), cat"
    assert set(said[2].split(": ", 1)[1].split(", ")) == {*girl.split(", "), "night"}
    here = [set(line.split(": ", 1)[1].split(", ")) for line in said[4:]]
    assert here == [{"cat", "night"}, {"night"}]


def test_thresholds_and_grid(node, taggers):
    boxes, _, _ = node(picture(), columns=1, rows=3, general_threshold=1.0)
    assert boxes == "0 0 100 100"
    with pytest.raises(ValueError, match="4 x 3, 3 x 4 and 6 x 2 are the most"):
        node(picture(), columns=4, rows=4)


def test_a_changed_tagger_is_read_again(node, taggers):
    import tiny_tagger

    folder = tiny_tagger.write_tagger(taggers / "other")
    assert "cat" in node(picture(), "other")[0]
    rows = [("dog" if name == "cat" else name, kind) for name, kind in tiny_tagger.ROWS]
    tiny_tagger.write_labels(folder / "selected_tags.csv", rows)
    assert "dog" in node(picture(), "other")[0]


def test_a_missing_tagger_is_said_before_the_run(node, taggers, comfy, monkeypatch):
    import folder_paths

    assert "choose one of" in node.cls.validate_inputs(tagger="half")
    assert node.cls.validate_inputs(tagger="tiny") is True
    monkeypatch.setattr(folder_paths, "models_dir", str(taggers / "half"))
    assert "put model.onnx and selected_tags.csv" in node.cls.validate_inputs(tagger="tiny")
    assert node.cls.INPUT_TYPES()["required"]["tagger"]
