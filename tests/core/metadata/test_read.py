"""What is found in files of many origins, and in our own files after hosts had them."""

import io
import json

import graphs
import numpy as np
import pytest
from ixl.core.metadata import picture
from ixl.core.metadata.encode import Encoding, encode
from ixl.core.metadata.read import A1111, GRAPH, OURS, fingerprint, read_picture, understand
from ixl.core.metadata.record import Pass, Record, Resource
from ixl.core.metadata.report import as_dict, report
from ixl.core.metadata.texts import graph_texts, texts_of
from PIL import Image, PngImagePlugin

PIXELS = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
SHA = "0123456789abcdef" * 4
RECORD = Record(
    positive="1girl, solo  \n  (smile:1.2) ",
    negative="lowres, 雨",
    width=32,
    height=24,
    picture=(32, 24),
    passes=(Pass(2**63 + 5, 28, 5.5, "euler_ancestral", "karras", 1.0),),
    resources=(
        Resource("model", "illustriousXL_v01.safetensors", SHA),
        Resource("lora", "style.safetensors", SHA, SHA, 0.75, 0.75),
    ),
    profile="illustrious-v0.1",
    sections=({"name": "person count", "items": ["1girl", "solo"]},),
    made_with="ComfyUI 0.30.0",
)
GRAPH_OF_IT = graph_texts(graphs.text_to_image(), {"workflow": {"nodes": []}})


def ours(kind: str, record: Record = RECORD) -> bytes:
    return encode(PIXELS, Encoding(kind), texts_of(record, GRAPH_OF_IT))


def reading(data: bytes, name: str = ""):
    return understand(picture.read(io.BytesIO(data)), name)


def converted(data: bytes, kind: str, keep: tuple[str, ...]) -> bytes:
    """What a host does that opens a file, keeps this of it, and writes another."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as opened:
        kept = {name: opened.info[name] for name in keep if name in opened.info}
        opened.convert("RGB").save(out, kind.upper(), **kept)
    return out.getvalue()


@pytest.mark.parametrize("kept", [("exif",), ("xmp",), ("exif", "xmp")])
@pytest.mark.parametrize("made", ["png", "webp", "jpeg", "avif"])
@pytest.mark.parametrize("stored", ["webp", "jpeg", "avif"])
def test_a_converted_file_that_keeps_exif_or_xmp_loses_nothing(made, stored, kept):
    found = reading(converted(ours(made), stored, kept))
    assert (found.source, found.record) == (OURS, RECORD)


def test_a_png_that_was_encoded_anew_with_exif_only():
    found = reading(converted(ours("png"), "png", ("exif",)))
    assert (found.source, found.record) == (OURS, RECORD)


def test_from_parameters_alone_everything_but_spaces_and_sections_comes_back():
    written = {"parameters": texts_of(RECORD, {})["parameters"]}
    found = reading(encode(PIXELS, Encoding("jpeg"), written))
    record = found.record
    assert found.source == A1111 and found.parameters == written["parameters"]
    assert record.positive == "1girl, solo\n(smile:1.2), <lora:style:0.75>"
    assert record.negative == "lowres, 雨"
    assert record.first == RECORD.first._replace(denoise=None)
    assert (record.width, record.height) == (32, 24)
    assert record.of_kind("model") == [Resource("model", "illustriousXL_v01", SHA[:10])]
    lora = Resource("lora", "style", SHA[:10], SHA[:12], 0.75, 0.75)
    assert record.of_kind("lora") == [lora]


def test_a_stripped_file_says_so_and_a_sidecar_helps(tmp_path):
    stripped = converted(ours("png"), "jpeg", ())
    path = tmp_path / "picture.jpg"
    path.write_bytes(stripped)
    found, read = read_picture(str(path))
    assert (found.width, found.height) == (32, 24)
    assert read.source == "" and "a host may have stripped it" in read.notes[0]
    assert read.record == Record(picture=(32, 24))
    path.with_suffix(".json").write_text('{"frames": 3}')  # somebody else's
    assert read_picture(str(path))[1].source == ""
    path.with_suffix(".json").write_text(texts_of(RECORD, {})["ixl"])
    assert read_picture(str(path))[1].record == RECORD


def test_parameters_that_another_tool_changed_win():
    data = ours("png")
    new = picture.texts(picture.read(io.BytesIO(data))) | {
        "parameters": "2girls\nSteps: 3, Seed: 4, Size: 32x24"
    }
    found = reading(picture.with_texts(data, new))
    assert (found.source, found.record.positive, found.record.first.seed) == (A1111, "2girls", 4)
    assert any("were changed" in note for note in found.notes)


def test_a_host_that_changes_line_ends_changes_nothing():
    text = "a\nb \n\nSteps: 1"
    assert fingerprint(text) == fingerprint(" a\r\nb\r\n \r\nSteps: 1\n") != fingerprint("a")


def test_a_damaged_block_is_said_and_the_next_source_taken():
    written = texts_of(RECORD, {}) | {"ixl": "{"}
    found = reading(encode(PIXELS, Encoding("png"), written))
    assert found.source == A1111 and "is damaged" in found.notes[0]


def png_with(**texts) -> bytes:
    """As other programs write a PNG, by Pillow."""
    info, out = PngImagePlugin.PngInfo(), io.BytesIO()
    for name, text in texts.items():
        info.add_text(name, text)
    Image.fromarray(PIXELS).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def test_a_file_of_comfyui():
    found = reading(png_with(**GRAPH_OF_IT))
    record = found.record
    assert found.source == GRAPH and "nodes were not run" in found.notes[0]
    assert (record.positive, record.negative) == ("1girl, solo", "lowres")
    assert record.first == Pass(1, 2, 5.0, "euler", "normal", 1.0)
    assert (record.width, record.height) == (128, 128)
    assert record.of_kind("model")[0].name == "tiny-illustrious.safetensors"
    assert found.parameters.endswith("Version: ComfyUI")


def test_of_several_savers_in_a_graph_the_one_of_this_file():
    prompt = graphs.text_to_image()
    second = json.loads(json.dumps(prompt["5"]))
    second["inputs"]["seed"] = 99
    prompt["8"] = second
    prompt["9"] = {"class_type": "VAEDecode", "inputs": {"samples": ["8", 0], "vae": ["1", 2]}}
    saver = {"images": ["9", 0], "filename_prefix": "sub/other%date:yyyy%"}
    prompt["10"] = {"class_type": "SaveImage", "inputs": saver}
    data = png_with(prompt=json.dumps(prompt))
    assert reading(data, "other2026_00001_.png").record.first.seed == 99
    assert reading(data, "test_00001_.png").record.first.seed == 1
    assert reading(data, "renamed.png").record.first.seed == 1


@pytest.mark.parametrize("text", ["{", "[1]", '{"1": 2}', "[" * 50_000, "NaN"])
def test_a_graph_that_is_none(text):
    found = reading(png_with(prompt=text))
    assert found.source == "" and found.notes


NOVELAI = {
    "prompt": "1girl, {smile}", "uc": "lowres", "steps": 28, "height": 1216, "width": 832,
    "scale": 5.0, "seed": 4279, "sampler": "k_euler_ancestral", "noise_schedule": "karras",
}  # fmt: skip
INVOKE = {
    "positive_prompt": "a cat", "negative_prompt": "dog", "seed": 5, "steps": 30, "cfg_scale": 7.5,
    "scheduler": "karras", "width": 1024, "height": 768, "model": {"name": "X", "hash": "blake3:a"},
}  # fmt: skip
SWARM = {"sui_image_params": {"prompt": "a cat", "negativeprompt": "dog", "model": "m", "seed": 5,
         "steps": 20, "cfgscale": 7, "width": 512, "height": 640, "sampler": "euler"}}  # fmt: skip
FOOOCUS = {"prompt": "a cat", "negative_prompt": "dog", "seed": "5", "steps": 30, "sampler":
           "dpmpp_2m", "scheduler": "karras", "guidance_scale": 4.0, "resolution": "(896, 1152)",
           "base_model": "juggernaut"}  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "source", "positive", "negative", "step", "size"),
    [
        ({"Software": "NovelAI", "Comment": json.dumps(NOVELAI)}, "NovelAI", "1girl, {smile}",
         "lowres", Pass(4279, 28, 5.0, "euler_ancestral", "karras"), (832, 1216)),
        ({"invokeai_metadata": json.dumps(INVOKE)}, "InvokeAI", "a cat", "dog",
         Pass(5, 30, 7.5, "", "karras"), (1024, 768)),
        ({"parameters": json.dumps(SWARM)}, "JSON", "a cat", "dog",
         Pass(5, 20, 7, "euler", ""), (512, 640)),
        ({"parameters": json.dumps(FOOOCUS)}, "JSON", "a cat", "dog",
         Pass(5, 30, 4.0, "dpmpp_2m", "karras"), (896, 1152)),
    ],
)  # fmt: skip
def test_files_of_other_programs(texts, source, positive, negative, step, size):
    found = reading(png_with(**texts))
    record = found.record
    assert (found.source, record.positive, record.negative) == (source, positive, negative)
    assert (record.first, (record.width, record.height)) == (step, size)
    assert found.parameters.startswith(positive)  # A1111's form, made from it


@pytest.mark.parametrize("prompt", ["{{smile}}, 1girl", "{red|blue} hat", '{"prompt": ""'])
def test_a_prompt_that_begins_like_json_is_a_prompt(prompt):
    found = reading(png_with(parameters=f"{prompt}\nSteps: 1, Seed: 2, Size: 3x4"))
    assert (found.source, found.record.positive) == (A1111, prompt)


def test_halves_of_characters_in_a_graph():
    prompt = graphs.text_to_image("a\ud83d b")
    found = reading(png_with(prompt=json.dumps(prompt)))
    assert found.record.positive == "a\ufffd b" and found.parameters.startswith("a\ufffd b")


@pytest.mark.parametrize("text", ["{", "[]", '{"prompt": 5}', '{"seed": 1}', "[" * 50_000])
def test_json_of_other_programs_that_is_none(text):
    assert reading(png_with(Comment=text, invokeai_metadata=text)).source == ""


def test_the_report_names_what_there_is():
    found = reading(ours("png"))
    text = report(found)
    assert "seed 9223372036854775813" in text and "illustriousXL_v01.safetensors" in text
    assert "strength 0.75" in text and "person count: 1girl, solo" in text
    told = json.loads(json.dumps(as_dict(found)))
    assert told["model_hash"] == SHA[:10] and told["seed"] == 2**63 + 5
    assert told["loras"] == [
        {"name": "style.safetensors", "strength_model": 0.75, "strength_clip": 0.75,
         "hash": SHA[:10]}
    ]  # fmt: skip
