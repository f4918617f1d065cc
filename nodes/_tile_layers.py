"""Conditions with different LoRA hooks: weights are patched once per step, not once per tile.

ComfyUI patches the model's weights anew whenever the hook group of what it evaluates changes. So
entries are sorted into layers, one per hook group; all tiles of a layer are evaluated before the
next, and each position takes from every layer the share that ComfyUI would give it.
"""

from typing import NamedTuple

import torch

from ._tile_conds import Entry, masked_entry

Lists = list[list[Entry] | None]
NOTHING = 1e-37  # what ComfyUI adds to a sum of weights before it divides by it


class Layer(NamedTuple):
    """Entries of one hook group, and what they contribute per condition list.

    shares: [1 or B, 1, H, W] per list; None where the layer is all there is.
    """

    lists: Lists
    shares: list[torch.Tensor] | None = None


def layers_of(lists: Lists, size: tuple[int, int], device) -> list[Layer]:
    """One layer if all entries have the same hooks, else one per hook group, as they come."""
    if len(_hook_groups(lists)) <= 1:
        return [Layer(lists)]
    lists = [entries and _fill_in_defaults(entries, size, device) for entries in lists]
    split = [
        [entries and [e for e in entries if e.cond.get("hooks") == hooks] for entries in lists]
        for hooks in _hook_groups(lists)
    ]
    weights = [[_weight(entries or [], size, device) for entries in part] for part in split]
    totals = [sum(of_list) + NOTHING for of_list in zip(*weights, strict=True)]
    return [
        Layer(part, [w / total for w, total in zip(row, totals, strict=True)])
        for part, row in zip(split, weights, strict=True)
    ]


def _hook_groups(lists: Lists) -> list:
    return list(dict.fromkeys(e.cond.get("hooks") for entries in lists for e in entries or []))


def _weight(entries: list[Entry], size: tuple[int, int], device) -> torch.Tensor:
    """[1 or B, 1, H, W]: the sum of the weights with which ComfyUI adds up these entries."""
    total = torch.zeros(1, 1, *size, device=device)
    for cond, cover, _ in entries:
        weight = torch.ones(1, *size, device=device) if cover is None else cover
        if "mask" in cond:
            weight = weight * cond.get("mask_strength", 1.0)
        total = total + (weight * cond.get("strength", 1.0))[:, None]
    return total


def _fill_in_defaults(entries: list[Entry], size: tuple[int, int], device) -> list[Entry]:
    """`default` entries as masks over what the others leave open, as ComfyUI completes them."""
    others = [entry for entry in entries if "default" not in entry.cond]
    rest = (1 - _weight(others, size, device)[:, 0]).clamp(min=0)
    dropped = ("default", "strength", "mask_strength", "mask", "area")
    filled = [
        masked_entry({**{k: v for k, v in cond.items() if k not in dropped}, "mask": rest}, rest)
        for cond, *_ in entries
        if "default" in cond
    ]
    return others + filled
