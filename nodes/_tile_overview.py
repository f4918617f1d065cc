"""The overview: the model also sees the whole picture, reduced, and tiles follow what it sees.

One more evaluation per condition and step, of about a tile's size. For pictures that are drawn from
noise without a guide.
"""

import torch

from ..core.tiling.anchor import (
    OVERVIEW_TRUST_SIGMA,
    anchor_amount,
    follow_overview,
    overview_scale,
    reduced,
)
from ._tile_conds import set_size, shrink_entry
from ._tile_layers import Lists
from ._tile_run import TileRun


def add_overview(
    found: list[torch.Tensor],
    evaluate,
    model,
    lists: Lists,
    area: int,
    x: torch.Tensor,
    timestep: torch.Tensor,
    run: TileRun,
    strength: float,
) -> list[torch.Tensor]:
    """x0 of every condition list, coarse structure moved towards the overview's.

    evaluate(conds, x, sigma): the model, as ComfyUI evaluates whole pictures. area: latents that
    the overview may have.
    """
    scale = overview_scale(*x.shape[2:], area)
    small = reduced(x, scale)
    conds = []
    for entries in lists:
        conds.append(entries and [shrink_entry(entry, scale, run.hints) for entry in entries])
        for cond in conds[-1] or []:
            set_size(cond, model, tuple(small.shape[2:]))
    seen = evaluate(conds, small, timestep / scale)
    sigma = timestep.reshape(-1, 1, 1, 1).float()
    amount = anchor_amount(sigma, strength, OVERVIEW_TRUST_SIGMA)
    return [
        follow_overview(x0, overview, scale, amount)
        for x0, overview in zip(found, seen, strict=True)
    ]


def refuse_schedules(conds: dict) -> None:
    """Raises ValueError for LoRA hooks that change with the noise: the overview has less of it."""
    hooks = (c["hooks"].hooks for entries in conds.values() for c in entries if c.get("hooks"))
    if any(len(hook.hook_keyframe.keyframes) > 1 for group in hooks for hook in group):
        raise ValueError(
            "LoRA hooks with keyframes are connected to a tiled model with an overview; the "
            "overview has less noise and would move them on too early. Turn overview off, or give "
            "the LoRA one strength."
        )
