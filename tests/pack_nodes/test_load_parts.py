"""Load Model Parts: the tiny model in every form gives the very numbers of the single file."""

import shutil
from pathlib import Path

import model_files
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.comfy

TEXT = "1girl, solo, red hair"
NAMES = ("unet", "clip_l", "clip_g", "vae")


@pytest.fixture(scope="module")
def forms(comfy, tiny):
    """The folders of ComfyUI filled with the tiny model in parts; function from kind to folder."""
    import folder_paths
    import tiny_parts
    from safetensors.torch import save_file

    def folder(kind):
        return next(filter(Path.is_dir, map(Path, folder_paths.get_folder_paths(kind))))

    config = tiny.model.model.model_config.unet_config
    for name in NAMES:
        kind = {"unet": "diffusion_models", "vae": "vae"}.get(name, "text_encoders")
        save_file(tiny_parts.part(name), folder(kind) / f"{name}.safetensors")
    prefixed = {tiny_parts.UNET + k: v for k, v in tiny_parts.part("unet").items()}
    prefixed |= {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    save_file(prefixed, folder("diffusion_models") / "prefixed.safetensors")
    save_file(
        tiny_parts.diffusers_unet(config), folder("diffusion_models") / "diffusers.safetensors"
    )
    save_file(tiny_parts.transformers_clip_g(), folder("text_encoders") / "hf_g.safetensors")
    save_file(tiny_parts.diffusers_vae(), folder("vae") / "diffusers.safetensors")
    tiny_parts.save_folder(folder("diffusers") / "maker" / "illustrious-v0.1", config)
    scheduler = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    tiny_parts.save_folder(folder("diffusers") / "trained-v", config, scheduler)
    yield folder
    for path in map(folder, ("diffusion_models", "text_encoders", "vae", "diffusers")):
        shutil.rmtree(path)
        path.mkdir()


@pytest.fixture
def load(comfy, forms):
    from ixl.nodes.load_parts import IXLLoadParts

    def loaded(unet, *parts, **inputs):
        names = ("text_encoder_1", "text_encoder_2", "vae")
        given = {name: f"{part}.safetensors" for name, part in zip(names, parts, strict=False)}
        return comfy.run_node(IXLLoadParts, unet=unet, **{**given, **inputs}).args

    return loaded


def outputs(models):
    """What U-Net, text encoders and VAE answer to the same questions."""
    from comfy import model_management

    model, clip, vae = models[:3]
    make = torch.Generator().manual_seed(1)
    latent, context, y = (
        torch.randn(*shape, generator=make) for shape in ((1, 4, 8, 8), (1, 77, 128), (1, 1600))
    )
    model_management.load_models_gpu([model])
    with torch.inference_mode():
        noise = model.model.diffusion_model(latent, torch.tensor([500.0]), context=context, y=y)
        text, pooled = clip.encode_from_tokens(clip.tokenize(TEXT), return_pooled=True)
        picture = vae.decode(latent)
        return noise, text, pooled, picture, vae.encode(picture)


@pytest.fixture(scope="module")
def expected(tiny):
    return outputs(tiny)


SPLIT = ("clip_l", "clip_g", "vae")


@pytest.mark.parametrize(
    ("unet", "parts"),
    [
        ("unet.safetensors", SPLIT),
        ("unet.safetensors", ("clip_g", "clip_l", "vae")),  # in any order
        ("prefixed.safetensors", ("clip_l", "hf_g", "diffusers")),
        ("diffusers.safetensors", SPLIT),
        ("maker/illustrious-v0.1/", ()),
    ],
)
def test_every_form_gives_the_numbers_of_the_single_file(load, expected, unet, parts):
    for ours, single in zip(outputs(load(unet, *parts)), expected, strict=True):
        assert torch.equal(ours, single)


def test_the_folder_loads_as_comfyuis_own_node_loads_it(comfy, load, expected):
    from nodes import DiffusersLoader

    theirs = comfy.run_node(DiffusersLoader, model_path="maker/illustrious-v0.1")
    for ours, other in zip(outputs(theirs), expected, strict=True):
        assert torch.equal(ours, other)


def test_parts_of_a_folder_can_be_exchanged(load, forms, expected):
    """Text encoders the other way round, and another VAE."""
    import tiny_parts
    from safetensors.torch import save_file

    weights = tiny_parts.part("vae")
    weights["decoder.conv_out.bias"] = weights["decoder.conv_out.bias"] + 0.5
    save_file(weights, forms("vae") / "brighter.safetensors")
    models = load("trained-v/", "clip_l", vae="brighter.safetensors")
    noise, text, pooled, picture, _ = outputs(models)
    assert torch.equal(noise, expected[0])
    assert torch.equal(text, expected[1]) and torch.equal(pooled, expected[2])
    assert picture.mean() > expected[3].mean() + 0.1


@pytest.mark.parametrize(
    ("unet", "parts", "sampling", "zsnr", "said"),
    [
        ("unet.safetensors", SPLIT, "eps", False, "nothing in the file"),
        ("prefixed.safetensors", SPLIT, "v_prediction", True, "the marker `ztsnr`"),
        ("trained-v/", (), "v_prediction", True, "rescale_betas_zero_snr is true (scheduler"),
        ("maker/illustrious-v0.1/", (), "eps", False, "nothing in the file"),
    ],
)
def test_objective_is_recognised_and_set(comfy, load, tiny, unet, parts, sampling, zsnr, said):
    """Of a U-Net file ComfyUI itself overlooks markers that stand beside prefixed names."""
    from comfy_extras.nodes_model_advanced import ModelSamplingDiscrete
    from ixl.core.checkpoint.loaded import CHECKPOINT_KEY

    model, *_, profile, report = load(unet, *parts)
    (theirs,) = comfy.run_node(
        ModelSamplingDiscrete, model=tiny.model, sampling=sampling, zsnr=zsnr
    )
    a, b = (m.get_model_object("model_sampling") for m in (model, theirs))
    assert torch.equal(a.sigmas, b.sigmas)
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    sigma = b.sigmas[[10, 999]]
    assert torch.equal(a.calculate_denoised(sigma, x, x * 2), b.calculate_denoised(sigma, x, x * 2))
    assert said in report
    assert model.get_attachment(CHECKPOINT_KEY)[0] == unet
    family = "illustrious-v0.1" if "illustrious" in unet else "sdxl"
    assert model.get_attachment(CHECKPOINT_KEY).profile == profile.id == family


def test_switches_work_as_on_the_other_loader(load):
    model, *_, profile, _ = load(
        "trained-v/", zero_terminal_snr="off", cfg_rescale=0.4, weight_dtype="bf16"
    )
    assert not model.get_model_object("model_sampling").zsnr
    assert (profile.objective, profile.cfg_rescale) == ("v-prediction", 0.4)
    assert model.model.diffusion_model.dtype == torch.bfloat16


def test_the_list_has_folders_and_files(comfy, forms):
    from ixl.nodes.load_parts import IXLLoadParts

    options = IXLLoadParts.INPUT_TYPES()["required"]["unet"][1]["options"]
    assert {"maker/illustrious-v0.1/", "trained-v/", "unet.safetensors"} <= set(options)
    first = IXLLoadParts.fingerprint_inputs(unet="trained-v/")
    assert len(first) == 6 and first == IXLLoadParts.fingerprint_inputs(unet="trained-v/")
    assert len(IXLLoadParts.fingerprint_inputs(unet="unet.safetensors", vae="vae.safetensors")) == 2


@pytest.mark.parametrize(
    ("unet", "parts", "said"),
    [
        ("unet.safetensors", (), "text_encoder_1, text_encoder_2, vae set to automatic"),
        ("unet.safetensors", ("clip_l", "clip_g"), "vae set to automatic"),
        ("unet.safetensors", ("clip_l", "vae", "vae"), "vae.safetensors"),
        ("whole.safetensors", SPLIT, "a whole checkpoint; put it into models/checkpoints"),
        ("flux.safetensors", SPLIT, "Flux, not of SDXL"),
        ("cut.safetensors", SPLIT, "cut off"),
        ("unet.safetensors", ("clip_h", "clip_g", "vae"), "width 1024, SDXL has 768 and 1280"),
        ("unet.safetensors", ("real_l", "real_l", "vae"), "Both text encoders are CLIP-L"),
    ],
)
def test_what_is_wrong_is_one_sentence(forms, load, unet, parts, said):
    embedding = "text_model.embeddings.token_embedding.weight"
    files = {
        ("diffusion_models", "whole"): model_files.content(model_files.SDXL),
        ("diffusion_models", "flux"): model_files.content({"double_blocks.0.x": (2, 2)}),
        ("diffusion_models", "cut"): model_files.content(model_files.SDXL_UNET)[:-1],
        ("text_encoders", "clip_h"): model_files.content({embedding: (2, 1024)}),
        ("text_encoders", "real_l"): model_files.content({embedding: (2, 768)}),
        ("text_encoders", "vae"): model_files.content({"decoder.conv_in.weight": (8, 4, 3, 3)}),
    }
    for (kind, name), content in files.items():
        (forms(kind) / f"{name}.safetensors").write_bytes(content)
    with pytest.raises(ValueError) as caught:
        load(unet, *parts)
    assert said in str(caught.value) and "\n" not in str(caught.value)
