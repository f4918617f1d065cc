"""Tiled VAE runs beside ComfyUI's untiled and tiled ones: time, memory, error, and FLOP at 21 MP.

    python benchmarks/vae.py [--sizes WxH ...] [--memory GB ...] [--full] [--tiled-vae FOLDER]

Uses the tests' tiny checkpoint, or with --full a VAE of SDXL's size with random weights. Every row
is a process of its own. Time is wall time and, since machines are shared, processor time; memory is
the process's peak beyond what it held with the VAE loaded. Errors are differences to the untiled
result, in steps of an 8-bit picture (decode) or as a share of the latent's standard deviation
(encode). --tiled-vae: a checkout of shiimizu/ComfyUI-TiledDiffusion, whose Tiled VAE then has rows
too; without it the folder that TILED_DIFFUSION_PATH names. Random weights exaggerate what tiles get
wrong. FLOP figures are counts, of SDXL's full width.
"""

import argparse
import gc
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
sys.path += [str(ROOT / "python"), str(ROOT / "tests" / "support")]

MARK = "RESULT "
WHOLE, CORE, PEER, OURS = "ComfyUI, untiled", "ComfyUI, tiled", "Tiled VAE (TiledDiffusion)", "ours"
BAR = {"decode": 1.0, "encode": 0.01}  # for ours: of 255, of the latent's standard deviation
WIDTH, HEIGHT = 3744, 5616
SDXL = {
    "double_z": True, "z_channels": 4, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 128,
    "ch_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_resolutions": [], "dropout": 0.0,
}  # fmt: skip


def start_comfyui(folder: Path):
    import comfy_in_process
    from base_directory import make_base_directory

    comfy_in_process.start(Path(os.environ["IXL_COMFYUI"]), make_base_directory(folder))
    return comfy_in_process


def load_vae(host, full: bool):
    import tiny

    if not full:
        return host.load_checkpoint(tiny.tiny_file(tiny.CHECKPOINT)).vae
    import comfy.sd
    import torch
    from comfy.ldm.models.autoencoder import AutoencoderKL

    generator, state = torch.Generator().manual_seed(1), {}
    for name, weight in AutoencoderKL(ddconfig=SDXL, embed_dim=4).named_parameters():
        spread = 1.3 * weight[0].numel() ** -0.5 if weight.ndim > 1 else 0.1
        centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
        state[name] = torch.randn(weight.shape, generator=generator) * spread + centre
    return comfy.sd.VAE(sd=state)


def make_latent(width: int, height: int):
    """Smooth shapes, detail and a gradient, so that tiles differ from the whole."""
    import torch

    def noise(h, w):
        return torch.randn(1, 4, h, w, generator=torch.Generator().manual_seed(h * w))

    h, w = height // 8, width // 8
    shapes = torch.nn.functional.interpolate(
        noise(h // 8 + 1, w // 8 + 1), size=(h, w), mode="bicubic"
    )
    return (shapes + 0.5 * noise(h, w) + torch.linspace(-1, 1, w)) / 0.13025


def work(host, case: dict, vae, given):
    """The function to measure."""
    tiles = {"tile_x": 512, "tile_y": 512, "overlap": 64}  # the defaults of ComfyUI's tiled nodes
    if case["way"] == CORE and case["half"] == "decode":
        tiles = {name: size // 8 for name, size in tiles.items()}
    if case["way"] in (WHOLE, CORE):
        function = getattr(vae, case["half"] + ("_tiled" if case["way"] == CORE else ""))
        return lambda: function(given, **(tiles if case["way"] == CORE else {}))
    decoding = case["half"] == "decode"
    if case["way"] == PEER:
        name = f"VAE{case['half'].capitalize()}Tiled_TiledDiffusion"
        inputs = {"samples": {"samples": given}} if decoding else {"pixels": given}
        cls = peer_nodes(Path(case["peer"]))[name]
        return lambda: picked(host.run_node(cls, vae=vae, **inputs)[0])
    from ixl.nodes._vae import decode_exactly, encode_exactly

    function = decode_exactly if decoding else encode_exactly
    return lambda: function(vae, given, case["memory"], lambda done, total: None)


def picked(result):
    return result["samples"] if isinstance(result, dict) else result


def peer_nodes(folder: Path) -> dict:
    spec = importlib.util.spec_from_file_location(
        "peer", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["peer"] = module
    spec.loader.exec_module(module)
    return module.NODE_CLASS_MAPPINGS


class Peak(threading.Thread):
    """Largest resident memory of this process while it runs, in bytes."""

    def __init__(self):
        super().__init__(daemon=True)
        import psutil

        self.process, self.ended, self.bytes = psutil.Process(), threading.Event(), 0

    def run(self):
        while not self.ended.wait(0.005):
            self.bytes = max(self.bytes, self.process.memory_info().rss)


def measure(case: dict) -> dict:
    """One row, in this process."""
    import torch

    folder = Path(case["folder"])
    host = start_comfyui(folder)
    with torch.inference_mode():
        vae = load_vae(host, case["full"])
        given = make_latent(case["width"], case["height"])
        true = folder / f"{case['half']}.pt"
        if case["half"] == "encode":
            given = torch.load(folder / "decode.pt")
        vae.decode(make_latent(64, 64))  # loads the weights, starts the threads
        run = work(host, case, vae, given)
        gc.collect()
        peak, before = Peak(), resource.getrusage(resource.RUSAGE_SELF)
        held = peak.process.memory_info().rss
        peak.start()
        start = time.perf_counter()
        made = run()
        wall = time.perf_counter() - start
        peak.ended.set()
        after = resource.getrusage(resource.RUSAGE_SELF)
        if case["way"] == WHOLE:
            torch.save(made.clone(), true)
        error = (made - torch.load(true)).abs()
        unit = 255 if case["half"] == "decode" else 1 / made.std().item()
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {
            "wall": wall,
            "used": used,
            "peak": (peak.bytes - held) / 1e9,
            "max": error.max().item() * unit,
            "mean": error.mean().item() * unit,
        }


def in_process(case: dict) -> dict:
    """The row measured in a fresh process, or {"error": its last line}."""
    done = subprocess.run(
        [sys.executable, __file__, "--case", json.dumps(case)], capture_output=True, text=True
    )
    found = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if found:
        return json.loads(found[0].removeprefix(MARK))
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return {"error": lines[-1] if lines else f"exit code {done.returncode}"}


def cases(options, size: str, folder: str) -> list[dict]:
    width, height = map(int, size.split("x"))
    base = {"width": width, "height": height, "full": options.full, "folder": folder}
    rows = []
    for half in ("decode", "encode"):
        ways = [{"way": WHOLE}, {"way": CORE}]
        if options.tiled_vae:
            ways.append({"way": PEER, "peer": str(Path(options.tiled_vae).resolve())})
        ways += [{"way": OURS, "memory": gb} for gb in options.memory]
        rows += [{**base, "half": half, **way} for way in ways]
    return rows


def print_size(options, size: str) -> list[dict]:
    """The table of one picture size; returns its rows."""
    name = "SDXL's width, random weights" if options.full else "tiny checkpoint"
    print(f"\nVAE, {size}, {name}; errors in 1/255 (decode), in standard deviations (encode)")
    columns = ("wall s", "CPU s", "peak GB", "max error", "mean error")
    print(f"{'':<38}", *(f"{column:>11}" for column in columns))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(options, size, folder):
            row = {**case, **in_process(case)}
            rows.append(row)
            setting = f", memory_gb {case['memory']:g}" if case["way"] == OURS else ""
            label = f"{case['half']}: {case['way']}{setting}"
            if "error" in row:
                print(f"{label:<38} fails: {row['error'][:90]}", flush=True)
                continue
            figures = (row[key] for key in ("wall", "used", "peak", "max", "mean"))
            print(f"{label:<38}", *(f"{figure:11.4g}" for figure in figures), flush=True)
    print(f"bar: ours at most {BAR['decode']:g}/255 (decode), {BAR['encode']:g} (encode)")
    return rows


def kept_to_bar(row: dict) -> bool:
    """Of any row; others than ours may be off, and the peer may fail."""
    if row["way"] != OURS:
        return "error" not in row or row["way"] == PEER
    return "error" not in row and row["max"] <= BAR[row["half"]]


def count() -> dict:
    """TFLOP for WIDTH x HEIGHT at SDXL's width: untiled, ComfyUI's tiles, ours by memory."""
    with tempfile.TemporaryDirectory() as folder:
        start_comfyui(Path(folder))
        import torch
        from comfy.ldm.models.autoencoder import AutoencoderKL
        from ixl.core.tiling.vae_layers import decoder_network, encoder_network
        from ixl.core.tiling.vae_plan import plan_flop, plan_vae

        with torch.device("meta"):
            model = AutoencoderKL(ddconfig=SDXL, embed_dim=4)
    halves = {
        "decode": (decoder_network(model).layers, (4, HEIGHT // 8, WIDTH // 8), 64),
        "encode": (encoder_network(model).layers, (3, HEIGHT, WIDTH), 512),
    }
    found = {}
    for half, (layers, size, tile) in halves.items():
        whole = untiled_tflop(layers, size)
        tiles = [untiled_tflop(layers, (size[0], *shape)) for shape in core_tiles(size, tile)]
        rows = [["untiled", *whole], ["ComfyUI, tiled", *map(sum, zip(*tiles, strict=True))]]
        for gb in (2, 4, 6, 8, 12, 16):
            plan = plan_vae(layers, size, 2, gb * 1e9)
            total = plan_flop(layers, plan) / 1e12
            rows.append([f"ours, memory_gb {gb}", total - whole[1], whole[1]])
        found[half] = rows
    return found


def untiled_tflop(layers, size) -> tuple[float, float]:
    """(convolutions, attention) of an untiled run, where enlarging comes first."""
    from ixl.core.tiling.vae_cost import layer_flop, layer_shapes
    from ixl.core.tiling.vae_layers import Attend, Up

    shapes = layer_shapes(layers, *size)
    convolutions = attention = 0.0
    for i, layer in enumerate(layers):
        flop = layer_flop(layer, shapes[i], shapes[i + 1], shapes[i + 1].rows) / 1e12
        if isinstance(layer, Attend):
            attention += flop
        else:
            convolutions += 2.25 * flop if isinstance(layer, Up) else flop
    return convolutions, attention


def core_tiles(size, tile: int) -> list[tuple[int, int]]:
    """The tiles of ComfyUI's three passes, asked of its own function."""
    import comfy.utils
    import torch

    seen: list[tuple[int, int]] = []

    def note(part):
        seen.append(tuple(part.shape[2:]))
        return part

    picture = torch.zeros(1, 1, *size[1:])
    for x, y in ((tile, tile), (tile // 2, tile * 2), (tile * 2, tile // 2)):
        comfy.utils.tiled_scale(picture, note, x, y, tile // 8, upscale_amount=1, out_channels=1)
    return seen


def print_counts(counts: dict) -> None:
    for half, rows in counts.items():
        base = sum(rows[1][1:])
        print(f"\n{half} {WIDTH}x{HEIGHT}, SDXL's width, half precision; TFLOP")
        print(f"{'':<24} {'convolutions':>13} {'attention':>10} {'together':>9} {'of tiled':>9}")
        for name, convolutions, attention in rows:
            total = convolutions + attention
            shares = f"{convolutions:13.0f} {attention:10.0f} {total:9.0f} {total / base:9.2f}"
            print(f"{name:<24} {shares}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="*", default=["1024x1024", "1024x1536"])
    parser.add_argument("--memory", nargs="*", type=float, default=[4.0, 1.0, 0.5])
    parser.add_argument("--full", action="store_true")
    parser.add_argument(
        "--tiled-vae", metavar="FOLDER", default=os.environ.get("TILED_DIFFUSION_PATH")
    )
    parser.add_argument("--case", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        case = json.loads(options.case)
        print(MARK + json.dumps(count() if "count" in case else measure(case)))
        return 0
    rows = [row for size in options.sizes for row in print_size(options, size)]
    print_counts(in_process({"count": True}))
    return 0 if all(map(kept_to_bar, rows)) else 1


if __name__ == "__main__":
    sys.exit(main())
