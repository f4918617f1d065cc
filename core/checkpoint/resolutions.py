"""Picture sizes that a version was trained for.

A bucket is a size of multiples of `step` px that fills a budget of pixels as well as it can. The
rule is that of sd-scripts (`make_bucket_resolutions`), with which the family was trained; of SDXL's
own list (arXiv 2307.01952, appendix I) it leaves out the four sizes that a longer one of the same
width outdoes. Does not choose a size for a wish (route.py).
"""

import math
from functools import lru_cache
from typing import NamedTuple

from .choices import AREAS, ASPECTS, NATIVE, STEPS
from .profiles import Profile
from .sources import spelled_out

LEAST_PX = 256  # of a side, as in sd-scripts
MAX_RATIO = 3.0
_AREA_NAMES = {side**2: f"{side}x{side}" for side in (256, 384, 512, 768, 1024, 1536, 2048)}
_AREA_NAMES[1024 * 1536] = "1024x1536"
NAMED_WITHIN = 0.15  # logarithm; between two neighbours of ASPECTS, so only beyond their ends


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
        """Share of the budget by which the size misses it; above 0 for no bucket."""
        return self.width * self.height / self.budget - 1


@lru_cache(maxsize=32)
def buckets(area: int, step: int = STEPS[0]) -> tuple[Bucket, ...]:
    """All buckets of an area (px) from 1:3 to 3:1, the narrowest first."""
    if step not in STEPS:
        raise ValueError(f"step_px is {step}; it must be {STEPS[0]} or {STEPS[1]}.")
    square = math.isqrt(area) // step * step
    if square < LEAST_PX:
        raise ValueError(f"The area is {area} px; it must be {LEAST_PX}x{LEAST_PX} or more.")
    sizes = {(square, square)}
    for side in range(LEAST_PX, math.isqrt(int(area * MAX_RATIO)) + 1, step):
        other = area // side // step * step
        if other >= LEAST_PX and max(side, other) <= MAX_RATIO * min(side, other):
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


def size_list(profile: Profile, step: int = STEPS[0]) -> list[dict]:
    """Every bucket that a version draws, as the command `sizes --json` prints it."""
    return [
        {
            "area": area_name(area),
            "width": b.width,
            "height": b.height,
            "ratio": b.ratio_name,
            "share_of_area": round(1 + b.deviation, 4),
            "within": NATIVE if area <= profile.native_area else "maximum",
        }
        for area in fitting_areas(profile)
        for b in buckets(area, step)
    ]


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
