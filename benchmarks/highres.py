"""Tiled sampling as tables: this pack beside untiled ComfyUI and two other packs, in one run.

    python benchmarks/highres.py [--size PX] [--steps N] [--sampler NAME] [--vae-size WxH]

Peers take part when their folder is given: TILED_DIFFUSION_PATH (shiimizu/ComfyUI-TiledDiffusion),
ULTIMATE_SD_UPSCALE_PATH (ssitu/ComfyUI_UltimateSDUpscale, with its submodule). All sides have the
same tiny checkpoint, start (a slope with texture), seed, steps, CFG 5 and denoise 0.5, each side in
a process of its own. Columns: model calls; evaluated latents per step, condition and latent of the
picture; seconds of wall and of processor time; processor time beyond the model calls, as a share of
theirs; resident memory above that of the loaded model; the largest seam step and the error
(standard deviation of the difference to the untiled result), both as shares of the untiled result's
standard deviation. UltimateSDUpscale draws other noise in every tile, so its error is mostly that,
and encodes and decodes every tile, which counts as beyond the model.

Toys (tests/support/seam_toys.py) cost nothing and show one fault each, at 2048x2048 px in 4 steps.
The VAE's rows are those of benchmarks/vae.py: untiled and tiled decoding and encoding of ComfyUI,
TiledDiffusion's Tiled VAE, and this pack's.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "benchmarks")]

import torch  # noqa: E402
import vae  # noqa: E402
from _highres_side import CFG, PATHS, SIDES, TOY_SIDE, TOY_STEPS  # noqa: E402
from ixl.core.tiling.plan import evaluation_cost, plan_tiles  # noqa: E402
from ixl.core.tiling.seams import seam_report  # noqa: E402

# px, the size that FLOP counts are given for
LARGE = (3744, 5616)
OVERHEAD_BAR = 0.01
SEAM_BARS = {"grey": 0.002, "contrast": 0.005, "longrange": 0.005, "mix": 0.005}
CONDITIONS = 2 if CFG != 1 else 1


def run_sides(size: int, steps: int, sampler: str) -> list[dict]:
    """Every case of every side that is there, in the order of SIDES."""
    side_script = Path(__file__).with_name("_highres_side.py")
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            if side in PATHS and not os.environ.get(PATHS[side]):
                print(f"{side}: not measured, {PATHS[side]} is not set")
                continue
            command = [sys.executable, side_script, side, folder, str(size), str(steps), sampler]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{side}: failed\n{done.stderr[-2000:]}")
        files = [p for side in SIDES for p in sorted(Path(folder).glob(f"{side}-*.pt"))]
        return [torch.load(path) for path in files]


def sampling_table(rows: list[dict], size: int, steps: int, sampler: str) -> None:
    print(f"\nTiny checkpoint, {size}x{size} px, {steps} steps of {sampler}")
    head = ("calls", "redundancy", "s", "CPU s", "beyond model", "MB", "seam step", "error")
    print(f"{'':<48}" + "".join(f"{name:>14}" for name in head))
    mine = [row for row in rows if row["kind"] == "model"]
    whole = mine[0]["latent"]
    for row in mine:
        seam, error = against(row["latent"], whole)
        print(
            f"{row['name']:<48}{row['calls']:>14}{redundancy(row, size // 8, steps):>14.2f}"
            f"{row['seconds']:>14.1f}{row['cpu']:>14.1f}{overhead(row):>14.2%}"
            f"{row['peak_mb']:>14.0f}"
            f"{seam:>14.4f}{error:>14.4f}"
        )
    print(f"bar: this pack spends at most {OVERHEAD_BAR:.0%} beyond the model calls")


def toy_table(rows: list[dict]) -> dict[str, dict[str, float]]:
    """Largest seam step per case and toy; returned as {case: {toy: step}}."""
    toys = list(dict.fromkeys(row["kind"] for row in rows if row["kind"] != "model"))
    print(f"\nToys, {TOY_SIDE * 8}x{TOY_SIDE * 8} px, {TOY_STEPS} steps: largest seam step")
    print(f"{'':<48}{'redundancy':>12}" + "".join(f"{toy:>12}" for toy in toys))
    wholes = {row["kind"]: row["latent"] for row in rows if row["name"].startswith("untiled")}
    steps: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["kind"] in toys and not row["name"].startswith("untiled"):
            seam, _ = against(row["latent"], wholes[row["kind"]])
            steps.setdefault(row["name"], {})[row["kind"]] = seam
            steps[row["name"]]["redundancy"] = redundancy(row, TOY_SIDE, TOY_STEPS)
    for name, found in steps.items():
        figures = "".join(f"{found[toy]:>12.4f}" for toy in toys)
        print(f"{name:<48}{found['redundancy']:>12.2f}{figures}")
    bars = "".join(f"{SEAM_BARS.get(toy, ''):>12}" for toy in toys)
    print(f"{'bar':<48}{'<= 1.35':>12}{bars}")
    return steps


def flop_table(steps: dict[str, dict[str, float]]) -> None:
    """Targets T1 to T4 as ratios that a GPU is not needed for."""
    ours = our_tflop()
    td_default, td_half = peer_tflop(768, 64), peer_tflop(1024, 512)
    ultimate = ultimate_tflop(1024, 32)
    print(f"\nTFLOP per step and condition of the SDXL U-Net at {LARGE[0]}x{LARGE[1]} px")
    for name, value in (
        ("this pack 1024/128", ours),
        ("TiledDiffusion 768/64", td_default),
        ("TiledDiffusion 1024/512", td_half),
        ("UltimateSDUpscale 1024, half tile + intersections", ultimate),
        ("untiled", evaluation_cost(LARGE[0] * LARGE[1] // 64)),
    ):
        print(f"{name:<52}{value:>8.0f}")
    print("\nTargets")
    grey = {name: found["grey"] for name, found in steps.items()}
    own = next((v for k, v in grey.items() if k.startswith("this pack 1024/128")), None)
    for peer, bar in (("TiledDiffusion Mixture of Diffusers 768/64", 0.25),
                      ("UltimateSDUpscale 512, seam fix: None", 0.1)):  # fmt: skip
        if own is not None and peer in grey:
            print(f"T1 grey seam step over {peer}: {own / grey[peer]:.3f} (bar {bar})")
    print(f"T2 work over TiledDiffusion with overlap T/2: {ours / td_half:.2f} (bar 0.55)")
    print(f"T3 work over TiledDiffusion's default: {ours / td_default:.2f} (bar 1.1)")
    print(f"T4 work over UltimateSDUpscale with seam fix: {ours / ultimate:.2f} (bar 0.5)")


def vae_table(size: str) -> None:
    """Rows of the tiny checkpoint, and target T8 against ComfyUI's tiled decode."""
    peer = os.environ.get(PATHS["tiled-diffusion"])
    options = argparse.Namespace(full=False, tiled_vae=peer, memory=[0.5])
    rows = {row["way"]: row for row in vae.print_size(options, size) if row["half"] == "decode"}
    counts = vae.in_process({"count": True})
    vae.print_counts(counts)
    core, ours = rows[vae.CORE], rows[vae.OURS]
    work = {row[0]: row[1:] for row in counts["decode"]}
    tiled, exact = work["ComfyUI, tiled"], work["ours, memory_gb 8"]
    print(f"\nT8 work over ComfyUI's tiled decode, 8 GB, {LARGE[0]}x{LARGE[1]}, bar 0.45:")
    print(f"   convolutions {exact[0] / tiled[0]:.2f}, with attention of the whole picture, which "
          f"tiles leave out, {sum(exact) / sum(tiled):.2f}")  # fmt: skip
    print(f"T8 mean error over ComfyUI's tiled decode: {ours['mean'] / core['mean']:.1e} (bar 0.2)")


def our_tflop() -> float:
    plan = plan_tiles(LARGE[1] // 8, LARGE[0] // 8)
    return sum(plan.cost(step) for step in range(8)) / 8


def peer_tflop(tile_px: int, overlap_px: int) -> float:
    """Equal square tiles, as few as cover the picture at that overlap."""
    tiles = [math.ceil((side - overlap_px) / (tile_px - overlap_px)) for side in LARGE]
    return math.prod(tiles) * evaluation_cost((tile_px // 8) ** 2)


def ultimate_tflop(tile_px: int, padding_px: int) -> float:
    """One padded tile per place, then one per inner edge (half tile) and per inner corner."""
    cols, rows = (math.ceil(side / tile_px) for side in LARGE)
    padded = math.ceil((tile_px + 2 * padding_px) / 64) * 64
    fixes = (rows - 1) * cols + rows * (cols - 1) + (rows - 1) * (cols - 1)
    return (rows * cols + fixes) * evaluation_cost((padded // 8) ** 2)


def against(latent: torch.Tensor, whole: torch.Tensor) -> tuple[float, float]:
    """(largest seam step, error) over three channels, which a picture has too."""
    latent, whole = latent[:, :3], whole[:, :3]
    report = seam_report(latent, whole)
    return report.largest, ((latent - whole).std() / whole.std()).item()


def redundancy(row: dict, side: int, steps: int) -> float:
    return row["latents"] / (side * side * steps * CONDITIONS)


def overhead(row: dict) -> float:
    return row["cpu"] / row["model_cpu"] - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1024, help="of the checkpoint's picture, px")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--sampler", default="euler", help="of the checkpoint's picture")
    parser.add_argument("--vae-size", default="1024x1024", metavar="WxH")
    args = parser.parse_args()
    rows = run_sides(args.size, args.steps, args.sampler)
    sampling_table(rows, args.size, args.steps, args.sampler)
    flop_table(toy_table(rows))
    vae_table(args.vae_size)


if __name__ == "__main__":
    main()
