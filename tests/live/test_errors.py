"""What goes wrong is said on the node, and the server goes on."""

import time

import pytest
import server
import tiny
from ixl.tools.workflow import load_workflow, node_titled, set_input

pytestmark = pytest.mark.server


@pytest.fixture
def workflow():
    """The high-resolution workflow, small enough for a processor."""
    made = load_workflow("text-to-high-resolution")
    for title, name, value in (
        ("Checkpoint", "checkpoint", tiny.CHECKPOINT),
        ("Base size", "width", 256),
        ("Base size", "height", 320),
        ("Base picture", "steps", 1),
        ("Tiles 1", "tile_px", 256),
        ("Tiles 1", "overlap_px", 64),
        ("Stage 1 size", "width", 256),
        ("Stage 1 size", "height", 320),
        ("Stage 1", "steps", 1),
        ("Stage 2 size", "width", 320),
        ("Stage 2 size", "height", 400),
        ("Stage 2", "steps", 1),
    ):
        set_input(made, node_titled(made, title), name, value)
    return made


def until_tiles(workflow) -> dict:
    """The prompt up to the first tiled pass."""
    keep = {node_titled(workflow, title) for title in ("Stage 2 size", "Encode 2", "Stage 2")}
    keep |= {node_titled(workflow, title) for title in ("Decode 2", "Picture")}
    out = {key: node for key, node in workflow.api.items() if key not in keep}
    out["last"] = {
        "class_type": "PreviewImage",
        "inputs": {"images": [node_titled(workflow, "Decode 1"), 0]},
    }
    return out


def refused(comfy_server, prompt) -> server.Refused:
    """The answer to a prompt with the picture as its only output.

    With a second output that is sound ComfyUI runs that one and reports the rest beside it.
    """
    for key in [k for k, node in prompt.items() if node["class_type"].startswith("Preview")]:
        del prompt[key]
    with pytest.raises(server.Refused) as caught:
        comfy_server.queue(prompt)
    return caught.value


def assert_still_works(comfy_server, workflow, seed) -> None:
    set_input(workflow, node_titled(workflow, "Base picture"), "seed", seed)
    entry = comfy_server.run(until_tiles(workflow))
    assert server.succeeded(entry), server.node_error(entry)


def test_a_missing_checkpoint_is_named(comfy_server, workflow):
    node = node_titled(workflow, "Checkpoint")
    set_input(workflow, node, "checkpoint", "not-there.safetensors")
    error = refused(comfy_server, workflow.api)
    assert node in error.errors and "not-there.safetensors" in error.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "too few"),
        (b"<html>404 not found</html>" * 20, "a web page"),
        (None, "cut off"),
    ],
)
def test_a_damaged_checkpoint_is_named(comfy_server, workflow, content, words):
    folder = comfy_server.base / "models" / "checkpoints"
    whole = (folder / tiny.CHECKPOINT).read_bytes()
    name = f"damaged-{words.replace(' ', '-')}.safetensors"
    (folder / name).write_bytes(whole[: len(whole) // 2] if content is None else content)
    set_input(workflow, node_titled(workflow, "Checkpoint"), "checkpoint", name)
    error = server.node_error(comfy_server.run(workflow.api))
    (folder / name).unlink()
    assert error.node_type == "IXLLoadCheckpoint"
    assert words in error.message and name in error.message
    assert "ownload it again" in error.message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("overlap_px", 1024, "overlap_px is 1024; it must be a multiple of 16"),
        ("tile_px", 300, "tile_px is 300; it must be a multiple of 64"),
        ("tile_px", 100, "tile_px is 100"),
        ("tile_px", "wide", "wide"),
        ("cuts", "zigzag", "zigzag"),
        ("tile_batch", -1, "tile_batch"),
    ],
)
def test_wrong_values_are_refused_on_the_node(comfy_server, workflow, name, value, words):
    node = node_titled(workflow, "Tiles 1")
    set_input(workflow, node, name, value)
    error = refused(comfy_server, workflow.api)
    assert node in error.errors and words in error.text


def test_a_wrong_link_is_refused_on_the_node(comfy_server, workflow):
    node, checkpoint = node_titled(workflow, "Tiles 1"), node_titled(workflow, "Checkpoint")
    workflow.api[node]["inputs"]["model"] = [checkpoint, 1]
    error = refused(comfy_server, workflow.api)
    assert node in error.errors and "CLIP" in error.text


def test_a_workflow_with_an_unknown_node_is_refused(comfy_server, workflow):
    workflow.api[node_titled(workflow, "Tiles 1")]["class_type"] = "IXLNoSuchNode"
    assert "IXLNoSuchNode" in refused(comfy_server, workflow.api).text


def test_an_interrupted_run_stops_and_the_next_one_works(comfy_server, workflow):
    set_input(workflow, node_titled(workflow, "Stage 1"), "steps", 200)
    prompt = until_tiles(workflow)
    prompt_id = comfy_server.queue(prompt)
    deadline = time.monotonic() + 120
    while "/200 [" not in comfy_server.log_tail(5):  # the sampler's progress bar
        assert comfy_server.history(prompt_id) is None and time.monotonic() < deadline
        time.sleep(0.1)
    comfy_server.interrupt()
    start = time.monotonic()
    entry = comfy_server.wait(prompt_id)
    assert server.interrupted(entry)
    assert time.monotonic() - start < 10
    set_input(workflow, node_titled(workflow, "Stage 1"), "steps", 1)
    assert_still_works(comfy_server, workflow, seed=99)


def test_a_latent_that_is_no_picture_gets_a_sentence(comfy_server, workflow):
    prompt = until_tiles(workflow)
    prompt["video"] = {
        "class_type": "EmptyHunyuanLatentVideo",
        "inputs": {"width": 256, "height": 256, "length": 5, "batch_size": 1},
    }
    prompt[node_titled(workflow, "Stage 1")]["inputs"]["latent_image"] = ["video", 0]
    error = server.node_error(comfy_server.run(prompt))
    assert error.node_type == "KSampler" and "5 dimensions" in error.message
    assert_still_works(comfy_server, workflow, seed=100)
