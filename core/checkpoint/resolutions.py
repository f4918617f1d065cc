"""Picture sizes that a version was trained for, and the way to larger ones.

A bucket is a size of multiples of `step` px that fills a budget of pixels as well as it can. The
rule is that of sd-scripts (`make_bucket_resolutions`), with which the family was trained; of SDXL's
own list (arXiv 2307.01952, appendix I) it leaves out the four sizes that a longer one of the same
width outdoes. Does not plan stages (tiling/stages.py) and makes no latent.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from ..tiling.stages import STEP_PX, Stage, base_size, check_size, memory_gb, plan_stages
from .profiles import PROFILES, Profile
from .sources import spelled_out

NATIVE, CUSTOM = "native", "custom"
AREAS: Mapping[str, int] = MappingProxyType(
    {"1 MP": 1024**2, "1.5 MP": 1024 * 1536, "2.25 MP": 1536**2, "4 MP": 2048**2}
)
STEPS = (64, 32)  # px
MAX_RATIO = 3.0
LONGEST_RATIO = 10  # longer pictures were taken out of the training data (arXiv 2409.19946, B.2)
_NAMED = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1), (21, 9), (3, 1))
ASPECTS: Mapping[str, float] = MappingProxyType(
    {"1:1 square": 1.0}
    | {f"{b}:{a} portrait": b / a for a, b in _NAMED[1:]}
    | {f"{a}:{b} landscape": a / b for a, b in _NAMED[1:]}
)
_AREA_NAMES = {side**2: f"{side}x{side}" for side in (256, 384, 512, 768, 1024, 1536, 2048)}
_AREA_NAMES[1024 * 1536] = "1024x1536"
UNKNOWN = PROFILES["illustrious-v0.1"]  # its sizes are good with every version of the family
# A picture is enlarged in its own aspect ratio where a size this close to the wish allows it.
ENLARGE_SLACK = 0.015  # of the width
NAMED_WITHIN = 0.15  # logarithm; between two neighbours of ASPECTS, so only beyond their ends
SEEN_STRETCH = 0.005  # a smaller change of the aspect ratio is not worth a word


class Bucket(NamedTuple):
    """A size in px, and the budget that it is made for."""

    width: int
    height: int
    budget: int

    @property
    def ratio(self) -> float:
        return self.width / self.height

    @property
    def ratio_name(self) -> str:
        """The common aspect ratio: "2:3", "about 2:3" where it is not exact, else "1:8.50"."""
        name = min(ASPECTS, key=lambda known: abs(math.log(self.ratio / ASPECTS[known])))
        off = abs(math.log(self.ratio / ASPECTS[name]))
        if off > NAMED_WITHIN:
            return f"{self.ratio:.2f}:1" if self.ratio > 1 else f"1:{1 / self.ratio:.2f}"
        return ("about " if off > 1e-9 else "") + name.split()[0]

    @property
    def deviation(self) -> float:
        """Share of the budget by which the size misses it; never above 0."""
        return self.width * self.height / self.budget - 1


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


@lru_cache(maxsize=32)
def buckets(area: int, step: int = STEPS[0]) -> tuple[Bucket, ...]:
    """All buckets of an area (px) from 1:3 to 3:1, the narrowest first."""
    if step not in STEPS:
        raise ValueError(f"step_px is {step}; it must be {STEPS[0]} or {STEPS[1]}.")
    square = math.isqrt(area) // step * step
    sizes = {(square, square)}
    for side in range(step, math.isqrt(int(area * MAX_RATIO)) + 1, step):
        other = area // side // step * step
        if other and max(side, other) <= MAX_RATIO * min(side, other):
            sizes |= {(side, other), (other, side)}
    return tuple(sorted((Bucket(w, h, area) for w, h in sizes), key=lambda b: b.ratio))


def nearest_bucket(area: int, ratio: float, step: int = STEPS[0]) -> Bucket:
    """The bucket whose aspect ratio (width / height) is nearest; the fuller one of two."""
    return min(buckets(area, step), key=lambda b: (abs(math.log(b.ratio / ratio)), -b.deviation))


def fitting_areas(profile: Profile) -> list[int]:
    """The areas that a version draws: its native one and those up to its maximum, in px."""
    allowed = {area for area in AREAS.values() if area <= profile.maximum_area}
    return sorted(allowed | {profile.native_area})


def area_of(name: str, profile: Profile) -> int:
    """px of an area's name; "native" is the profile's own."""
    if name != NATIVE and name not in AREAS:
        raise ValueError(f"area is {name!r}; it must be one of {', '.join([NATIVE, *AREAS])}.")
    return AREAS.get(name, profile.native_area)


def area_name(area: int) -> str:
    """An area (px) as people write it: "1536x1536"."""
    return _AREA_NAMES.get(area, f"{area / 1e6:.2f} million px")


def fit(profile: Profile, width: int, height: int) -> str:
    """One sentence on whether a version draws a picture of this size in one pass."""
    size, area = f"{width}x{height}", width * height
    if area < profile.minimum_area:
        return (
            f"{size} is smaller than {_reached(profile, 'minimum_area')}: pictures this small show "
            "faults."
        )
    if area <= profile.native_area:
        return f"{size} is within {_reached(profile, 'native_area')}."
    if area <= profile.maximum_area:
        return (
            f"{size} is beyond {_reached(profile, 'native_area')} and within "
            f"{_reached(profile, 'maximum_area')}: it may work, with more faults."
        )
    return (
        f"{size} is beyond {_reached(profile, 'maximum_area')}: bodies and subjects repeat. Draw "
        "the first picture at the native area and enlarge it in stages (target_megapixels)."
    )


def _reached(profile: Profile, field: str) -> str:
    name, source = field.removesuffix("_area"), spelled_out(profile.source_of(field))
    return f"the {name} area of {profile.label}, {area_name(getattr(profile, field))} ({source})"


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
