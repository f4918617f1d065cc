"""Everything a user conditions with, cut to tiles: the composite is that of the whole picture."""

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

from tiled_stubs import (  # noqa: E402
    SAMPLERS,
    adapter,
    control,
    echo,
    entry,
    gligen,
    lora_hook,
    mask,
    sample,
)

NEGATIVE = [entry(-0.01)]


@pytest.fixture(scope="module")
def ixl(comfy):
    from ixl.nodes import _tiled_sampling

    return _tiled_sampling


def tiles_of(ixl, **settings):
    given = dict(tile_px=320, overlap_px=64, moving=True, tile_batch=0, size_mode="tile")
    return ixl.TiledSampling(**{**given, **settings})


def assert_same(tiled, whole, rounding=1e-6):
    assert torch.isfinite(whole).all() and whole.std() > 0.1
    # weights are multiplied in another order than ComfyUI's; CFG 5 multiplies the rounding
    assert (tiled - whole).abs().max() <= rounding * max(1.0, whole.abs().max().item())


def compare(ixl, tiny, positive, negative=NEGATIVE, settings=None, rounding=1e-6, **given):
    model = echo(tiny.model)
    whole = sample(model, positive, negative, **given)
    tiled = sample(tiles_of(ixl, **(settings or {})).patch(model), positive, negative, **given)
    assert_same(tiled, whole, rounding)
    return whole


def concat(seed=4, batch=1):
    """A latent that the model is given beside its input, as inpainting models are."""
    import comfy.conds

    data = torch.rand([batch, 5, 88, 72], generator=torch.Generator().manual_seed(seed))
    return {"model_conds": {"c_concat": comfy.conds.CONDNoiseShape(data)}}


AREA = entry(0.3, area=(40, 32, 24, 16), strength=0.8)
ENTRIES = {
    "area": [entry(0.02), AREA],
    "area in one tile": [entry(0.02), entry(0.3, area=(16, 16, 0, 0))],
    "percentage area": [entry(0.02), entry(0.3, area=("percentage", 0.5, 0.4, 0.3, 0.2))],
    "mask": [entry(0.02), entry(0.3, mask=mask(slice(10, 60), slice(0, 30)), mask_strength=0.9)],
    "mask alone": [entry(0.3, mask=mask(slice(10, 60), slice(0, 30)))],
    "mask of another size": [entry(0.02), entry(0.3, mask=torch.rand(1, 200, 130))],
    "mask per sample": [entry(0.02), entry(0.3, mask=torch.rand(2, 88, 72))],
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
def test_entries_are_cut_to_the_tiles(ixl, tiny, name, batch):
    compare(ixl, tiny, ENTRIES[name], batch=batch)


@pytest.mark.parametrize("tile_batch", [1, 3])
@pytest.mark.parametrize("size", [(704, 576), (300, 250)])
def test_chained_controlnets_show_each_tile_its_part(ixl, tiny, size, tile_batch):
    net = control(1, 0.5, size, previous=control(2, 0.3, size))
    positive = [entry(0.02, control=net, control_apply_to_uncond=True)]
    compare(ixl, tiny, positive, settings={"tile_batch": tile_batch})
    assert net.cond_hint_original.shape[2:] == size


def test_hints_and_latents_per_sample_stay_with_their_sample(ixl, tiny):
    net = adapter(1, 0.5, previous=control(2, 0.3, batch=2), batch=2)
    positive = [entry(0.02, control=net, **concat(batch=2))]
    negative = [entry(-0.01, **concat(seed=6))]
    for tile_batch in (1, 4):
        compare(ixl, tiny, positive, negative, batch=2, settings={"tile_batch": tile_batch})


BOXES = ((0.2, 30, 20, 5, 10), (0.4, 50, 40, 38, 32), (-0.3, 8, 8, 0, 0))


def test_gligen_boxes_are_moved_into_the_tiles(ixl, tiny):
    boxed = compare(ixl, tiny, [entry(0.02, gligen=gligen(*BOXES))], settings={"tile_batch": 4})
    assert (boxed - sample(echo(tiny.model), [entry(0.02)], NEGATIVE)).abs().max() > 0.1


def switches(model) -> list:
    """Every change of hooks, which is every time that ComfyUI patches the weights anew."""
    seen = []
    model.add_callback("on_apply_hooks", lambda _, hooks: seen.append(hooks))
    return seen


HOOKED = {
    "one prompt": ([entry(0.02, hooks=0)], [entry(-0.01)]),
    "two prompts, one with a default": (
        [
            entry(0.3, mask=mask(slice(10, 60), slice(0, 30)), mask_strength=0.6, hooks=0),
            entry(0.1, area=(40, 32, 24, 16), strength=0.5, hooks=1),
            entry(-0.1, default=True),
        ],
        [entry(-0.01, hooks=1), entry(0.2, start_percent=0.3)],
    ),
}


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", HOOKED)
def test_lora_hooks_are_patched_once_per_step_not_once_per_tile(ixl, tiny, name, batch):
    groups = [lora_hook(0.4), lora_hook(-0.7)]

    def with_hooks(entries):
        return [
            [text, {k: groups[v] if k == "hooks" else v for k, v in options.items()}]
            for text, options in entries
        ]

    positive, negative = map(with_hooks, HOOKED[name])
    model = echo(tiny.model)
    whole_switches = switches(model)
    whole = sample(model, positive, negative, batch=batch)
    model = echo(tiny.model)
    tiled_switches = switches(model)
    tiled = sample(tiles_of(ixl).patch(model), positive, negative, batch=batch)
    assert_same(tiled, whole)
    assert len(tiled_switches) <= len(whole_switches) + 4  # steps
    for _, options in positive + negative:
        options.pop("hooks", None)
    assert not torch.equal(whole, sample(echo(tiny.model), positive, negative, batch=batch))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_all_of_it_together(ixl, tiny, sampler):
    chain = adapter(1, 0.5, previous=control(2, 0.3, batch=2))
    positive = [
        entry(0.02, control=chain, hooks=lora_hook(0.4), gligen=gligen(*BOXES), **concat()),
        AREA,
        entry(0.3, mask=torch.rand(2, 88, 72), control=chain, mask_strength=0.9),
        entry(0.2, mask=mask(slice(10, 60), slice(8, 40)), set_area_to_bounds=True),
        entry(-0.3, start_percent=0.3, end_percent=0.8),
    ]
    # heun divides by the next, lower noise level: of untiled runs one that is given the entries in
    # another order already differs by 7e-6
    given = dict(batch=2, sampler=sampler, rounding=2e-5 if sampler == "heun" else 1e-6)
    for settings in ({"tile_batch": 3}, {"moving": False, "tile_batch": 1}):
        compare(ixl, tiny, positive, settings=settings, **given)


def test_the_overview_is_told_the_same_conditions(ixl, tiny):
    """Reduced by 2: hints, masks and boxes fit the smaller picture, ranges keep their steps."""
    chain = adapter(1, 0.5, previous=control(2, 0.3))
    positive = [
        entry(0.02, control=chain, gligen=gligen(*BOXES), **concat()),
        entry(0.3, mask=mask(slice(10, 60), slice(0, 30)), start_percent=0.2, end_percent=0.7),
        AREA,
    ]
    seen = []

    def spy(apply_model, call):
        options, c = call["c"]["transformer_options"], call["c"]
        if "tile_windows" not in options:
            assert call["input"].shape[2:] == (44, 36)
            seen.append((round(call["timestep"][0].item(), 4), len(call["cond_or_uncond"])))
            if "control" in c:
                assert all(r.shape[2:] == (44, 36) for r in c["control"]["middle"])
                assert c["c_concat"].shape[2:] == (44, 36)
        return call["input"] * 0.5

    model = tiny.model.clone()
    model.set_model_unet_function_wrapper(spy)
    sample(tiles_of(ixl, overview=True, anchor=1.0).patch(model), positive, NEGATIVE)
    sigmas = sorted({sigma for sigma, _ in seen}, reverse=True)
    assert sigmas[0] == pytest.approx(14.6146 / 2, rel=1e-3) and len(sigmas) == 4
    told = [sum(count for sigma, count in seen if sigma == step) for step in sigmas]
    assert told[1] == told[0] + 1  # the entry that starts at 20 %


def test_hooks_with_keyframes_and_an_overview_get_a_sentence(ixl, tiny):
    import comfy.hooks

    hooks = lora_hook(0.4)
    for start in (0.0, 0.5):
        hooks.hooks[0].hook_keyframe.add(
            comfy.hooks.HookKeyframe(strength=1.0, start_percent=start)
        )
    model = tiles_of(ixl, overview=True).patch(echo(tiny.model))
    with pytest.raises(ValueError, match="Turn overview off"):
        sample(model, [entry(0.02, hooks=hooks)], NEGATIVE)


def test_patches_are_told_the_windows_of_their_samples(ixl, tiny):
    """What an attention patch needs to cut a mask: each sample's window holds that part of x."""
    size, seen = (88, 72), []
    marks = torch.arange(88 * 72, dtype=torch.float32).reshape(1, 1, *size).expand(2, 4, -1, -1)

    def spy(apply_model, call):
        told = call["c"]["transformer_options"]["tile_windows"]
        seen.append(told)
        for chunk in call["input"].chunk(len(call["cond_or_uncond"])):
            for i, sample_ in enumerate(chunk):
                y, x, h, w = told["windows"][i // told["batch"]]
                assert sample_.shape[1:] == (h, w)
                assert torch.equal(sample_, marks[0][:, y : y + h, x : x + w])
        return call["input"] * 0

    import comfy.samplers

    model = tiles_of(ixl, tile_batch=3).patch(tiny.model)
    model.set_model_unet_function_wrapper(spy)

    class OneLook(comfy.samplers.Sampler):
        def sample(self, wrap, sigmas, extra, callback, noise, *args, **kwargs):
            wrap(marks, sigmas[:1].expand(2), **extra)
            return noise

    guider = comfy.samplers.CFGGuider(model)
    guider.set_conds([entry(0.02)], NEGATIVE)
    guider.set_cfg(5.0)
    guider.sample(
        torch.zeros(2, 4, *size), torch.zeros(2, 4, *size), OneLook(), torch.tensor([1.0, 0.0])
    )
    assert seen and all(told["size"] == size and told["batch"] == 2 for told in seen)
    assert max(len(told["windows"]) for told in seen) == 3


@pytest.mark.parametrize("moving", [True, False])
def test_step_caches_of_other_nodes_can_tell_tiles_apart(ixl, tiny, moving):
    """Tiles of one step never share a uuid; with fixed cuts each keeps its own over the steps."""
    steps: dict = {}

    def spy(apply_model, call):
        options = call["c"]["transformer_options"]
        steps.setdefault(options["sigmas"][0].item(), []).extend(options["uuids"])
        return call["input"] * 0.5

    model = tiny.model.clone()
    model.set_model_unet_function_wrapper(spy)
    sample(tiles_of(ixl, moving=moving, tile_batch=1).patch(model), [entry(0.02)], NEGATIVE)
    assert len(steps) == 4
    assert all(len(set(uuids)) == len(uuids) for uuids in steps.values())
    assert (len({frozenset(uuids) for uuids in steps.values()}) == 1) is not moving


def test_a_clone_for_another_gpu_shows_the_same_part(ixl, tiny):
    from ixl.core.tiling.plan import plan_tiles
    from ixl.nodes._tile_control import Hints

    net, other = control(1, previous=control(2)), torch.device("meta")
    net.multigpu_clones[other] = net.copy()
    tiles = tuple(plan_tiles(88, 72, 320, 64, moving=False).tiles()[1:3])
    part = Hints().stand_in(net, tiles, torch.zeros(1, 4, 88, 72))
    clone = part.get_instance_for_device(other)
    assert clone is not net.multigpu_clones[other]
    assert torch.equal(clone.cond_hint_original, part.cond_hint_original)
    assert net.multigpu_clones[other].cond_hint_original.shape[2:] == (704, 576)
