"""Training Run in ComfyUI: report, plot, newest LoRA; and SDXL's sizes by ComfyUI's own classes."""

import json
from pathlib import Path

import pytest
import run_folders

pytestmark = pytest.mark.comfy
# sd_xl_base.yaml of Stability AI's generative-models, in ComfyUI's words
SDXL_UNET = {
    **{"image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 320},
    **{"num_res_blocks": [2, 2, 2], "channel_mult": [1, 2, 4], "num_head_channels": 64},
    **{"transformer_depth": [0, 0, 2, 2, 10, 10], "transformer_depth_middle": 10},
    **{"transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10], "context_dim": 2048},
    **{"use_spatial_transformer": True, "use_linear_in_transformer": True, "legacy": False},
    **{"num_classes": "sequential", "adm_in_channels": 2816},
}


def test_parameters_are_those_of_comfyuis_models(comfy):
    import comfy.clip_model
    import comfy.ops
    import torch
    from comfy.ldm.modules.attention import SpatialTransformer
    from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel
    from ixl.training.memory import SDXL

    built = {"device": "meta", "operations": comfy.ops.disable_weight_init}
    unet = UNetModel(**SDXL_UNET, **built)
    assert count(unet) == SDXL.unet
    assert sides(torch, unet, SpatialTransformer) == SDXL.lora_unet
    texts = []
    for file in ("sd1_clip_config.json", "clip_config_bigg.json"):
        config = json.loads((Path(comfy.clip_model.__file__).parent / file).read_text())
        texts.append(comfy.clip_model.CLIPTextModel(config, dtype=torch.float32, **built))
    # ComfyUI gives CLIP-L a projection too, which the model lacks
    assert count(texts[0]) - 768 * 768 + count(texts[1]) == SDXL.text_encoders
    layers = comfy.clip_model.CLIPLayer
    assert sum(sides(torch, text, layers) for text in texts) == SDXL.lora_text


def count(model) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def sides(torch, model, kind) -> int:
    """Inputs and outputs of all linear layers in modules of a kind: a LoRA's size at rank 1."""
    inner = {m for part in model.modules() if isinstance(part, kind) for m in part.modules()}
    linear = [m for m in inner if isinstance(m, torch.nn.Linear)]
    return sum(m.in_features + m.out_features for m in linear)


# a kohya name of the tiny checkpoint, and the sides of its layer
LAYER = ("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_q", (128, 128))


def write_lora(path: Path) -> Path:
    import lora_files
    import torch
    from safetensors.torch import save_file

    shapes = lora_files.lora(*LAYER)
    save_file({key: torch.ones(shape) for key, shape in shapes.items()}, path)
    return path


@pytest.fixture
def home(comfy, tmp_path, monkeypatch):
    monkeypatch.setenv("IXL_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def show(comfy):
    """Function that executes the node with defaults and gives its outputs by name."""
    from ixl.nodes.training_run import IXLTrainingRun

    names = [output.id for output in IXLTrainingRun.define_schema().outputs]

    def show(**inputs):
        found = comfy.run_node(IXLTrainingRun, **inputs)
        return dict(zip(names, found.result, strict=True))

    return show


def test_numbers_report_and_plot(show, home, tmp_path):
    folder = run_folders.make_folder(home, tmp_path, "mine", steps=200)
    run_folders.record(folder, 90)
    run_folders.end(folder, "running")
    last = show(run="mine")
    assert (last["steps"], last["file"], last["patched_model"]) == (90, "", None)
    assert 0 < last["loss"] < 0.3 and 0 < last["learning_rate"] <= 1e-4
    assert last["report"].startswith("mine: running, step 90 of 200")
    assert "1 s per step, 1 min 50 s left" in last["report"] and "GPU memory" in last["report"]
    plot = last["plot"]
    assert plot.shape == (1, 640, 960, 3) and plot.min() >= 0 and plot.max() <= 1
    run_folders.end(folder, "failed", "The cause.")
    (folder / "log.txt").write_text("the last line\n")
    failed = show()
    assert "The cause." in failed["report"] and failed["report"].endswith("the last line")
    with pytest.raises(ValueError, match=r"The cause\. The end of"):
        show(wait=True)


def test_a_run_without_steps_and_wrong_names(show, home, tmp_path):
    with pytest.raises(ValueError, match="no run"):
        show()
    run_folders.make_folder(home, tmp_path, "fresh")
    assert show()["steps"] == 0 and show()["plot"].shape[-1] == 3
    with pytest.raises(ValueError, match="lies in no run"):
        show(trained_file=str(tmp_path / "a.safetensors"))


def test_it_runs_again_when_the_run_goes_on(show, home, tmp_path):
    from ixl.nodes.training_run import IXLTrainingRun

    folder = run_folders.make_folder(home, tmp_path, "mine", steps=20)
    run_folders.record(folder, 5)
    before = IXLTrainingRun.fingerprint_inputs(run="newest")
    assert IXLTrainingRun.fingerprint_inputs(run="newest") == before != []
    run_folders.tell(folder, {"event": "step", "step": 6, "time": 1.0, "loss": 0.1})
    assert IXLTrainingRun.fingerprint_inputs(run="newest") != before
    assert IXLTrainingRun.fingerprint_inputs(run=None) == []


def test_the_newest_whole_lora_is_applied_as_load_loras_does(show, comfy, home, tiny, tmp_path):
    from ixl.core.checkpoint.loaded import LORAS_KEY

    folder = run_folders.make_folder(home, tmp_path, "mine")
    output = folder / "output"
    whole = write_lora(output / "mine-step00000002.safetensors")
    (output / "mine.safetensors").write_bytes(whole.read_bytes()[:-50])  # being written
    found = show(model=tiny.model, clip=tiny.clip, strength=0.5)
    assert found["file"] == str(whole)
    (record,) = found["patched_model"].get_attachment(LORAS_KEY)
    assert (record.path, record.strength_model) == (str(whole), 0.5)
    import comfy.sd
    import comfy.utils

    weights = comfy.utils.load_torch_file(str(whole))
    wanted, _ = comfy.sd.load_lora_for_models(tiny.model, tiny.clip, weights, 0.5, 0.5)
    assert found["patched_model"].patches.keys() == wanted.patches.keys() != set()
    assert show(trained_file=str(whole))["report"].startswith("mine: ")
    same = show(model=tiny.model, clip=tiny.clip, strength=0)
    assert same["patched_model"] is tiny.model and same["patched_clip"] is tiny.clip


def test_a_whole_checkpoint_patches_nothing(show, home, tiny, tmp_path):
    changes = {"method": "full", "save_every": 0}
    run_folders.make_folder(home, tmp_path, "whole", **changes)
    with pytest.raises(ValueError, match="Load Checkpoint"):
        show(model=tiny.model)
