"""Conditioning entries of ComfyUI cut to a batch of tiles.

Inside one model call tiles lie on the batch axis, tile-major: [tile0 b0..bB, tile1 b0..bB, ...].
Every function takes the entry as ComfyUI resolved it for the whole latent and gives a copy for the
tiles; nothing of the original is changed.
"""

import copy

import comfy.conds
import comfy.utils
import torch

from ..core.tiling.plan import Tile

AREA_FUZZ = 8  # latents over which ComfyUI fades an area in at its inner borders


def crop(x: torch.Tensor, tiles: tuple[Tile, ...], ratio: int = 1) -> torch.Tensor:
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


def refuse_unsupported(cond: dict) -> None:
    """Raises ValueError for conditioning that would be wrong in tiles."""
    if "gligen" in cond:
        raise ValueError(
            "GLIGEN boxes are connected to a tiled model; they are not moved into the tiles yet. "
            "Remove the GLIGEN text box or use the model without tiles."
        )


def coverage(cond: dict, size: tuple[int, int], device) -> torch.Tensor | None:
    """Where an entry counts, as [1 or B, H, W] over the whole latent; None means everywhere.

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


def cut_cond(
    cond: dict, covers: torch.Tensor | None, tiles: tuple[Tile, ...], batch: int, hints: dict
) -> dict:
    """The entry as the tiles see it; `hints` keeps ControlNet hints scaled to the whole picture."""
    out = {k: v for k, v in cond.items() if k not in ("area", "mask", "control")}
    if covers is not None:
        out["mask"] = crop(comfy.utils.repeat_to_batch_size(covers, batch), tiles)
    out["model_conds"] = {
        key: _cut_model_cond(value, tiles, batch) for key, value in cond["model_conds"].items()
    }
    if "control" in cond:
        out["control"] = _cut_control(cond["control"], tiles, hints)
    return out


def _cut_model_cond(value, tiles: tuple[Tile, ...], batch: int):
    if isinstance(value, comfy.conds.CONDNoiseShape):
        data = comfy.utils.repeat_to_batch_size(value.cond, batch)
        return value._copy_with(crop(data, tiles))
    if isinstance(value, comfy.conds.CONDRegular) and value.cond.shape[0] not in (1, batch):
        # core would repeat these over tiles and batch together, which mixes the two up
        return value._copy_with(comfy.utils.repeat_to_batch_size(value.cond, batch))
    return value


def _cut_control(control, tiles: tuple[Tile, ...], hints: dict):
    """A shallow stand-in for a chain of ControlNets that holds the hint of these tiles alone.

    Made after `pre_run`, so it shares models and timestep range with the original, whose own cached
    hint stays untouched. Kept per tile batch: ComfyUI puts positive and negative into one call only
    if both hold the same object.
    """
    key = (id(control), tuple((t.rows, t.cols) for t in tiles))
    if key in hints:
        return hints[key]
    part = copy.copy(control)
    part.cond_hint, part.extra_concat = None, None
    if hasattr(part, "control_input"):  # T2IAdapter computes its features once per hint
        part.control_input = None
    hint, extras, ratio = hints[id(control)]
    part.cond_hint_original = crop(hint, tiles, ratio)
    part.extra_concat_orig = [crop(extra, tiles) for extra in extras]
    if control.previous_controlnet is not None:
        part.previous_controlnet = _cut_control(control.previous_controlnet, tiles, hints)
    hints[key] = part
    return part


def scale_hints(control, size: tuple[int, int], hints: dict) -> None:
    """Scales the hint of every ControlNet in the chain to the whole picture, once per run.

    The same scaling as ComfyUI does (`center` crop, the ControlNet's own algorithm), but before the
    cut, so that tiles show their part of the hint and not all of it.
    """
    if id(control) not in hints:
        ratio = control.compression_ratio
        if control.vae is not None:
            ratio *= control.vae.spacial_compression_encode()
        height, width = size
        scaled = _scale(control.cond_hint_original, height * ratio, width * ratio, control)
        extras = [_scale(e, height, width, control) for e in control.extra_concat_orig]
        hints[id(control)] = scaled, extras, ratio
    if control.previous_controlnet is not None:
        scale_hints(control.previous_controlnet, size, hints)


def _scale(picture: torch.Tensor, height: int, width: int, control) -> torch.Tensor:
    return comfy.utils.common_upscale(picture, width, height, control.upscale_algorithm, "center")


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
