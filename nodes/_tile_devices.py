"""Spreads a batch of tiles over several GPUs through ComfyUI's own multi-GPU support.

ComfyUI deals the condition entries of a call out to the devices, and all of them see one input. So
the parts of a batch are laid one below another in that input, and an entry belongs to its part by
its area. What is dealt out, where weights lie and how results come back is ComfyUI's doing. Patches
of other nodes are not told `tile_windows` then: one call has one set of options for all devices.
"""

from collections.abc import Sequence

import comfy.conds
import torch


def device_count(model_options: dict) -> int:
    """On how many devices ComfyUI samples: more than one behind its MultiGPU node."""
    return max(1, len(model_options.get("multigpu_clones", ())))


def part_count(tiles: int, devices: int, conds: list) -> int:
    """In how many equal parts a batch of tiles is given to the devices.

    tiles: a multiple of `devices`, or fewer. 1 with entries that fill what others leave: ComfyUI
    looks for that in the whole input.
    """
    if any("default" in entry for entries in conds for entry in entries or ()):
        return 1
    return min(tiles, devices)


def evaluate_parts(
    executor, model, parts: Sequence[list], x: torch.Tensor, sigma: torch.Tensor, options: dict
) -> list[torch.Tensor]:
    """x0 of every condition list, as x: [parts * N, C, h, w]. sigma: of N.

    parts: the condition lists of each part.
    """
    height = x.shape[2]
    conds = [
        None if lists[0] is None else
        [_placed(entry, n, len(parts), x) for n, part in enumerate(lists) for entry in part]
        for lists in zip(*parts, strict=True)
    ]  # fmt: skip
    found = executor(model, conds, torch.cat(x.chunk(len(parts)), dim=2), sigma, options)
    return [torch.cat(out.split(height, dim=2)) for out in found]


def _placed(entry: dict, number: int, count: int, x: torch.Tensor) -> dict:
    """The entry for one part; with a mask ComfyUI does not fade the area's borders."""
    height, width = x.shape[2:]

    def placed(data: torch.Tensor) -> torch.Tensor:
        whole = data.new_zeros(*data.shape[:-2], height * count, width)
        whole[..., number * height : (number + 1) * height, :] = data
        return whole

    return {
        **entry,
        "area": (height, width, number * height, 0),
        "mask": placed(entry["mask"] if "mask" in entry else x.new_ones(1, height, width)),
        "model_conds": {
            key: value._copy_with(placed(value.cond))
            if isinstance(value, comfy.conds.CONDNoiseShape)
            else value
            for key, value in entry["model_conds"].items()
        },
    }
