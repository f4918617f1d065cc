"""The route from a base picture to a large one: size, denoise, cost and memory of each stage.

At most a factor 2 per side and stage (Illustrious reaches 20 MP by image-to-image from a 1-2.4 MP
picture: arXiv 2409.19946, sections 3.1.3 and A.1). Does not sample.
"""

import math
from typing import NamedTuple

from .plan import LATENT_PX, TilePlan, evaluation_cost, plan_tiles
from .speed import duration

STEP_PX = 16  # stage sizes; an even number of latents, so the U-Net halves them without a remainder
BASE_STEP_PX = 64  # SDXL's bucket step
BASE_AREA = 1024 * 1536  # px; within what v0.1 still draws and v1.0+ draws natively
MAX_FACTOR = 2.0
CONDITIONS = 2  # positive and negative: what CFG evaluates per step

# Partial start per stage. Half of the schedule redraws detail at twice the size without a new
# composition; later stages keep more.
DENOISE = (0.5, 0.35, 0.3)

WEIGHTS_GB = 5.1  # SDXL U-Net in fp16: 2.567 B parameters
ACTIVATION_GB_PER_LATENT = 0.28 / (128 * 128)  # ComfyUI's own estimate for one 1024 px sample


class Stage(NamedTuple):
    """One sampling pass; the first has denoise 1."""

    width: int
    height: int
    denoise: float
    plan: TilePlan

    def as_dict(self) -> dict:
        """The `plan --json` form: sizes in px, costs with CFG."""
        h, w = self.plan.tile_shape
        tiles = self.plan.rows * self.plan.cols
        return {
            "width": self.width,
            "height": self.height,
            "denoise": self.denoise,
            "tiles": tiles,
            "tile_px": math.isqrt(h * w) * LATENT_PX,
            "tile_width": w * LATENT_PX,
            "tile_height": h * LATENT_PX,
            "overlap_px": self.plan.overlap * LATENT_PX if tiles > 1 else 0,
            "redundancy": round(self._average(self.plan.redundancy), 3),
            "evaluations_per_step": tiles * CONDITIONS,
            "tflop_per_step": round(self._average(self.plan.cost) * CONDITIONS, 2),
        }

    def _average(self, figure) -> float:
        steps = range(8) if self.plan.moving else range(1)
        return sum(figure(s) for s in steps) / len(steps)


def plan_stages(
    width: int,
    height: int,
    base: tuple[int, int] | None = None,
    tile_px: int = 1024,
    overlap_px: int = 128,
    at_least: int = 0,
) -> list[Stage]:
    """Stages from a base size (given, or chosen near BASE_AREA) to width x height, in px.

    `at_least` passes follow the base even where fewer would keep to MAX_FACTOR.
    Raises ValueError when the target is no multiple of 8, out of range, or smaller than the base.
    """
    check_size(width, height)
    base_w, base_h = base or base_size(width, height)
    check_size(base_w, base_h)
    factor = max(width / base_w, height / base_h)
    if min(width / base_w, height / base_h) < 1:
        raise ValueError(
            f"The target {width}x{height} is smaller than the base {base_w}x{base_h}; "
            "give a smaller base or a larger target."
        )
    needed = 0 if factor == 1 else max(1, math.ceil(math.log(factor, MAX_FACTOR) - 1e-9))
    passes = max(needed, at_least)
    # the base is always one evaluation of the whole picture: that is what keeps the composition one
    whole = TilePlan(base_h // LATENT_PX, base_w // LATENT_PX, 1, 1, 0, False)
    stages = [Stage(base_w, base_h, 1.0, whole)]
    for i in range(1, passes + 1):
        w, h = (_between(a, b, i / passes) for a, b in ((base_w, width), (base_h, height)))
        plan = plan_tiles(h // LATENT_PX, w // LATENT_PX, tile_px, overlap_px)
        stages.append(Stage(w, h, DENOISE[min(i, len(DENOISE)) - 1], plan))
    return stages


def base_size(width: int, height: int, area: int = BASE_AREA) -> tuple[int, int]:
    """(width, height) of about `area` px in the target's aspect ratio, in steps of 64 px.

    Never larger than the target.
    """
    scale = min(1.0, math.sqrt(area / (width * height)))
    if scale == 1.0:
        return width, height
    base = [
        max(BASE_STEP_PX, round(v * scale / BASE_STEP_PX) * BASE_STEP_PX) for v in (width, height)
    ]
    return min(base[0], width), min(base[1], height)


def memory_gb(stages: list[Stage]) -> float:
    """Estimated peak in GB (10^9 bytes) while sampling with CFG: weights and one tile pair."""
    largest = max(h * w for h, w in (s.plan.tile_shape for s in stages))
    return round(WEIGHTS_GB + CONDITIONS * largest * ACTIVATION_GB_PER_LATENT, 1)


def plan_report(stages: list[Stage]) -> dict:
    """The `plan --json` object."""
    last = stages[-1]
    return {
        "width": last.width,
        "height": last.height,
        "stages": [s.as_dict() for s in stages],
        "memory_gb": memory_gb(stages),
    }


def pass_report(plan: TilePlan, steps: int, speed: float | None, device: str) -> str:
    """What one pass costs, a line each. speed: TFLOP per second measured on the device, or None."""
    stage = Stage(plan.width * LATENT_PX, plan.height * LATENT_PX, 1.0, plan)
    facts = stage.as_dict()
    cost = facts["tflop_per_step"] * steps
    untiled = untiled_tflop(stage.width, stage.height)
    lines = [
        f"{stage.width}x{stage.height} ({stage.width * stage.height / 1e6:.1f} MP)",
        f"tiles: {facts['tiles']} ({plan.cols} x {plan.rows}), the largest "
        f"{facts['tile_width']}x{facts['tile_height']}, overlap {facts['overlap_px']} px",
        f"evaluations: {facts['evaluations_per_step']} per step with CFG, "
        f"{facts['evaluations_per_step'] * steps:,} in {steps} steps",
        f"work: {cost:,.0f} TFLOP, {facts['tflop_per_step'] / untiled:.2f} of untiled",
        f"memory: about {memory_gb([stage])} GB with the weights in half precision",
    ]
    if speed:
        lines.append(f"time: about {duration(cost / speed)} on {device}, as measured before")
    else:
        lines.append(f"time: not known on {device} before the first run of High-Res Sampler")
    return "\n".join(lines)


def untiled_tflop(width: int, height: int) -> float:
    """TFLOP per step, with CFG, if the picture were evaluated whole."""
    return CONDITIONS * evaluation_cost(width * height // LATENT_PX**2)


def check_size(width: int, height: int) -> None:
    """Raises ValueError unless width x height (px) is a size that can be sampled."""
    for name, value in (("width", width), ("height", height)):
        if value % 8 or not 256 <= value <= 65536:
            raise ValueError(
                f"{name} is {value} px; it must be a multiple of 8 from 256 to 65536. "
                f"Try {min(65536, max(256, round(value / 64) * 64))}."
            )


def _between(start: int, stop: int, share: float) -> int:
    """Geometric interpolation, rounded to STEP_PX; exact at both ends."""
    if share >= 1:
        return stop
    return round(start * (stop / start) ** share / STEP_PX) * STEP_PX
