"""Tiled sampling against ComfyUI's own untiled sampling: its real samplers, its conditioning.

The denoisers here are functions of one latent position (through ComfyUI's own model-function hook):
for those, tiles must not change anything, whatever is combined with them.
"""

import gc
import weakref

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

SAMPLERS = ["euler", "dpmpp_2m", "dpmpp_sde", "heun", "uni_pc", "lcm", "euler_ancestral"]


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


def pointwise(model):
    """x0 = a function of the position's own value, sigma, condition, mask and control alone."""

    def denoise(apply_model, call):
        x, sigma, c = call["input"], call["timestep"], call["c"]
        level = c["c_crossattn"].mean(dim=(1, 2)).reshape(-1, 1, 1, 1)
        out = torch.sin(x / (1 + sigma.reshape(-1, 1, 1, 1))) + 5 * level
        control = c.get("control")
        if control:
            out = out + control["middle"][0].mean(dim=1, keepdim=True)
        return out

    patched = model.clone()
    patched.set_model_unet_function_wrapper(denoise)
    return patched


def sample(model, positive, negative, *, size=(88, 72), batch=1, sampler="euler", steps=4, **extra):
    import comfy.sample

    noise = torch.randn([batch, 4, *size], generator=torch.Generator().manual_seed(5))
    latent = torch.zeros_like(noise)
    return comfy.sample.sample(
        model, noise, steps, 5.0, sampler, "normal", positive, negative, latent, seed=3,
        disable_pbar=True, **extra,
    )  # fmt: skip


def entry(value: float, **options):
    """A conditioning entry whose text embedding is one number, so that denoisers can read it."""
    pooled = torch.full((1, 64), value)
    return [torch.full((1, 77, 128), value), {"pooled_output": pooled, **options}]


def assert_same(tiled, whole):
    assert torch.isfinite(whole).all() and whole.std() > 0.1
    # an area's weights are multiplied in another order; CFG 5 multiplies the rounding
    assert (tiled - whole).abs().max() <= 1e-6 * max(1.0, whole.abs().max().item())


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_pointwise_denoisers_do_not_see_tiles(ixl, tiny, sampler, moving):
    model = pointwise(tiny.model)
    conds = [entry(0.02)], [entry(-0.01)]
    whole = sample(model, *conds, sampler=sampler)
    tiled = sample(tiles_of(ixl, moving=moving).patch(model), *conds, sampler=sampler)
    assert torch.isfinite(whole).all() and whole.std() > 0.1
    assert torch.equal(tiled, whole)


def mask(rows, cols, size=(88, 72)):
    out = torch.zeros(1, *size)
    out[:, rows, cols] = 0.7
    return out


ENTRIES = {
    "area": [entry(0.02), entry(0.3, area=(40, 32, 24, 16), strength=0.8)],
    "area in one tile": [entry(0.02), entry(0.3, area=(16, 16, 0, 0))],
    "percentage area": [entry(0.02), entry(0.3, area=("percentage", 0.5, 0.4, 0.3, 0.2))],
    "mask": [entry(0.02), entry(0.3, mask=mask(slice(10, 60), slice(0, 30)), mask_strength=0.9)],
    "mask alone": [entry(0.3, mask=mask(slice(10, 60), slice(0, 30)))],
    "mask bounds": [
        entry(0.02),
        entry(0.3, mask=mask(slice(10, 60), slice(8, 40)), set_area_to_bounds=True),
    ],
    "mask in area": [entry(0.1, area=(40, 32, 24, 16), mask=mask(slice(0, 50), slice(0, 72)))],
    "timestep range": [entry(0.02), entry(0.3, start_percent=0.3, end_percent=0.8)],
    "default": [
        entry(0.3, mask=mask(slice(10, 60), slice(0, 30))),
        entry(-0.1, default=True),
    ],
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", ENTRIES)
def test_conditioning_is_cut_to_the_tiles(ixl, tiny, name, batch):
    model = pointwise(tiny.model)
    whole = sample(model, ENTRIES[name], [entry(-0.01)], batch=batch)
    tiled = sample(tiles_of(ixl).patch(model), ENTRIES[name], [entry(-0.01)], batch=batch)
    assert_same(tiled, whole)


class EchoHint(torch.nn.Module):
    """A control model whose residual is the hint at latent resolution."""

    dtype = torch.float32

    def forward(self, x, hint, timesteps, context, **kwargs):
        assert hint.shape[-2:] == (x.shape[-2] * 8, x.shape[-1] * 8)
        small = torch.nn.functional.avg_pool2d(hint, 8)
        return {"middle": [small.expand(x.shape[0], -1, -1, -1).clone()], "input": [], "output": []}


def control(seed, strength=1.0, size=(704, 576), previous=None):
    import comfy.controlnet

    net = comfy.controlnet.ControlNet(EchoHint(), load_device=torch.device("cpu"))
    hint = torch.rand([1, 3, *size], generator=torch.Generator().manual_seed(seed))
    net.set_cond_hint(hint, strength, (0.0, 0.9))
    return net.set_previous_controlnet(previous) if previous else net


@pytest.mark.parametrize("tile_batch", [1, 3])
@pytest.mark.parametrize("size", [(704, 576), (300, 250)])
def test_chained_controlnets_show_each_tile_its_part(ixl, tiny, size, tile_batch):
    model = pointwise(tiny.model)
    net = control(1, 0.5, size, previous=control(2, 0.3, size))
    positive = [entry(0.02, control=net, control_apply_to_uncond=True)]
    whole = sample(model, positive, [entry(-0.01)])
    tiled = sample(tiles_of(ixl, tile_batch=tile_batch).patch(model), positive, [entry(-0.01)])
    assert_same(tiled, whole)


def test_one_tile_is_the_stock_sampler(ixl, tiny, prompts):
    whole = sample(tiny.model, *prompts, size=(32, 32))
    tiled = sample(tiles_of(ixl).patch(tiny.model), *prompts, size=(32, 32))
    assert torch.equal(whole, tiled)


def test_the_number_of_tiles_per_call_does_not_matter(ixl, tiny, prompts):
    results = [
        sample(tiles_of(ixl, tile_batch=n).patch(tiny.model), *prompts, size=(56, 40), steps=1)
        for n in (1, 3, 8)
    ]
    for other in results[1:]:
        assert (results[0] - other).abs().max() <= 1e-4 * results[0].std()


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
    model = pointwise(tiny.model)
    sample(model, [entry(0.02)], [entry(0.0)], steps=1, size=(200, 200))
    sample(tiles_of(ixl).patch(model), [entry(0.02)], [entry(0.0)], steps=1, size=(200, 200))
    assert asked[1] < asked[0] / 5


def test_cancel_stops_within_a_tile_and_leaves_nothing(ixl, tiny):
    import comfy.model_management

    calls = []

    def stop(apply_model, call):
        calls.append(1)
        if len(calls) == 3:
            comfy.model_management.interrupt_current_processing()
        return call["input"] * 0.5

    model = tiny.model.clone()
    model.set_model_unet_function_wrapper(stop)
    tiles = tiles_of(ixl, tile_batch=1)
    positive = [entry(0.02, control=control(1))]
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        sample(tiles.patch(model), positive, [entry(0.0)])
    assert len(calls) <= 4  # positive and negative of one tile
    assert tiles.run is None


def test_no_tensor_outlives_the_run(ixl, tiny):
    model = pointwise(tiny.model)
    net = control(1)
    hint = weakref.ref(net.cond_hint_original)
    tiles = tiles_of(ixl)
    tiled = tiles.patch(model)
    out = sample(tiled, [entry(0.02, control=net)], [entry(0.0)])
    assert tiles.run is None and net.cond_hint is None
    del net, out
    gc.collect()
    assert hint() is None


def test_patching_twice_replaces_the_tiles(ixl, tiny):
    model = pointwise(tiny.model)
    twice = tiles_of(ixl, tile_px=256).patch(tiles_of(ixl).patch(model))
    wrappers = twice.get_wrappers("calc_cond_batch", ixl.KEY)
    assert len(wrappers) == 1 and wrappers[0].__self__.tile_px == 256
    assert not model.get_wrappers("calc_cond_batch", ixl.KEY)
