"""The passes of one high-resolution run: target size, and denoise and steps of every pass.

Reads what a user wrote ("0.5, 0.35") and fills in the rest from the stage planner. Does not sample.
"""

import math
from typing import NamedTuple

from .plan import LATENT_PX, TilePlan, evaluation_cost, plan_tiles
from .stages import CONDITIONS, STEP_PX, base_size, check_size, plan_stages

MOST_PASSES = 8
# How far the target's aspect ratio may be from the picture's: sizes in steps of 64 px are off by up
# to 2 %, which nobody sees.
ASPECT_SLACK = 0.02

# TFLOP per megapixel of SDXL's VAE, counted on ComfyUI's modules; attention grows with the square
DECODE_TFLOP, ENCODE_TFLOP, ATTENTION_TFLOP = 9.46, 4.13, 0.5
# of a picture enlarged by a model of ESRGAN's size: 16.7 M weights, used once per pixel
ENLARGE_TFLOP = 33.0


class Pass(NamedTuple):
    """One tiled image-to-image pass; steps are those that are run (KSampler's meaning)."""

    width: int
    height: int
    denoise: float
    steps: int


def target_size(
    width: int, height: int, megapixels: float, base: tuple[int, int] | None
) -> tuple[int, int]:
    """(width, height) in px: as given, or of `megapixels` (10^6 px) in the shape of the base.

    base: (width, height) of the picture to start from, or None. 0 for width and height leaves the
    size to megapixels. Raises ValueError with one sentence.
    """
    if width and height:
        check_size(width, height)
        if base:
            _check_aspect(width, height, base)
        return width, height
    if width or height:
        raise ValueError(
            f"The target is {width}x{height}; give both sides, or 0 for both and megapixels."
        )
    if not 0.1 <= megapixels <= 1000:
        raise ValueError(
            f"megapixels is {megapixels}; with width and height 0 it must be from 0.1 to 1000."
        )
    base = base or (2, 3)  # the paper's large pictures are upright 2:3 (Fig. 25: 3744x5472)
    scale = math.sqrt(megapixels * 1e6 / (base[0] * base[1]))
    size = [max(256, round(side * scale / STEP_PX) * STEP_PX) for side in base]
    check_size(*size)
    return size[0], size[1]


def _check_aspect(width: int, height: int, base: tuple[int, int]) -> None:
    off = width / height * base[1] / base[0]
    if abs(math.log(off)) <= math.log(1 + ASPECT_SLACK):
        return
    fitting = round(width * base[1] / base[0] / STEP_PX) * STEP_PX
    raise ValueError(
        f"The target {width}x{height} has another shape than the picture {base[0]}x{base[1]}; "
        f"crop the picture first, or try {width}x{fitting}."
    )


def plan_passes(
    target: tuple[int, int],
    base: tuple[int, int] | None,
    steps: int,
    denoise: str = "",
    pass_steps: str = "",
    area: int = 0,
) -> tuple[tuple[int, int], list[Pass]]:
    """The base size and the passes that follow it.

    denoise, pass_steps: one value per pass, separated by commas; "" leaves them to the planner, the
    last one counts for all that follow, and more values make more passes. Without `pass_steps` a
    pass runs the share of `steps` that its denoise is (28 steps at 0.5: 14). area: of the base when
    none is given, in px. Raises ValueError with one sentence.
    """
    strengths = _numbers("denoise", denoise, 0.0, 1.0)
    counts = _numbers("pass_steps", pass_steps, 1, 1000)
    if any(count != int(count) for count in counts):
        raise ValueError(f"pass_steps is '{pass_steps}'; steps are whole numbers, such as 12, 10.")
    if base is None:
        base = base_size(*target, area) if area else base_size(*target)
    at_least = max(len(strengths), len(counts))
    stages = plan_stages(*target, base, at_least=at_least)[1:]
    passes = []
    for number, stage in enumerate(stages):
        strength = _of(strengths, number, stage.denoise)
        count = int(_of(counts, number, max(1, round(steps * strength))))
        passes.append(Pass(stage.width, stage.height, strength, count))
    return base, passes


def _of(given: list[float], number: int, otherwise: float) -> float:
    return given[min(number, len(given) - 1)] if given else otherwise


def _numbers(name: str, text: str, low: float, high: float) -> list[float]:
    """The numbers of a list such as "0.5, 0.35"."""
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = [math.nan]
    if len(values) > MOST_PASSES or not all(low <= value <= high for value in values):
        raise ValueError(
            f"{name} is '{text}'; it must be up to {MOST_PASSES} numbers from {low} to {high}, "
            f"separated by commas, one per pass, or empty for automatic."
        )
    return values


def pass_tflop(one: Pass, tile_px: int, overlap_px: int) -> float:
    """Cost of a pass with CFG."""
    return _plan(one, tile_px, overlap_px).cost() * CONDITIONS * one.steps


def _plan(one: Pass, tile_px: int, overlap_px: int) -> TilePlan:
    return plan_tiles(one.height // LATENT_PX, one.width // LATENT_PX, tile_px, overlap_px)


def run_shares(
    base: tuple[int, int], base_steps: int, passes: list[Pass], tile_px: int, overlap_px: int,
    by_model: bool,
) -> dict[tuple[str, int], float]:  # fmt: skip
    """TFLOP of each part of a run, as (what, number of the pass), in the order they come in.

    base_steps: 0 for a given base. by_model: whether a model enlarges between the passes.
    """
    shares = {("encode", 0): 0.0 if base_steps else _vae_tflop(base, ENCODE_TFLOP)}
    shares["sample", 0] = base_steps * CONDITIONS * evaluation_cost(math.prod(base) // LATENT_PX**2)
    shares["decode", 0] = _vae_tflop(base, DECODE_TFLOP)
    before = base
    for number, one in enumerate(passes, start=1):
        size = one.width, one.height
        enlarging = ENLARGE_TFLOP * math.prod(before) / 1e6
        shares["enlarge", number] = enlarging if by_model and size != before else 0.0
        shares["encode", number] = _vae_tflop(size, ENCODE_TFLOP)
        shares["sample", number] = pass_tflop(one, tile_px, overlap_px)
        shares["decode", number] = _vae_tflop(size, DECODE_TFLOP)
        before = size
    return shares


def _vae_tflop(size: tuple[int, int], per_megapixel: float) -> float:
    megapixels = math.prod(size) / 1e6
    return per_megapixel * megapixels + ATTENTION_TFLOP * megapixels**2


def passes_report(
    base: tuple[int, int], passes: list[Pass], tile_px: int, overlap_px: int, kept: int = 0
) -> str:
    """One line per pass: size, denoise, steps, tiles, and what it costs with CFG."""
    lines = [f"base {base[0]}x{base[1]} ({base[0] * base[1] / 1e6:.1f} MP)"]
    for one in passes:
        plan = _plan(one, tile_px, overlap_px)
        lines.append(
            f"{one.width}x{one.height} ({one.width * one.height / 1e6:.1f} MP): denoise "
            f"{one.denoise:g}, {one.steps} steps, {plan.rows * plan.cols} tiles, "
            f"{pass_tflop(one, tile_px, overlap_px):,.0f} TFLOP"
        )
    if kept:
        lines.append(f"{kept} taken from an earlier run")
    return "\n".join(lines)
