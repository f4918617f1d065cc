"""Tiled sampling as wrappers on a MODEL: x0 is blended per condition, before CFG.

Hooks: CALC_COND_BATCH (the tiles), PREDICT_NOISE (the anchor, after CFG), PREPARE_SAMPLING (memory
for a tile, not for the picture) and OUTER_SAMPLE (nothing outlives a run). ComfyUI itself is not
patched. Because the tiles' weights sum to 1, blending is the same for eps, v and x0 prediction, and
CFG with whole-image statistics (RescaleCFG, PAG, post-CFG functions) sees one whole picture.
"""

from collections.abc import Callable
from functools import partial

import comfy.model_management
import comfy.utils
import torch
from comfy.patcher_extension import WrappersMP

from ..core.tiling.anchor import anchor_amount, anchored, make_anchor
from ..core.tiling.batches import TileBatch, batch_limit, for_devices, group_tiles
from ..core.tiling.blend import blend
from ..core.tiling.consensus import agree
from ..core.tiling.plan import LATENT_PX, Tile, TilePlan, plan_tiles
from ._host import check_cancel
from ._tile_conds import counts_in, crop, cut_entry, set_size, survey
from ._tile_devices import device_count, evaluate_parts, part_count
from ._tile_layers import Layer, layers_of
from ._tile_overview import add_overview, refuse_schedules
from ._tile_run import TileRun
from ._tile_texts import TileTexts

KEY = "illustrious-xl-studio.tiles"


class TiledSampling:
    """The settings of one tiled MODEL, and the run in progress."""

    def __init__(
        self,
        tile_px: int,
        overlap_px: int,
        moving: bool,
        tile_batch: int,
        size_mode: str,
        consensus: bool = True,
        guide: torch.Tensor | None = None,
        anchor: float = 0.0,
        overview: bool = False,
        on_step: Callable[[int, int], None] | None = None,
    ):
        self.tile_px = tile_px
        self.overlap_px = overlap_px
        self.moving = moving
        self.tile_batch = tile_batch
        self.size_mode = size_mode
        self.consensus = consensus
        self.guide = guide
        self.anchor = anchor
        self.overview = overview
        self.on_step = on_step  # None: the node's own progress bar
        self.run: TileRun | None = None

    def patch(self, model):
        """A clone of the MODEL that samples in tiles; tiles of an earlier patch are replaced."""
        tiled = model.clone()
        for kind, wrapper in (
            (WrappersMP.CALC_COND_BATCH, self.calc_cond_batch),
            (WrappersMP.PREDICT_NOISE, self.predict_noise),
            (WrappersMP.PREPARE_SAMPLING, self.prepare_sampling),
            (WrappersMP.OUTER_SAMPLE, self.outer_sample),
        ):
            tiled.remove_wrappers_with_key(kind, KEY)
            tiled.add_wrapper_with_key(kind, KEY, wrapper)
        return tiled

    def plan(self, shape) -> TilePlan:
        """The plan for a latent of shape [B, C, H, W]."""
        if len(shape) != 4:
            raise ValueError(
                f"A latent with {len(shape)} dimensions reached the tiled model; it tiles pictures "
                "[batch, channels, height, width]. Use it with an SDXL-type model."
            )
        return plan_tiles(shape[2], shape[3], self.tile_px, self.overlap_px, self.moving)

    def outer_sample(self, executor, noise, latent, sampler, sigmas, mask=None, *args, **kwargs):
        guider, before = executor.class_obj, self.run
        if not self.plan(noise.shape).is_whole:
            _refuse_unsupported(guider.model_options)
            if self.overview and self.guide is None:
                refuse_schedules(guider.conds)
        self.run = TileRun(guider, latent, sigmas, mask, self.on_step)
        try:
            return executor(noise, latent, sampler, sigmas, mask, *args, **kwargs)
        finally:
            self.run = before

    def prepare_sampling(self, executor, model, noise_shape, *args, **kwargs):
        """ComfyUI reserves memory for what is evaluated at once: a batch of tiles."""
        plan = self.plan(noise_shape)
        if not plan.is_whole:
            count = max(1, self.tile_batch)
            noise_shape = [noise_shape[0] * count, noise_shape[1], *plan.tile_shape]
        return executor(model, noise_shape, *args, **kwargs)

    def predict_noise(self, executor, x, timestep, *args, **kwargs):
        """x0 after CFG, its low frequencies held to the guide's."""
        x0 = executor(x, timestep, *args, **kwargs)
        if self.guide is None or self.anchor == 0:
            return x0
        anchors, size = (self.run or TileRun()).anchors, tuple(x.shape[2:])
        if size not in anchors:
            guide = comfy.utils.repeat_to_batch_size(self.guide, x.shape[0]).to(x)
            guide = executor.class_obj.inner_model.process_latent_in(guide)
            anchors[size] = make_anchor(guide, *size)
        sigma = timestep.reshape(-1, 1, 1, 1).float()
        return anchored(x0, anchors[size], anchor_amount(sigma, self.anchor))

    def calc_cond_batch(self, executor, model, conds, x_in, timestep, model_options):
        """x0 of every condition list: [B, C, H, W] each, blended from tiles."""
        plan = self.plan(x_in.shape)
        if plan.is_whole:
            return executor(model, conds, x_in, timestep, model_options)
        run = self.run or TileRun()
        step, steps = _step(timestep, model_options)
        tiles = plan.tiles(step, guarded=self.consensus)
        used = run.changing(tiles, timestep, model_options)
        size, device = tuple(x_in.shape[2:]), x_in.device
        lists = [survey(c, size, timestep, device, run.covers) for c in conds]
        layers = layers_of(lists, size, device)
        parts: dict = {}
        done, devices = 0, device_count(model_options)
        limit = self._limit(model, plan, x_in) * devices
        for layer in layers:
            seen = [tile for tile, on in zip(tiles, used, strict=True) if on]
            keyed = [(tile, _key(layer, tile, size, run.texts)) for tile in seen]
            for group in for_devices(group_tiles(keyed, limit), devices):
                check_cancel()
                cut = partial(self._cut, model, layer, x_in=x_in, run=run)
                found = _evaluate(executor, model, cut, group, x_in, timestep, model_options)
                _collect(parts, found, layer, group.tiles)
                done += len(group.tiles)
                run.report(step * len(tiles) + done // len(layers), steps * len(tiles))
        if self.moving:
            run.hints.forget_parts()
        out = self._join(parts, tiles, used, len(conds), run, model, x_in)
        if not self.overview or self.guide is not None:
            return out

        def whole(small_conds, x, sigma):
            return executor(model, small_conds, x, sigma, model_options)

        area = (self.tile_px // LATENT_PX) ** 2
        return add_overview(out, whole, model, lists, area, x_in, timestep, run, self.anchor)

    def _cut(self, model, layer: Layer, group: TileBatch, x_in: torch.Tensor, run) -> list:
        """The condition lists for one batch of tiles, less the entries that do not touch it."""
        out = []
        for entries, active in zip(layer.lists, group.active[0], strict=True):
            if entries is None:
                out.append(None)
                continue
            cut = []
            for entry in (e for e, on in zip(entries, active, strict=True) if on):
                told = run.texts.rows(entry.cond, group.tiles, x_in, model)
                cut.append(cut_entry(entry, group.tiles, x_in, run.hints, told))
            if self.size_mode == "tile":
                for cond in cut:
                    set_size(cond, model, group.tiles[0].shape)
            out.append(cut)
        return out

    def _join(self, parts, tiles, used, count: int, run, model, x_in) -> list[torch.Tensor]:
        """One picture per condition list; where nothing may change it is the latent itself."""
        if not all(used):
            kept = run.unchanged(model, x_in).repeat(count, 1, 1, 1)
            for tile in tiles:
                parts.setdefault(_place(tile), crop(kept, [tile]))
        ordered = [parts[_place(tile)] for tile in tiles]
        if self.consensus:
            ordered = agree(ordered, tiles, used)
        return list(blend(ordered, tiles).to(x_in.dtype).chunk(count))

    def _limit(self, model, plan: TilePlan, x_in) -> int:
        if self.tile_batch > 0:
            return self.tile_batch
        if comfy.model_management.is_device_cpu(x_in.device):
            return 1  # a larger batch costs memory there and gains nothing
        free = model.current_patcher.get_free_memory(x_in.device)
        # positive and negative of a tile are evaluated together
        need = model.memory_required([2 * x_in.shape[0], x_in.shape[1], *plan.tile_shape])
        return batch_limit(free, need, plan.rows * plan.cols)


def _refuse_unsupported(model_options: dict) -> None:
    """Raises ValueError for what would go wrong in tiles without a word."""
    functions = model_options.get("sampler_post_cfg_function", [])
    if any("SelfAttentionGuidance" in getattr(f, "__qualname__", "") for f in functions):
        raise ValueError(
            "Self-Attention Guidance is connected to a tiled model; it reads the attention of one "
            "whole picture, which tiles do not have. Use Perturbed-Attention Guidance instead, or "
            "the model without tiles."
        )


def _step(timestep, model_options) -> tuple[int, int]:
    """Index of the sampling step and their number; between two steps it is the first of them."""
    sigmas = model_options.get("transformer_options", {}).get("sample_sigmas")
    if sigmas is None:
        return 0, 1
    sigma = timestep[0].to(sigmas)
    steps = max(1, len(sigmas) - 1)
    return min(steps, max(1, int((sigmas >= sigma * (1 - 1e-4)).sum()))) - 1, steps


def _place(tile: Tile) -> tuple:
    return tile.rows, tile.cols


def _key(layer: Layer, tile: Tile, size: tuple[int, int], texts: TileTexts) -> tuple:
    """What tiles of one model call share: the entries that count, how long prompts of the tiles'
    own are, and GLIGEN boxes if there are."""
    active = tuple(tuple(counts_in(e, tile) for e in entries or ()) for entries in layer.lists)
    boxes = any("gligen" in e.cond for entries in layer.lists for e in entries or ())
    tokens = [texts.tokens(e.cond, tile, size) for entries in layer.lists for e in entries or ()]
    return active, tuple(tokens), _place(tile) if boxes else None


def _evaluate(executor, model, cut, group: TileBatch, x_in, timestep, model_options) -> list:
    """x0 of the group per condition list, from one device or several. cut: entries for tiles."""
    x, batch = crop(x_in, group.tiles), cut(group)
    count = part_count(len(group.tiles), device_count(model_options), batch)
    if count == 1:
        seen = _publish(model_options, group.tiles, x_in)
        return executor(model, batch, x, timestep.repeat(len(group.tiles)), seen)
    each = len(group.tiles) // count
    parts = [cut(TileBatch(tiles, group.active)) for tiles in _chunks(group.tiles, each)]
    return evaluate_parts(executor, model, parts, x, timestep.repeat(each), model_options)


def _chunks(tiles: tuple[Tile, ...], size: int) -> list[tuple[Tile, ...]]:
    return [tiles[i : i + size] for i in range(0, len(tiles), size)]


def _publish(model_options: dict, tiles: tuple[Tile, ...], x_in: torch.Tensor) -> dict:
    """Model options that tell other nodes' patches which windows of the picture the samples are.

    transformer_options["tile_windows"]: (y, x, height, width) per tile and the `size` of the
    picture, all in latents. Samples are tile-major: sample i shows window i // batch.
    """
    options = model_options.get("transformer_options", {})
    windows = tuple((t.rows.start, t.cols.start, *t.shape) for t in tiles)
    told = {"windows": windows, "size": tuple(x_in.shape[2:]), "batch": x_in.shape[0]}
    return {**model_options, "transformer_options": {**options, "tile_windows": told}}


def _collect(parts: dict, found: list[torch.Tensor], layer: Layer, tiles: tuple[Tile, ...]) -> None:
    """Adds what a model call gave to [lists * B, C, h, w] per tile."""
    per_list = [out.float().chunk(len(tiles)) for out in found]
    for i, tile in enumerate(tiles):
        pieces = [pieces[i] for pieces in per_list]
        if layer.shares is not None:
            pieces = [
                p * crop(share, [tile]) for p, share in zip(pieces, layer.shares, strict=True)
            ]
        before = parts.get(_place(tile))
        part = torch.cat(pieces)
        parts[_place(tile)] = part if before is None else before + part
