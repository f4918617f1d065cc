"""Guidance, custom guiders and noise masks on tiles: they see one whole picture, as without."""

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

from tiled_stubs import SAMPLERS, SIZE, echo, entry, guided, sample  # noqa: E402

CONDS = [entry(0.1)], [entry(-0.05)]


@pytest.fixture(scope="module")
def ixl(comfy):
    from ixl.nodes import _tiled_sampling

    return _tiled_sampling


def tiles_of(ixl, **settings):
    given = dict(tile_px=320, overlap_px=64, moving=True, tile_batch=0, size_mode="tile")
    return ixl.TiledSampling(**{**given, **settings})


def assert_same(tiled, whole):
    assert torch.isfinite(whole).all() and whole.std() > 0.1
    assert (tiled - whole).abs().max() <= 1e-6 * max(1.0, whole.abs().max().item())


def rescale(model):
    from comfy_extras.nodes_model_advanced import RescaleCFG

    return RescaleCFG().patch(model, 0.7)[0]


def perturbed(model):
    from comfy_extras.nodes_pag import PerturbedAttentionGuidance

    return PerturbedAttentionGuidance.execute(model, 3.0)[0]


def perp_neg_patch(model):
    from comfy_extras.nodes_perpneg import PerpNeg

    return PerpNeg.execute(model, [entry(0.0)], 1.0)[0]


def pre_cfg(model):
    patched = model.clone()
    patched.set_model_sampler_pre_cfg_function(
        lambda args: [out - out.mean(dim=(1, 2, 3), keepdim=True) for out in args["conds_out"]]
    )
    return patched


PATCHES = {
    "RescaleCFG": rescale,
    "PAG": perturbed,
    "PerpNeg": perp_neg_patch,
    "pre-CFG": pre_cfg,
    "all": lambda model: perturbed(rescale(pre_cfg(model))),
}


@pytest.mark.parametrize(
    ("name", "sampler"),
    [*((name, "euler") for name in PATCHES), *(("all", other) for other in SAMPLERS[1:])],
)
def test_cfg_patches_act_once_on_the_whole_picture(ixl, tiny, name, sampler):
    def counted(model):
        calls, model = [], PATCHES[name](model)
        model.set_model_sampler_post_cfg_function(
            lambda args: (calls.append(args["denoised"].shape), args["denoised"])[1]
        )
        return model, calls

    model, calls = counted(echo(tiny.model))
    whole = sample(model, *CONDS, sampler=sampler)
    tiled_model, tiled_calls = counted(tiles_of(ixl).patch(echo(tiny.model)))
    assert_same(sample(tiled_model, *CONDS, sampler=sampler), whole)
    assert tiled_calls == calls and len(calls) >= 4
    assert not torch.equal(whole, sample(echo(tiny.model), *CONDS, sampler=sampler))


def perp_neg_guider(model):
    from comfy_extras.nodes_perpneg import Guider_PerpNeg

    guider = Guider_PerpNeg(model)
    guider.set_conds(*CONDS, [entry(0.0)])
    guider.set_cfg(5.0, 1.0)
    return guider


def dual_guider(model, nested=False):
    from comfy_extras.nodes_custom_sampler import Guider_DualCFG

    guider = Guider_DualCFG(model)
    guider.set_conds([entry(0.1)], [entry(0.2)], [entry(-0.05)])
    guider.set_cfg(4.0, 3.0, nested)
    return guider


GUIDERS = {
    "PerpNeg": perp_neg_guider,
    "DualCFG": dual_guider,
    "DualCFG nested": lambda model: dual_guider(model, nested=True),
}


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("name", GUIDERS)
def test_custom_guiders_do_not_see_tiles(ixl, tiny, name, sampler):
    whole = guided(GUIDERS[name](echo(tiny.model)), sampler=sampler)
    tiled = guided(GUIDERS[name](tiles_of(ixl).patch(echo(tiny.model))), sampler=sampler)
    assert_same(tiled, whole)


@pytest.mark.parametrize("name", GUIDERS)
def test_the_anchor_acts_after_any_guider(ixl, tiny, name):
    """At full strength and high noise the mean is that of the guide, whatever the guider."""
    guide, seen = torch.full((1, 4, 44, 36), 3.0), []
    tiles = tiles_of(ixl, guide=guide, anchor=1.0)
    guided(
        GUIDERS[name](tiles.patch(echo(tiny.model))),
        callback=lambda step, x0, x, total: seen.append(x0.mean().item()),
    )
    # ComfyUI's own scale of SDXL latents
    assert seen[0] == pytest.approx(3.0 * tiny.model.model.latent_format.scale_factor, rel=0.01)


def test_without_cfg_the_negative_is_not_evaluated(ixl, tiny):
    import comfy.samplers

    def positive_only(model):
        guider = comfy.samplers.CFGGuider(model)
        guider.set_conds(*CONDS)
        return guider

    seen = []
    model = echo(tiny.model)
    whole = guided(positive_only(model))
    tiled = tiles_of(ixl).patch(model)
    tiled.add_wrapper_with_key(
        "apply_model", "count", lambda run, x, *a, **k: (seen.append(len(x)), run(x, *a, **k))[1]
    )
    assert_same(guided(positive_only(tiled)), whole)


def test_self_attention_guidance_is_refused_with_a_sentence(ixl, tiny):
    from comfy_extras.nodes_sag import SelfAttentionGuidance

    model = SelfAttentionGuidance.execute(echo(tiny.model), 0.5, 2.0)[0]
    with pytest.raises(ValueError, match="Self-Attention Guidance is connected to a tiled model"):
        sample(tiles_of(ixl).patch(model), *CONDS)


def spied(model):
    """The model, and the number of samples of every call."""
    inner, seen = model.model_options["model_function_wrapper"], []

    def denoise(apply_model, call):
        seen.append(call["input"].shape)
        return inner(apply_model, call)

    patched = model.clone()
    patched.set_model_unet_function_wrapper(denoise)
    return patched, seen


def picture(seed=1):
    return torch.randn(1, 4, *SIZE, generator=torch.Generator().manual_seed(seed))


def half_open():
    mask = torch.zeros(1, 1, *SIZE)
    mask[..., :20, :] = 1.0
    mask[..., 20:28, :] = torch.linspace(1, 0, 8)[:, None]
    return mask


def differential(model):
    from comfy_extras.nodes_differential_diffusion import DifferentialDiffusion

    return DifferentialDiffusion.execute(model)[0]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("patch", [lambda model: model, differential], ids=["mask", "differential"])
def test_tiles_behind_the_noise_mask_are_skipped_and_nothing_else_changes(
    ixl, tiny, patch, sampler
):
    given = dict(latent=picture(), noise_mask=half_open(), sampler=sampler)
    whole = sample(patch(echo(tiny.model)), *CONDS, **given)
    model, seen = spied(patch(echo(tiny.model)))
    tiled = sample(tiles_of(ixl, tile_batch=1).patch(model), *CONDS, **given)
    assert_same(tiled, whole)
    everything, all_seen = spied(patch(echo(tiny.model)))
    sample(tiles_of(ixl, tile_batch=1).patch(everything), *CONDS, latent=picture(), sampler=sampler)
    assert len(seen) < 0.8 * len(all_seen)
