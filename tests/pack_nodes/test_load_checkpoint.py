"""Load Checkpoint against ComfyUI's own nodes: how the model samples, its numbers, its VAE."""

import json
import logging
from pathlib import Path

import model_files
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.comfy

TRAINED_V = {"modelspec.prediction_type": "v"}
TRAINED_ZERO = {"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"}
ZERO = {"zero_terminal_snr": "on"}


@pytest.fixture(scope="module")
def folders(comfy):
    """Function from kind of folder to ComfyUI's folder of that kind."""
    import folder_paths

    return lambda kind: next(filter(Path.is_dir, map(Path, folder_paths.get_folder_paths(kind))))


@pytest.fixture(scope="module")
def place(comfy, folders):
    """Function from markers and metadata to the name of a tiny checkpoint in its folder."""
    import tiny_parts

    made = {}

    def placed(markers=(), metadata=None, name="placed"):
        key = json.dumps([markers, metadata, name])
        if key not in made:
            made[key] = f"{name}-{len(made)}.safetensors"
            path = folders("checkpoints") / made[key]
            tiny_parts.save_checkpoint(path, markers, metadata)
        return made[key]

    yield placed
    for name in made.values():  # 74 MB each
        (folders("checkpoints") / name).unlink()


@pytest.fixture
def load(comfy):
    from ixl.nodes.load_checkpoint import IXLLoadCheckpoint

    def loaded(name, **inputs):
        return comfy.run_node(IXLLoadCheckpoint, checkpoint=name, **inputs).args

    return loaded


@pytest.fixture(scope="module")
def stock(comfy, folders):
    """Function from the name of a checkpoint to its MODEL as ComfyUI's own nodes make it."""
    from comfy_extras.nodes_model_advanced import ModelSamplingDiscrete

    found = {}

    def loaded(name, sampling=None, zsnr=False):
        if name not in found:
            found[name] = comfy.load_checkpoint(folders("checkpoints") / name).model
        if not sampling:
            return found[name]
        patch = {"model": found[name], "sampling": sampling, "zsnr": zsnr}
        return comfy.run_node(ModelSamplingDiscrete, **patch)[0]

    return loaded


def assert_same_sampling(ours, theirs):
    """Every question that ComfyUI's samplers ask."""
    a, b = (model.get_model_object("model_sampling") for model in (ours, theirs))
    assert torch.equal(a.sigmas, b.sigmas) and torch.equal(a.log_sigmas, b.log_sigmas)
    assert (a.sigma_min, a.sigma_max, a.zsnr) == (b.sigma_min, b.sigma_max, b.zsnr)
    for percent in (0.0, 0.001, 0.25, 0.5, 0.9, 1.0):
        assert a.percent_to_sigma(percent) == b.percent_to_sigma(percent)
    make = torch.Generator().manual_seed(1)
    x, output = (torch.randn(4, 4, 8, 8, generator=make) for _ in range(2))
    sigma = b.sigmas[[0, 300, 700, 999]]
    assert torch.equal(a.timestep(sigma), b.timestep(sigma))
    assert torch.equal(
        a.sigma(torch.tensor([0.0, 12.5, 999.0])), b.sigma(torch.tensor([0.0, 12.5, 999.0]))
    )
    assert torch.equal(a.calculate_input(sigma, x), b.calculate_input(sigma, x))
    assert torch.equal(
        a.calculate_denoised(sigma, output, x), b.calculate_denoised(sigma, output, x)
    )
    for full in (True, False):
        assert torch.equal(
            a.noise_scaling(sigma, x.clone(), output, full),
            b.noise_scaling(sigma, x.clone(), output, full),
        )


@pytest.fixture
def sample(comfy, tiny):
    from nodes import EmptyLatentImage, KSampler

    def sampled(model, cfg=4.0):
        """Latents of a small picture."""
        (latent,) = comfy.run_node(EmptyLatentImage, width=64, height=64)
        (result,) = comfy.run_node(
            KSampler, model=model, positive=comfy.encode(tiny.clip, "1girl, solo"),
            negative=comfy.encode(tiny.clip, "lowres"), latent_image=latent, seed=3, steps=3,
            cfg=cfg, sampler_name="euler", scheduler="sgm_uniform",
        )  # fmt: skip
        return result["samples"]

    return sampled


@pytest.mark.parametrize(
    ("markers", "metadata", "switches", "sampling", "zsnr", "patched"),
    [
        ((), None, {}, "eps", False, False),
        (("v_pred",), None, {}, "v_prediction", False, False),
        (("v_pred", "ztsnr"), None, {}, "v_prediction", True, False),
        ((), TRAINED_V, {}, "v_prediction", False, True),
        ((), TRAINED_ZERO, {}, "v_prediction", True, True),
        ((), None, {"objective": "v-prediction"}, "v_prediction", False, True),
        ((), None, {"objective": "v-prediction", **ZERO}, "v_prediction", True, True),
        ((), None, ZERO, "eps", True, True),
        (("v_pred", "ztsnr"), None, {"objective": "epsilon"}, "eps", False, True),
        (("v_pred", "ztsnr"), None, {"zero_terminal_snr": "off"}, "v_prediction", False, True),
    ],
)  # fmt: skip
def test_the_model_samples_as_comfyuis_node_makes_it(
    place, load, stock, sample, markers, metadata, switches, sampling, zsnr, patched
):
    name = place(markers, metadata)
    model, _, _, profile, report = load(name, cfg_rescale=0.0, **switches)
    theirs = stock(name, sampling, zsnr)
    assert_same_sampling(model, theirs)
    assert ("model_sampling" in model.object_patches) == patched
    assert torch.equal(sample(model), sample(theirs))
    objective = {"eps": "epsilon", "v_prediction": "v-prediction"}[sampling]
    assert (profile.objective, profile.zero_terminal_snr) == (objective, zsnr)
    assert f"Objective {objective}: " in report
    assert f"Zero terminal SNR {'on' if zsnr else 'off'}: " in report


def test_edm_is_left_to_comfyui(comfy, folders, load):
    import tiny_parts
    from safetensors.torch import save_file

    weights = tiny_parts.checkpoint() | {"edm_vpred.sigma_max": torch.tensor(80.0)}
    save_file(weights, folders("checkpoints") / "edm.safetensors")
    model, *_, profile, _ = load("edm.safetensors")
    assert model.get_model_object("model_sampling").sigma_max == pytest.approx(80.0)
    assert model.object_patches == {} and profile.objective == "edm-v-prediction"
    model, *_ = load("edm.safetensors", objective="epsilon")
    assert model.get_model_object("model_sampling").sigma_max == pytest.approx(14.6146, abs=1e-3)
    with pytest.raises(ValueError, match="weight_dtype default"):
        load("edm.safetensors", weight_dtype="fp8_e4m3fn_fast")


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_cfg_rescale_is_comfyuis(comfy, place, load, stock, sample, share):
    from comfy_extras.nodes_model_advanced import RescaleCFG

    name = place(("v_pred", "ztsnr"))
    ours, *_, profile, _ = load(name, cfg_rescale=share)
    assert profile.cfg_rescale == share
    (theirs,) = comfy.run_node(RescaleCFG, model=stock(name), multiplier=share)
    make = torch.Generator().manual_seed(1)
    x, cond, uncond = (torch.randn(4, 4, 8, 8, generator=make) for _ in range(3))
    sigma = torch.tensor([0.03, 1.0, 14.0, 4518.0])
    scale = sigma.view(-1, 1, 1, 1)
    args = {"input": x * scale, "cond": cond * scale, "uncond": uncond * scale, "sigma": sigma}
    a, b = (
        model.model_options["sampler_cfg_function"]({**args, "cond_scale": 5.0})
        for model in (ours, theirs)
    )
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(sample(ours), sample(theirs), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("markers", "profile", "cfg_rescale", "expected"),
    [
        ((), "automatic", -1.0, 0.0),
        (("v_pred",), "automatic", -1.0, 0.2),
        ((), "noobai-xl-vpred", -1.0, 0.2),
        (("v_pred",), "automatic", 0.0, 0.0),
    ],
)
def test_cfg_rescale_follows_the_profile(place, load, markers, profile, cfg_rescale, expected):
    model, *_, used, _ = load(place(markers), profile=profile, cfg_rescale=cfg_rescale)
    assert used.cfg_rescale == expected
    assert ("sampler_cfg_function" in model.model_options) == (expected > 0)


@pytest.mark.parametrize("choice", ["fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"])
def test_fp8_weights_are_those_of_comfyuis_unet_loader(comfy, folders, place, load, choice):
    """In every bit and with the same ways to calculate. The tiny model's own numbers do not fit
    into fp8, so that nothing is sampled.
    """
    from nodes import UNETLoader

    name = place()
    link = folders("diffusion_models") / name
    link.unlink(missing_ok=True)
    link.hardlink_to(folders("checkpoints") / name)
    (theirs,) = comfy.run_node(UNETLoader, unet_name=name, weight_dtype=choice)
    ours, clip, vae, *_ = load(name, weight_dtype=choice)
    assert ours.model.model_config.optimizations == theirs.model.model_config.optimizations
    assert ours.model.manual_cast_dtype == theirs.model.manual_cast_dtype
    weights = ours.model.diffusion_model.state_dict()
    for key, b in theirs.model.diffusion_model.state_dict().items():
        assert (
            weights[key].dtype
            == b.dtype
            == getattr(torch, f"float8_{choice[4:].removesuffix('_fast')}")
        )
        assert torch.equal(weights[key].view(torch.uint8), b.view(torch.uint8)), key
    assert clip is not None and vae.first_stage_model is not None


@pytest.mark.parametrize(
    ("choice", "dtype"),
    [("bf16", torch.bfloat16), ("fp16", torch.float16), ("default", torch.float32)],
)
def test_weight_dtype_is_that_of_the_weights(place, load, sample, choice, dtype):
    model, *_ = load(place(("v_pred",)), weight_dtype=choice)
    weights = model.model.diffusion_model.state_dict()
    assert {tensor.dtype for tensor in weights.values()} == {dtype}
    assert torch.isfinite(sample(model)).all()


def test_sdxls_vae_is_never_run_in_fp16(comfy, place, load, folders, monkeypatch):
    import tiny_parts
    from comfy.cli_args import args
    from safetensors.torch import save_file

    from nodes import VAELoader

    save_file(tiny_parts.part("vae"), folders("vae") / "given.safetensors")
    _, _, plain, *_ = load(place())
    monkeypatch.setattr(args, "fp16_vae", True)
    _, _, own, *_ = load(place())
    _, _, given, *_ = load(place(), vae="given.safetensors")
    (theirs,) = comfy.run_node(VAELoader, vae_name="given.safetensors")
    assert own.vae_dtype in (torch.bfloat16, torch.float32)
    assert given.vae_dtype == theirs.vae_dtype == torch.float16  # the user's word for it
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(decoded(own, latent), decoded(plain, latent))


def decoded(vae, latent):
    with torch.inference_mode():
        return vae.decode(latent)


def test_a_given_vae_is_used(place, load, folders):
    import tiny_parts
    from safetensors.torch import save_file

    weights = tiny_parts.part("vae")
    weights["decoder.conv_out.bias"] = weights["decoder.conv_out.bias"] + 0.5
    save_file(weights, folders("vae") / "brighter.safetensors")
    latent = torch.zeros(1, 4, 8, 8)
    _, _, own, *_ = load(place())
    _, _, given, *_ = load(place(), vae="brighter.safetensors")
    assert decoded(given, latent).mean() > decoded(own, latent).mean() + 0.1


def test_the_model_says_what_it_was_made_from(place, load, folders):
    import hashlib

    from ixl.core.checkpoint.loaded import CHECKPOINT_KEY

    name = place(name="Illustrious-XL-v1.1")
    path = folders("checkpoints") / name
    model, *_ = load(name, objective="v-prediction")
    said = model.clone().get_attachment(CHECKPOINT_KEY)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert said == (name, str(path), digest, "illustrious-v1.1")
    model, *_ = load(name, profile="noobai-xl-eps")
    assert model.get_attachment(CHECKPOINT_KEY).profile == "noobai-xl-eps"


def test_forced_zero_terminal_snr_is_said_aloud(place, load, caplog):
    with caplog.at_level(logging.WARNING):
        *_, report = load(place(), **ZERO)
    assert "burnt or black" in caplog.text and "burnt or black" in report


def test_the_node_runs_again_when_its_file_is_replaced(comfy, folders):
    from ixl.nodes.load_checkpoint import IXLLoadCheckpoint

    path = folders("checkpoints") / "replaced.safetensors"
    choice = {"checkpoint": path.name, "vae": "automatic", "profile": "automatic"}
    path.write_bytes(b"1")
    first = IXLLoadCheckpoint.fingerprint_inputs(**choice)
    assert first == IXLLoadCheckpoint.fingerprint_inputs(**choice)
    path.write_bytes(b"12")
    assert IXLLoadCheckpoint.fingerprint_inputs(**choice) != first
    assert IXLLoadCheckpoint.fingerprint_inputs() == []  # the name comes over a link


@pytest.fixture
def cache(comfy):
    """Function to the entries of the hash cache; one that is written again is another file."""
    from ixl.nodes._host import user_folder

    folder = Path(user_folder("hashes"))
    return lambda: {
        path: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_text())
        for path in folder.glob("*")
    }


def test_loading_twice_hashes_once(place, load, cache):
    name, before = place(name="twice"), cache()
    load(name)
    after = cache()
    assert len(after) == len(before) + 1
    load(name, objective="v-prediction")
    assert cache() == after


def test_a_cancelled_hash_leaves_nothing_behind(comfy, place, load, cache):
    from comfy import model_management

    name, before = place(name="cancelled"), cache()
    model_management.interrupt_current_processing(True)
    with pytest.raises(model_management.InterruptProcessingException):
        load(name)
    assert cache() == before
    load(name)
    assert len(cache()) == len(before) + 1


VAE_16 = {"encoder.conv_in.weight": (8, 3, 3, 3), "decoder.conv_in.weight": (8, 16, 3, 3)}
LORA = {"lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 2048)}
SD15 = model_files.cross_attention({1: 1, 4: 1, 7: 1}, 768) | model_files.OUTER


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (LORA, "This is a LoRA; load it with a LoRA loader"),
        (SD15, "Stable Diffusion 1.x, not of SDXL"),
        (model_files.SDXL_UNET, "models/diffusion_models"),
        ({model_files.VAE.removeprefix("first_stage_model."): (8, 4, 3, 3)}, "a VAE alone"),
        ({"x": (1,)}, "no model that is known"),
    ],
)
def test_a_wrong_file_is_one_sentence(folders, load, shapes, said):
    path = Path(model_files.write(folders("checkpoints") / "wrong.safetensors", shapes))
    with pytest.raises(ValueError, match="wrong.safetensors: ") as caught:
        load(path.name)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (model_files.content(VAE_16), "16 latent channels, SDXL has 4"),
        (model_files.content(LORA), "a LoRA for SDXL, not a VAE"),
        (model_files.content(model_files.SDXL), "a whole checkpoint of SDXL, not a VAE"),
        (model_files.content({model_files.VAE: (8, 4, 3, 3)}), "names of a checkpoint"),
        (model_files.content(VAE_16)[:-1], "cut off"),
        (b"PK\x03\x04" + bytes(99), "pickle"),
    ],
)
def test_a_wrong_vae_is_one_sentence_before_anything_is_loaded(folders, place, load, content, said):
    (folders("vae") / "wrong.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="^wrong.safetensors: ") as caught:
        load(place(), vae="wrong.safetensors")
    assert said in str(caught.value) and "\n" not in str(caught.value)
