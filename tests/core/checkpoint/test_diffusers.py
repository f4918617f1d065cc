"""Diffusers folders and single parts: complete ones are recognised, others named by their parts."""

import json
import os

import model_files
import pytest
from ixl.core.checkpoint.assembly import assemble
from ixl.core.checkpoint.diffusers import read_folder
from ixl.core.checkpoint.files import UnusableFile
from ixl.core.checkpoint.folders import find_folders
from ixl.core.checkpoint.hashing import hash_file
from ixl.core.checkpoint.identity import FOLDER, check_kind, identify, profile_of
from ixl.core.checkpoint.parts import PARTS, read_part
from ixl.core.checkpoint.summary import summary
from model_files import diffusers_attention

NETWORK, ENCODER = "diffusion_pytorch_model.safetensors", "model.safetensors"
EMBEDDING = "text_model.embeddings.token_embedding.weight"
UNET = diffusers_attention({1: 2, 2: 10}, 2048) | {"conv_in.weight": (8, 4, 3, 3)}
FILES = {
    f"unet/{NETWORK}": UNET,
    f"text_encoder/{ENCODER}": {EMBEDDING: (2, 768)},
    f"text_encoder_2/{ENCODER}": {EMBEDDING: (2, 1280)},
    f"vae/{NETWORK}": {"decoder.conv_in.weight": (8, 4, 3, 3)},
}
INDEX = {"_class_name": "StableDiffusionXLPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}


@pytest.fixture
def make(tmp_path):
    def made(name="some-model", files=FILES, index=INDEX, scheduler=None):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for file, shapes in files.items():
            (folder / file).parent.mkdir(exist_ok=True)
            model_files.write(folder / file, shapes)
        if index is not None:
            text = index if isinstance(index, str) else json.dumps(index)
            (folder / "model_index.json").write_text(text)
        if scheduler is not None:
            (folder / "scheduler").mkdir()
            (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
        return str(folder)

    return made


def test_a_whole_folder_is_recognised(make):
    folder = make("maker/illustriousXL_v01")
    found = identify(folder)
    assert (found.ok, found.kind, found.model) == (True, FOLDER, "SDXL")
    assert (found.family, found.version, found.certainty) == ("illustrious", "v0.1", "guess")
    assert found.hashes == hash_file(os.path.join(folder, "unet", NETWORK))
    assert dict(found.number_types) == {"unet": "fp16", "text encoders": "fp16", "vae": "fp16"}
    assert "fill 4 files" in found.evidence[0]
    assert "diffusers folder, epsilon" in summary(found)
    check_kind(found, FOLDER)
    with pytest.raises(ValueError, match="illustriousXL_v01: .*models/diffusers"):
        profile_of(found)


@pytest.mark.parametrize(
    ("scheduler", "objective", "zero_snr"),
    [
        (None, "epsilon", False),
        ({}, "epsilon", False),
        ({"prediction_type": "epsilon", "rescale_betas_zero_snr": False}, "epsilon", False),
        ({"prediction_type": "v_prediction"}, "v-prediction", False),
        ({"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}, "v-prediction", True),
        ({"prediction_type": ["v"], "rescale_betas_zero_snr": "yes"}, "epsilon", False),
    ],
)
def test_the_scheduler_says_the_objective(make, scheduler, objective, zero_snr):
    found = identify(make(scheduler=scheduler))
    assert (found.objective, found.zero_terminal_snr) == (objective, zero_snr)


def test_half_precision_comes_first_as_in_comfyui(make):
    folder = make(files={**FILES, "unet/diffusion_pytorch_model.fp16.safetensors": UNET})
    assert read_folder(folder).paths["unet"].endswith("fp16.safetensors")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"index": "{"}, "model_index.json is not readable as JSON"),
        ({"index": "[]"}, "model_index.json is not readable as JSON"),
        ({"index": '{"a":' * 99_999}, "model_index.json is not readable as JSON"),
        ({"index": {}}, "names the pipeline None"),
        ({"index": {"_class_name": "FluxPipeline"}}, "names the pipeline FluxPipeline"),
        ({"files": {}}, "no unet/diffusion_pytorch_model.safetensors and text_encoder/model"),
        ({"drop": "vae"}, "has no vae/diffusion_pytorch_model.safetensors: download the folder"),
        ({"drop": "text_encoder_2"}, "has no text_encoder_2/model.safetensors"),
        ({"drop": "unet", "add": "unet/diffusion_pytorch_model.bin"}, "a pickle"),
        ({"drop": "unet", "add": "unet/x-00001-of-00002.safetensors.index.json"}, "several pieces"),
        ({"swap": ("vae", NETWORK, {"decoder.conv_in.weight": (8, 16, 3, 3)})},
         "vae/diffusion_pytorch_model.safetensors: This is a VAE with 16 latent channels"),
        ({"swap": ("unet", NETWORK, {EMBEDDING: (2, 768)})}, "the text encoder CLIP-L alone, not a "
         "U-Net"),
        ({"swap": ("unet", NETWORK, diffusers_attention({0: 1, 1: 1}, 768))}, "Stable Diffusion "
         "1.x"),
        ({"swap": ("text_encoder_2", ENCODER, {EMBEDDING: (2, 768)})}, "Both text encoders are "
         "CLIP-L; SDXL has two different ones: choose CLIP-G"),
    ],
)  # fmt: skip
def test_a_broken_folder_is_one_sentence(make, changes, said):
    files = dict(changes.get("files", FILES))
    if "drop" in changes:
        files = {name: s for name, s in files.items() if not name.startswith(changes["drop"] + "/")}
    if "swap" in changes:
        part, name, shapes = changes["swap"]
        files[f"{part}/{name}"] = shapes
    folder = make(files=files, index=changes.get("index", INDEX))
    if "add" in changes:
        path = os.path.join(folder, changes["add"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").close()
    found = identify(folder)
    assert not found.ok and said in found.problem and "\n" not in found.problem
    assert found.problem.endswith(".") and len(found.problem) < 600


def test_a_truncated_part_is_named(make):
    folder = make()
    part = os.path.join(folder, "text_encoder", ENCODER)
    os.truncate(part, os.path.getsize(part) - 1)
    assert "text_encoder/model.safetensors: The tensors need" in identify(folder).problem


def test_a_folder_without_an_index_is_a_folder(make):
    assert "This is a folder" in identify(make(index=None)).problem


def test_folders_are_found_by_name(make, tmp_path):
    one, two = make("a/maker/one"), make("b/two")
    make("b/no-model", index=None)
    found = find_folders([str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "missing")])
    assert found == {"maker/one": one, "two": two}


def test_single_files_make_a_model(make, tmp_path):
    unet, one, two, vae = (
        model_files.write(tmp_path / str(i), shapes) for i, shapes in enumerate(FILES.values())
    )
    parts = assemble(unet, two, one, vae)
    assert parts == (unet, (two, one), vae, False)
    with pytest.raises(ValueError, match="text_encoder_2 set to automatic.*choose a file for each"):
        assemble(unet, one, "", vae)
    folder = make()
    mixed = assemble(folder, "", "", vae)
    assert mixed.unet.startswith(folder) and (mixed.vae, mixed.own_vae) == (vae, False)
    assert assemble(folder).own_vae
    with pytest.raises(UnusableFile, match="Both text encoders are CLIP-G"):
        assemble(folder, two)


@pytest.mark.parametrize(
    ("kind", "shapes", "said"),
    [
        ("vae", model_files.SDXL, "a whole checkpoint of SDXL, not a VAE; choose a VAE for SDXL "
         "from models/vae"),
        ("vae", {model_files.VAE: (8, 4, 3, 3)}, "under the tensor names of a checkpoint"),
        ("text encoder", {model_files.CLIP_L: (2, 768)}, "under the tensor names of a checkpoint"),
        ("text encoder", {EMBEDDING: (2, 1024)}, "width 1024, SDXL has 768 and 1280"),
        ("text encoder", {"encoder.block.0.layer.0.SelfAttention.q.weight": (2,)},
         "a model of another kind (tensor names are those of a T5 text encoder)"),
        ("unet", {"x": (1,)}, "a model of another kind"),
    ],
)  # fmt: skip
def test_another_part_is_named(tmp_path, kind, shapes, said):
    path = model_files.write(tmp_path / "some.safetensors", shapes)
    with pytest.raises(UnusableFile, match="^some.safetensors: This is") as caught:
        read_part(path, kind)
    assert said in str(caught.value)
    assert all(name in PARTS for name in ("unet", "text encoder", "vae"))


def test_a_part_that_cannot_be_opened(tmp_path):
    with pytest.raises(UnusableFile, match="^gone: The file cannot be read"):
        read_part(str(tmp_path / "gone"), "vae")


def test_other_widths_are_like_sdxls(tmp_path):
    """A small model built like SDXL is let through, as with the U-Net, and noted."""
    path = model_files.write(tmp_path / "some.safetensors", {EMBEDDING: (2, 64)})
    assert read_part(path, "text encoder").tensors
    assert "of width 64" in identify(path).warnings[0]
