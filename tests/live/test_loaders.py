"""The loaders on a server: switches, files that are replaced, errors that are sentences."""

import os

import pytest
import server
import tiny

pytestmark = pytest.mark.server


def prompt(kind: str, **inputs) -> dict:
    """The loader, and its report as the only output."""
    show = {"class_type": "PreviewAny", "inputs": {"source": ["load", 4]}}
    return {"load": {"class_type": kind, "inputs": inputs}, "show": show}


def cached(entry: dict) -> list[str]:
    messages = entry["status"]["messages"]
    return next(data["nodes"] for kind, data in messages if kind == "execution_cached")


def test_switches_and_what_is_run_again(comfy_server):
    folder = comfy_server.base / "models" / "checkpoints"
    copy = folder / "copy-of-tiny.safetensors"
    copy.write_bytes((folder / tiny.CHECKPOINT).read_bytes())
    plain = prompt("IXLLoadCheckpoint", checkpoint=copy.name, profile="automatic")
    entry = comfy_server.run(plain)
    assert server.succeeded(entry), server.node_error(entry)
    assert "Zero terminal SNR off" in "".join(entry["outputs"]["show"]["text"])
    assert "load" in cached(comfy_server.run(plain))
    os.utime(copy, ns=(1, 1))
    assert "load" not in cached(comfy_server.run(plain))
    forced = plain["load"]["inputs"] | {"objective": "v-prediction", "zero_terminal_snr": "on"}
    entry = comfy_server.run(prompt("IXLLoadCheckpoint", **forced))
    copy.unlink()
    (text,) = entry["outputs"]["show"]["text"]
    assert "Objective v-prediction: as set on the node." in text and "burnt or black" in text
    assert "Zero terminal SNR is switched on" in comfy_server.log_tail(200)


def test_a_lora_chosen_as_a_checkpoint_is_named_on_the_node(comfy_server):
    folder = comfy_server.base / "models"
    copy = folder / "checkpoints" / "a-lora.safetensors"
    copy.write_bytes((folder / "loras" / tiny.LORA).read_bytes())
    entry = comfy_server.run(prompt("IXLLoadCheckpoint", checkpoint=copy.name, profile="automatic"))
    copy.unlink()
    error = server.node_error(entry)
    assert error.node_type == "IXLLoadCheckpoint"
    assert error.message.startswith("a-lora.safetensors: This is a LoRA; load it with a LoRA")


@pytest.mark.parametrize(("name", "value"), [("cfg_rescale", 1.5), ("objective", "x0")])
def test_values_out_of_range_are_refused(comfy_server, name, value):
    inputs = {"checkpoint": tiny.CHECKPOINT, "profile": "automatic", name: value}
    with pytest.raises(server.Refused) as refused:
        comfy_server.queue(prompt("IXLLoadCheckpoint", **inputs))
    assert name in refused.value.text
