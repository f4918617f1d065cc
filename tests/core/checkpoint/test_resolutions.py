"""Sizes against SDXL's published list and sd-scripts' bucket maker; routes against the rules."""

import json
import math
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.core.checkpoint.choices import AREAS, STEPS
from ixl.core.checkpoint.profiles import PROFILES
from ixl.core.checkpoint.resolutions import (
    area_name,
    area_of,
    buckets,
    fit,
    fitting_areas,
    nearest_bucket,
    size_list,
)

# arXiv 2307.01952, appendix I: short and long side of every training size
PUBLISHED = {
    512: (1856, 1920, 1984, 2048), 576: (1664, 1728, 1792), 640: (1536, 1600),
    704: (1344, 1408, 1472), 768: (1280, 1344), 832: (1152, 1216), 896: (1088, 1152),
    960: (1024, 1088), 1024: (1024,),
}  # fmt: skip
SD_SCRIPTS = """
import json, sys
from library.model_util import make_bucket_resolutions
print(json.dumps([make_bucket_resolutions(*call) for call in json.loads(sys.argv[1])]))
"""
V01, V10 = PROFILES["illustrious-v0.1"], PROFILES["illustrious-v1.0"]


def sizes(area, step):
    return {(b.width, b.height) for b in buckets(area, step)}


def test_buckets_of_1_mp_are_sdxls_published_ones_that_fill_the_budget():
    pairs = [(short, long) for short, longs in PUBLISHED.items() for long in longs]
    published = {size for a, b in pairs if b <= 3 * a for size in ((a, b), (b, a))}
    ours = sizes(1024**2, 64)
    assert ours <= published
    left = {(a, b) for a, b in published - ours if a < b}
    assert left == {(704, 1344), (832, 1152), (896, 1088), (960, 1024)}
    assert all((a, b + 64) in ours for a, b in left)


@pytest.mark.sd_scripts
def test_buckets_are_those_of_the_trainer():
    calls = [
        ([math.isqrt(a), math.isqrt(a)] if math.isqrt(a) ** 2 == a else [1024, 1536], step, 8192,
         step)
        for a in AREAS.values() for step in STEPS
    ]  # fmt: skip
    done = subprocess.run(
        [os.environ.get("SD_SCRIPTS_PYTHON", sys.executable), "-c", SD_SCRIPTS, json.dumps(calls)],
        cwd=os.environ["SD_SCRIPTS_PATH"],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.environ["SD_SCRIPTS_PATH"]},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout.splitlines()[-1])
    for (reso, step, *_), theirs in zip(calls, made, strict=True):
        within = {(w, h) for w, h in theirs if max(w, h) <= 3 * min(w, h)}
        assert sizes(reso[0] * reso[1], step) == within


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
def test_every_bucket_keeps_the_rules(area, step):
    found = buckets(area, step)
    assert {(b.height, b.width) for b in found} == sizes(area, step)  # both orientations
    for b in found:
        assert b.width % step == 0 == b.height % step
        assert 1 / 3 <= b.width / b.height <= 3
        assert -0.13 < b.deviation <= 0
        assert b.deviation == pytest.approx(b.width * b.height / area - 1)
        square = b.width == b.height  # sd-scripts has one, filled or not
        assert square or max(b.width, b.height) * (min(b.width, b.height) + step) > area
    assert [b.ratio for b in found] == sorted(b.ratio for b in found)


@given(st.floats(1 / 3, 3), st.sampled_from(list(AREAS.values())), st.sampled_from(STEPS))
def test_nearest_bucket_is_nearest(ratio, area, step):
    found = nearest_bucket(area, ratio, step)
    least = min(abs(math.log(b.ratio / ratio)) for b in buckets(area, step))
    assert abs(math.log(found.ratio / ratio)) == pytest.approx(least)


@pytest.mark.parametrize(
    ("profile", "size", "words"),
    [
        (V01, (832, 1216), ["within the native area", "2409.19946 3.1.3"]),
        (V01, (1024, 1536), ["beyond the native area", "within the maximum area", "not stable"]),
        (V01, (1216, 1856), ["beyond the maximum area", "repeat", "target_megapixels"]),
        (V01, (512, 512), ["smaller than the minimum area", "768x768"]),
        (V10, (512, 512), ["within the native area"]),
        (V10, (2048, 2048), ["beyond the native area", "with some loss"]),
        (V10, (2048, 2112), ["beyond the maximum area", "2048x2048"]),
    ],
)
def test_fit_says_how_far_and_why(profile, size, words):
    said = fit(profile, *size)
    assert all(word in said for word in words), said


def test_areas_by_name():
    assert fitting_areas(V01) == [1024**2, 1024 * 1536]
    assert fitting_areas(V10) == [1024**2, 1024 * 1536, 1536**2, 2048**2]
    own = V01._replace(native_area=640 * 640)
    assert 640 * 640 in fitting_areas(own)
    assert (area_of("native", own), area_of("4 MP", own)) == (640 * 640, 2048**2)
    assert [area_name(area) for area in AREAS.values()] == [
        "1024x1024", "1024x1536", "1536x1536", "2048x2048"
    ]  # fmt: skip
    assert area_name(640 * 640) == "0.41 million px"


def test_the_list_of_a_version_has_its_native_and_maximum_sizes():
    found = size_list(V01, 32)
    assert {(s["width"], s["height"]) for s in found if s["within"] == "native"} == sizes(
        1024**2, 32
    )
    assert {s["area"] for s in found if s["within"] == "maximum"} == {"1024x1536"}


def test_an_area_too_small_to_draw_gets_a_sentence():
    assert min(b.width for b in buckets(512 * 512)) >= 256
    with pytest.raises(ValueError, match="area is 100 px; it must be 256x256 or more"):
        buckets(100)
