"""Low-frequency anchor: the coarse structure of a picture is held to that of a smaller one.

    x0 <- x0 + a(sigma) * LP(guide - x0)

after CFG, so eps and v models need no case of their own. The guide is the previous stage at its own
size; LP keeps what that size can show, up to its Nyquist frequency, in the cosine basis (DCT-II,
whose even continuation brings no wrap-around). Compare DiffuseHigh (arXiv 2406.18459), which
replaces a wavelet band of x0, and DemoFusion's skip residual (arXiv 2311.16973). Does not sample.
"""

import math
from typing import NamedTuple

import torch

# Noise level at which the model's own coarse structure counts as much as the guide's. Coarse
# structure is settled early; below this the anchor lets go. On toys that drift in tone or add a
# subject to each tile 0.25 keeps more of the guide than 0.5 and 1.0.
TRUST_SIGMA = 0.25

MAX_STRETCH = 1.1  # of the guide's aspect ratio: stage sizes are rounded, another picture is not


class Band(NamedTuple):
    """The low frequencies of one picture size: cosine bases per axis and the gain of each term."""

    rows: torch.Tensor  # [m, H]
    cols: torch.Tensor  # [n, W]
    gain: torch.Tensor  # [m, n], 1 at low frequencies, falling to 0 at the guide's Nyquist


class Anchor(NamedTuple):
    """What the low frequencies of a picture are held to."""

    band: Band
    terms: torch.Tensor  # [B, C, m, n]


def make_anchor(guide: torch.Tensor, height: int, width: int) -> Anchor:
    """The anchor of an [_, _, height, width] picture from a guide [B, C, h, w] of all of it.

    A guide as large as the picture is taken for one that was enlarged by 2, the most per stage.
    Raises ValueError when the guide has another aspect ratio.
    """
    h, w = guide.shape[2:]
    if not 1 / MAX_STRETCH <= (w / h) / (width / height) <= MAX_STRETCH:
        raise ValueError(
            f"The guide is {w}x{h} latents, the picture {width}x{height}; both must show the same, "
            "in the same aspect ratio. Connect the latent of the stage before."
        )
    kept_h = h if h < height else max(1, height // 2)
    kept_w = w if w < width else max(1, width // 2)
    device = guide.device
    band = Band(
        cosines(height, kept_h, device),
        cosines(width, kept_w, device),
        _gain(kept_h, device)[:, None] * _gain(kept_w, device),
    )
    terms = cosines(h, kept_h, device) @ guide.float() @ cosines(w, kept_w, device).T
    # an orthonormal basis of more samples holds the same picture in larger terms
    return Anchor(band, terms * math.sqrt(height * width / (h * w)))


def anchored(x0: torch.Tensor, anchor: Anchor, amount: torch.Tensor | float) -> torch.Tensor:
    """x0 [B, C, H, W], its low frequencies moved by `amount` (0..1) of the way to the guide's."""
    band = anchor.band
    gap = anchor.terms - band.rows @ x0.float() @ band.cols.T
    return x0 + (amount * (band.rows.T @ (gap * band.gain) @ band.cols)).to(x0.dtype)


def anchor_amount(sigma: torch.Tensor, strength: float) -> torch.Tensor:
    """a(sigma): `strength` at high noise, half of it at TRUST_SIGMA, 0 without noise."""
    return strength / (1 + (TRUST_SIGMA / sigma) ** 2)


def cosines(length: int, count: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """The first `count` functions of the orthonormal DCT-II of `length`, [count, length]."""
    place = torch.arange(length, dtype=torch.float64) + 0.5
    order = torch.arange(count, dtype=torch.float64)[:, None]
    basis = torch.cos(math.pi / length * order * place) * math.sqrt(2 / length)
    basis[0] /= math.sqrt(2)
    return basis.float().to(device)


def _gain(count: int, device: torch.device) -> torch.Tensor:
    """1 up to half of the band, then a half cosine to 0: a sharp edge would ring."""
    share = (torch.arange(count, device=device) / count - 0.5).clamp(min=0) * 2
    return torch.cos(share * math.pi / 2) ** 2
