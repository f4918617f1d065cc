"""Checkpoint Info as ComfyUI runs it."""

import json
from pathlib import Path

import model_files
import pytest
import tiny
from ixl.core.checkpoint.hashing import hash_file
from ixl.core.checkpoint.header import read_header

pytestmark = pytest.mark.comfy


@pytest.fixture
def node(comfy):
    from ixl.nodes.checkpoint_info import IXLCheckpointInfo

    return IXLCheckpointInfo


@pytest.fixture
def folder(comfy):
    import folder_paths

    return Path(folder_paths.get_folder_paths("checkpoints")[0])


def test_text_json_and_what_the_node_shows(comfy, node, folder):
    result = comfy.run_node(node, checkpoint=tiny.CHECKPOINT)
    text, values = result.args
    path = str(folder / tiny.CHECKPOINT)
    hashes = hash_file(path, data_start=read_header(path).data_start)
    found = json.loads(values)
    assert (found["sha256"], found["autov3"]) == (hashes.sha256, hashes.autov3)
    assert found["file"] == tiny.CHECKPOINT and str(folder) not in values + text
    assert found["settings"]["id"] == "illustrious-v0.1"
    assert result.ui.as_dict()["text"] == (text,)


def test_the_profile_of_the_loader_alone_and_with_a_file(comfy, node):
    from ixl.core.checkpoint.profiles import PROFILES

    profile = PROFILES["noobai-xl-vpred"]
    alone = comfy.run_node(node, model_profile=profile).args[0]
    both = comfy.run_node(node, checkpoint=tiny.CHECKPOINT, model_profile=profile).args[0]
    assert alone.startswith("Settings of NoobAI-XL v-prediction:")
    assert both.endswith(alone) and both.startswith(tiny.CHECKPOINT)
    with pytest.raises(ValueError, match="choose a checkpoint, or connect"):
        comfy.run_node(node)


def test_a_file_put_in_place_of_another_is_looked_at_anew(comfy, node, folder):
    path = folder / "replaced.safetensors"
    try:
        model_files.write(path, model_files.SDXL)
        first = node.fingerprint_inputs("replaced.safetensors")
        assert node.fingerprint_inputs("replaced.safetensors") == first
        model_files.write(path, model_files.SDXL, "F32")
        assert node.fingerprint_inputs("replaced.safetensors") != first
        path.write_bytes(b"<html>")
        with pytest.raises(ValueError, match=r"^replaced.safetensors: .*web page"):
            comfy.run_node(node, checkpoint="replaced.safetensors")
    finally:
        path.unlink()


def test_only_names_of_the_hosts_list_lead_to_files(comfy, folder):
    from ixl.nodes._host import find_model

    assert find_model("checkpoints", tiny.CHECKPOINT) == str(folder / tiny.CHECKPOINT)
    for name in ("", ".", f"../checkpoints/{tiny.CHECKPOINT}", f"./{tiny.CHECKPOINT}", tiny.LORA):
        assert find_model("checkpoints", name) is None
    assert find_model("loras", tiny.LORA)
