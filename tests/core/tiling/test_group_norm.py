"""Statistics of parts against PyTorch's own group normalisation of the whole."""

from functools import reduce

import pytest

torch = pytest.importorskip("torch")

from ixl.core.tiling.group_norm import Moments, moments, normalise  # noqa: E402


def in_parts(x, ends, groups: int) -> Moments:
    parts = [x[:, :, a:b] for a, b in zip([0, *ends], [*ends, x.shape[2]], strict=True)]
    return reduce(Moments.merged, (moments(part, groups) for part in parts))


def picture(dtype, offset: float = 0.0, spread: float = 1.0):
    """Parts differ in mean and spread, as the rows of a picture with a gradient do."""
    x = torch.randn(1, 32, 60, 20, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = x * torch.linspace(0.2, 3, 60).view(60, 1) + torch.linspace(-4, 4, 60).view(60, 1)
    return (x * spread + offset + torch.arange(32).view(32, 1, 1)).to(dtype)


@pytest.mark.parametrize("groups", [1, 4, 32])
@pytest.mark.parametrize("ends", [[], [30], [1, 2, 7, 40, 59]])
def test_parts_normalise_like_the_whole(groups, ends):
    x = picture(torch.float64)
    norm = torch.nn.GroupNorm(groups, 32, eps=1e-6, dtype=torch.float64)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    with torch.no_grad():
        ours = normalise(x, in_parts(x, ends, groups), norm.weight, norm.bias, norm.eps)
        assert (ours - norm(x)).abs().max() <= 1e-12


def test_variance_is_kept_beside_a_large_mean():
    x = picture(torch.float32, offset=5000.0, spread=0.1)
    found = in_parts(x, [20, 40], 32)
    true = x.double().var(dim=(0, 2, 3), correction=0)
    assert ((found.squares / found.count - true) / true).abs().max() <= 1e-5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once(dtype):
    x = picture(dtype)
    scale, shift = torch.rand(32, dtype=torch.float64) + 0.5, torch.randn(32, dtype=torch.float64)
    ours = normalise(x, in_parts(x, [25], 8), scale.to(dtype), shift.to(dtype), 1e-6)
    exact = torch.nn.functional.group_norm(
        x.double(), 8, scale.to(dtype).double(), shift.to(dtype).double(), 1e-6
    )
    assert ours.dtype == dtype
    # half a unit in the last place of the result, and float32's own rounding
    step = torch.finfo(dtype).eps / 2
    assert ((ours.double() - exact).abs() <= step * exact.abs() + 1e-5).all()
