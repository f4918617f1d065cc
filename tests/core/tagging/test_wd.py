"""A WD tagger through real onnxruntime, with a small graph of the same signature."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

import tiny_tagger  # noqa: E402
from ixl.core.tagging.folder import find_taggers, problem  # noqa: E402
from ixl.core.tagging.wd import load, prepare, tag  # noqa: E402
from PIL import Image, ImageOps  # noqa: E402

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def plain(color, height=20, width=20):
    return np.broadcast_to(np.float32(color), (height, width, 3))


@pytest.mark.parametrize("batch", ["batch_size", 1, None])
def test_scores_are_those_of_the_model(tmp_path, batch):
    tagger = load(tiny_tagger.write_tagger(tmp_path, batch=batch))
    assert tagger.side == tiny_tagger.SIDE
    steps = []
    found = tag(tagger, np.stack([plain(RED), plain(BLUE)]), lambda *step: steps.append(step))
    for seen, color in zip(found, (RED, BLUE), strict=True):
        assert seen == pytest.approx(tiny_tagger.expected(color), abs=1e-5)
    assert found[0]["red_hair"] > 0.99 > 0.01 > found[1]["red_hair"]
    assert steps == [(0, 2), (1, 2), (2, 2)]


def test_pictures_of_any_sizes_and_tensors(tmp_path):
    torch = pytest.importorskip("torch")
    tagger = load(tiny_tagger.write_tagger(tmp_path))
    sizes = [plain(RED, 7, 7), plain(RED, 500, 500)]
    one, other = tag(tagger, sizes)
    assert one == other == tag(tagger, torch.tensor(np.array(plain(RED)))[None])[0]


@pytest.mark.parametrize("size", [(30, 50), (51, 20), (1, 9), (448, 448), (600, 900)])
def test_preparation_is_that_of_the_publisher(size):
    """White square around the picture, bicubic, blue first: by Pillow's own border."""
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    height, width = size
    x, y = max(0, height - width), max(0, width - height)
    border = (x // 2, y // 2, x - x // 2, y - y // 2)
    square = ImageOps.expand(Image.fromarray(pixels), border, "#ffffff")
    red, green, blue = square.resize((448, 448), Image.BICUBIC).split()
    expected = np.asarray(Image.merge("RGB", (blue, green, red)), dtype=np.float32)
    made = prepare(pixels / 255, 448)
    assert made.dtype == np.float32 and made.shape == (448, 448, 3)
    assert np.array_equal(made, expected)


def test_what_is_transparent_is_white():
    clear = np.zeros((4, 4, 4), dtype=np.float32)
    clear[:2, :, 3] = 1
    assert (prepare(clear, 4)[0] == 0).all() and (prepare(clear, 4)[3] == 255).all()


def test_values_that_are_no_colors_do_not_wrap_around():
    wild = np.float32([[[2.0, -1.0, np.nan]]])
    assert prepare(wild, 1).tolist() == [[[0.0, 0.0, 255.0]]]


def test_cancel_stops_between_pictures(tmp_path):
    tagger = load(tiny_tagger.write_tagger(tmp_path))

    def on_step(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tag(tagger, [plain(RED)] * 3, on_step)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rows": tiny_tagger.ROWS[:-1]}, "gives 9 scores and selected_tags.csv names 8 tags"),
        ({"rows": (*tiny_tagger.ROWS, ("x", 0))}, "names 10 tags"),
        ({"shape": [1, 8, 16, 3]}, "is not a WD tagger"),
        ({"shape": [1, "h", "w", 3]}, "is not a WD tagger"),
        ({"shape": [4, 16, 16, 3], "batch": 4}, "is not a WD tagger"),
    ],
)
def test_files_of_another_kind(tmp_path, settings, said):
    with pytest.raises(ValueError, match=said):
        load(tiny_tagger.write_tagger(tmp_path, **settings))


def test_scores_that_are_none(tmp_path):
    tagger = load(tiny_tagger.write_tagger(tmp_path, sigmoid=False))
    with pytest.raises(ValueError, match="not from 0 to 1"):
        tag(tagger, [plain(RED)])


def test_a_graph_that_leaves_the_number_of_its_scores_open(tmp_path):
    tagger = load(tiny_tagger.write_tagger(tmp_path))._replace(labels={"1girl": 0})
    with pytest.raises(ValueError, match="gives 9 scores and selected_tags.csv names 1 tags"):
        tag(tagger, [plain(RED)])


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"version https://git-lfs"])
def test_no_onnx_file(tmp_path, content):
    tiny_tagger.write_tagger(tmp_path)
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ValueError, match="cannot be opened as an ONNX model") as raised:
        load(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_missing_model(tmp_path):
    tiny_tagger.write_tagger(tmp_path)
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(ValueError, match="cannot be opened as an ONNX model"):
        load(tmp_path)


def test_which_folders_are_taggers(tmp_path):
    ours, others = tmp_path / "a", tmp_path / "b"
    assert "put model.onnx and selected_tags.csv of a WD tagger" in problem("x", [ours])
    tiny_tagger.write_tagger(ours / "one")
    tiny_tagger.write_tagger(others / "one")
    tiny_tagger.write_tagger(others / "two")
    (others / "half").mkdir()
    tiny_tagger.write_labels(others / "half" / "selected_tags.csv")
    assert find_taggers([ours, others]) == {"one": ours / "one", "two": others / "two"}
    assert problem("one", [ours, others]) == ""
    assert problem("half", [ours, others]).endswith("choose one of one, two.")


BLOCKED = """
import sys
sys.modules["onnxruntime"] = None
from pathlib import Path
from ixl.core.tagging import folder, wd
print(folder.problem("one", [Path(sys.argv[1])]))
try:
    wd.load(Path(sys.argv[1]) / "one")
except ValueError as problem:
    print(problem)
"""


def test_without_onnxruntime_it_says_the_command(tmp_path):
    import ixl

    tiny_tagger.write_tagger(tmp_path / "one")
    path = os.pathsep.join([str(Path(ixl.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, str(tmp_path)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 2 and lines[0] == lines[1], done.stderr
    assert f'`"{sys.executable}" -m pip install onnxruntime`' in lines[0]
