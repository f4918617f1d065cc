"""Lanczos in floating point against Pillow's own on bytes."""

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from ixl.core.tiling.resize import lanczos  # noqa: E402


def test_it_is_that_of_pillow_without_its_eight_bits():
    generator = torch.Generator().manual_seed(1)
    # away from black and white: with bytes, Pillow clips what overshoots between its two axes
    picture = 0.3 + 0.4 * torch.rand(2, 24, 16, 3, generator=generator)
    ours = lanczos(picture, 40, 56)
    plain = Image.fromarray((picture[1] * 255).round().to(torch.uint8).numpy())
    theirs = np.array(plain.resize((40, 56), Image.Resampling.LANCZOS))
    assert ours.shape == (2, 56, 40, 3)
    assert (ours[1] * 255 - torch.from_numpy(theirs)).abs().max() < 1.6


def test_the_same_size_is_the_same_picture():
    picture = torch.rand(1, 24, 16, 3)
    assert lanczos(picture, 16, 24) is picture


def test_fine_steps_survive():
    """A ramp of a thousandth of a grey level per pixel would be one flat byte."""
    ramp = 0.5 + torch.arange(64).reshape(1, 1, 64, 1) / 255e3
    larger = lanczos(ramp.expand(1, 64, 64, 3), 128, 128)
    assert (larger[0, 64, 4:-4, 0].diff() > 0).all()
