"""Tiles on several devices: ComfyUI's own multi-GPU sampling, here with the processor as both.

PyTorch tells the devices "cpu" and "cpu:0" apart; behind both lies the processor. So everything
that ComfyUI does for two GPUs happens: two copies of the weights, a thread each, entries dealt out.
"""

import threading

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

from tiled_stubs import SAMPLERS, adapter, control, echo, entry, mask, sample  # noqa: E402

OTHER = torch.device("cpu", 0)


@pytest.fixture(scope="module")
def ixl(comfy):
    from ixl.nodes import _tiled_sampling

    return _tiled_sampling


@pytest.fixture(scope="module")
def two(tiny):
    """Function from a MODEL to the same on two devices, as the MultiGPU node makes it."""
    import comfy.multigpu

    second = tiny.model.deepclone_multigpu(new_load_device=OTHER)
    second.is_multigpu_base_clone = True

    def make(model):
        both = model.clone()
        both.set_additional_models("multigpu", [second])
        both.match_multigpu_clones()
        comfy.multigpu.GPUOptionsGroup().register(both)
        return both

    return make


def tiles_of(ixl, **settings):
    given = dict(tile_px=320, overlap_px=64, moving=True, tile_batch=0, size_mode="tile")
    return ixl.TiledSampling(**{**given, **settings})


def counted(model):
    """The model, and per thread the number of samples of every call."""
    inner, seen = model.model_options["model_function_wrapper"], {}

    def denoise(apply_model, call):
        seen.setdefault(threading.get_ident(), []).append(len(call["input"]))
        return inner(apply_model, call)

    patched = model.clone()
    patched.set_model_unet_function_wrapper(denoise)
    return patched, seen


def conditions():
    chain = adapter(1, 0.5, previous=control(2, 0.3))
    masked = entry(0.3, mask=mask(slice(10, 60), slice(0, 30)), mask_strength=0.9)
    area = entry(0.3, area=(40, 32, 24, 16), strength=0.8)
    return [entry(0.02, control=chain), masked, area], [entry(-0.01)]


@pytest.mark.parametrize("cfg", [5.0, 1.0])
@pytest.mark.parametrize("tile_batch", [1, 3])
def test_both_devices_draw_tiles_and_the_picture_is_the_same(ixl, tiny, two, tile_batch, cfg):
    import comfy.samplers

    def drawn(model):
        guider = comfy.samplers.CFGGuider(model)
        guider.set_conds([entry(0.02)], [entry(-0.01)])
        guider.set_cfg(cfg)
        noise = torch.randn(1, 4, 88, 72, generator=torch.Generator().manual_seed(5))
        sigmas = torch.tensor([4.0, 2.0, 0.5, 0.0])
        euler = comfy.samplers.sampler_object("euler")
        return guider.sample(noise, torch.zeros_like(noise), euler, sigmas, disable_pbar=True)

    whole = drawn(echo(tiny.model))
    model, seen = counted(echo(tiny.model))
    tiled = drawn(two(tiles_of(ixl, tile_batch=tile_batch).patch(model)))
    assert whole.std() > 0.1 and torch.equal(tiled, whole)
    work = [sum(samples) for samples in seen.values()]
    # with a prompt alone there is nothing to share of the only tile of a shape
    assert len(work) == 2 and min(work) >= (0.8 if cfg > 1 else 0.3) * max(work)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_conditions_stay_with_their_tiles(ixl, tiny, two, sampler):
    whole = sample(echo(tiny.model), *conditions(), sampler=sampler, batch=2)
    model, seen = counted(echo(tiny.model))
    tiled = two(tiles_of(ixl, tile_batch=2).patch(model))
    drawn = sample(tiled, *conditions(), sampler=sampler, batch=2)
    assert (drawn - whole).abs().max() <= 2e-5 * whole.abs().max()
    assert len(seen) == 2


def test_the_real_unet_on_two_devices(ixl, tiny, two, comfy):
    prompts = comfy.encode(tiny.clip, "1girl, smile"), comfy.encode(tiny.clip, "worst quality")
    given = dict(size=(56, 40), steps=1)
    one = sample(tiles_of(ixl).patch(tiny.model), *prompts, **given)
    both = sample(two(tiles_of(ixl).patch(tiny.model)), *prompts, **given)
    assert (both - one).abs().max() <= 1e-4 * one.std()


def test_entries_that_fill_what_others_leave_stay_together(ixl, tiny, two):
    positive = [entry(0.3, mask=mask(slice(10, 60), slice(0, 30))), entry(-0.1, default=True)]
    whole = sample(echo(tiny.model), positive, [entry(-0.01)])
    tiled = two(tiles_of(ixl, tile_batch=2).patch(echo(tiny.model)))
    drawn = sample(tiled, positive, [entry(-0.01)])
    assert (drawn - whole).abs().max() <= 1e-6 * whole.abs().max()
