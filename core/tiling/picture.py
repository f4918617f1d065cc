"""Draws a tile plan over a picture: every tile's own area, and where neighbours overlap."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .plan import LATENT_PX, TilePlan

LARGEST = 1536  # px of the longer side of the drawing
COLOURS = (
    (255, 96, 96),
    (96, 200, 255),
    (255, 214, 92),
    (128, 232, 140),
)  # no two alike side by side
BLANK = 40  # grey where no picture is given


def draw_plan(
    plan: TilePlan, picture: np.ndarray | None = None, step: int = 0, largest: int = LARGEST
) -> np.ndarray:
    """[h, w, 3] float32 in 0..1. picture: [H, W, 3] in 0..1 of any size, or None.

    Each tile is tinted by its weight, so overlaps show how far a tile fades into its neighbour.
    """
    scale = min(1.0, largest / (LATENT_PX * max(plan.height, plan.width)))
    height = max(1, round(plan.height * LATENT_PX * scale))
    width = max(1, round(plan.width * LATENT_PX * scale))
    canvas = _backdrop(picture, width, height)
    for number, tile in enumerate(plan.tiles(step)):
        row, col = divmod(number, plan.cols)
        colour = np.asarray(COLOURS[2 * (row % 2) + col % 2], dtype=np.float32) / 255
        top, left = (round(v.start * LATENT_PX * scale) for v in (tile.rows, tile.cols))
        bottom, right = (round(v.stop * LATENT_PX * scale) for v in (tile.rows, tile.cols))
        weight = _stretched(tile.row_weight, bottom - top)[:, None]
        weight = weight * _stretched(tile.col_weight, right - left)[None, :]
        area = canvas[top:bottom, left:right]
        area += 0.35 * weight[: area.shape[0], : area.shape[1], None] * (colour - area)
    return _outlined(canvas, plan, step, scale)


def _backdrop(picture: np.ndarray | None, width: int, height: int) -> np.ndarray:
    if picture is None:
        return np.full((height, width, 3), BLANK / 255, dtype=np.float32)
    shown = Image.fromarray((np.clip(picture[..., :3], 0, 1) * 255).round().astype(np.uint8))
    resized = shown.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized, dtype=np.float32) / 255


def _stretched(weight: np.ndarray, length: int) -> np.ndarray:
    """A tile's weight on the pixels of the drawing."""
    places = (np.arange(length) + 0.5) / max(1, length) * len(weight) - 0.5
    return np.interp(places, np.arange(len(weight)), weight).astype(np.float32)


def _outlined(canvas: np.ndarray, plan: TilePlan, step: int, scale: float) -> np.ndarray:
    shown = Image.fromarray((np.clip(canvas, 0, 1) * 255).round().astype(np.uint8))
    pen = ImageDraw.Draw(shown)
    font = ImageFont.load_default(size=max(10, round(shown.height / 60)))
    for number, tile in enumerate(plan.tiles(step), start=1):
        box = [round(v * LATENT_PX * scale) for v in _edges(tile)]
        pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), outline=(255, 255, 255))
        size = f"{tile.shape[1] * LATENT_PX}x{tile.shape[0] * LATENT_PX}"
        centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        text = f"{number}\n{size}"
        pen.multiline_text(
            centre, text, fill=(255, 255, 255), font=font, anchor="mm", align="center",
            stroke_width=2, stroke_fill=(0, 0, 0),
        )  # fmt: skip
    return np.asarray(shown, dtype=np.float32) / 255


def _edges(tile) -> tuple[int, int, int, int]:
    return tile.cols.start, tile.rows.start, tile.cols.stop, tile.rows.stop
