"""Which prompt a tile is told, where a conditioning entry brings one for every set of boxes.

To samplers without tiles such an entry is what it says: the prompt of the whole picture.
"""

from typing import NamedTuple

import comfy.conds
import comfy.samplers
import comfy.utils
import torch

from ..core.prompt.tile_boxes import Box, TilePrompts
from ..core.tiling.plan import Tile

KEY = "ixl_tile_prompts"


class Told(NamedTuple):
    """entries: the conditioning entry ([1, tokens, channels], options) of each of the prompts."""

    prompts: TilePrompts
    entries: tuple[list, ...]


def with_tile_prompts(encoded: list[list], prompts: TilePrompts) -> list:
    """The CONDITIONING of the first prompt, each of its entries knowing those of all others.

    encoded: one CONDITIONING per prompt; they have several entries each where the CLIP's strength
    changes with the noise.
    """
    return [
        [entries[0][0], {**entries[0][1], KEY: Told(prompts, entries)}]
        for entries in zip(*encoded, strict=True)
    ]


class TileTexts:
    """The prompts of one run as the model takes them, each worked out once."""

    def __init__(self):
        self._known: dict[tuple[int, int], dict] = {}

    def tokens(self, cond: dict, tile: Tile, size: tuple[int, int]) -> int:
        """Length of the prompt of a tile; 0 where all tiles have the same."""
        if KEY not in cond:
            return 0
        told = cond[KEY]
        return told.entries[told.prompts.at(_place(tile, size))][0].shape[1]

    def rows(self, cond: dict, tiles: tuple[Tile, ...], x: torch.Tensor, model) -> dict:
        """What replaces the entry's model_conds for tiles of x whose prompts are equally long."""
        if KEY not in cond:
            return {}
        told, batch = cond[KEY], x.shape[0]
        if cond.get("cross_attn") is not told.entries[0][0]:
            raise ValueError(
                "The text of Tile Prompts was changed on its way to a tiled model, which would be "
                "lost in the tiles; connect Tile Prompts behind the node that changes it, or join "
                "both by Conditioning (Combine)."
            )
        chosen = [told.prompts.at(_place(tile, tuple(x.shape[2:]))) for tile in tiles]
        found = [self._model_conds(cond, one, x, model) for one in chosen]
        return {
            key: first._copy_with(
                torch.cat([comfy.utils.repeat_to_batch_size(f[key].cond, batch) for f in found])
            )
            for key, first in found[0].items()
        }

    def _model_conds(self, cond: dict, number: int, x: torch.Tensor, model) -> dict:
        """Text embedding and vector of one prompt, as ComfyUI makes them of the whole entry."""
        key = id(cond), number  # the run keeps the entry alive, so no other gets this id
        if key not in self._known:
            text, options = cond[KEY].entries[number]
            changed = {"cross_attn": text, "pooled_output": options.get("pooled_output")}
            entries = [{**cond, **changed, "model_conds": {}}]
            (made,) = comfy.samplers.encode_model_conds(
                model.extra_conds, entries, x, x.device, "positive", latent_image=x
            )
            self._known[key] = {
                name: value
                for name, value in made["model_conds"].items()
                if type(value) in (comfy.conds.CONDRegular, comfy.conds.CONDCrossAttn)
            }
        return self._known[key]


def _place(tile: Tile, size: tuple[int, int]) -> Box:
    """Where a tile lies, in shares of the picture."""
    (top, bottom), (left, right), (height, width) = tile.rows, tile.cols, size
    return Box(left / width, top / height, right / width, bottom / height)
