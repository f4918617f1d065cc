"""What sampling nodes read from a MODEL and from ComfyUI's samplers, and the types of their names.

Checked against ComfyUI 0.30.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import comfy.samplers
import torch
from comfy_extras.nodes_model_advanced import RescaleCFG

if TYPE_CHECKING:
    from ..core.checkpoint.loaded import LoadedCheckpoint


class Names(list):
    """The type of an output that gives one of these names.

    ComfyUI takes a link into a V1 node such as KSampler only if both lists are equal, into a V3
    node if this one is any list. Packs lengthen ComfyUI's lists or offer longer ones on nodes of
    their own: a link is right where both have a name in common. ComfyUI asks by `!=`.
    """

    def __ne__(self, other: object) -> bool:
        return not (isinstance(other, list) and set(self) & set(other))


def loaded_checkpoint(model) -> LoadedCheckpoint | None:
    """What our loader noted on the MODEL, None where another node loaded it."""
    from ..core.checkpoint.loaded import CHECKPOINT_KEY

    return model.get_attachment(CHECKPOINT_KEY)


def has_guidance(model) -> bool:
    """Whether a node before has set how CFG is computed (RescaleCFG and others)."""
    return "sampler_cfg_function" in model.model_options


def rescaled(model, multiplier: float):
    """The MODEL with ComfyUI's RescaleCFG; the same one at 0."""
    return RescaleCFG().patch(model, multiplier)[0] if multiplier else model


def sigmas(model, sampler: str, scheduler: str, steps: int, denoise: float) -> torch.Tensor:
    """[steps + 1] as KSampler computes them, so that custom sampling gives KSampler's picture."""
    return comfy.samplers.KSampler(
        model, steps, torch.device("cpu"), sampler, scheduler, denoise
    ).sigmas
