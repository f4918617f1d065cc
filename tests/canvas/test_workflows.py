"""The shared workflows as a user meets them: template browser, drag-and-drop, Run, picture."""

import os

import pytest
import server
import tiny
from ixl.tools.workflow import FOLDER, load_workflow
from PIL import Image

pytestmark = pytest.mark.browser

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
TRAINING = "train-a-character-lora"  # runs to its picture in live/test_training.py
PACK = "illustrious-xl-studio"
# These have the nodes of the others and few more: once each, every front end and renderer in turn.
ONCE = [
    ("picture-to-20mp", "pinned", "nodes2"),
    ("two-characters-20mp", "newest", "nodes2"),
    ("controlnet-20mp", "newest", "classic"),
]
OFTEN = [name for name in NAMES if name not in {TRAINING, *(once[0] for once in ONCE)}]
TO_20MP = [
    ("To 20 megapixels", "width", 320),
    ("To 20 megapixels", "height", 256),
    ("To 20 megapixels", "denoise", "0.5"),
    ("To 20 megapixels", "tile_px", 256),
    ("To 20 megapixels", "overlap_px", 64),
]
# (title, widget, value): small pictures, so that a processor is enough
SMALL = {
    "text-to-image": [
        ("Size", "aspect_ratio", "custom"),
        ("Size", "custom_width", 256),
        ("Size", "custom_height", 320),
        ("Settings", "steps", 1),
    ],
    "text-to-20mp": [
        ("Settings", "steps", 1),
        *TO_20MP,
    ],
    "picture-to-20mp": [
        ("Settings", "steps", 1),
        ("Size to start from", "megapixels", 0.08),
        ("Positive", "boxes", "0 0 40 100"),
        *TO_20MP,
    ],
    "two-characters-20mp": [
        ("Settings", "steps", 1),
        ("Base size", "width", 320),
        ("Base size", "height", 256),
        *TO_20MP,
    ],
    "controlnet-20mp": [
        ("Settings", "steps", 1),
        ("Size of the base", "megapixels", 0.08),
        ("ControlNet", "control_net_name", tiny.CONTROLNET),
        *TO_20MP,
    ],
    "several-characters": [
        ("Size", "width", 256),
        ("Size", "height", 192),
        ("Sample", "steps", 1),
    ],
    "text-to-high-resolution": [
        ("Base size", "width", 256),
        ("Base size", "height", 320),
        ("Base picture", "steps", 1),
        ("Tiles 1", "tile_px", 256),
        ("Tiles 1", "overlap_px", 64),
        ("Tiles 2", "tile_px", 256),
        ("Tiles 2", "overlap_px", 64),
        ("Stage 1 size", "width", 256),
        ("Stage 1 size", "height", 320),
        ("Stage 1", "steps", 1),
        ("Stage 2 size", "width", 320),
        ("Stage 2 size", "height", 400),
        ("Stage 2", "steps", 1),
    ],
}
SAMPLERS = {
    "text-to-high-resolution": "Base picture",
    **{name: "To 20 megapixels" for name in NAMES if name.endswith("20mp")},
}
SIZES = {
    **{name: (320, 256) for name in NAMES if name.endswith("20mp")},
    "several-characters": (256, 192),
    "text-to-high-resolution": (320, 400),
    "text-to-image": (256, 320),
}


def make_small(canvas, name: str) -> None:
    canvas.set_widget("Checkpoint", "checkpoint", tiny.CHECKPOINT)
    for title, widget, value in SMALL[name]:
        canvas.set_widget(title, widget, value)


@pytest.fixture
def example(servers, front_end, tmp_path):
    """The picture that Load Image names in the workflows."""
    picture = tmp_path / "example.png"
    Image.linear_gradient("L").resize((320, 256)).convert("RGB").save(picture)
    servers(front_end).upload(picture)


@pytest.mark.parametrize("name", OFTEN)
def test_template_equals_its_twin_runs_and_comes_back_from_its_picture(
    canvas, name, front_end, renderer, tmp_path
):
    follow(canvas, name, front_end, renderer, tmp_path)


@pytest.mark.parametrize(
    ("name", "front_end", "renderer"), ONCE, indirect=["front_end", "renderer"]
)
def test_so_do_those_that_begin_with_a_picture_or_a_controlnet_or_know_who_is_where(
    example, canvas, name, front_end, renderer, tmp_path
):
    follow(canvas, name, front_end, renderer, tmp_path)


def follow(canvas, name, front_end, renderer, tmp_path):
    """What a user does with a template."""
    canvas.open_template(PACK, name)
    assert canvas.to_api() == load_workflow(name).api
    make_small(canvas, name)
    small = canvas.to_api()
    entry = canvas.run()
    assert server.succeeded(entry), server.node_error(entry)
    (picture,) = canvas.pictures("Picture")
    assert (picture.width, picture.height) == SIZES[name]

    saved = tmp_path / "picture.png"
    saved.write_bytes(canvas.server.images(entry)[-1])
    sampler = SAMPLERS.get(name, "Sample")
    canvas.set_widget(sampler, "seed", 1)
    canvas.drop_file(saved)
    assert canvas.to_api() == small
    if (front_end, renderer) == ("pinned", "classic"):  # once is enough to know that it runs
        canvas.set_widget(sampler, "seed", 7)
        assert server.succeeded(canvas.run())


@pytest.mark.parametrize("front_end", ["pinned"], indirect=True)
def test_the_training_template_says_what_is_missing(canvas):
    canvas.open_template(PACK, TRAINING)
    assert canvas.to_api() == load_workflow(TRAINING).api
    for title in ("Train", "Checkpoint"):
        canvas.set_widget(title, "checkpoint", tiny.CHECKPOINT)
    error = server.node_error(canvas.run())
    missing = "/path/to/your/pictures" if os.environ.get("SD_SCRIPTS_PATH") else "sd-scripts was"
    assert error.node_type == "IXLTrain" and missing in error.message


@pytest.mark.parametrize("name", OFTEN)
@pytest.mark.parametrize("renderer", ["classic"], indirect=True)
def test_a_dropped_file_is_the_workflow(canvas, name):
    canvas.drop_file(FOLDER / f"{name}.json")
    assert canvas.to_api() == load_workflow(name).api


@pytest.mark.parametrize("front_end", ["pinned"], indirect=True)
@pytest.mark.parametrize("renderer", ["classic"], indirect=True)
def test_the_reasons_are_shown_on_the_canvas(canvas):
    canvas.open_template(PACK, "text-to-image")
    make_small(canvas, "text-to-image")
    canvas.set_widget("What to draw", "general", "solo, masterpiece, smile, 1boy")
    entry = canvas.run()
    assert server.succeeded(entry)
    twin = load_workflow("text-to-image").api
    (shown,) = [key for key, node in twin.items() if node["class_type"] == "PreviewAny"]
    text = "".join(entry["outputs"][shown]["text"])
    assert "duplicate: masterpiece" in text  # the builder's own score word comes again
    assert "warning: solo: solo means one person" in text
