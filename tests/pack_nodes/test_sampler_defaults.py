"""Sampler Defaults and Resolution against ComfyUI's own samplers, schedulers and empty latents."""

import pytest
from ixl.core.checkpoint.loaded import CHECKPOINT_KEY, LoadedCheckpoint
from ixl.core.checkpoint.profiles import PROFILES

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

NAMES = ("model", "sampler_name", "scheduler", "steps", "cfg", "sampler", "sigmas", "report")
NOOBAI_V = PROFILES["noobai-xl-vpred"]


@pytest.fixture(scope="module")
def nodes(comfy):
    """The pack's and ComfyUI's own node classes by name."""
    from comfy_extras import nodes_custom_sampler, nodes_model_advanced
    from ixl.nodes import node_classes

    import nodes as host

    extras = {**vars(nodes_custom_sampler), **vars(nodes_model_advanced)}
    return {**host.NODE_CLASS_MAPPINGS, **extras, **{c.__name__: c for c in node_classes()}}


@pytest.fixture(scope="module")
def run(comfy, nodes):
    """Function that executes a node and gives its outputs."""

    def run(node, /, **inputs):
        out = comfy.run_node(nodes[node], **inputs)
        return getattr(out, "result", out)

    return run


@pytest.fixture(scope="module")
def defaults(run):
    """Function that executes Sampler Defaults and gives its outputs by name."""
    return lambda **inputs: dict(zip(NAMES, run("IXLSamplerDefaults", **inputs), strict=True))


@pytest.fixture(scope="module")
def conds(comfy, tiny):
    return {
        "positive": comfy.encode(tiny.clip, "1girl"),
        "negative": comfy.encode(tiny.clip, "lowres"),
    }


def v_prediction(run, model, zsnr):
    return run("ModelSamplingDiscrete", model=model, sampling="v_prediction", zsnr=zsnr)[0]


def ksampler(run, found, conds, latent, denoise=1.0):
    same = {name: found[name] for name in ("model", "sampler_name", "scheduler", "steps", "cfg")}
    return run(
        "KSampler", **same, **conds, seed=7, latent_image=latent, denoise=denoise
    )[0]["samples"]  # fmt: skip


@pytest.mark.parametrize("denoise", [1.0, 0.4, 0.0])
@pytest.mark.parametrize("scheduler", ["automatic", "karras", "beta", "simple"])
def test_sigmas_are_basic_schedulers(run, defaults, tiny, scheduler, denoise):
    found = defaults(model=tiny.model, scheduler=scheduler, steps=9, denoise=denoise)
    expected = run(
        "BasicScheduler", model=tiny.model, scheduler=found["scheduler"], steps=9, denoise=denoise
    )[0]
    assert torch.equal(found["sigmas"], expected)
    assert len(expected) == (10 if denoise else 0)


@pytest.mark.parametrize(
    ("sampler", "denoise"), [("automatic", 1.0), ("dpm_2", 0.5), ("uni_pc", 1.0)]
)
def test_custom_sampling_gives_ksamplers_picture(run, defaults, tiny, conds, sampler, denoise):
    """Also for samplers with which KSampler leaves out a sigma that BasicScheduler keeps."""
    found = defaults(model=tiny.model, sampler_name=sampler, steps=3, denoise=denoise)
    latent = run("EmptyLatentImage", width=64, height=64)[0]
    expected = ksampler(run, found, conds, latent, denoise)
    same = {name: found[name] for name in ("model", "cfg", "sampler", "sigmas")}
    made = run("SamplerCustom", **same, **conds, add_noise=True, noise_seed=7, latent_image=latent)
    assert torch.equal(made[0]["samples"], expected)
    assert expected.std() > 0.1


def test_without_a_profile_it_is_sdxls_and_says_so(defaults, tiny):
    found, sdxl = defaults(model=tiny.model), PROFILES["sdxl"]
    assert (found["sampler_name"], found["steps"], found["cfg"]) == (
        sdxl.sampler, sdxl.steps, sdxl.cfg
    )  # fmt: skip
    assert found["model"] is tiny.model
    assert found["report"].startswith("profile: SDXL (none connected); epsilon")


def test_the_model_tells_which_file_it_came_from(defaults, tiny):
    model = tiny.model.clone()
    note = LoadedCheckpoint("a.safetensors", "/a.safetensors", "", "illustrious-v3.0-eps")
    model.set_attachments(CHECKPOINT_KEY, note)
    assert defaults(model=model)["sampler_name"] == "euler"
    linked = defaults(model=model, model_profile=PROFILES["illustrious-v0.1"])
    assert linked["sampler_name"] == "euler_ancestral"


@pytest.mark.parametrize("zsnr", [True, False])
def test_a_v_prediction_model_gets_its_settings_whatever_the_profile(run, defaults, tiny, zsnr):
    model = v_prediction(run, tiny.model, zsnr)
    found = defaults(model=model, model_profile=PROFILES["illustrious-v2.0"])
    assert (found["sampler_name"], found["cfg"]) == (NOOBAI_V.sampler, NOOBAI_V.cfg)
    assert (
        found["report"]
        .split("\n")[0]
        .endswith("v-prediction, zero terminal SNR" if zsnr else "v-prediction")
    )
    assert "cfg_rescale 0.2" in found["report"]


@pytest.mark.parametrize("rescale", [-1.0, 0.7])
def test_rescale_is_comfyuis(run, defaults, tiny, conds, rescale):
    model = v_prediction(run, tiny.model, True)
    found = defaults(model=model, model_profile=NOOBAI_V, cfg_rescale=rescale, steps=2)
    latent = run("EmptyLatentImage", width=64, height=64)[0]
    plain = ksampler(run, {**found, "model": model}, conds, latent)
    made = ksampler(run, found, conds, latent)
    share = 0.2 if rescale < 0 else rescale
    by_hand = run("RescaleCFG", model=model, multiplier=share)[0]
    assert torch.equal(made, ksampler(run, {**found, "model": by_hand}, conds, latent))
    assert not torch.allclose(made, plain, atol=1e-3)
    assert "sampler_cfg_function" not in model.model_options  # the model that came in stays as is
    assert defaults(model=model, model_profile=NOOBAI_V, cfg_rescale=0.0)["model"] is model


def test_a_rescale_that_is_there_is_kept(run, defaults, tiny):
    model = run("RescaleCFG", model=v_prediction(run, tiny.model, True), multiplier=0.6)[0]
    found = defaults(model=model, model_profile=NOOBAI_V)
    assert found["model"] is model and "which is kept" in found["report"]


def test_an_unknown_sampler_of_a_profile_gets_a_sentence(defaults, tiny):
    strange = PROFILES["sdxl"]._replace(id="mine", sampler="euler_of_tomorrow")
    with pytest.raises(ValueError, match="no sampler 'euler_of_tomorrow', which the profile mine"):
        defaults(model=tiny.model, model_profile=strange)
    found = defaults(model=tiny.model, model_profile=strange, sampler_name="euler")
    assert found["sampler_name"] == "euler"


def test_links_of_names_are_taken_where_a_name_is_common(nodes):
    """By ComfyUI's own check: V1 nodes have a list as type, V3 nodes COMBO."""
    from comfy.samplers import KSampler
    from comfy_execution.validation import validate_node_input as taken

    types = dict(zip(NAMES, nodes["IXLSamplerDefaults"].RETURN_TYPES, strict=True))
    sampler, scheduler = types["sampler_name"], types["scheduler"]
    for kind in (nodes["KSampler"], nodes["KSamplerAdvanced"]):
        required = kind.INPUT_TYPES()["required"]
        assert taken(sampler, required["sampler_name"][0])
        assert taken(scheduler, required["scheduler"][0])
        assert not taken(sampler, required["scheduler"][0])
        assert not taken(scheduler, required["sampler_name"][0])
    assert nodes["KSamplerSelect"].INPUT_TYPES()["required"]["sampler_name"][0] == "COMBO"
    assert taken(sampler, "COMBO") and taken(scheduler, "COMBO")
    assert taken(scheduler, [*KSampler.SCHEDULERS, "AYS SDXL"])  # nodes of other packs
    assert not taken(sampler, "STRING") and not taken(sampler, "MODEL")


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("profile", [None, "illustrious-v0.1", "illustrious-v1.0"])
def test_the_latent_is_comfyuis(run, profile, batch):
    latent, width, height, *final = run(
        "IXLResolution", model_profile=PROFILES.get(profile), batch_size=batch
    )[:5]
    expected = run("EmptyLatentImage", width=width, height=height, batch_size=batch)[0]
    assert latent.keys() == expected.keys()
    assert latent["downscale_ratio_spacial"] == expected["downscale_ratio_spacial"]
    assert torch.equal(latent["samples"], expected["samples"])
    assert latent["samples"].dtype == expected["samples"].dtype
    assert latent["samples"].shape == (batch, 4, height // 8, width // 8)
    assert final == [width, height]
    assert (width, height) == ((1216, 1856) if profile == "illustrious-v1.0" else (832, 1216))


def test_a_linked_picture_gives_the_shape_and_a_target_the_route(run):
    image = torch.zeros(1, 300, 400, 3)
    _, width, height, final_width, final_height, _, report = run(
        "IXLResolution", image=image, target_megapixels=9.0, step_px=32
    )
    assert (width, height) == (1184, 864)
    assert final_width * final_height == pytest.approx(9e6, rel=0.035)
    assert f"{final_width}x{final_height}, denoise 0.35" in report


def sizes_in(model, conditioning, latent):
    """The numbers that ComfyUI embeds as size conditioning of a latent."""
    asked, (_, extra) = [], conditioning[0]
    hook = model.model.embedder.register_forward_pre_hook(
        lambda module, numbers: asked.append(numbers[0].item())
    )
    height, width = (8 * side for side in latent["samples"].shape[2:])
    with hook, torch.inference_mode():
        model.model.encode_adm(**{"width": width, "height": height, **extra}, device="cpu")
    return asked


@pytest.mark.parametrize("own", [{}, {"width": 2048}])
def test_sizes_are_what_comfyui_tells_of_the_first_picture_in_every_pass(run, tiny, own):
    latent, *_, sizes, _ = run("IXLResolution")
    large = run("EmptyLatentImage", width=1664, height=2432)[0]
    plain = run("IXLEncodePrompt", clip=tiny.clip, text="1girl")[0]
    told = run("IXLEncodePrompt", clip=tiny.clip, text="1girl", sizes=sizes, **own)[0]
    expected = [1216.0, 832.0, 0.0, 0.0, 1216.0, 832.0]
    assert sizes_in(tiny.model, plain, latent) == expected
    assert sizes_in(tiny.model, plain, large) != expected
    expected[1] = own.get("width", expected[1])
    assert sizes_in(tiny.model, told, latent) == sizes_in(tiny.model, told, large) == expected


def test_character_regions_tell_the_sizes_too(run, tiny):
    sizes = run("IXLResolution")[5]
    cards = run("IXLCharacter", name="hatsune miku", position="left")[0]
    picture = run("IXLPromptBuilder", characters=cards)[2]
    made = run("IXLCharacterRegions", clip=tiny.clip, picture=picture, sizes=sizes)[0]
    assert len(made) == 2
    assert all((extra["width"], extra["target_height"]) == (832, 1216) for _, extra in made)
