"""The tiny model files inside real ComfyUI: complete, bounded, sensitive to what they should be."""

import pytest
import tiny as files
from safetensors import safe_open

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.comfy
SCALE = 0.13025  # latent scale of SDXL (ComfyUI latent_formats.SDXL.scale_factor)
PROMPT, NEGATIVE = "1girl, solo, red hair, looking at viewer", "lowres, bad anatomy"


@pytest.fixture(scope="module")
def sample(comfy, tiny):
    def run(
        model=None,
        positive=PROMPT,
        seed=1,
        cfg=5.0,
        sampler="euler",
        steps=20,
        px=256,
        control=None,
    ):
        from nodes import EmptyLatentImage, KSampler

        positive = comfy.encode(tiny.clip, positive) if isinstance(positive, str) else positive
        (latent,) = comfy.run_node(EmptyLatentImage, width=px, height=px)
        (result,) = comfy.run_node(
            KSampler,
            model=model or tiny.model,
            positive=positive,
            negative=comfy.encode(tiny.clip, NEGATIVE),
            latent_image=latent,
            seed=seed,
            steps=steps,
            cfg=cfg,
            sampler_name=sampler,
            scheduler="normal",
        )
        return result["samples"]

    return run


@pytest.fixture(scope="module")
def base(sample):
    return sample()


def correlation(a, b) -> float:
    return torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1].item()


def keys_of(name: str, prefix: str) -> dict[str, list[int]]:
    with safe_open(files.tiny_file(name), "pt") as file:
        return {
            key.removeprefix(prefix): file.get_slice(key).get_shape()
            for key in file.keys()  # noqa: SIM118 (safe_open is no dict)
            if key.startswith(prefix)
        }


@pytest.mark.parametrize(
    ("prefix", "module"),
    [
        ("model.diffusion_model.", lambda tiny: tiny.model.model.diffusion_model),
        ("first_stage_model.", lambda tiny: tiny.vae.first_stage_model),
        (
            "conditioner.embedders.0.transformer.text_model.",
            lambda tiny: tiny.clip.cond_stage_model.clip_l.transformer.text_model,
        ),
    ],
)
def test_keys_and_shapes_are_comfyuis_own(tiny, prefix, module):
    own = {key: list(tensor.shape) for key, tensor in module(tiny).state_dict().items()}
    assert keys_of(files.CHECKPOINT, prefix) == own


def test_second_text_encoder_arrives_whole(tiny):
    """OpenCLIP packs query, key and value; ComfyUI unpacks them, so the keys differ but not the
    numbers.
    """
    own = tiny.clip.cond_stage_model.clip_g.transformer.state_dict()
    with safe_open(files.tiny_file(files.CHECKPOINT), "pt") as file:
        packed = [file.get_tensor(k) for k in file.keys() if ".embedders.1." in k]  # noqa: SIM118
    counted = sum(t.numel() for t in packed) - 1  # logit_scale has no place in ComfyUI
    assert counted == sum(tensor.numel() for tensor in own.values())


@pytest.mark.parametrize("t", [0, 100, 300, 600, 999])
def test_noise_estimate_is_that_of_unit_data(comfy, tiny, t):
    """For data of unit variance the best estimate is the input times sigma / sqrt(1 + sigma^2)."""
    import comfy.model_management as management

    management.load_models_gpu([tiny.model])
    inner = tiny.model.model
    sigma = inner.model_sampling.sigma(torch.tensor([float(t)])).item()
    cond = comfy_cond(comfy, tiny)
    x = torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(t))
    with torch.inference_mode():
        eps = inner.diffusion_model(x, torch.tensor([float(t)]), **cond)
    factor = ((eps * x).mean() / (x * x).mean()).item()
    assert factor == pytest.approx(max(sigma / (1 + sigma**2) ** 0.5, 0.3), abs=0.03)
    assert 0.03 < (eps - factor * x).std() < 0.15


def comfy_cond(comfy, tiny):
    context, extra = comfy.encode(tiny.clip, PROMPT)[0]
    y = tiny.model.model.encode_adm(device="cpu", width=256, height=256, **extra)
    return {"context": context, "y": y}


@pytest.mark.parametrize("cfg", [1.0, 5.0, 8.0])
@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "dpmpp_2m"])
def test_latents_stay_of_unit_size(sample, cfg, sampler):
    latent = sample(cfg=cfg, sampler=sampler, steps=10) * SCALE
    assert torch.isfinite(latent).all()
    assert 0.5 < latent.std() < 2.5
    assert latent.abs().max() < 12


def test_same_input_same_picture(sample, base):
    assert torch.equal(sample(), base)


def test_prompt_and_seed_change_the_picture(sample, base):
    assert correlation(base, sample(positive="1boy, city, night, umbrella")) < 0.9
    assert correlation(base, sample(seed=2)) < 0.5


def test_pictures_use_the_range_without_clipping(comfy, tiny, base):
    from nodes import VAEDecode

    (picture,) = comfy.run_node(VAEDecode, vae=tiny.vae, samples={"samples": base})
    assert picture.shape == (1, 256, 256, 3)
    assert 0.1 < picture.std() < 0.3
    assert ((picture <= 0) | (picture >= 1)).float().mean() < 0.05
    assert (picture.mean((0, 1, 2)) - 0.5).abs().max() < 0.1


def test_encoding_undoes_decoding_roughly(comfy, tiny, base):
    from nodes import VAEDecode, VAEEncode

    (picture,) = comfy.run_node(VAEDecode, vae=tiny.vae, samples={"samples": base})
    (again,) = comfy.run_node(VAEEncode, vae=tiny.vae, pixels=picture)
    assert 0.7 < again["samples"].std() * SCALE < 1.5
    assert correlation(again["samples"], base) > 0.6  # 3 colours hold 3 of the 4 latent numbers


def test_every_block_matters(comfy, tiny, sample, base):
    """Silencing any one block, by zeroing what it adds, changes the picture."""
    names = [k for k in tiny.model.model.diffusion_model.state_dict() if _last_of_a_branch(k)]
    assert (
        len(names) == 17 + 3 * 11 + 11
    )  # residual blocks; three branches and an exit per transformer
    short = sample(steps=1, px=64)
    for name in names:
        patched = tiny.model.clone()
        patched.add_patches({f"diffusion_model.{name}": ("set", (_zeros(tiny, name),))})
        assert not torch.allclose(sample(patched, steps=1, px=64), short, atol=1e-3), name


def _last_of_a_branch(key: str) -> bool:
    return key.endswith(
        ("out_layers.3.weight", "to_out.0.weight", "ff.net.2.weight", "proj_out.weight")
    )


def _zeros(tiny, name):
    return torch.zeros_like(tiny.model.model.diffusion_model.get_parameter(name))


def test_lora_matches_every_key_and_changes_the_picture(comfy, tiny, sample, base, caplog):
    from nodes import LoraLoader

    model, clip = comfy.run_node(
        LoraLoader,
        model=tiny.model,
        clip=tiny.clip,
        lora_name=files.LORA,
        strength_model=1.0,
        strength_clip=1.0,
    )
    assert "lora key not loaded" not in caplog.text
    assert "ERROR" not in caplog.text
    assert len(model.patches) == 11 * 12
    assert len(clip.patcher.patches) == (12 + 3) * 6
    changed = sample(model)
    assert 0.5 < changed.std() * SCALE < 2.5
    assert correlation(changed, base) < 0.99
    assert not torch.equal(comfy.encode(clip, PROMPT)[0][0], comfy.encode(tiny.clip, PROMPT)[0][0])


def test_lora_of_another_base_does_not_match(comfy, tiny, caplog):
    from nodes import LoraLoader

    comfy.run_node(LoraLoader, model=tiny.model, clip=tiny.clip, lora_name=files.WRONG_BASE_LORA)
    assert "lora key not loaded" in caplog.text


def test_controlnet_follows_its_picture(comfy, tiny, sample, base):
    from nodes import ControlNetApplyAdvanced, ControlNetLoader

    (controlnet,) = comfy.run_node(ControlNetLoader, control_net_name=files.CONTROLNET)
    results = []
    for seed in (1, 2):
        hint = torch.rand(1, 256, 256, 3, generator=torch.Generator().manual_seed(seed))
        positive, _ = comfy.run_node(
            ControlNetApplyAdvanced,
            positive=comfy.encode(tiny.clip, PROMPT),
            negative=comfy.encode(tiny.clip, NEGATIVE),
            control_net=controlnet,
            image=hint,
        )
        results.append(sample(positive=positive))
        assert torch.isfinite(results[-1]).all()
        assert 0.5 < results[-1].std() * SCALE < 3
    assert correlation(results[0], base) < 0.99
    assert correlation(results[0], results[1]) < 0.999


def test_real_sdxl_is_detected_as_before(comfy):
    import comfy.sd
    from comfy import model_detection, supported_models

    found = model_detection.model_config_from_unet_config(supported_models.SDXL.unet_config)
    assert type(found) is supported_models.SDXL
    shape = {"double_z": True, "z_channels": 4, "resolution": 256, "in_channels": 3, "out_ch": 3}
    shape |= {"ch_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_resolutions": [], "ch": 128}
    with torch.device("meta"):
        plain = comfy.sd.AutoencoderKL(ddconfig=shape, embed_dim=4)
        narrow = comfy.sd.AutoencoderKL(
            ddconfig=shape, embed_dim=4, decoder_ddconfig={**shape, "ch": 64}
        )
    assert plain.encoder.conv_in.weight.shape[0] == 128
    assert narrow.encoder.conv_in.weight.shape[0] == 128
    assert narrow.decoder.conv_out.weight.shape[1] == 64
