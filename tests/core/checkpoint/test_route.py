"""The sizes for a wish, against the rules of stages and the paper's own example."""

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ixl.core.checkpoint.choices import AREAS, ASPECTS, CUSTOM
from ixl.core.checkpoint.profiles import PROFILES
from ixl.core.checkpoint.route import choose, enlarged, report
from ixl.core.tiling.stages import DENOISE, plan_stages

V01, V10 = PROFILES["illustrious-v0.1"], PROFILES["illustrious-v1.0"]


@pytest.mark.parametrize(
    ("aspect", "area", "step", "size"),
    [
        ("1:1 square", "1 MP", 64, (1024, 1024)),
        ("2:3 portrait", "1 MP", 64, (832, 1216)),
        ("3:4 portrait", "1 MP", 64, (896, 1152)),
        ("16:9 landscape", "1 MP", 64, (1344, 768)),
        ("21:9 landscape", "1 MP", 64, (1536, 640)),
        ("3:1 landscape", "1 MP", 64, (1728, 576)),
        ("2:3 portrait", "1.5 MP", 64, (1024, 1536)),
        ("1:1 square", "1.5 MP", 32, (1248, 1248)),
        ("1:1 square", "2.25 MP", 64, (1536, 1536)),
        ("16:9 landscape", "2.25 MP", 64, (2048, 1152)),
        ("1:1 square", "4 MP", 64, (2048, 2048)),
    ],
)
def test_common_wishes(aspect, area, step, size):
    assert choose(V01, aspect, area, step).first == size


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ((1024, 1024), "1:1"), ((1024, 1536), "2:3"), ((832, 1216), "about 2:3"),
        ((1728, 576), "3:1"), ((1344, 768), "about 16:9"), ((4096, 512), "8.00:1"),
        ((512, 4096), "1:8.00"),
    ],
)  # fmt: skip
def test_ratio_names(size, name):
    made = choose(PROFILES["illustrious-v2.0"], CUSTOM, "4 MP", custom=size)
    assert f"{size[0]}x{size[1]}, {name}, " in report(made)


def test_native_is_the_versions_own():
    assert choose(V01, "1:1 square").first == (1024, 1024)
    assert choose(V10, "1:1 square").first == (1536, 1536)
    assert choose(V01._replace(native_area=640 * 640), "1:1 square").first == (640, 640)
    without = choose(None, "1:1 square")
    assert without.first == (1024, 1024) and "No profile is connected" in report(without)


@pytest.mark.parametrize("megapixels", [4, 9, 20, 50])
@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_route_keeps_shape_and_reaches_the_target(aspect, megapixels):
    made = choose(V10, aspect, target_megapixels=megapixels)
    width, height = made.final
    assert width * height == pytest.approx(megapixels * 1e6, rel=0.035)
    assert width / height == pytest.approx(made.first[0] / made.first[1], rel=0.005)
    assert width % 16 == 0 == height % 16
    assert list(made.stages) == plan_stages(*made.final, base=made.first)
    assert [s.denoise for s in made.stages] == [1.0, *DENOISE[: len(made.stages) - 1]]
    for size in (made.first, made.final):
        assert f"{size[0]}x{size[1]}" in report(made)


def test_the_papers_20_megapixels():
    """Figure 25: 1248x1824 enlarged to 3744x5472."""
    assert choose(V10, CUSTOM, custom=(1248, 1824), target_megapixels=20.5).final == (3744, 5472)
    assert choose(V01, "2:3 portrait", target_megapixels=20).final == (3744, 5472)


sides = st.integers(32, 1024).map(lambda n: n * 8)


@given(sides, sides, st.sampled_from([V01, V10, None]), st.sampled_from(["native", *AREAS]))
@settings(max_examples=100, deadline=None)
def test_a_custom_picture_is_reached_exactly(width, height, profile, area):
    assume(max(width, height) <= 10 * min(width, height))
    made = choose(profile, CUSTOM, area, custom=(width, height))
    assert made.final == (width, height)
    assert all(side % 8 == 0 and side >= 256 for side in made.first)
    assert made.first[0] * made.first[1] <= 1.12 * made.budget
    if width * height <= made.budget:
        assert made.first == made.final
    first, final = (math.log(size[0] / size[1]) for size in (made.first, made.final))
    assert abs(first - final) < 0.15 or max(made.first) > 3 * min(made.first)


@given(sides, sides, st.floats(0.1, 100))
def test_enlarged_pictures_are_near_the_wish(width, height, megapixels):
    w, h = enlarged(width, height, megapixels)
    assert w % 16 == 0 == h % 16 and min(w, h) >= 16
    if min(w, h) >= 512:
        assert w * h == pytest.approx(megapixels * 1e6, rel=0.06)
        assert w / h == pytest.approx(width / height, rel=0.02)


def test_a_picture_gives_its_shape():
    assert choose(V01, "1:1 square", like=(4000, 3000)).first == (1152, 896)
    assert choose(V01, CUSTOM, custom=(256, 256), like=(500, 4000)).first == (576, 1728)


def test_a_change_of_shape_is_said():
    said = report(choose(V01, CUSTOM, custom=(3840, 2160)))
    assert "1344x768" in said and "1.6% wider" in said
    assert "wider" not in report(choose(V01, "16:9 landscape", target_megapixels=8))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (dict(aspect="5:3"), "aspect_ratio is '5:3'"),
        (dict(aspect="1:1 square", area="3 MP"), "area is '3 MP'"),
        (dict(aspect="1:1 square", step=48), "step_px is 48"),
        (dict(aspect=CUSTOM, custom=(1001, 1024)), "width is 1001"),
        (dict(aspect=CUSTOM, custom=(256, 5352)), "256x5352.*10:1.*2560 or less"),
        (dict(aspect="1:1 square", target_megapixels=1), "target_megapixels is 1"),
    ],
)
def test_bad_wishes_get_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        choose(V01, **call)


def test_size_conditioning_stays_that_of_the_first_picture():
    made = choose(V01, "2:3 portrait", target_megapixels=20)
    assert made.size_conditioning._asdict() == {
        "width": 832, "height": 1216, "crop_w": 0, "crop_h": 0,
        "target_width": 832, "target_height": 1216,
    }  # fmt: skip
