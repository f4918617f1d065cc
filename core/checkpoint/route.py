"""The sizes for a wish: the first picture, and the stages from there to a larger one.

Stages, their denoise and their tiles are planned by tiling/stages.py. Makes no latent.
"""

import math
from typing import NamedTuple

from ..tiling.stages import STEP_PX, Stage, base_size, check_size, memory_gb, plan_stages
from .choices import ASPECTS, CUSTOM, NATIVE, STEPS
from .profiles import PROFILES, Profile
from .resolutions import MAX_RATIO, Bucket, area_name, area_of, fit, nearest_bucket

UNKNOWN = PROFILES["illustrious-v0.1"]  # its sizes are good with every version of the family
LONGEST_RATIO = 10  # longer ones were kept out of training (arXiv 2409.19946, 3.1.2, B.2)
# A picture is enlarged in its own aspect ratio where a size this close to the wish allows it.
ENLARGE_SLACK = 0.015  # of the width
SEEN_STRETCH = 0.005  # a smaller change of the aspect ratio is not worth a word


class SizeConditioning(NamedTuple):
    """What SDXL is told of sizes (arXiv 2307.01952, section 2.2), in px; ComfyUI's names.

    width, height: of the picture before it was cropped; target: after it.
    """

    width: int
    height: int
    crop_w: int
    crop_h: int
    target_width: int
    target_height: int


class Resolution(NamedTuple):
    """The sizes of a picture: the first pass and, where there is a route, the stages up to it."""

    stages: tuple[Stage, ...]
    budget: int
    notes: tuple[str, ...]

    @property
    def first(self) -> tuple[int, int]:
        return self.stages[0].width, self.stages[0].height

    @property
    def final(self) -> tuple[int, int]:
        return self.stages[-1].width, self.stages[-1].height

    @property
    def size_conditioning(self) -> SizeConditioning:
        """That of the first picture, for all passes: the model knows no larger sizes."""
        return SizeConditioning(*self.first, 0, 0, *self.first)


def choose(
    profile: Profile | None,
    aspect: str,
    area: str = NATIVE,
    step: int = STEPS[0],
    custom: tuple[int, int] = (0, 0),
    target_megapixels: float = 0.0,
    like: tuple[int, int] | None = None,
) -> Resolution:
    """The sizes for a wish.

    aspect: a name of ASPECTS, or CUSTOM for the picture of `custom` px, which is drawn at once
    where the area allows it and reached in stages where not. like: a picture whose aspect ratio to
    follow instead. target_megapixels: million px of the last stage, 0 for none.
    """
    version = profile or UNKNOWN
    budget = area_of(area, version)
    wanted = custom if aspect == CUSTOM and not like else None
    first = _first_custom(budget, *wanted, step) if wanted else _first(budget, aspect, like, step)
    final = wanted or first
    if target_megapixels:
        final = _enlarge(first, final, target_megapixels)
    stages = tuple(plan_stages(*final, base=first))
    notes = [] if profile else ["No profile is connected: sizes suit every Illustrious version."]
    return Resolution(stages, budget, (*notes, fit(version, *first), *_shape_notes(first, final)))


def _first(budget: int, aspect: str, like: tuple[int, int] | None, step: int) -> tuple[int, int]:
    if not like and aspect not in ASPECTS:
        allowed = ", ".join([*ASPECTS, CUSTOM])
        raise ValueError(f"aspect_ratio is {aspect!r}; it must be one of {allowed}.")
    bucket = nearest_bucket(budget, like[0] / like[1] if like else ASPECTS[aspect], step)
    return bucket.width, bucket.height


def _first_custom(budget: int, width: int, height: int, step: int) -> tuple[int, int]:
    """The picture itself where it fits the budget, else a bucket of its aspect ratio."""
    check_size(width, height)
    if max(width, height) > LONGEST_RATIO * min(width, height):
        raise ValueError(
            f"The custom size is {width}x{height}; its sides must not differ by more than "
            f"{LONGEST_RATIO}:1, as such pictures were kept out of training. Make the longer side "
            f"{LONGEST_RATIO * min(width, height)} or less."
        )
    if width * height <= budget:
        return width, height
    if max(width, height) > MAX_RATIO * min(width, height):
        return base_size(width, height, budget)
    bucket = nearest_bucket(budget, width / height, step)
    if bucket.width > width or bucket.height > height:
        return width, height  # larger than the budget by a step at most
    return bucket.width, bucket.height


def _enlarge(first: tuple[int, int], shape: tuple[int, int], megapixels: float) -> tuple[int, int]:
    """The size of the last stage: `megapixels` in the aspect ratio of `shape`."""
    if megapixels * 1e6 < first[0] * first[1]:
        raise ValueError(
            f"target_megapixels is {megapixels:g}, but the first picture, {first[0]}x{first[1]}, "
            f"has {first[0] * first[1] / 1e6:.2f} million px already. Give more, or 0 for no "
            "larger picture."
        )
    width, height = enlarged(*shape, megapixels)
    return max(width, first[0]), max(height, first[1])


def enlarged(width: int, height: int, megapixels: float) -> tuple[int, int]:
    """A size of about so many million px, in steps of 16 px, as near to the ratio as it gets."""
    ideal = math.sqrt(megapixels * 1e6 * width / height)
    low, high = (ideal * (1 + slack) / STEP_PX for slack in (-ENLARGE_SLACK, ENLARGE_SLACK))
    widths = {round(ideal / STEP_PX), *range(math.ceil(low), math.floor(high) + 1)}
    sizes = [
        (w * STEP_PX, max(1, round(w * height / width)) * STEP_PX) for w in sorted(widths) if w
    ]
    return min(
        sizes or [(STEP_PX, STEP_PX)],
        key=lambda size: (
            abs(size[0] * height - size[1] * width) / (size[1] * width),
            abs(size[0] - ideal),
        ),
    )


def _shape_notes(first: tuple[int, int], final: tuple[int, int]) -> list[str]:
    notes = []
    if max(first) > MAX_RATIO * min(first):
        notes.append("Buckets end at 3:1: longer pictures were hardly trained.")
    stretch = final[0] * first[1] / (final[1] * first[0]) - 1
    if abs(stretch) > SEEN_STRETCH:
        wider = "wider" if stretch > 0 else "narrower"
        notes.append(
            f"{final[0]}x{final[1]} is {abs(stretch):.1%} {wider} in shape than the first picture: "
            "an image scaled with crop 'center' loses that much at the borders, without it is "
            "stretched."
        )
    return notes


def report(made: Resolution) -> str:
    """The sizes as lines for people: the first picture, what fits, and the stages."""
    first = Bucket(*made.first, made.budget)
    lines = [
        f"First picture: {first.width}x{first.height}, {first.ratio_name}, "
        f"{1 + first.deviation:.1%} of {area_name(made.budget)}",
        *made.notes,
    ]
    if len(made.stages) > 1:
        width, height = made.final
        lines.append(f"Route to {width}x{height} ({width * height / 1e6:.1f} million px):")
        lines += [f"{n}. {_stage_line(stage)}" for n, stage in enumerate(made.stages, 1)]
        lines.append(f"About {memory_gb(list(made.stages))} GB of GPU memory while sampling.")
    return "\n".join(lines)


def _stage_line(stage: Stage) -> str:
    line = f"{stage.width}x{stage.height}, denoise {stage.denoise:g}"
    plan = stage.as_dict()
    if plan["tiles"] == 1:
        return f"{line}, in one piece"
    return (
        f"{line}, {plan['tiles']} tiles of at most {plan['tile_width']}x{plan['tile_height']} px, "
        f"overlap {plan['overlap_px']} px"
    )
