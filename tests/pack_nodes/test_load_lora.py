"""The LoRA loader against ComfyUI's own: which keys match, what they change, what is refused.

One LoRA is really trained by sd-scripts; where that is not installed, generated files in its key
layout take its place.
"""

import json
import os
from pathlib import Path

import lora_files
import pytest
import sd_scripts_lora
import tiny as files

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")
PROMPT = "1girl, ixlmiku, smile"
# ComfyUI 0.30.0 cannot merge a LoKr with a core: it logs an error about a view.
CONVOLUTION = [kind for kind in lora_files.CONVOLUTION if kind is not lora_files.lokr_tucker]
# a kohya name of the tiny checkpoint and its weight in ComfyUI
LAYER = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
WEIGHT = "diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"


@pytest.fixture(scope="module")
def node(comfy):
    from ixl.nodes.load_lora import IXLLoadLora

    return IXLLoadLora


@pytest.fixture(scope="module")
def folder(comfy) -> Path:
    import folder_paths

    return Path(folder_paths.get_folder_paths("loras")[0])


@pytest.fixture(scope="module")
def trained(comfy, folder, tmp_path_factory) -> str:
    """A LoRA by sd-scripts for the tiny checkpoint under the name of v0.1."""
    place = tmp_path_factory.mktemp("training")
    checkpoint = place / "illustriousXL_v01.safetensors"
    checkpoint.symlink_to(files.tiny_file(files.CHECKPOINT))
    made = sd_scripts_lora.train(place, checkpoint, Path(os.environ["IXL_COMFYUI"]), "ixlmiku")
    made.rename(folder / made.name)
    return made.name


def write(
    folder: Path, name: str, shapes: dict, metadata: dict | None = None, seed: int = 0
) -> str:
    """A LoRA file with random weights of those shapes."""
    from safetensors.torch import save_file

    draw = torch.Generator().manual_seed(seed)
    weights = {key: torch.randn(shape, generator=draw) * 0.1 for key, shape in shapes.items()}
    save_file(weights, folder / name, metadata)
    return name


def load(comfy, node, tiny, *names, strength_model=1.0, strength_clip=1.0, **more):
    slots = {}
    for n, name in enumerate(names, 1):
        slots[f"lora_{n}"] = name
        slots[f"strength_model_{n}"] = strength_model
        slots[f"strength_clip_{n}"] = strength_clip
    return comfy.run_node(node, **{"model": tiny.model, "clip": tiny.clip, **slots, **more}).result


def theirs(comfy, tiny, name, strength_model=1.0, strength_clip=1.0):
    from nodes import LoraLoader

    strengths = {"strength_model": strength_model, "strength_clip": strength_clip}
    return comfy.run_node(LoraLoader, model=tiny.model, clip=tiny.clip, lora_name=name, **strengths)


def picture(comfy, model, clip):
    """Two steps on a small latent."""
    from nodes import EmptyLatentImage, KSampler

    (latent,) = comfy.run_node(EmptyLatentImage, width=128, height=128)
    (result,) = comfy.run_node(
        KSampler, model=model, positive=comfy.encode(clip, PROMPT),
        negative=comfy.encode(clip, "lowres"), latent_image=latent, seed=1, steps=2, cfg=5.0,
        sampler_name="euler", scheduler="normal",
    )  # fmt: skip
    return result["samples"]


def test_generated_lora_acts_as_with_comfyuis_loader(comfy, node, tiny):
    model, clip, _, report = load(
        comfy, node, tiny, files.LORA, strength_model=0.7, strength_clip=0.4
    )
    expected = picture(comfy, *theirs(comfy, tiny, files.LORA, 0.7, 0.4))
    assert torch.equal(picture(comfy, model, clip), expected)
    assert not torch.equal(expected, picture(comfy, tiny.model, tiny.clip))
    assert "applied: unet 132 of 132, te1 72 of 72, te2 18 of 18" in report


@pytest.mark.sd_scripts
def test_trained_lora_acts_as_with_comfyuis_loader(comfy, node, tiny, trained):
    """Trained by sd-scripts: it changes the picture as ComfyUI's own loader does, and says how it
    was made.
    """
    model, clip, words, report = load(comfy, node, tiny, trained)
    ours, before = picture(comfy, model, clip), picture(comfy, tiny.model, tiny.clip)
    assert torch.equal(ours, picture(comfy, *theirs(comfy, tiny, trained)))
    assert (ours - before).std() > 0.01 * before.std()
    assert words == "ixlmiku"
    for part in (
        "LoRA, rank 4, alpha 2, modules: 222 (unet 132, te1 72, te2 18)",
        "trained on Illustrious XL v0.1 (likely); epsilon; base model illustriousXL_v01.safetens",
        "sd-scripts, 3 pictures (6 with repeats), epoch 2 of 2, 4 steps, 128x128",
        "trigger words (in nearly all captions): ixlmiku",
        "tags: 1girl 100 %, ixlmiku 100 %, twintails 67 %, smile 33 %",
        "applied: unet 132 of 132, te1 72 of 72, te2 18 of 18",
    ):
        assert part in report, report
    assert "warning" not in report


@pytest.mark.sd_scripts
def test_autov3_is_the_hash_that_sd_scripts_wrote(comfy, node, tiny, trained, folder):
    from safetensors import safe_open

    model, *_ = load(comfy, node, tiny, trained)
    (loaded,) = model.get_attachment("ixl.loras")
    with safe_open(folder / trained, "pt") as file:
        assert loaded.data_sha256 == file.metadata()["sshs_model_hash"]


@pytest.mark.parametrize("name", [files.WRONG_BASE_LORA, "flux.safetensors"])
def test_a_lora_for_another_base_stops_the_run(comfy, node, tiny, folder, name):
    write(
        folder, "flux.safetensors", lora_files.lora("lora_unet_double_blocks_0_img_mlp_0", (8, 8))
    )
    with pytest.raises(ValueError, match="It was made for (Stable Diffusion 1.x|Flux)") as error:
        load(comfy, node, tiny, files.LORA, name)
    assert str(error.value).startswith(name) and "\n" not in str(error.value)
    assert tiny.model.get_attachment("ixl.loras") is None and not tiny.model.patches


def test_several_loras_are_those_of_a_chain_and_the_model_says_which(comfy, node, tiny, folder):
    from nodes import LoraLoader

    second = write(folder, "second.safetensors", linear_shapes(comfy, tiny), seed=1)
    model, clip, _, _ = load(comfy, node, tiny, files.LORA, second, strength_clip=0.5)
    chain = theirs(comfy, tiny, files.LORA, 1.0, 0.5)
    strengths = {"strength_model": 1.0, "strength_clip": 0.5}
    chain = comfy.run_node(LoraLoader, model=chain[0], clip=chain[1], lora_name=second, **strengths)
    assert torch.equal(picture(comfy, model, clip), picture(comfy, *chain))
    names = [(one.name, one.strength_clip) for one in model.get_attachment("ixl.loras")]
    assert names == [(files.LORA, 0.5), (second, 0.5)]

    again, _, _, report = load(comfy, node, tiny, files.LORA, model=model, clip=clip)
    assert [one.name for one in again.get_attachment("ixl.loras")][2:] == [files.LORA]
    assert len(model.get_attachment("ixl.loras")) == 2  # the one given stays as it was
    assert f"{files.LORA} is applied more than once" in report
    assert f"applied before: {files.LORA}, {second}" in report


def linear_shapes(comfy, tiny):
    return lora_files.lora(LAYER, tuple(tiny.model.model.state_dict()[WEIGHT].shape))


def test_nothing_to_load_leaves_the_model_alone(comfy, node, tiny):
    model, clip, words, report = load(comfy, node, tiny)
    assert (model, clip, words, report) == (tiny.model, tiny.clip, "", "no LoRA chosen")
    model, clip, _, report = load(
        comfy, node, tiny, files.WRONG_BASE_LORA, strength_model=0.0, strength_clip=0.0
    )
    assert model is tiny.model and "strength 0, not loaded" in report


def test_without_a_clip(comfy, node, tiny):
    from nodes import LoraLoaderModelOnly

    model, clip, _, report = load(comfy, node, tiny, files.LORA, clip=None)
    (expected,) = comfy.run_node(
        LoraLoaderModelOnly, model=tiny.model, lora_name=files.LORA, strength_model=1.0
    )
    assert clip is None and model.patches.keys() == expected.patches.keys()
    assert torch.equal(picture(comfy, model, tiny.clip), picture(comfy, expected, tiny.clip))
    assert "applied: unet 132 of 132; 90 for text encoders unused, no CLIP" in report


def unet_layers(comfy, tiny, count: int):
    """{kohya name: shape} of linear layers and convolutions of the tiny U-Net, half of each."""
    from comfy.lora import model_lora_keys_unet

    weights = tiny.model.model.state_dict()
    shapes = {
        name: tuple(weights[key].shape)
        for name, key in model_lora_keys_unet(tiny.model.model, {}).items()
        if name.startswith("lora_unet_input_blocks") and weights[key].dim() in (2, 4)
    }
    by_kind = [[i for i in shapes.items() if len(i[1]) == n and min(i[1][:2]) > 8] for n in (2, 4)]
    return dict(by_kind[0][: count // 2]), dict(by_kind[1][: count // 2])


def test_every_layout_matches_as_comfyui_matches_it(comfy, node, tiny, folder, caplog):
    """The modules that count as unmatched are exactly those that ComfyUI names in its log."""
    linear, convolutions = unet_layers(comfy, tiny, 40)
    shapes = {}
    for (name, layer), kind in zip(linear.items(), 2 * lora_files.LINEAR, strict=False):
        shapes |= kind(name, layer)
    for (name, layer), kind in zip(convolutions.items(), CONVOLUTION, strict=False):
        shapes |= kind(name, layer)
    generic = "diffusion_model.middle_block.1.proj_in", "diffusion_model.middle_block.1.proj_out"
    width = tiny.model.model.state_dict()[f"{generic[0]}.weight"].shape
    shapes |= lora_files.peft(generic[0], tuple(width)) | lora_files.lora(generic[1], tuple(width))
    strays = lora_files.lora("lora_unet_input_blocks_99_x", (8, 8)) | {
        "bundle_emb.x.vector": (2, 8)
    }
    name = write(folder, "layouts.safetensors", shapes | strays)
    with caplog.at_level("WARNING"):
        theirs(comfy, tiny, name)
    unloaded = {r.message.split(": ")[-1] for r in caplog.records if "not loaded" in r.message}
    assert unloaded == set(strays)
    model, _, _, report = load(comfy, node, tiny, name)
    assert "name no layer of the model and have no effect: 2 (unet 2), " in report
    assert f"applied: unet {len(modules(shapes))} of {len(modules(shapes)) + 2}" in report
    caplog.clear()
    picture(comfy, model, tiny.clip)
    assert "ERROR" not in caplog.text  # what counts as fitting can be merged


def modules(shapes):
    from ixl.core.checkpoint.lora_keys import modules_of

    return modules_of({name: ("F32", shape) for name, shape in shapes.items()})


@pytest.mark.parametrize("convolution", [False, True])
def test_a_size_that_counts_as_wrong_is_one_that_comfyui_cannot_merge(comfy, convolution, caplog):
    """Every layout, for its own layer and for layers of other sizes, merged by ComfyUI."""
    from comfy.lora import calculate_weight, load_lora
    from ixl.core.checkpoint.lora_keys import match

    kinds = CONVOLUTION if convolution else lora_files.LINEAR
    kernel = (3, 3) if convolution else ()
    for kind in kinds:
        shapes = kind("a", (16, 8, *kernel))
        for layer in ((16, 8, *kernel), (16, 12, *kernel), (24, 8, *kernel)):
            found = match(modules(shapes), {"a": layer}, True)
            weights = {name: torch.randn(shape) for name, shape in shapes.items()}
            (patch,) = [
                v for k, v in load_lora(weights, {"a": "x.weight"}).items() if k == "x.weight"
            ]
            caplog.clear()
            merged = calculate_weight([(1.0, patch, 1.0, None, None)], torch.zeros(layer), "x")
            can = "ERROR" not in caplog.text and "MISMATCH" not in caplog.text
            if kind is lora_files.oft and layer[0] == 16:
                can = True  # rotates zeros; only the rows of the layer matter
            assert (found.fitting == ("a",)) == can, (kind.__name__, layer, caplog.text)
            assert bool(merged.abs().sum()) == can or kind is lora_files.oft


def test_modules_of_another_size_are_left_out_and_told(comfy, node, tiny, folder, caplog):
    linear, _ = unet_layers(comfy, tiny, 80)
    shapes = {}
    for name, layer in linear.items():
        shapes |= lora_files.lora(name, layer)
    good = write(folder, "good.safetensors", shapes, seed=2)
    other = shapes | lora_files.lora(LAYER, (linear[LAYER][0], 77))
    wrong = write(folder, "wrong.safetensors", other, seed=2)
    model, _, _, report = load(comfy, node, tiny, wrong)
    assert f"another size than their layer, which were left out: 1, {LAYER}." in report
    expected, _ = theirs(comfy, tiny, good)
    assert model.patches.keys() == expected.patches.keys() - {WEIGHT}


def test_sizes_of_the_real_models(comfy):
    """Against ComfyUI's own SDXL and SD 1.5 at full size, without weights: a LoRA for all
    transformers of SDXL fits SDXL; one of SD 1.5, which shares names and sizes, is told apart.
    """
    from comfy import supported_models
    from ixl.core.checkpoint.lora_fit import problem_of
    from ixl.core.checkpoint.lora_keys import match

    sdxl = layers(supported_models.SDXL, transformer_depth_output=[0, 0, 0, 2, 2, 2, 10, 10, 10],
                  channel_mult=[1, 2, 4], num_res_blocks=[2, 2, 2], transformer_depth_middle=10,
                  num_classes="sequential", num_head_channels=64)  # fmt: skip
    sd15 = layers(supported_models.SD15, transformer_depth_output=[1] * 9 + [0] * 3,
                  channel_mult=[1, 2, 4, 4], num_res_blocks=[2] * 4, transformer_depth_middle=1,
                  transformer_depth=[1] * 6 + [0, 0], num_heads=8)  # fmt: skip
    text = {
        f"lora_{te}_text_model_encoder_layers_{i}_self_attn_{part}_proj": (width, width)
        for te, width, count in (("te", 768, 12), ("te1", 768, 12), ("te2", 1280, 32))
        for i in range(count)
        for part in ("q", "k", "v", "out")
    }
    sdxl |= text
    of_sdxl = {
        n: s for n, s in sdxl.items() if n.startswith(("lora_unet_input", "lora_te1", "lora_te2"))
    }
    of_sd15 = {n: s for n, s in sd15.items() if "_attentions_" in n} | {
        n: s for n, s in text.items() if n.startswith("lora_te_")
    }
    for source, fits in ((of_sdxl, True), (of_sd15, False)):
        found = match(modules(as_lora(source)), sdxl, True)
        problem = problem_of(lora_of(as_lora(source)), found)
        assert (problem == "") == fits, problem
    assert len(found.fitting) > 50 and "where the model has" in problem
    assert len(match(modules(as_lora(of_sdxl)), sdxl, True).fitting) == len(of_sdxl) > 400


def layers(config, **more):
    """{name: shape} of a U-Net as ComfyUI builds it, on no device."""
    from comfy import model_base
    from comfy.lora import model_lora_keys_unet

    plain = {"image_size": 32, "use_spatial_transformer": True, "legacy": False, "out_channels": 4,
             "in_channels": 4, "dtype": torch.float16}  # fmt: skip
    shape = config({**config.unet_config, **plain, **more})
    model = model_base.BaseModel(shape, device=torch.device("meta"))
    weights = model.state_dict()
    keys = model_lora_keys_unet(model, {}).items()
    return {n: tuple(weights[k].shape) for n, k in keys if k in weights and weights[k].dim() > 1}


def as_lora(shapes):
    return {k: v for n, s in shapes.items() for k, v in lora_files.lora(n, s).items()}


def lora_of(shapes):
    from ixl.core.checkpoint.identity import Identity
    from ixl.core.checkpoint.lora import Lora
    from ixl.core.checkpoint.lora_metadata import Training

    return Lora(Identity("x.safetensors", True), "LoRA", (), (), modules(shapes), Training())


@pytest.mark.parametrize("zsnr", [False, True])
def test_the_objective_of_the_model_is_what_it_samples_with(comfy, node, tiny, folder, zsnr):
    from comfy_extras.nodes_model_advanced import ModelSamplingDiscrete

    (vpred,) = comfy.run_node(
        ModelSamplingDiscrete, model=tiny.model, sampling="v_prediction", zsnr=zsnr
    )
    v01 = {"modelspec.prediction_type": "epsilon", "ss_sd_model_name": "illustriousXL_v01"}
    name = write(folder, "v01.safetensors", linear_shapes(comfy, tiny), v01)
    assert "the model uses v-prediction" in load(comfy, node, tiny, name, model=vpred)[3]
    assert "warning" not in load(comfy, node, tiny, name)[3]


def test_the_profile_is_given_or_that_of_the_checkpoint(comfy, node, tiny, folder):
    from ixl.core.checkpoint.loaded import CHECKPOINT_KEY, LoadedCheckpoint
    from ixl.core.checkpoint.profiles import PROFILES

    v20 = {"ss_sd_model_name": "Illustrious-XL-v2.0.safetensors"}
    name = write(folder, "v20.safetensors", linear_shapes(comfy, tiny), v20)
    said = "trained on v2.0 and the model is the older v0.1"
    profile = PROFILES["illustrious-v0.1"]
    assert said in load(comfy, node, tiny, name, model_profile=profile)[3]
    assert said not in load(comfy, node, tiny, name)[3]
    model = tiny.model.clone()
    loaded = LoadedCheckpoint("x", "x", "", "illustrious-v0.1")
    model.set_attachments(CHECKPOINT_KEY, loaded)
    assert said in load(comfy, node, tiny, name, model=model)[3]
    assert load(comfy, node, tiny, name, model=model)[0].get_attachment(CHECKPOINT_KEY) is loaded


def test_damaged_and_missing_files_get_one_sentence(comfy, node, tiny, folder):
    whole = (folder / files.LORA).read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[:-7])
    with pytest.raises(ValueError, match="cut.safetensors: .*cut off"):
        load(comfy, node, tiny, "cut.safetensors")
    (folder / "pickle.pt").write_bytes(b"PK\x03\x04" + bytes(99))
    with pytest.raises(ValueError, match="pickle.pt: This is a PyTorch pickle"):
        load(comfy, node, tiny, "pickle.pt")


def test_cancel_is_not_swallowed(comfy, node, tiny, folder):
    import comfy.model_management as management

    name = write(folder, "cancelled.safetensors", linear_shapes(comfy, tiny))
    management.interrupt_current_processing(True)
    with pytest.raises(management.InterruptProcessingException):
        load(comfy, node, tiny, name)


def test_a_lora_that_was_trained_again_is_read_again(comfy, node, tiny, folder):
    name = write(folder, "again.safetensors", linear_shapes(comfy, tiny))
    before = node.fingerprint_inputs(model=None, lora_1=name, lora_2=None, lora_3="none")
    assert before == node.fingerprint_inputs(model=None, lora_1=name, lora_2=None, lora_3="none")
    os.utime(folder / name, (1, 1))
    assert before != node.fingerprint_inputs(model=None, lora_1=name, lora_2=None, lora_3="none")
    assert node.fingerprint_inputs(lora_1="gone.safetensors") == []


def test_report_is_shown_on_the_node(comfy, node, tiny):
    shown = comfy.run_node(node, model=tiny.model, clip=tiny.clip, lora_1=files.LORA)
    assert shown.ui.as_dict() == {"text": (shown.result[3],)}


def test_hashes_are_remembered(comfy, node, tiny, folder):
    from ixl.nodes._host import user_folder

    name = write(folder, "hashed.safetensors", linear_shapes(comfy, tiny))
    load(comfy, node, tiny, name)
    entries = [json.loads(p.read_text()) for p in Path(user_folder("hashes")).glob("*.json")]
    (entry,) = (e for e in entries if e["path"].endswith("hashed.safetensors"))
    assert entry["sha256"] and entry["data_sha256"]
