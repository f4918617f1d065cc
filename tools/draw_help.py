"""Draws the pictures of the help pages in js/docs/pictures/ with the pack's own functions.

    python3 tools/dev.py python tools/draw_help.py

The toys of tests/support/seam_toys.py stand in for a model, so that the pictures show what the
settings do, need no checkpoint, and come out the same everywhere. Run it after a change to
core/tiling.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "support")]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from ixl.core.tiling.anchor import anchor_amount, anchored, make_anchor  # noqa: E402
from ixl.core.tiling.blend import blend  # noqa: E402
from ixl.core.tiling.consensus import agree  # noqa: E402
from ixl.core.tiling.picture import draw_plan  # noqa: E402
from ixl.core.tiling.plan import plan_tiles  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402
from seam_toys import grey, plain, ramp  # noqa: E402

FOLDER = ROOT / "js" / "docs" / "pictures"
PANEL = 330  # px of a panel's side
GAP, TITLE = 10, 26
SKY = np.array(((24, 44, 92), (86, 140, 200), (244, 226, 196)), dtype=np.float32)  # dark to light
SIGMAS = (1.28, 0.79, 0.44, 0.03, 0.0)  # SDXL's normal schedule, 4 steps at denoise 0.5


def sampled(denoise, clean: torch.Tensor, plan=None, agreed=False, guide=None, strength=0.0):
    """Euler steps from a partial start, [B, C, H, W]; untiled where `plan` is None."""
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(7))
    x = clean + SIGMAS[0] * noise
    for step, (sigma, after) in enumerate(zip(SIGMAS, SIGMAS[1:], strict=False)):
        if plan is None:
            x0 = denoise(x)
        else:
            tiles = plan.tiles(step, guarded=agreed)
            parts = [denoise(x[..., slice(*t.rows), slice(*t.cols)].clone()) for t in tiles]
            x0 = blend(agree(parts, tiles) if agreed else parts, tiles)
        if guide is not None:
            amount = anchor_amount(torch.tensor(sigma), strength)
            x0 = anchored(x0, make_anchor(guide, *x.shape[-2:]), amount)
        x = x0 + (x - x0) * (after / sigma)
    return x


def subject(x: torch.Tensor) -> torch.Tensor:
    """Draws its subject in the middle of whatever it sees, as a model does with `1girl`."""
    y, z = (torch.linspace(-1, 1, n) * n / 20 for n in x.shape[2:])
    return plain(x) + 0.6 * torch.exp(-(y[:, None] ** 2) - z**2)


def coloured(x: torch.Tensor, low: float, high: float) -> np.ndarray:
    """The first channel as a sky, [H, W, 3] uint8."""
    share = ((x[0, 0] - low) / (high - low)).clamp(0, 1).numpy() * (len(SKY) - 1)
    places = np.arange(len(SKY))
    channels = [np.interp(share, places, SKY[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def sheet(name: str, panels: list[tuple[str, np.ndarray]]) -> None:
    """Panels side by side with their titles, as FOLDER/name.jpg."""
    font = ImageFont.load_default(size=15)
    width = len(panels) * (PANEL + GAP) - GAP
    page = Image.new("RGB", (width, PANEL + TITLE), (24, 24, 28))
    pen = ImageDraw.Draw(page)
    for number, (title, picture) in enumerate(panels):
        left = number * (PANEL + GAP)
        shown = Image.fromarray(picture).resize((PANEL, PANEL), Image.Resampling.LANCZOS)
        page.paste(shown, (left, TITLE))
        pen.text((left + PANEL / 2, TITLE / 2), title, fill=(230, 230, 230), font=font, anchor="mm")
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.save(FOLDER / f"{name}.jpg", quality=88, optimize=True)
    print(FOLDER / f"{name}.jpg")


def cuts() -> None:
    plan = plan_tiles(256, 256)
    panels = [
        (f"step {step + 1}", (draw_plan(plan, None, step, 2 * PANEL) * 255).astype(np.uint8))
        for step in range(3)
    ]
    sheet("cuts", panels)


def consensus() -> None:
    plan, clean = plan_tiles(256, 256, moving=False), ramp(256, 256)
    panels = [
        ("one call for the whole picture", sampled(grey, clean)),
        ("tiles blended", sampled(grey, clean, plan)),
        ("tiles blended with consensus", sampled(grey, clean, plan, agreed=True)),
    ]
    sheet("consensus", [(title, coloured(x, -0.9, 0.9)) for title, x in panels])


def anchor() -> None:
    plan, clean = plan_tiles(256, 256), ramp(256, 256)
    clean = subject(torch.nn.functional.avg_pool2d(clean, 2))
    clean = torch.nn.functional.interpolate(clean, scale_factor=2, mode="bilinear")
    guide = torch.nn.functional.avg_pool2d(clean, 2)
    panels = [
        (f"anchor {strength:g}", sampled(subject, clean, plan, True, guide, strength))
        for strength in (0.0, 0.5, 1.0)
    ]
    sheet("anchor", [(title, coloured(x, -1.4, 2.2)) for title, x in panels])


if __name__ == "__main__":
    cuts()
    consensus()
    anchor()
