"""Tiled sampling of a Gaussian field: what comes out has the spectrum and covariance of the field.

Fields are noised and sampled as an image-to-image pass does (denoise 0.8, sigma 5: their own
standard deviation is 1), by ComfyUI's sampler, in tiles whose denoiser knows its tile alone. If
blending lost variance or tiles went their own ways, covariance over the cuts would show it.
"""

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")

from gaussian_field import as_model, covariance, covariances, draw, spectrum  # noqa: E402
from tiled_stubs import SIZE, entry  # noqa: E402

LENGTH = 4.0  # latents; tiles here are 40 across, overlaps 8
LAGS = (0, 1, 2, 4, 8)


@pytest.fixture(scope="module")
def ixl(comfy):
    from ixl.nodes import _tiled_sampling

    return _tiled_sampling


def sampled(model, count: int, seed: int, steps: int = 20) -> torch.Tensor:
    """[count, 4, H, W] sampled from as many noised fields, without CFG."""
    import comfy.sample

    latent = model.model.process_latent_out(draw(count, SIZE, LENGTH, seed))
    noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(seed + 1))
    out = comfy.sample.sample(
        model, noise, steps, 1.0, "dpmpp_2m", "karras", [entry(0.0)], [entry(0.0)], latent,
        denoise=0.8, seed=seed, disable_pbar=True,
    )  # fmt: skip
    return model.model.process_latent_in(out)


def tiles_of(ixl, **settings):
    given = dict(tile_px=320, overlap_px=64, moving=True, tile_batch=0, size_mode="tile")
    return ixl.TiledSampling(**{**given, **settings})


def in_standard_errors(per_field: torch.Tensor, exact: float) -> torch.Tensor:
    """How far means over fields lie from the exact value."""
    error = per_field.std(dim=0) / len(per_field) ** 0.5
    return (per_field.mean(dim=0) - exact) / error


def assert_has_the_field(fields: torch.Tensor) -> None:
    """Every covariance and band within 4.5 standard errors, all of them as scattered as chance."""
    for lag in LAGS:
        exact = covariance(lag, LENGTH).item()
        scores = in_standard_errors(covariances(fields, lag), exact)
        assert scores.abs().max() < 4.5, f"lag {lag}: {scores.abs().max():.1f}"
        assert scores.square().mean() < 2.5, f"lag {lag}: {scores.square().mean():.2f}"
    scores = in_standard_errors(spectrum(fields, LENGTH), 1.0)
    assert scores.abs().max() < 4.5, f"spectrum: {scores}"


@pytest.mark.parametrize("moving", [True, False])
def test_tiles_change_the_covariance_of_no_place(ixl, tiny, moving):
    """64 fields, the same noise with and without tiles: chance cancels, two percent would show."""
    model = as_model(tiny.model, LENGTH)
    whole = sampled(model, 16, seed=1)
    tiled = sampled(tiles_of(ixl, moving=moving).patch(model), 16, seed=1)
    assert 0 < (tiled - whole).std() < 0.02
    for lag in LAGS:
        change = (covariances(tiled, lag) - covariances(whole, lag)).mean(dim=0)
        assert change.abs().max() < 0.02, f"lag {lag}: {change.abs().max():.3f}"
    assert_has_the_field(tiled)


def test_cuts_without_overlap_would_show(tiny):
    """The measure has teeth: tiles put side by side fail it."""
    from gaussian_field import posterior_mean
    from seam_toys import as_model as plain_model

    def side_by_side(call):
        halves = call["input"].split(36, dim=3)
        return torch.cat([posterior_mean(h, call["timestep"], LENGTH) for h in halves], dim=3)

    model = plain_model(tiny.model, None)
    model.set_model_unet_function_wrapper(lambda _, call: side_by_side(call))
    scores = in_standard_errors(
        covariances(sampled(model, 32, seed=1), 1), covariance(1, LENGTH).item()
    )
    assert scores[35] < -4.5


def test_the_overview_makes_pictures_from_noise_coherent(ixl, tiny):
    """A field that is coherent over the whole picture, more than two tiles, drawn from noise: its
    low frequencies come nearer to the untiled result when the model also sees it reduced.
    """
    import comfy.sample
    from gaussian_field import posterior_mean
    from seam_toys import as_model as plain_model

    def denoise(_, call):
        x = call["input"]
        reduced_by = 2 if x.shape[2:] == (44, 36) else 1
        return posterior_mean(x, call["timestep"], 48.0 / reduced_by)

    model = plain_model(tiny.model, None)
    model.set_model_unet_function_wrapper(denoise)
    noise = torch.randn(8, 4, *SIZE, generator=torch.Generator().manual_seed(1))
    coarse = []
    for patched in (
        model,
        tiles_of(ixl).patch(model),
        tiles_of(ixl, overview=True, anchor=1.0).patch(model),
    ):
        out = comfy.sample.sample(
            patched, noise, 12, 1.0, "dpmpp_2m", "karras", [entry(0.0)], [entry(0.0)],
            torch.zeros_like(noise), seed=1, disable_pbar=True,
        )  # fmt: skip
        coarse.append(torch.nn.functional.avg_pool2d(out, 8))
    apart = [(found - coarse[0]).std() / coarse[0].std() for found in coarse[1:]]
    assert apart[1] < 0.6 * apart[0]


@pytest.mark.prove
@pytest.mark.parametrize("consensus", [True, False])
@pytest.mark.parametrize("moving", [True, False])
def test_the_field_comes_out_within_the_sampling_error(ixl, tiny, moving, consensus):
    """1024 fields: covariances over every column and row to about 1 %, bands to 0.2 %. In 60 steps:
    with 20 the solver itself adds half a percent to the fast modes.
    """
    model = as_model(tiny.model, LENGTH)
    tiled = tiles_of(ixl, moving=moving, consensus=consensus).patch(model)
    assert_has_the_field(torch.cat([sampled(tiled, 64, seed, 60) for seed in range(0, 8, 2)]))
