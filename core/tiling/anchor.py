"""Low-frequency anchor: the coarse structure of a picture is held to that of a smaller one.

The smaller one is the stage before (the guide), or what the model predicts for the whole picture
when it is shown a reduced copy (the overview).

    x0 <- x0 + a(sigma) * LP(guide - x0)

after CFG, so eps and v models need no case of their own. The guide is the previous stage at its own
size; LP keeps what that size can show, up to its Nyquist frequency, in the cosine basis (DCT-II,
whose even continuation brings no wrap-around). Compare DiffuseHigh (arXiv 2406.18459), which
replaces a wavelet band of x0, and DemoFusion's skip residual (arXiv 2311.16973).

The overview: averages over s x s latents carry white noise of sigma / s, so the model can predict
them as a picture of its own (Upsample Guidance, kexue.fm/archives/10055). Does not sample.
"""

import math
from typing import NamedTuple

import torch

# Noise level at which the model's own coarse structure counts as much as the guide's. Coarse
# structure is settled early; below this the anchor lets go. On toys that drift in tone or add a
# subject to each tile 0.25 keeps more of the guide than 0.5 and 1.0.
TRUST_SIGMA = 0.25

# The same for the overview, which is a prediction from noise itself. On Gaussian fields that are
# coherent over one tile and more it brings low frequencies 2 to 3 times nearer to the untiled
# result; on fields coherent over an eighth of a tile it takes them away from it.
OVERVIEW_TRUST_SIGMA = 2.0

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


def anchor_amount(sigma: torch.Tensor, strength: float, trust: float = TRUST_SIGMA) -> torch.Tensor:
    """a(sigma): `strength` at high noise, half of it at sigma = `trust`, 0 without noise."""
    return strength / (1 + (trust / sigma) ** 2)


def overview_scale(height: int, width: int, area: int) -> int:
    """By how much a picture is reduced so that it is no larger than `area`, at least 2."""
    return max(2, math.ceil(math.sqrt(height * width / area)))


def reduced(x: torch.Tensor, scale: int) -> torch.Tensor:
    """[B, C, H // scale, W // scale]: averages over squares; what is left at the end is cut."""
    return torch.nn.functional.avg_pool2d(x, scale)


def follow_overview(
    x0: torch.Tensor, overview: torch.Tensor, scale: int, amount: torch.Tensor | float
) -> torch.Tensor:
    """x0 [B, C, H, W], its reduced copy moved by `amount` of the way to `overview`, smoothly."""
    gap = overview.float() - reduced(x0.float(), scale)
    h, w = gap.shape[2:]
    gain = _gain(h, gap.device)[:, None] * _gain(w, gap.device)
    terms = cosines(h, h, gap.device) @ gap @ cosines(w, w, gap.device).T * (gain * scale)
    rows, cols = cosines(h * scale, h, gap.device), cosines(w * scale, w, gap.device)
    change = rows.T @ terms @ cols
    rest = (0, x0.shape[3] - w * scale, 0, x0.shape[2] - h * scale)
    change = torch.nn.functional.pad(change, rest, mode="replicate")
    return x0 + (amount * change).to(x0.dtype)


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
