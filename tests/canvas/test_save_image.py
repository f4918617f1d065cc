"""A saved picture in every reader's hands: ours, A1111's grammar, ComfyUI's own drag-and-drop."""

import hashlib

import graphs
import infotext
import pytest
import server
import tiny
from ixl.core.metadata import picture
from ixl.core.metadata.read import read_picture

pytestmark = pytest.mark.browser
BOTH = [("pinned", "classic"), ("newest", "nodes2")]
SEED = 2**50 + 1  # the front end counts in doubles: larger seeds lose digits there
POSITIVE = "1girl, (smile:1.2), ünï 🙂"
SAVER = {"filename_prefix": "dropped/%date:yyyy%-%seed%", "format": "png", "quality": 90,
         "lossless": True, "embed_workflow": True, "hashes": True, "sidecar": False}  # fmt: skip


def node(class_type: str, title: str = "", **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title or class_type}}


def prompt() -> dict:
    """A picture with a LoRA and a text that a node makes, saved by "Save"."""
    made = graphs.text_to_image(seed=SEED, steps=2, px=128, cfg=4.5)
    made["5"]["_meta"] = {"title": "Sample"}
    made["2"]["inputs"]["text"] = ["8", 0]
    made["8"] = node("StringConcatenate", string_a="1girl, (smile:1.2)", string_b="ünï 🙂",
                     delimiter=", ")  # fmt: skip
    made["9"] = node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name=tiny.LORA,
                     strength_model=0.8, strength_clip=0.8)  # fmt: skip
    made["5"]["inputs"]["model"] = ["9", 0]
    made["5"]["inputs"]["scheduler"] = "karras"
    made["7"] = node("IXLSaveImage", "Save", images=["6", 0], **SAVER)
    return made


def load_api(canvas, made: dict) -> None:
    canvas.page.evaluate("made => app.loadApiJson(made, 'made')", made)
    canvas.page.wait_for_function("n => app.graph.nodes.length === n", arg=len(made))


def shown(canvas, title: str) -> tuple[int, int]:
    """Size of the one picture that a node shows; the classic canvas draws what is in view."""
    canvas.page.evaluate(
        "title => app.canvas.centerOnNode(app.graph.nodes.find(n => n.title === title))", title
    )
    (found,) = canvas.pictures(title)
    return found.width, found.height


def digest(name: str) -> str:
    return hashlib.sha256(tiny.tiny_file(name).read_bytes()).hexdigest()


def check_our_reader(path) -> str:
    """What our loader says; A1111's text."""
    _, reading = read_picture(str(path))
    record = reading.record
    assert (record.positive, record.negative) == (POSITIVE, "lowres")
    assert record.first == (SEED, 2, 4.5, "euler", "karras", 1.0)
    assert (record.width, record.height, record.picture) == (128, 128, (128, 128))
    assert record.of_kind("model")[0].sha256 == digest(tiny.CHECKPOINT)
    (lora,) = record.of_kind("lora")
    assert (lora.name, lora.strength_model, lora.sha256) == (tiny.LORA, 0.8, digest(tiny.LORA))
    return reading.parameters


def check_a1111(text: str) -> None:
    found = infotext.parse_a1111(text)
    assert found["Prompt"] == f"{POSITIVE}, <lora:tiny-lora:0.8>"
    assert found["Negative prompt"] == "lowres"
    assert (found["Seed"], found["Steps"], found["CFG scale"]) == (str(SEED), "2", "4.5")
    assert (found["Size"], found["Sampler"], found["Schedule type"]) == (
        "128x128",
        "Euler",
        "Karras",
    )
    assert found["Model hash"] == digest(tiny.CHECKPOINT)[:10]


def check_comfyuis_import_of_a1111(canvas, path, text: str) -> None:
    """ComfyUI makes nodes of parameters where a file has nothing else (front end, importA1111)."""
    with_parameters = picture.with_texts(path.read_bytes(), {"parameters": text})
    (path.parent / "parameters.png").write_bytes(with_parameters)
    canvas.drop_file(path.parent / "parameters.png")
    canvas.page.wait_for_function("!app.graph.nodes.some(n => n.type === 'IXLSaveImage')")
    found = {one["class_type"]: one["inputs"] for one in canvas.to_api().values()}
    sampler = found["KSampler"]
    assert (sampler["seed"], sampler["steps"], sampler["cfg"]) == (SEED, 2, 4.5)
    assert sampler["sampler_name"] == "euler"
    assert found["LoraLoader"]["lora_name"] == tiny.LORA
    assert found["LoraLoader"]["strength_model"] == 0.8
    assert found["CheckpointLoaderSimple"]["ckpt_name"] == tiny.CHECKPOINT
    texts = {one["inputs"]["text"] for one in canvas.to_api().values()
             if one["class_type"] == "CLIPTextEncode"}  # fmt: skip
    assert texts == {f"{POSITIVE}, ", "lowres"}


@pytest.mark.parametrize(("front_end", "renderer"), BOTH, indirect=True)
def test_a_saved_picture_says_the_same_to_every_reader(canvas, front_end, tmp_path):
    load_api(canvas, prompt())
    for kind in ("jpeg", "avif", "webp", "png"):
        canvas.set_widget("Save", "format", kind)
        canvas.set_widget("Sample", "seed", SEED)
        queued = canvas.to_api()
        entry = canvas.run()
        assert server.succeeded(entry), server.node_error(entry)
        (image,) = entry["outputs"]["7"]["images"]  # the history has it under the saver
        assert image["subfolder"] == "dropped" and f"-{SEED}_" in image["filename"]
        canvas.page.wait_for_function(
            "name => app.nodeOutputs['7']?.images?.[0]?.filename === name", arg=image["filename"]
        )
        assert shown(canvas, "Save") == (128, 128)
        path = tmp_path / image["filename"]
        path.write_bytes(canvas.server.images(entry)[0])
        text = check_our_reader(path)
        check_a1111(text)
        if kind != "jpeg":  # ComfyUI opens no JPEG as a workflow
            canvas.set_widget("Sample", "seed", 1)
            canvas.drop_file(path)
            assert canvas.to_api() == queued
    check_comfyuis_import_of_a1111(canvas, path, text)

    name = canvas.server.upload(path)
    load_api(canvas, {
        "1": node("IXLLoadImage", "Load", image=name),
        "2": node("PreviewAny", source=["1", 2]),
        "3": node("PreviewAny", source=["1", 8]),
    })  # fmt: skip
    assert shown(canvas, "Load") == (128, 128)
    entry = canvas.run()
    assert entry["outputs"]["2"]["text"] == [POSITIVE]
    assert f"seed {SEED}" in entry["outputs"]["3"]["text"][0]
