"""The LoRA loader over the API: only the places in use are sent; a refusal is on the node."""

import pytest
import server
import tiny

pytestmark = pytest.mark.server


def prompt(lora: str) -> dict:
    loader = {"model": ["1", 0], "clip": ["1", 1], "lora_2": lora, "strength_model_2": 0.35}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": tiny.CHECKPOINT}},
        "2": {"class_type": "IXLLoadLora", "inputs": loader},
        "3": {"class_type": "PreviewAny", "inputs": {"source": ["2", 3]}},
    }


def test_a_prompt_names_only_the_places_that_it_uses(comfy_server):
    entry = comfy_server.run(prompt(tiny.LORA))
    assert server.succeeded(entry), server.node_error(entry)
    (text,) = entry["outputs"]["2"]["text"]
    assert text.startswith(f"{tiny.LORA}: model 0.35, clip 1\n")
    assert "".join(entry["outputs"]["3"]["text"]) == text


def test_a_lora_for_another_base_is_an_error_of_the_node(comfy_server):
    error = server.node_error(comfy_server.run(prompt(tiny.WRONG_BASE_LORA)))
    assert (error.node_id, error.node_type) == ("2", "IXLLoadLora")
    assert "It was made for Stable Diffusion 1.x" in error.message
    with pytest.raises(server.Refused) as refused:
        comfy_server.queue(prompt("gone.safetensors"))
    assert "2" in refused.value.errors
