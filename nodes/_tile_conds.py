"""Conditioning entries of ComfyUI cut to a batch of tiles.

Inside one model call tiles lie on the batch axis, tile-major: [tile0 b0..bB, tile1 b0..bB, ...].
Every function takes the entry as ComfyUI resolved it for the whole latent and gives a copy for the
tiles; nothing of the original is changed.
"""

import uuid
from collections.abc import Iterable
from typing import NamedTuple

import comfy.conds
import comfy.model_base
import comfy.utils
import numpy as np
import torch

from ..core.tiling.anchor import reduced
from ..core.tiling.plan import LATENT_PX, Tile

AREA_FUZZ = 8  # latents over which ComfyUI fades an area in at its inner borders


class Entry(NamedTuple):
    """One conditioning entry and where it counts, if not everywhere."""

    cond: dict
    cover: torch.Tensor | None = None  # [1 or B, H, W], on the latent's device
    somewhere: np.ndarray | None = None  # bool [H, W]: where it counts for any sample


def crop(x: torch.Tensor, tiles: Iterable[Tile], ratio: int = 1) -> torch.Tensor:
    """[B, ..., H, W] -> [tiles * B, ..., h, w]; `ratio` is x's pixels per latent."""
    return torch.cat(
        [
            x[
                ...,
                t.rows.start * ratio : t.rows.stop * ratio,
                t.cols.start * ratio : t.cols.stop * ratio,
            ]
            for t in tiles
        ]
    )


def survey(
    entries: list | None, size: tuple[int, int], timestep, device, known: dict
) -> list[Entry] | None:
    """The entries that take part at this noise level (None: ComfyUI does not want this list).

    `known` keeps what was found for a run's masks and areas: each look costs a wait for the GPU.
    """
    if entries is None:
        return None
    found = []
    for cond in entries:
        if not _in_range(cond, timestep):
            continue
        if "mask" not in cond and "area" not in cond:
            found.append(Entry(cond))
            continue
        if id(cond) not in known:  # the entry keeps its cond alive, so no other gets this id
            known[id(cond)] = masked_entry(cond, coverage(cond, size, device))
        found.append(known[id(cond)])
    return found


def masked_entry(cond: dict, cover: torch.Tensor) -> Entry:
    return Entry(cond, cover, (cover != 0).any(dim=0).cpu().numpy())


def coverage(cond: dict, size: tuple[int, int], device) -> torch.Tensor:
    """Where an entry with a mask or an area counts, as [1 or B, H, W] over the whole latent.

    An area becomes a mask with ComfyUI's fade at its inner borders, so that a tile sees the same
    weights as the whole picture does.
    """
    mask = cond.get("mask")
    if "area" not in cond:
        return mask
    h, w, y, x = _resolve_area(cond["area"], size)
    if mask is not None:
        window = torch.zeros(size, device=mask.device)
        window[y : y + h, x : x + w] = 1
        return mask * window
    rows = _fade(size[0], y, h, device)
    cols = _fade(size[1], x, w, device)
    return (rows[:, None] * cols[None, :])[None]


def counts_in(entry: Entry, tile: Tile) -> bool:
    """Whether the entry counts anywhere in the tile."""
    area = (slice(*tile.rows), slice(*tile.cols))
    return entry.somewhere is None or bool(entry.somewhere[area].any())


def cut_entry(entry: Entry, tiles: tuple[Tile, ...], x: torch.Tensor, hints, told=None) -> dict:
    """The entry as tiles of x see it; `hints` cuts its ControlNets (`_tile_control.Hints`).

    told: model_conds that the tiles have of their own (`_tile_texts`).
    """
    cond, cover, batch = entry.cond, entry.cover, x.shape[0]
    out = {k: v for k, v in cond.items() if k not in ("area", "mask", "control", "gligen")}
    if cover is not None:
        out["mask"] = crop(comfy.utils.repeat_to_batch_size(cover, batch), tiles)
    out["model_conds"] = {
        key: _cut_model_cond(value, tiles, batch) for key, value in cond["model_conds"].items()
    }
    out["model_conds"] |= told or {}
    if "control" in cond:
        out["control"] = hints.stand_in(cond["control"], tiles, x)
    if "gligen" in cond:
        out["gligen"] = _cut_gligen(cond["gligen"], tiles[0])
    if "uuid" in cond:  # step caches of other nodes tell predictions apart by it
        out["uuid"] = uuid.uuid5(cond["uuid"], str([(t.rows, t.cols) for t in tiles]))
    return out


def shrink_entry(entry: Entry, scale: int, hints) -> dict:
    """The entry for a copy of the picture reduced by `scale`; its noise level is lower by as much.

    Timestep ranges are left out: they were judged at the picture's own noise level.
    """
    cond, cover = entry.cond, entry.cover
    dropped = ("area", "mask", "control", "gligen", "timestep_start", "timestep_end")
    out = {k: v for k, v in cond.items() if k not in dropped}
    if cover is not None:
        out["mask"] = reduced(cover, scale)
    out["model_conds"] = {
        key: value._copy_with(reduced(value.cond, scale))
        if isinstance(value, comfy.conds.CONDNoiseShape)
        else value
        for key, value in cond["model_conds"].items()
    }
    if "control" in cond:
        out["control"] = hints.at_lower_noise(cond["control"], scale)
    if "gligen" in cond:
        kind, model, boxes, *rest = cond["gligen"]
        smaller = [(box[0], *(v / scale for v in box[1:])) for box in boxes]
        out["gligen"] = (kind, model, smaller, *rest)
    if "uuid" in cond:
        out["uuid"] = uuid.uuid5(cond["uuid"], "overview")
    return out


def set_size(cond: dict, model, shape: tuple[int, int]) -> None:
    """SDXL's size conditioning for a picture of that size in latents: what it was trained on.

    The last 6 x 256 numbers of `y` embed height, width, crop (top, left), target height and width.
    """
    y = cond["model_conds"].get("y")
    if y is None or not isinstance(model, comfy.model_base.SDXL):
        return
    height, width = (v * LATENT_PX for v in shape)
    numbers = torch.tensor([height, width, 0, 0, height, width], dtype=torch.float32)
    size = model.embedder(numbers).flatten().to(y.cond)
    pooled = y.cond[:, : y.cond.shape[1] - len(size)]
    cond["model_conds"]["y"] = comfy.conds.CONDRegular(
        torch.cat([pooled, size.expand(len(pooled), -1)], dim=1)
    )


def _cut_model_cond(value, tiles: tuple[Tile, ...], batch: int):
    if isinstance(value, comfy.conds.CONDNoiseShape):
        data = comfy.utils.repeat_to_batch_size(value.cond, batch)
        return value._copy_with(crop(data, tiles))
    if isinstance(value, comfy.conds.CONDConstant | comfy.conds.CONDList):
        return value
    if isinstance(value, comfy.conds.CONDRegular) and value.cond.shape[0] not in (1, batch):
        # core would repeat these over tiles and batch together, which mixes the two up
        return value._copy_with(comfy.utils.repeat_to_batch_size(value.cond, batch))
    return value


def _cut_gligen(gligen: tuple, tile: Tile) -> tuple:
    """Boxes (embedding, height, width, y, x; in latents) in the tile's own coordinates."""
    kind, model, boxes, *rest = gligen
    moved = []
    for embedding, height, width, y, x in boxes:
        top, left = max(y, tile.rows.start), max(x, tile.cols.start)
        bottom = min(y + height, tile.rows.stop)
        right = min(x + width, tile.cols.stop)
        if top < bottom and left < right:
            place = (bottom - top, right - left, top - tile.rows.start, left - tile.cols.start)
            moved.append((embedding, *place))
    return kind, model, moved, *rest


def _in_range(cond: dict, timestep) -> bool:
    """ComfyUI's own test of an entry's timestep range; both ends are noise levels."""
    sigma = timestep[0]
    if "timestep_start" in cond and sigma > cond["timestep_start"]:
        return False
    return not ("timestep_end" in cond and sigma < cond["timestep_end"])


def _resolve_area(area, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """ComfyUI's (height, width, y, x) in latents, clipped to the picture."""
    h, w, y, x = area
    return min(size[0] - y, h), min(size[1] - x, w), y, x


def _fade(length: int, start: int, size: int, device) -> torch.Tensor:
    """1 inside the area, 0 outside, ComfyUI's ramps at borders inside the picture."""
    line = torch.zeros(length, device=device)
    line[start : start + size] = 1.0
    reach = min(AREA_FUZZ, size // 4)
    ramp = torch.arange(1, reach + 1, device=device) / max(1, reach)
    if start > 0:
        line[start : start + reach] *= ramp
    if start + size < length:
        line[start + size - reach : start + size] *= ramp.flip(0)
    return line
