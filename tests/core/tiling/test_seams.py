"""The seam metric on pictures whose seams are known."""

import pytest

torch = pytest.importorskip("torch")

from ixl.core.tiling.seams import difference_picture, seam_report  # noqa: E402


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("dim", "direction"), [(2, "horizontal"), (3, "vertical")])
def test_a_step_is_found_where_it_is_and_as_large_as_it_is(dim, direction):
    reference = noise(1, 4, 96, 120)
    step = torch.zeros_like(reference)
    step.narrow(dim, 41, step.shape[dim] - 41).fill_(0.25)
    report = seam_report(reference + step, reference)
    assert (report.direction, report.position) == (direction, 40)
    assert report.largest == pytest.approx(0.25 / reference.std().item(), rel=1e-4)


def test_noise_has_no_line_that_stands_out():
    """Median and maximum of 500 means of noise lie within a factor of 4; a seam is far off."""
    picture = noise(1, 4, 256, 256)
    assert seam_report(picture).ratio < 4
    picture[..., 100:] += 2.0
    assert seam_report(picture).ratio > 10


def test_content_of_the_reference_cancels():
    reference = noise(1, 3, 64, 64)
    reference[..., 32:] += 5.0
    assert seam_report(reference, reference).largest == 0
    assert seam_report(reference).position == 31


def test_a_step_that_repeats_tells_its_period():
    picture = 0.1 * noise(1, 1, 256, 256)
    for start in range(0, 256, 32):
        picture[..., start:] += 1.0
    report = seam_report(picture)
    assert report.period == pytest.approx(32, abs=1)
    assert report.peak > 2 * seam_report(0.1 * noise(1, 1, 256, 256)).peak


def test_two_sizes_get_one_sentence():
    with pytest.raises(ValueError, match="64x32 x 1"):
        seam_report(noise(1, 3, 32, 64), noise(1, 3, 32, 60))


def test_the_difference_picture_is_grey_where_nothing_differs():
    a = noise(1, 3, 8, 8)
    b = a.clone()
    b[0, 0, 0, 0] += 2.0
    picture = difference_picture(b, a)
    assert picture[0, 0, 0, 0] == 1.0
    assert (picture.flatten()[1:] == 0.5).all()
