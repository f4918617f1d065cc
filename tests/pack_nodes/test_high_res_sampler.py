"""High-Res Sampler against the same passes made by hand with ComfyUI's own sampler and VAE."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

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


def run(ixl, tools, folder, passes=PASSES, **changed):
    from ixl.core.tiling.passes import Pass

    sampling = ixl.Sampling(SEED, 5.0, "euler", "normal", 256, 64, 0.0)._replace(**changed)
    store = ixl.Store(folder, "start")
    with torch.inference_mode():
        return ixl.run(
            tools, sampling, ixl.empty_latent(1, 256, 320), STEPS, [Pass(*p) for p in passes], store
        )


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
