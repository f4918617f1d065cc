"""Masks of regions: soft where regions meet, and together one picture."""

import pytest

torch = pytest.importorskip("torch")

from ixl.core.prompt.build import Card, Picture  # noqa: E402
from ixl.core.prompt.masks import region_masks  # noqa: E402
from ixl.core.prompt.regions import make_regions  # noqa: E402

LAYOUTS = [
    ["left", "right"],
    ["", "", ""],
    ["top left", "bottom left", "right"],
    ["top", "bottom"],
    [""],
]


def masks_of(positions, feather):
    cards = tuple(Card(position=position) for position in positions)
    return region_masks(make_regions(Picture(cards)).regions, feather)


@pytest.mark.parametrize("positions", LAYOUTS)
@pytest.mark.parametrize("feather", [0.0, 0.1, 0.3])
def test_together_they_are_one_everywhere(positions, feather):
    total = masks_of(positions, feather).sum(dim=0)
    # at a T-junction ramps of both directions meet; elsewhere the sum is exact
    assert total.min() > 0.7
    assert (total - 1).abs().median() < 0.01
    if len({position.split()[-1] for position in positions if position} & {"left"}) == 0:
        assert torch.allclose(total, torch.ones_like(total), atol=0.01)


def test_without_feather_a_region_is_a_rectangle():
    left, right = masks_of(["left", "right"], 0.0)
    assert left[:, :255].min() == 1 and left[:, 257:].max() == 0
    assert torch.equal(right, left.flip(1))


def test_feather_is_the_width_of_the_ramp():
    left, _ = masks_of(["left", "right"], 0.25)
    partly = (left[0] > 0.001) & (left[0] < 0.999)
    assert partly.sum() == pytest.approx(0.25 * 512, abs=2)
    assert left[0, 255:257].mean() == pytest.approx(0.5, abs=0.01)
    assert left[:, 0].min() == 1  # no ramp at the picture's own border
