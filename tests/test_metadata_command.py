"""`metadata show` and `metadata copy` as a person runs them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ixl.core.metadata import picture
from ixl.core.metadata.encode import Encoding, encode
from ixl.core.metadata.record import Pass, Record, Resource
from ixl.core.metadata.texts import texts_of
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).resolve().parents[1]
PIXELS = np.random.default_rng(2).integers(0, 256, (16, 24, 3), dtype=np.uint8)
WORKFLOW = json.dumps({"nodes": [], "title": "ünï"})
RECORD = Record(
    positive="1girl, 雨 🙂",
    negative="lowres",
    width=24,
    height=16,
    picture=(24, 16),
    passes=(Pass(7, 20, 5.0, "euler", "normal", 1.0),),
    resources=(Resource("lora", "style.safetensors", "ab" * 32, "cd" * 32, 0.8, 0.8),),
)


def run(*arguments):
    command = [sys.executable, str(ROOT), "metadata", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def show(*files) -> list[dict]:
    return json.loads(run("show", "--json", *files).stdout)


@pytest.fixture
def saved(tmp_path):
    """A function from a format to a file with everything in it."""

    def write(kind: str) -> Path:
        path = tmp_path / f"saved.{kind}"
        texts = texts_of(RECORD, {"workflow": WORKFLOW})
        path.write_bytes(encode(PIXELS, Encoding(kind), texts))
        return path

    return write


@pytest.fixture
def bare(tmp_path):
    """A function from a format to another picture without metadata."""

    def write(kind: str) -> Path:
        path = tmp_path / f"bare.{kind}"
        Image.fromarray(255 - PIXELS).save(path)
        return path

    return write


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def test_show_has_an_entry_for_each_file_in_their_order(saved, bare, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    files = [saved("avif"), tmp_path / "broken.png", tmp_path, tmp_path / "gone.png", bare("webp")]
    done = run("show", "--json", *files)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    entries = json.loads(done.stdout)
    assert [entry["file"] for entry in entries] == [str(file) for file in files]
    assert [entry["ok"] for entry in entries] == [True, False, False, False, True]
    assert [entry["problem"][:12] for entry in entries] == [
        "", "The PNG file", "This is a fo", "This is no f", ""
    ]  # fmt: skip
    assert done.stderr.count("\n") == 3
    first = entries[0]
    assert (first["format"], first["width"], first["workflow"]) == ("avif", 24, True)
    assert (first["positive"], first["seed"], first["sampler"]) == (RECORD.positive, 7, "euler")
    assert first["loras"][0]["strength_model"] == 0.8
    assert entries[4]["source"] == "" and "stripped" in entries[4]["notes"][0]


def test_show_for_people(saved):
    done = run("show", saved("png"))
    assert done.returncode == 0 and done.stderr == ""
    assert "png, 24 x 16 px, with workflow" in done.stdout
    assert "pass 1: seed 7, steps 20, cfg 5, sampler euler" in done.stdout
    assert "    Negative prompt: lowres" in done.stdout


@pytest.mark.parametrize("into", ["png", "webp", "jpg"])
@pytest.mark.parametrize("kind", picture.FORMATS)
def test_copy_puts_everything_into_another_file_and_leaves_its_pixels(saved, bare, kind, into):
    source, target = saved(kind), bare(into)
    before, untouched = pixels(target), source.read_bytes()
    done = run("copy", source, target)
    assert (done.returncode, done.stderr) == (0, "")
    assert source.read_bytes() == untouched
    assert np.array_equal(pixels(target), before)
    found, wanted = show(target, source)
    for entry in (found, wanted):
        del entry["file"], entry["format"]
    assert found == wanted
    texts = picture.texts(picture.read_file(str(target)))
    assert texts["workflow"] == WORKFLOW


def test_copy_replaces_what_was_there(saved, bare, tmp_path):
    target = tmp_path / "a1111.png"
    info = PngImagePlugin.PngInfo()
    for name in ("parameters", "prompt", "Comment", "Author"):
        info.add_text(name, '{"old": 1}')
    Image.fromarray(PIXELS).save(target, pnginfo=info)
    assert run("copy", saved("webp"), target).returncode == 0
    texts = picture.texts(picture.read_file(str(target)))
    assert texts["Author"] == '{"old": 1}'  # says nothing of how it was drawn
    assert "prompt" not in texts and "Comment" not in texts
    assert "1girl" in texts["parameters"]


def test_copy_of_another_programs_json_into_a_jpeg(bare, tmp_path):
    source = tmp_path / "novelai.png"
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", json.dumps({"prompt": "1girl", "uc": "bad", "seed": 4, "steps": 28}))
    Image.fromarray(PIXELS).save(source, pnginfo=info)
    target = bare("jpg")
    assert run("copy", source, target).returncode == 0
    (found,) = show(target)
    assert (found["positive"], found["negative"], found["seed"]) == ("1girl", "bad", 4)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("bare.png", "bare.webp", "says nothing of how it was made; there is nothing to copy"),
        ("saved.png", "bare.avif", "without encoding its pixels anew; copy to PNG"),
        ("saved.png", "gone.png", "This is no file; give the path of a picture"),
        ("gone.png", "bare.webp", "This is no file; give the path of a picture"),
        ("saved.png", "cut.webp", "The WebP file is cut off"),
    ],
)
def test_copy_that_cannot_be_done_changes_nothing(saved, bare, tmp_path, source, target, words):
    for kind in ("png", "webp", "avif"):
        bare(kind)
    saved("png")
    (tmp_path / "cut.webp").write_bytes((tmp_path / "bare.webp").read_bytes()[:-9])
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = run("copy", tmp_path / source, tmp_path / target)
    assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_wrong_usage():
    assert run("show").returncode == 2 and run("copy", "a").returncode == 2
    assert run().returncode == 2


def test_show_needs_no_library_but_for_avif(saved, tmp_path):
    """The commands run on a Python without Pillow and numpy, as before an installation."""
    hidden = tmp_path / "hidden"
    for name in ("PIL", "numpy", "torch"):
        (hidden / name).mkdir(parents=True)
        (hidden / name / "__init__.py").write_text("raise ImportError")
    code = f"import sys, runpy; sys.path.insert(0, {str(hidden)!r}); sys.argv[0] = {str(ROOT)!r}; "
    code += f"runpy.run_path({str(ROOT)!r}, run_name='__main__')"
    arguments = ["metadata", "show", str(saved("webp")), str(saved("avif"))]
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "1girl" in done.stdout and "AVIF needs Pillow" in done.stderr
    assert done.stderr.count("\n") == 1
