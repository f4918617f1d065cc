"""Rescaled guidance against the paper's own statements; ComfyUI's node is compared elsewhere."""

import pytest

torch = pytest.importorskip("torch")
from ixl.core.guidance import rescaled_guidance  # noqa: E402


@pytest.fixture
def latents():
    make = torch.Generator().manual_seed(1)
    return [torch.randn(2, 4, 8, 8, generator=make, dtype=torch.float64) for _ in range(3)]


def velocity(x, noise, sigma):
    """v of the estimate, by its definition alpha * eps - sigma' * x0 at unit variance."""
    norm = (1 + sigma**2) ** 0.5
    return noise / sigma / norm - (x - noise) * sigma / norm


@pytest.mark.parametrize("sigma", [0.03, 1.0, 14.6, 4518.0])
@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_the_result_is_that_of_the_paper(latents, sigma, share):
    x, cond, uncond = latents
    x = x * sigma
    cond, uncond = cond * sigma, uncond * sigma
    level = torch.full((2,), sigma, dtype=torch.float64)
    guided = rescaled_guidance(cond, uncond, 5.0, x, level, share)
    plain = uncond + 5.0 * (cond - uncond)
    v, v_plain, v_cond = (velocity(x, noise, sigma) for noise in (guided, plain, cond))
    axes = (1, 2, 3)
    contrast = v_cond.std(axes, keepdim=True) / v_plain.std(axes, keepdim=True)
    torch.testing.assert_close(v, share * contrast * v_plain + (1 - share) * v_plain)
    if share == 0:
        torch.testing.assert_close(guided, plain)
    if share == 1:
        torch.testing.assert_close(v.std(axes), v_cond.std(axes))


def test_each_picture_of_a_batch_has_its_own_contrast(latents):
    x, cond, uncond = latents
    cond[1] *= 3
    level = torch.ones(2, dtype=torch.float64)
    both = rescaled_guidance(cond, uncond, 7.0, x, level, 0.7)
    for i in range(2):
        one = slice(i, i + 1)
        alone = rescaled_guidance(cond[one], uncond[one], 7.0, x[one], level[one], 0.7)
        torch.testing.assert_close(both[one], alone)
