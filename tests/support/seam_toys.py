"""Denoisers of no cost that show the faults of tiled sampling, and a partial start for them.

Each depends on what it sees of the picture, as a real one does: it pulls the tile towards the
tile's own mean (grey), towards its own contrast, towards a long-range average that is cut off at
the tile's border, towards black where its convolution pads with zeros (border), or several of
these. `plain` has no fault: a local average. All map [B, C, H, W] to x0 of the same shape.
"""

import torch
from torch.nn.functional import avg_pool2d, pad


def average(x: torch.Tensor, width: int) -> torch.Tensor:
    """Mean over a square, borders repeated."""
    x = pad(x, (width // 2,) * 4, mode="replicate")
    return avg_pool2d(avg_pool2d(x, (width, 1), 1), (1, width), 1)


def mean(x: torch.Tensor) -> torch.Tensor:
    return x.mean(dim=(-2, -1), keepdim=True)


def plain(x: torch.Tensor) -> torch.Tensor:
    return average(x, 9)


def grey(x: torch.Tensor) -> torch.Tensor:
    return average(x, 9) - 0.25 * mean(x)


def contrast(x: torch.Tensor) -> torch.Tensor:
    std = x.std(dim=(-2, -1), keepdim=True)
    return mean(x) + (average(x, 9) - mean(x)) * (1 - 0.3 * (std - 0.6)) - 0.1 * mean(x)


def longrange(x: torch.Tensor) -> torch.Tensor:
    return average(x, 9) - 0.25 * average(x, 65)


def mix(x: torch.Tensor) -> torch.Tensor:
    return 0.5 * (contrast(x) + longrange(x)) - 0.125 * mean(x)


def border(x: torch.Tensor) -> torch.Tensor:
    return avg_pool2d(pad(x, (4,) * 4), 9, 1) - 0.1 * mean(x)


TOYS = {f.__name__: f for f in (grey, contrast, longrange, mix, border)}


def ramp(height: int, width: int, seed: int = 3) -> torch.Tensor:
    """[1, 4, height, width]: a slope with texture, about unit standard deviation."""
    down = torch.linspace(-0.5, 0.5, height)[:, None]
    across = torch.linspace(-1, 1, width)
    noise = torch.randn(1, 4, height, width, generator=torch.Generator().manual_seed(seed))
    return down + across + 0.3 * noise


def as_model(model, denoise):
    """A clone of a comfy MODEL whose x0 is denoise(x), whatever the condition."""
    patched = model.clone()
    patched.set_model_unet_function_wrapper(lambda _, call: denoise(call["input"]))
    return patched
