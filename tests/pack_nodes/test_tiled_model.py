"""Tiled sampling against ComfyUI's own untiled sampling: samplers, tiles, memory, what is left.

The denoisers here see single positions or a small neighbourhood; for those, tiles must not change
anything, whatever is combined with them. Conditioning: test_tiled_conditioning.py; guidance and
noise masks: test_tiled_guidance.py.
"""

import weakref

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

from left_behind import host_attributes, live_tensors  # noqa: E402
from seam_toys import TOYS, as_model, average, grey, ramp  # noqa: E402
from tiled_stubs import SAMPLERS, control, echo, entry, mask, sample  # noqa: E402

CONDS = [entry(0.02)], [entry(-0.01)]


@pytest.fixture(scope="module")
def ixl(comfy):
    from ixl.nodes import _tiled_sampling

    return _tiled_sampling


@pytest.fixture(scope="module")
def prompts(comfy, tiny):
    return comfy.encode(tiny.clip, "1girl, smile"), comfy.encode(tiny.clip, "worst quality")


def tiles_of(ixl, **settings):
    given = dict(tile_px=320, overlap_px=64, moving=True, tile_batch=0, size_mode="tile")
    return ixl.TiledSampling(**{**given, **settings})


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_pointwise_denoisers_do_not_see_tiles(ixl, tiny, sampler, moving):
    model = echo(tiny.model)
    whole = sample(model, *CONDS, sampler=sampler)
    tiled = sample(tiles_of(ixl, moving=moving).patch(model), *CONDS, sampler=sampler)
    assert torch.isfinite(whole).all() and whole.std() > 0.1
    assert torch.equal(tiled, whole)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("width", [3, 5])
def test_a_neighbourhood_within_the_guard_does_not_see_tiles(ixl, tiny, width, sampler):
    """The outer quarter of an overlap (2 of 8 latents here) belongs to the neighbour, so what zero
    padding does there is in no picture.
    """

    def blur(x):
        return torch.nn.functional.avg_pool2d(x, width, 1, padding=width // 2)

    model = as_model(tiny.model, blur)
    whole = sample(model, *CONDS, sampler=sampler)
    tiled = sample(tiles_of(ixl).patch(model), *CONDS, sampler=sampler)
    assert (tiled - whole).abs().max() <= 1e-6 * whole.abs().max()


def test_what_no_error_of_tone_explains_is_not_mended_as_one(ixl, tiny):
    """A blur wider than the overlap, from pure noise: at every cut the tiles differ by chance.
    Consensus must not make a tone of that; it ends as near to the whole picture as blending alone.
    """
    model = as_model(tiny.model, lambda x: average(x, 11))
    whole = sample(model, *CONDS)
    gaps = [
        (sample(tiles_of(ixl, consensus=on).patch(model), *CONDS) - whole).std()
        for on in (False, True)
    ]
    assert 0 < gaps[1] < 1.2 * gaps[0] < 0.2 * whole.std()


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("moving", [True, False])
def test_the_number_of_tiles_per_call_changes_no_bit(ixl, tiny, moving, sampler):
    """A denoiser that sees its tile's mean: consensus and blending have work to do."""
    model = as_model(tiny.model, grey)
    given = dict(latent=ramp(88, 72), sampler=sampler)
    results = [
        sample(tiles_of(ixl, tile_batch=n, moving=moving).patch(model), *CONDS, **given)
        for n in (0, 1, 2, 64)
    ]
    assert all(torch.equal(results[0], other) for other in results[1:])


def test_the_order_in_which_tiles_are_evaluated_changes_no_bit(ixl, tiny):
    """An entry of no strength over some tiles makes groups of them: they come in another order."""
    orders, results = [], []
    latent, nothing = ramp(88, 72), mask(slice(0, 30), slice(20, 72))
    for positive in (CONDS[0], [*CONDS[0], entry(0.5, mask=nothing, mask_strength=0.0)]):
        seen = []

        def denoise(_, call, seen=seen):
            seen.extend(call["c"]["transformer_options"]["tile_windows"]["windows"])
            return grey(call["input"])

        model = tiny.model.clone()
        model.set_model_unet_function_wrapper(denoise)
        tiled = tiles_of(ixl, tile_batch=1).patch(model)
        results.append(sample(tiled, positive, CONDS[1], latent=latent))
        orders.append(list(dict.fromkeys(seen)))
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])
    assert torch.equal(*results)


def test_the_number_of_tiles_per_call_hardly_matters_to_the_real_unet(ixl, tiny, prompts):
    """Not to the bit: matrix products of another batch size add up in another order."""
    results = [
        sample(tiles_of(ixl, tile_batch=n).patch(tiny.model), *prompts, size=(56, 40), steps=1)
        for n in (1, 3, 8)
    ]
    for other in results[1:]:
        assert (results[0] - other).abs().max() <= 1e-4 * results[0].std()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_tile_is_the_stock_sampler(ixl, tiny, prompts, sampler):
    """The tiny checkpoint's own U-Net."""
    given = dict(size=(24, 24), sampler=sampler, steps=3)
    whole = sample(tiny.model, *prompts, **given)
    tiled = sample(tiles_of(ixl).patch(tiny.model), *prompts, **given)
    assert torch.equal(whole, tiled)


@pytest.mark.parametrize(("toy", "bar"), [("grey", 0.002), ("mix", 0.005)])
def test_seams_through_the_real_sampler_stay_below_the_bar(ixl, tiny, toy, bar):
    """2048x2048 px, partial start, four Euler steps: the issue's measure and bars."""
    from ixl.core.tiling.seams import seam_report

    model = as_model(tiny.model, TOYS[toy])
    latent = tiny.model.model.process_latent_out(ramp(256, 256))
    given = dict(size=(256, 256), latent=latent, denoise=0.5)
    whole = sample(model, *CONDS, **given)
    tiles = tiles_of(ixl, tile_px=1024, overlap_px=128)
    assert seam_report(sample(tiles.patch(model), *CONDS, **given), whole).largest <= bar
    assert tiles.plan((1, 4, 256, 256)).redundancy() <= 1.35


def test_the_anchor_holds_the_picture_to_the_guide(ixl, tiny):
    """eps prediction, through the sampler: coarse tones end nearer to the guide's."""
    clean = ramp(64, 64)
    latent = tiny.model.model.process_latent_out(clean)
    guide = torch.nn.functional.avg_pool2d(latent, 2)
    model, drift = as_model(tiny.model, TOYS["mix"]), []
    for strength in (0.0, 1.0):
        tiles = tiles_of(ixl, guide=guide, anchor=strength)
        out = sample(tiles.patch(model), *CONDS, size=(64, 64), latent=latent, denoise=0.5)
        drift.append(torch.nn.functional.avg_pool2d(out - latent, 16).std())
    assert drift[1] < 0.5 * drift[0]


@pytest.mark.parametrize("objective", ["eps", "v_prediction"])
def test_the_anchor_acts_on_x0_whatever_the_unet_predicts(ixl, tiny, prompts, objective):
    """The real U-Net, read as either kind; at high noise the mean of x0 is that of the guide."""
    from comfy_extras.nodes_model_advanced import ModelSamplingDiscrete

    model = ModelSamplingDiscrete().patch(tiny.model, objective, False)[0]
    guide, seen = torch.full((1, 4, 16, 16), 3.0), []
    sample(
        tiles_of(ixl, guide=guide, anchor=1.0).patch(model), *prompts, size=(32, 32), steps=2,
        callback=lambda step, x0, x, total: seen.append(x0.mean().item()),
    )  # fmt: skip
    # ComfyUI's own scale of SDXL latents
    assert seen[0] == pytest.approx(3.0 * tiny.model.model.latent_format.scale_factor, rel=0.01)


def test_size_conditioning_tells_sdxl_the_size_of_the_tile(ixl, tiny, prompts):
    seen = []

    def spy(apply_model, call):
        seen.append((call["input"].shape[2:], call["c"]["y"][:, -1536:].clone()))
        return call["input"] * 0

    model = tiny.model.clone()
    model.set_model_unet_function_wrapper(spy)
    sample(tiles_of(ixl).patch(model), *prompts, steps=1)
    for (h, w), y in seen:
        # ComfyUI's own encoding of that size is the oracle
        own = tiny.model.model.encode_adm(
            pooled_output=torch.zeros(1, 64), height=h * 8, width=w * 8, device="cpu"
        )[:, -1536:]
        assert torch.allclose(y, own.expand_as(y), atol=1e-5)
    assert len({shape for shape, _ in seen}) > 1


def test_memory_is_reserved_for_a_tile(ixl, tiny, monkeypatch):
    import comfy.model_management

    asked = []
    real = comfy.model_management.load_models_gpu

    def watch(models, memory_required=0, **kwargs):
        asked.append(memory_required)
        return real(models, memory_required=memory_required, **kwargs)

    monkeypatch.setattr(comfy.model_management, "load_models_gpu", watch)
    model = echo(tiny.model)
    sample(model, *CONDS, steps=1, size=(200, 200))
    sample(tiles_of(ixl).patch(model), *CONDS, steps=1, size=(200, 200))
    assert asked[1] < asked[0] / 5


@pytest.mark.parametrize("sampler", ["euler", "heun"])
def test_progress_moves_within_a_step_and_never_back(ixl, tiny, sampler):
    import comfy.utils

    seen = []
    comfy.utils.set_progress_bar_global_hook(
        lambda value, total, preview, node_id=None: seen.append((value, total))
    )
    try:
        model = tiles_of(ixl).patch(echo(tiny.model))
        sample(model, *CONDS, sampler=sampler, size=(200, 200), steps=6)
    finally:
        comfy.utils.set_progress_bar_global_hook(None)
    assert seen == sorted(seen) and len({total for _, total in seen}) == 1
    assert seen[0][0] < seen[0][1] / 6
    assert seen[-1][0] == seen[-1][1]


def test_previews_show_the_whole_picture(ixl, tiny):
    shapes = []
    model = tiles_of(ixl).patch(echo(tiny.model))
    sample(model, *CONDS, callback=lambda step, x0, x, total: shapes.append((step, *x0.shape)))
    assert shapes == [(step, 1, 4, 88, 72) for step in range(4)]


def test_cancel_stops_within_a_tile(ixl, tiny):
    import comfy.model_management

    calls = []

    def stop(apply_model, call):
        calls.append(1)
        if len(calls) == 3:
            comfy.model_management.interrupt_current_processing()
        return call["input"] * 0.5

    model = tiny.model.clone()
    model.set_model_unet_function_wrapper(stop)
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        sample(tiles_of(ixl, tile_batch=1).patch(model), *CONDS)
    assert len(calls) <= 4  # positive and negative of one tile


@pytest.mark.parametrize("end", ["done", "cancelled", "failed"])
def test_nothing_is_left_behind(ixl, tiny, end):
    """No attribute of ComfyUI patched, no tensor alive, however a run ends."""
    import comfy.model_management
    import comfy.utils

    def run():
        calls = []

        def denoise(apply_model, call):
            calls.append(1)
            if len(calls) == 5 and end == "cancelled":
                comfy.model_management.interrupt_current_processing()
            if len(calls) == 5 and end == "failed":
                raise MemoryError("no room")
            return call["input"] * 0.5

        model = tiny.model.clone()
        model.set_model_unet_function_wrapper(denoise)
        net = control(1)
        watched = {"hint": weakref.ref(net.cond_hint_original)}
        guide, latent = torch.randn(1, 4, 44, 36), torch.randn(1, 4, 88, 72)
        noise_mask = torch.zeros(1, 1, 88, 72)
        noise_mask[..., :40, :] = 1.0
        watched |= {"guide": weakref.ref(guide), "mask": weakref.ref(noise_mask)}
        tiles = tiles_of(ixl, tile_batch=1, guide=guide, anchor=1.0)
        masked = entry(0.3, mask=mask(slice(10, 60), slice(0, 30)))
        positive = [entry(0.02, control=net), masked]
        given = dict(latent=latent, noise_mask=noise_mask)
        if end == "done":
            sample(tiles.patch(model), positive, [entry(0.0)], **given)
        else:
            stopped = comfy.model_management.InterruptProcessingException
            with pytest.raises(stopped if end == "cancelled" else MemoryError):
                sample(tiles.patch(model), positive, [entry(0.0)], **given)
        assert len(calls) >= 5 and tiles.run is None
        assert net.previous_controlnet is None and net.multigpu_clones == {}
        return watched

    run()  # what ComfyUI itself keeps from a first run is there before counting
    before, count = host_attributes(), live_tensors()
    watched = run()
    assert host_attributes() == before
    assert live_tensors() <= count
    assert [name for name, alive in watched.items() if alive() is not None] == []


def test_patching_twice_replaces_the_tiles(ixl, tiny):
    twice = tiles_of(ixl, tile_px=256).patch(tiles_of(ixl).patch(tiny.model))
    for kind in ("calc_cond_batch", "predict_noise", "prepare_sampling", "outer_sample"):
        wrappers = twice.get_wrappers(kind, ixl.KEY)
        assert len(wrappers) == 1 and wrappers[0].__self__.tile_px == 256
        assert not tiny.model.get_wrappers(kind, ixl.KEY)


def test_the_node_passes_its_settings_on(ixl, comfy, tiny):
    from ixl.nodes.tiled_model import IXLTiledModel

    guide = {"samples": torch.zeros(1, 4, 32, 32)}
    made = comfy.run_node(IXLTiledModel, model=tiny.model, guide=guide, anchor=0.8)
    tiles = made[0].get_wrappers("calc_cond_batch", ixl.KEY)[0].__self__
    assert (tiles.consensus, tiles.moving, tiles.anchor) == (True, True, 0.8)
    assert tiles.guide is guide["samples"]
    assert IXLTiledModel.validate_inputs(tile_px=1000, overlap_px=128) != True  # noqa: E712
