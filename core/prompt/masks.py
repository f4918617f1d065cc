"""Masks of the characters' regions, with soft borders where regions meet."""

from collections.abc import Sequence

import torch

from .regions import Region

SIDE = 512  # pixels; ComfyUI scales a mask to the latent's size


def region_masks(regions: Sequence[Region], feather: float, side: int = SIDE) -> torch.Tensor:
    """[regions, side, side], 1 inside, with linear ramps of `feather` (share of the side) centred
    on the borders inside the picture; at the picture's own border there is no ramp.

    Masks of regions that tile the picture sum to 1 everywhere.
    """
    return torch.stack(
        [
            _line(r.top, r.bottom, feather, side)[:, None] * _line(r.left, r.right, feather, side)
            for r in regions
        ]
    )


def _line(start: float, end: float, feather: float, side: int) -> torch.Tensor:
    """A trapezoid between two shares, [side]."""
    at = (torch.arange(side) + 0.5) / side
    rise = _ramp(at - start, feather) if start > 0 else torch.ones(side)
    fall = _ramp(end - at, feather) if end < 1 else torch.ones(side)
    return torch.minimum(rise, fall)


def _ramp(distance: torch.Tensor, feather: float) -> torch.Tensor:
    return (distance / max(feather, 1e-6) + 0.5).clamp(0, 1)
