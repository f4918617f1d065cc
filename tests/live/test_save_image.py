"""Save Image behind ComfyUI's door: prompts that are posted get their values resolved."""

import graphs
import infotext
import pytest
import server
import tiny

pytestmark = pytest.mark.server


def prompt(seed: int, **saver) -> dict:
    """A text that a node makes, a LoRA, a batch of two; the saver is node 7."""
    made = graphs.text_to_image(seed=seed, steps=1, px=64)
    made["4"]["inputs"]["batch_size"] = 2
    made["2"]["inputs"]["text"] = ["8", 0]
    joined = {"string_a": "1girl", "string_b": "solo", "delimiter": ", "}
    made["8"] = {"class_type": "StringConcatenate", "inputs": joined}
    lora = {"lora_name": tiny.LORA, "strength_model": 0.5, "strength_clip": 0.5}
    sources = {"model": ["1", 0], "clip": ["1", 1]}
    made["9"] = {"class_type": "LoraLoader", "inputs": sources | lora}
    made["5"]["inputs"]["model"] = ["9", 0]
    widgets = {"filename_prefix": "live/%date:yyyy%", "format": "png", "quality": 90}
    widgets |= {"lossless": False, "embed_workflow": True, "hashes": True, "sidecar": False}
    made["7"] = {"class_type": "IXLSaveImage", "inputs": {"images": ["6", 0], **widgets, **saver}}
    return made


def test_values_are_resolved_and_files_shown_under_the_saver(comfy_server):
    entry = comfy_server.run(prompt(31))
    assert server.succeeded(entry), server.node_error(entry)
    assert list(entry["outputs"]) == ["7"] and len(entry["outputs"]["7"]["images"]) == 2
    for index, data in enumerate(comfy_server.images(entry)):
        found = infotext.parse_a1111(infotext.png_texts(data)["parameters"])
        assert found["Prompt"] == "1girl, solo, <lora:tiny-lora:0.5>"
        assert (found["Seed"], found["Batch pos"]) == ("31", str(index))
        assert "resolved_" not in infotext.png_texts(data)["prompt"]
    again = comfy_server.run(prompt(31))  # nothing to do: the same files, and none more
    assert again["outputs"] == entry["outputs"]


def test_an_unknown_format_is_refused_on_the_node(comfy_server):
    with pytest.raises(server.Refused) as refused:
        comfy_server.queue(prompt(32, format="tiff"))
    assert "7" in refused.value.errors and "tiff" in refused.value.text


def test_a_prefix_outside_the_output_folder_is_refused(comfy_server):
    error = server.node_error(comfy_server.run(prompt(33, filename_prefix="../outside")))
    assert error.node_type == "IXLSaveImage" and "outside the output folder" in error.message
