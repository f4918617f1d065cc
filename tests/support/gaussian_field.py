"""A picture model with a known exact answer: a Gaussian random field and its posterior mean.

The field is stationary with the separable covariance k(dy) k(dx), k the Matern 3/2 function of unit
variance, on a finite grid without wrap-around. Given x = field + sigma * noise on any rectangle,
the posterior mean of the field there is linear in x and exact: covariances of rectangles are
Kronecker products, so two small eigendecompositions invert them. A tile is denoised with the
covariance of its own rectangle: all that can be known from the tile alone.
"""

import math
from functools import lru_cache

import torch


def covariance(lag: torch.Tensor | int, length: float) -> torch.Tensor:
    """k at a distance in latents; `length` is the correlation length."""
    scaled = math.sqrt(3) * torch.as_tensor(lag, dtype=torch.float64).abs() / length
    return (1 + scaled) * torch.exp(-scaled)


@lru_cache(maxsize=256)
def axis(count: int, length: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Eigenvalues [n] and eigenvectors [n, n] of the covariance of `count` places in a row."""
    place = torch.arange(count)
    values, vectors = torch.linalg.eigh(covariance(place[:, None] - place, length))
    return values.clamp(min=0).float(), vectors.float()


def posterior_mean(x: torch.Tensor, sigma: torch.Tensor, length: float) -> torch.Tensor:
    """E[field | x] on the rectangle of x [B, C, h, w] under noise sigma [B]."""
    (rows, down), (cols, across) = axis(x.shape[2], length), axis(x.shape[3], length)
    power = rows[:, None] * cols
    share = power / (power + sigma.reshape(-1, 1, 1, 1) ** 2)
    return down @ ((down.T @ x @ across) * share) @ across.T


def draw(count: int, size: tuple[int, int], length: float, seed: int) -> torch.Tensor:
    """[count, 4, *size]: independent fields."""
    (rows, down), (cols, across) = axis(size[0], length), axis(size[1], length)
    noise = torch.randn(count, 4, *size, generator=torch.Generator().manual_seed(seed))
    return (down * rows.sqrt()) @ noise @ (across * cols.sqrt()).T


def spectrum(fields: torch.Tensor, length: float, bands: int = 8) -> torch.Tensor:
    """Power over exact power per field, in bands from the slowest to the fastest modes [N, bands].

    Modes are the eigenvectors of the exact covariance, so that each band is 1 on average.
    """
    (rows, down), (cols, across) = axis(fields.shape[2], length), axis(fields.shape[3], length)
    power = (rows[:, None] * cols).flatten()
    terms = (down.T @ fields.flatten(0, 1) @ across).flatten(1)
    order = power.argsort(descending=True)
    # a schedule that ends at sigma 0.03 takes 0.3 % off a mode of power 0.3, more off weaker ones
    order = order[power[order] > 0.3]
    ratio = terms[:, order] ** 2 / power[order]
    return torch.stack([band.mean(dim=1) for band in ratio.tensor_split(bands, dim=1)], dim=1)


def covariances(fields: torch.Tensor, lag: int) -> torch.Tensor:
    """Covariance over each place and the one `lag` further, per field [N, places].

    Averaged along the other axis; places are first those across columns, then across rows.
    """
    flat = fields.flatten(0, 1)
    across = (flat[:, :, : flat.shape[2] - lag] * flat[:, :, lag:]).mean(dim=1)
    down = (flat[:, : flat.shape[1] - lag] * flat[:, lag:]).mean(dim=2)
    return torch.cat([across, down], dim=1)


def as_model(model, length: float):
    """A clone of a comfy MODEL whose x0 is the posterior mean on what it is given."""
    patched = model.clone()
    patched.set_model_unet_function_wrapper(
        lambda _, call: posterior_mean(call["input"], call["timestep"], length)
    )
    return patched
