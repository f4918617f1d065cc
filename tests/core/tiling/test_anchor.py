"""The anchor: low frequencies of the guide, everything else of the picture."""

import math

import pytest
import scipy.fft

torch = pytest.importorskip("torch")

from ixl.core.tiling.anchor import (  # noqa: E402
    anchor_amount,
    anchored,
    cosines,
    follow_overview,
    make_anchor,
    overview_scale,
    reduced,
)


def wave(height, width, rows, cols):
    """A cosine of that many half periods down and across, sampled at that size, [1, 1, H, W]."""
    y = (torch.arange(height) + 0.5) / height
    x = (torch.arange(width) + 0.5) / width
    return (torch.cos(math.pi * rows * y)[:, None] * torch.cos(math.pi * cols * x))[None, None]


def test_the_basis_is_scipys_orthonormal_dct():
    x = torch.randn(3, 40)
    assert torch.allclose(
        x @ cosines(40, 12).T,
        torch.from_numpy(scipy.fft.dct(x.numpy(), norm="ortho", axis=1)[:, :12]),
        atol=1e-5,
    )


@pytest.mark.parametrize("size", [(64, 96), (61, 90)])
def test_a_low_frequency_is_taken_from_the_guide_and_a_high_one_left_alone(size):
    guide = wave(32, 48, 3, 5)
    detail = 0.5 * wave(*size, 50, 3)
    anchor = make_anchor(guide, *size)
    result = anchored(detail + wave(*size, 4, 0), anchor, 1.0)
    assert torch.allclose(result, wave(*size, 3, 5) + detail, atol=1e-4)


def test_half_the_amount_goes_half_the_way():
    anchor = make_anchor(torch.ones(1, 4, 16, 16), 32, 32)
    assert torch.allclose(anchored(torch.zeros(1, 4, 32, 32), anchor, 0.5), torch.tensor(0.5))


def test_a_guide_of_the_pictures_own_size_counts_as_enlarged_by_two():
    same, half = torch.randn(1, 4, 64, 64), wave(64, 64, 40, 2)
    kept = anchored(half, make_anchor(same, 64, 64), 1.0) - anchored(
        torch.zeros_like(half), make_anchor(same, 64, 64), 1.0
    )
    assert torch.allclose(kept, half.expand_as(kept), atol=1e-4)


def test_the_pictures_borders_do_not_touch_each_other():
    """A slope from dark to light stays one: a periodic basis would bend both ends together."""
    slope = torch.linspace(-1, 1, 128).expand(1, 1, 128, 128)
    small = torch.nn.functional.avg_pool2d(slope, 2)
    result = anchored(torch.zeros(1, 1, 128, 128), make_anchor(small, 128, 128), 1.0)
    assert (result - slope)[..., 0].abs().max() < 0.05


def test_the_amount_falls_with_the_noise():
    amounts = anchor_amount(torch.tensor([50.0, 1.0, 0.25, 0.01, 0.0]), 0.8)
    assert amounts[0] == pytest.approx(0.8, rel=1e-3)
    assert amounts[2] == pytest.approx(0.4)
    assert amounts[4] == 0
    assert (amounts.diff() < 0).all()


def test_a_guide_of_another_shape_gets_one_sentence():
    with pytest.raises(ValueError, match="same aspect ratio"):
        make_anchor(torch.zeros(1, 4, 32, 64), 64, 64)


@pytest.mark.parametrize("size", [(64, 96), (67, 98)])
def test_the_reduced_copy_follows_the_overview_and_detail_stays(size):
    x0 = torch.randn(1, 4, *size, generator=torch.Generator().manual_seed(1))
    overview = reduced(x0, 4) + 2.0 * wave(16, 24, 1, 2)
    moved = follow_overview(x0, overview, 4, 1.0) - x0
    assert (reduced(moved, 4) - 2.0 * wave(16, 24, 1, 2)).abs().max() < 0.02
    assert moved.diff(dim=2).abs().max() < 0.2 and moved.diff(dim=3).abs().max() < 0.2
    assert torch.equal(follow_overview(x0, reduced(x0, 4), 4, 1.0), x0)


@pytest.mark.parametrize(
    ("size", "area", "scale"), [((256, 256), 128**2, 2), ((702, 468), 128**2, 5)]
)
def test_the_overview_is_no_larger_than_a_tile(size, area, scale):
    assert overview_scale(*size, area) == scale
    assert (size[0] // scale) * (size[1] // scale) <= area


@pytest.mark.parametrize("toy", ["mix", "subject"])
def test_the_anchor_halves_drift_and_subjects_that_repeat(toy):
    """Four Euler steps on toys that drift in tone, or add a subject in the middle of what they see:
    how far the coarse picture ends from the guide's.
    """
    from seam_toys import TOYS, plain, ramp

    def subject(x):
        y, z = (torch.linspace(-1, 1, n) * n / 32 for n in x.shape[2:])
        return plain(x) + 0.5 * torch.exp(-(y[:, None] ** 2) - z**2)

    denoise = {**TOYS, "subject": subject}[toy]
    clean = ramp(128, 128)
    guide = torch.nn.functional.avg_pool2d(clean, 2)
    drift = []
    for strength in (0.0, 1.0):
        x = clean + 1.28 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(7))
        for sigma, after in ((1.28, 0.79), (0.79, 0.44), (0.44, 0.03), (0.03, 0.0)):
            amount = anchor_amount(torch.tensor(sigma), strength)
            x0 = anchored(denoise(x), make_anchor(guide, 128, 128), amount)
            x = x0 + (x - x0) * (after / sigma)
        drift.append(torch.nn.functional.avg_pool2d(x - clean, 16).std())
    assert drift[1] < 0.5 * drift[0]
