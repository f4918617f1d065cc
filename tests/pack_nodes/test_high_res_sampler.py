"""High-Res Sampler against the same passes made by hand with ComfyUI's own sampler and VAE."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

from left_behind import host_attributes, live_tensors  # noqa: E402

SEED, STEPS = 7, 2
PASSES = [(320, 384, 0.5, 2), (384, 448, 0.4, 2)]


@pytest.fixture(scope="module")
def ixl(comfy):
    from ixl.nodes import _passes

    return _passes


@pytest.fixture(scope="module")
def tools(ixl, comfy, tiny):
    prompts = comfy.encode(tiny.clip, "1girl, smile"), comfy.encode(tiny.clip, "worst quality")
    return ixl.Tools(tiny.model, *prompts, tiny.vae, None, None)


def run(ixl, tools, folder, passes=PASSES, start=None, **changed):
    from ixl.core.tiling.passes import Pass

    sampling = ixl.Sampling(SEED, 5.0, "euler", "normal", 256, 64, 0.0)._replace(**changed)
    store = ixl.Store(folder, "start")
    with torch.inference_mode():
        route = ixl.Route(start or ixl.Start(), (256, 320), STEPS, [Pass(*p) for p in passes])
        return ixl.run(tools, sampling, route, store)


@pytest.fixture(scope="module")
def whole(ixl, tools, tmp_path_factory):
    """An unbroken run and the folder of its passes."""
    folder = tmp_path_factory.mktemp("passes")
    return run(ixl, tools, folder), folder


def by_hand(tools, latent, seed, steps, denoise, model):
    import comfy.sample

    with torch.inference_mode():
        noise = comfy.sample.prepare_noise(latent, seed)
        return comfy.sample.sample(
            model, noise, steps, 5.0, "euler", "normal", tools.positive, tools.negative, latent,
            denoise=denoise, seed=seed, disable_pbar=True,
        )  # fmt: skip


def test_the_passes_are_those_that_one_would_wire_by_hand(ixl, tools, whole):
    from ixl.core.tiling.resize import lanczos
    from ixl.nodes._tiled_sampling import TiledSampling

    latent = by_hand(tools, torch.zeros(1, 4, 40, 32), SEED, STEPS, 1.0, tools.model)
    tiled = TiledSampling(256, 64, True, 0, "tile").patch(tools.model)
    for number, (width, height, denoise, steps) in enumerate(PASSES, start=1):
        with torch.inference_mode():
            larger = lanczos(tools.vae.decode(latent), width, height)
            guide = tools.vae.encode(larger)
        latent = by_hand(tools, guide, SEED + number, steps, denoise, tiled)
    torch.testing.assert_close(whole[0].latent, latent, rtol=1e-3, atol=1e-3)


def test_every_pass_comes_out_as_a_picture(whole):
    sizes = [tuple(picture.shape) for picture in whole[0].pictures]
    assert sizes == [(1, 320, 256, 3), (1, 384, 320, 3), (1, 448, 384, 3)]
    assert whole[0].kept == 0


def test_a_second_run_samples_nothing(ixl, tools, whole, monkeypatch):
    monkeypatch.setattr(ixl.comfy.sample, "sample", pytest.fail)
    again = run(ixl, tools, whole[1])
    assert again.kept == 3
    assert torch.equal(again.latent, whole[0].latent)


class Cancelled(Exception):
    pass


def test_after_a_cancel_it_goes_on_from_the_last_finished_pass(
    ixl, tools, whole, tmp_path, monkeypatch
):
    real, calls = ixl.comfy.sample.sample, []

    def cancelled_in_the_last_pass(*args, **given):
        calls.append(given["denoise"])
        if len(calls) == 3:
            raise Cancelled
        return real(*args, **given)

    monkeypatch.setattr(ixl.comfy.sample, "sample", cancelled_in_the_last_pass)
    with pytest.raises(Cancelled):
        run(ixl, tools, tmp_path)
    resumed = run(ixl, tools, tmp_path)
    assert calls == [1.0, 0.5, 0.4, 0.4]
    assert resumed.kept == 2
    assert torch.equal(resumed.latent, whole[0].latent)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"passes": [PASSES[0], (384, 448, 0.3, 2)]}, 2),
        ({"passes": [(320, 384, 0.6, 2), PASSES[1]]}, 1),
        ({"seed": 8}, 0),
        ({"overlap_px": 48}, 0),
    ],
)
def test_a_changed_setting_forgets_what_follows_it_and_no_more(
    ixl, tools, whole, tmp_path, change, kept
):
    for path in Path(whole[1]).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert run(ixl, tools, tmp_path, **change).kept == kept


def test_a_mask_limits_what_the_passes_redraw(ixl, tools, tmp_path):
    mask = torch.zeros(1, 1, 40, 32)
    mask[..., 16:] = 1.0
    masked = tools._replace(noise_mask=mask)
    result = run(ixl, masked, tmp_path, passes=[(256, 320, 0.5, 2)])
    base = result.pictures[0]
    with torch.inference_mode():
        same = tools.vae.encode(base)
    torch.testing.assert_close(result.latent[..., :16], same[..., :16], rtol=1e-3, atol=1e-3)
    assert not torch.allclose(result.latent[..., 16:], same[..., 16:], atol=0.05)


def seen_progress(work):
    """(value, total, preview) of everything that the node's progress bar was told."""
    import comfy.utils

    seen = []
    comfy.utils.set_progress_bar_global_hook(
        lambda value, total, preview, node_id=None: seen.append((value, total, preview))
    )
    try:
        work()
    finally:
        comfy.utils.set_progress_bar_global_hook(None)
    return seen


@pytest.mark.parametrize("kept", [False, True])
def test_the_whole_run_is_one_bar_that_never_moves_back(
    ixl, tools, whole, enlarger, tmp_path, kept
):
    with_model = tools._replace(upscale_model=enlarger)
    if kept:
        seen = seen_progress(lambda: run(ixl, tools, whole[1]))
    else:
        seen = seen_progress(lambda: run(ixl, with_model, tmp_path, sampler_name="heun"))
    values = [value for value, _, _ in seen]
    assert values == sorted(values)
    assert {total for _, total, _ in seen} == {1000}
    assert values[0] < 500 and values[-1] == 1000
    # the last pass is the largest share; it does not come as one jump
    assert max(b - a for a, b in zip(values, values[1:], strict=False)) < (800 if kept else 200)


def test_previews_are_no_larger_than_they_are_shown(ixl, tools, tmp_path, monkeypatch):
    import latent_preview
    from comfy.cli_args import LatentPreviewMethod, args

    monkeypatch.setattr(args, "preview_method", LatentPreviewMethod.Latent2RGB)
    monkeypatch.setattr(latent_preview, "MAX_PREVIEW_RESOLUTION", 20)
    seen = seen_progress(lambda: run(ixl, tools, tmp_path, passes=PASSES[:1]))
    previews = [preview for _, _, preview in seen if preview is not None]
    assert len(previews) == STEPS + PASSES[0][3]
    assert all(max(picture.size) <= 20 and size == 20 for _, picture, size in previews)


@pytest.fixture(scope="module")
def enlarger(comfy):
    """A real ESRGAN of the smallest kind with random weights, enlarging by 2."""
    import comfy.model_management
    import comfy.model_patcher
    from spandrel import ModelLoader
    from spandrel.architectures.ESRGAN.__arch.RRDB import RRDBNet

    torch.manual_seed(1)
    network = RRDBNet(num_filters=8, num_blocks=1, scale=2)
    found = ModelLoader().load_from_state_dict(network.state_dict()).eval()
    device = comfy.model_management.get_torch_device()
    found.patcher = comfy.model_patcher.CoreModelPatcher(
        found.model, load_device=device, offload_device=device
    )
    return found


def test_a_model_enlarges_as_comfyuis_own_node_does(comfy, enlarger):
    from comfy_extras.nodes_upscale_model import ImageUpscaleWithModel
    from ixl.nodes._upscale import upscale

    picture = torch.rand(2, 530, 40, 3, generator=torch.Generator().manual_seed(1))
    done = []
    with torch.inference_mode():
        theirs = comfy.run_node(ImageUpscaleWithModel, upscale_model=enlarger, image=picture)[0]
        ours = upscale(enlarger, picture, lambda *step: done.append(step))
    assert ours.shape == (2, 1060, 80, 3) and ours.std() > 0
    assert torch.equal(ours, theirs)
    assert done == [(i, 4) for i in range(1, 5)]


def test_a_picture_is_encoded_and_its_passes_are_those_of_its_latent(ixl, tools, tmp_path):
    picture = torch.rand(1, 323, 261, 3, generator=torch.Generator().manual_seed(2))
    passes = [(256, 320, 0.5, 2)]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    from_picture = run(ixl, tools, tmp_path / "a", passes, ixl.Start(picture=picture))
    with torch.inference_mode():
        latent = tools.vae.encode(picture)
    from_latent = run(ixl, tools, tmp_path / "b", passes, ixl.Start(latent=latent))
    assert ixl.Start(picture=picture).size == ixl.Start(latent=latent).size == (256, 320)
    torch.testing.assert_close(from_picture.latent, from_latent.latent, rtol=1e-3, atol=1e-3)


class Failed(Exception):
    pass


@pytest.mark.parametrize("end", ["done", "cancelled", "failed"])
def test_nothing_is_left_behind(ixl, tools, tmp_path, end):
    """No attribute of ComfyUI patched, no tensor alive, however the node's run ends."""
    import comfy.model_management

    def once(folder) -> None:
        calls = []

        def denoise(apply_model, call):
            calls.append(1)
            if len(calls) == 6 and end == "cancelled":  # in a pass: the base has two calls
                comfy.model_management.interrupt_current_processing()
            if len(calls) == 6 and end == "failed":
                raise Failed
            return call["input"] * 0.5

        model = tools.model.clone()
        model.set_model_unet_function_wrapper(denoise)
        given, folder = tools._replace(model=model), tmp_path / folder
        folder.mkdir()
        stopped = comfy.model_management.InterruptProcessingException
        if end == "done":
            return run(ixl, given, folder).latent.sum().item()
        with pytest.raises(stopped if end == "cancelled" else Failed):
            run(ixl, given, folder)
        assert len(list(folder.iterdir())) == 1  # the base

    once("first")  # what ComfyUI itself keeps from a first run is there before counting
    before, count = host_attributes(), live_tensors()
    once("second")
    assert host_attributes() == before
    assert live_tensors() <= count
