"""The seam metric: how far the strongest straight line stands out of a picture.

e = picture - reference; the step of a line is the mean of e's first difference along that whole
line (root mean square over channels and pictures). Content cancels in the mean, a seam adds up.
Without a reference the picture itself is measured: then straight edges of the content count too.
Does not know tiles; works on latents and pictures alike.
"""

from typing import NamedTuple

import torch

SHORTEST_PERIOD = 8  # lines; below this a repeated step is texture

# Strongest line over median line. Pure noise of 128 to 1024 lines stays below 4.
STANDS_OUT = 5.0


class SeamReport(NamedTuple):
    """Steps are shares of the reference's standard deviation (of the picture's without one)."""

    largest: float
    median: float
    direction: str  # of the strongest line: "horizontal" or "vertical"
    position: int  # that line lies between this row (column) and the next
    period: float  # distance at which steps repeat most, in lines; 0 where nothing repeats
    peak: float  # strength of that repetition: its spectral line over the median one

    @property
    def ratio(self) -> float:
        """Strongest line over the median line."""
        return self.largest / self.median if self.median else 1.0

    def __str__(self) -> str:
        """Three lines for people."""
        kind = "row" if self.direction == "horizontal" else "column"
        verdict = "stands out: a seam" if self.ratio > STANDS_OUT else "no line stands out"
        lines = [
            f"largest seam step {self.largest:.5f} of the standard deviation, {self.direction}, "
            f"between {kind} {self.position} and {self.position + 1}",
            f"{self.ratio:.1f} times the median line ({self.median:.5f}): {verdict}",
        ]
        if self.peak > STANDS_OUT:
            lines.append(f"steps repeat every {self.period:.0f} {kind}s ({self.peak:.1f})")
        return "\n".join(lines)


def seam_report(picture: torch.Tensor, reference: torch.Tensor | None = None) -> SeamReport:
    """Of [B, C, H, W] (B and C may be 1). Raises ValueError when the sizes differ."""
    if reference is not None and reference.shape != picture.shape:
        raise ValueError(
            f"The reference is {_size(reference)}, the picture {_size(picture)}; the seam metric "
            "needs two of the same size and number."
        )
    error = picture.double() if reference is None else picture.double() - reference.double()
    scale = (picture if reference is None else reference).double().std().item() or 1.0
    rows, cols = (line_steps(error, dim) / scale for dim in (2, 3))
    lines = torch.cat([rows, cols])
    index = int(lines.argmax())
    horizontal = index < len(rows)
    period, peak = max((_repetition(rows), _repetition(cols)), key=lambda found: found[1])
    return SeamReport(
        largest=lines.max().item(),
        median=lines.median().item(),
        direction="horizontal" if horizontal else "vertical",
        position=index if horizontal else index - len(rows),
        period=period,
        peak=peak,
    )


def line_steps(error: torch.Tensor, dim: int) -> torch.Tensor:
    """Step across each line of [B, C, H, W]: between rows (dim 2) or between columns (dim 3)."""
    steps = error.diff(dim=dim).mean(dim=5 - dim)
    return steps.square().mean(dim=(0, 1)).sqrt()


def difference_picture(picture: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """[B, C, H, W] in 0..1: mid-grey where both are the same, full contrast at the largest gap."""
    gap = picture.float() - reference.float()
    return 0.5 + gap / (2 * gap.abs().max().clamp(min=1e-12))


def marked_picture(picture: torch.Tensor, report: SeamReport) -> torch.Tensor:
    """[B, 3, H, W] in 0..1: the picture in grey with the strongest line in red beside it."""
    grey = picture.float().mean(dim=1, keepdim=True)
    grey = (grey - grey.amin()) / (grey.amax() - grey.amin()).clamp(min=1e-12)
    marked = grey.expand(-1, 3, -1, -1).clone()
    line = marked.narrow(2 if report.direction == "horizontal" else 3, report.position, 2)
    line[:, 0], line[:, 1:] = 1.0, 0.0
    return marked


def _repetition(lines: torch.Tensor) -> tuple[float, float]:
    """(period, strength) of the strongest repetition along one axis."""
    spectrum = torch.fft.rfft(lines - lines.mean()).abs()
    usable = spectrum[2 : len(lines) // SHORTEST_PERIOD + 1]
    if len(usable) < 3 or usable.max() == 0:
        return 0.0, 0.0
    # steps at equal distances have overtones of the same strength; the lowest is their period
    best = int((usable >= 0.8 * usable.max()).float().argmax())
    return len(lines) / (best + 2), (usable[best] / usable.median()).item()


def _size(picture: torch.Tensor) -> str:
    return f"{picture.shape[3]}x{picture.shape[2]} x {picture.shape[0]}"
