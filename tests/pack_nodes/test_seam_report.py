"""The seam report node on images and latents."""

import pytest

pytestmark = pytest.mark.comfy
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def report(comfy):
    from ixl.nodes.seam_report import IXLSeamReport

    return lambda **given: comfy.run_node(IXLSeamReport, **given)


def picture(channels_last=True):
    x = torch.rand(2, 64, 80, 3, generator=torch.Generator().manual_seed(1))
    return x if channels_last else {"samples": x.movedim(-1, 1)[:, [0, 1, 2, 0]]}


def test_a_step_in_an_image_is_found_against_its_reference(report):
    stepped = picture()
    stepped[:, :, 40:] += 0.1
    text, largest, difference = report(picture=stepped, reference=picture())
    assert largest == pytest.approx(0.1 / picture().std().item(), rel=1e-3)
    assert "vertical, between column 39 and 40" in text and "stands out" in text
    assert difference.shape == (2, 64, 80, 3)
    assert torch.allclose(difference[:, :, 40:], torch.tensor(1.0), atol=1e-5)
    assert (difference[:, :, :40] == 0.5).all()


def test_a_latent_alone_is_measured_and_its_strongest_line_shown(report):
    latent = picture(channels_last=False)
    latent["samples"][:, :, 30:] += 1.0
    text, _, shown = report(picture=latent)
    assert "horizontal, between row 29 and 30" in text
    assert (shown[:, 29:31, :, 0] == 1).all() and (shown[:, 29:31, :, 1:] == 0).all()


def test_two_sizes_get_one_sentence(report):
    with pytest.raises(ValueError, match="two of the same size"):
        report(picture=picture(), reference=picture()[:, :32])
