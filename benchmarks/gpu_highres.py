"""High resolution on a GPU: tile batches, memory and time at 21 megapixels with a full-size SDXL.

    python benchmarks/gpu_highres.py [--steps N] [--tiny-cpu]

SDXL's U-Net, a ControlNet and the VAE in ComfyUI's own classes at their real size, with random
weights (drawn so that values stay finite): time and memory do not depend on what they know.
Targets: T6, a step with as many tiles per call as fit beside one tile per call; T7, peak of the
device's memory while sampling with one tile per call, as a small card does, without and with a
ControlNet; T9, the whole way from nothing through 1024x1536 (28 steps) and 2048x3072 (12) to
3744x5616 (10). Timed after a warm-up. Without a GPU it says so and ends with exit code 1.
--tiny-cpu runs the same code with the tests' tiny checkpoint and small pictures on the processor:
that shows that the script works and measures nothing.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
sys.path += [str(ROOT / "python"), str(ROOT / "tests" / "support"), str(ROOT / "benchmarks")]

SDXL = {
    "use_checkpoint": False, "image_size": 32, "out_channels": 4, "use_spatial_transformer": True,
    "legacy": False, "num_classes": "sequential", "adm_in_channels": 2816, "dtype": None,
    "in_channels": 4, "model_channels": 320, "num_res_blocks": [2, 2, 2], "channel_mult": [1, 2, 4],
    "transformer_depth": [0, 0, 2, 2, 10, 10], "transformer_depth_middle": 10,
    "transformer_depth_output": [0, 0, 0, 2, 2, 2, 10, 10, 10], "use_linear_in_transformer": True,
    "context_dim": 2048, "num_head_channels": 64, "use_temporal_attention": False,
    "use_temporal_resblock": False,
}  # fmt: skip
PARAMETERS = 2567e6
CFG, SEED = 5.0, 3
T6_GAIN, T7_GB, T7_CONTROL_GB = 1.4, 8.0, 11.0
T9_SECONDS = {"H200": 45.0, "a card of 24 GB": 150.0}


class Size(NamedTuple):
    """What is sampled: the way in (width, height, denoise, steps), and the tiles."""

    way: tuple[tuple[int, int, float, int], ...]
    tile_px: int
    overlap_px: int


LARGE = Size(((1024, 1536, 1.0, 28), (2048, 3072, 0.5, 12), (3744, 5616, 0.35, 10)), 1024, 128)
SMALL = Size(((256, 384, 1.0, 1), (320, 448, 0.5, 1), (384, 576, 0.5, 1)), 256, 64)


class Setup(NamedTuple):
    model: Any
    vae: Any
    control: Any
    positive: list
    negative: list


def start_comfyui(folder: Path, cpu: bool) -> None:
    """ComfyUI in this process, on the GPU unless told otherwise."""
    import comfy_in_process
    from base_directory import make_base_directory

    base = make_base_directory(folder)
    if cpu:
        return comfy_in_process.start(Path(os.environ["IXL_COMFYUI"]), base)
    sys.path.insert(0, os.environ["IXL_COMFYUI"])
    from comfy.cli_args import args

    args.base_directory, args.disable_api_nodes = str(base), True
    args.database_url = "sqlite:///:memory:"


def full_size() -> Setup:
    import comfy.cldm.cldm
    import comfy.controlnet
    import comfy.model_management as management
    import comfy.model_patcher
    import comfy.ops
    import comfy.supported_models
    import torch
    import vae

    config, device = comfy.supported_models.SDXL(dict(SDXL)), management.get_torch_device()
    dtype = management.unet_dtype(
        model_params=PARAMETERS, supported_dtypes=config.supported_inference_dtypes
    )
    cast = management.unet_manual_cast(dtype, device, config.supported_inference_dtypes)
    config.set_inference_dtype(dtype, cast)
    model = randomised(config.get_model({}, "", device=device))
    patcher = comfy.model_patcher.ModelPatcher(
        model, load_device=device, offload_device=management.unet_offload_device()
    )
    given = {key: value for key, value in SDXL.items() if key != "out_channels"}
    operations = comfy.ops.pick_operations(dtype, cast)
    net = comfy.cldm.cldm.ControlNet(
        **{**given, "dtype": dtype}, hint_channels=3, operations=operations, device=device
    )
    control = comfy.controlnet.ControlNet(
        randomised(net), load_device=device, manual_cast_dtype=cast
    )
    prompts = []
    for seed in (1, 2):
        generator = torch.Generator().manual_seed(seed)
        pooled = torch.randn(1, 1280, generator=generator)
        prompts.append([[torch.randn(1, 77, 2048, generator=generator), {"pooled_output": pooled}]])
    return Setup(patcher, vae.load_vae(None, full=True), control, *prompts)


def randomised(module):
    """Weights that keep the spread of what goes through, roughly halved per layer."""
    import torch

    torch.manual_seed(SEED)
    for name, weight in module.named_parameters():
        if weight.ndim > 1:
            weight.data.normal_(0.0, 0.5 * weight[0].numel() ** -0.5)
        else:
            weight.data.fill_(1.0 if name.endswith("weight") else 0.0)
    return module.eval().requires_grad_(False)


def tiny() -> Setup:
    import comfy.controlnet
    import comfy_in_process
    import tiny as files

    models = comfy_in_process.load_checkpoint(files.tiny_file(files.CHECKPOINT))
    texts = [comfy_in_process.encode(models.clip, text) for text in ("1girl", "lowres")]
    control = comfy.controlnet.load_controlnet(str(files.tiny_file(files.CONTROLNET)))
    return Setup(models.model, models.vae, control, *texts)


def sample_pass(setup: Setup, size: Size, steps: int, tile_batch: int, positive: list) -> float:
    """Seconds of sampling the last pass from a smooth latent."""
    import comfy.sample
    import torch
    from ixl.nodes._tiled_sampling import TiledSampling

    width, height, denoise, _ = size.way[-1]
    latent = torch.zeros(1, 4, height // 8, width // 8)
    tiles = TiledSampling(size.tile_px, size.overlap_px, True, tile_batch, "tile")
    model = tiles.patch(setup.model)
    noise = comfy.sample.prepare_noise(latent, SEED)
    start = time.monotonic()
    made = comfy.sample.sample(
        model, noise, steps, CFG, "euler", "normal", positive, setup.negative, latent,
        denoise=denoise, seed=SEED, disable_pbar=True,
    )  # fmt: skip
    if not torch.isfinite(made).all():
        raise SystemExit("The random U-Net made values that are not finite: nothing is measured.")
    return time.monotonic() - start


def with_control(setup: Setup, size: Size) -> list:
    """The positive prompt with the ControlNet, whose hint has the size of the picture."""
    import torch

    width, height, *_ = size.way[-1]
    hint = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(SEED))
    control = setup.control.copy().set_cond_hint(hint, 0.8)
    return [[text, {**options, "control": control}] for text, options in setup.positive]


def whole_way(setup: Setup, size: Size, folder: Path) -> tuple[float, tuple[int, ...]]:
    """Seconds of the High-Res Sampler's whole run, and the shape of its picture."""
    from ixl.core.tiling.passes import Pass
    from ixl.nodes import _passes

    (width, height, _, steps), *passes = size.way
    route = _passes.Route(_passes.Start(), (width, height), steps, [Pass(*one) for one in passes])
    sampling = _passes.Sampling(
        SEED, CFG, "euler", "normal", size.tile_px, size.overlap_px, anchor=0.5
    )
    tools = _passes.Tools(setup.model, setup.positive, setup.negative, setup.vae, None, None)
    start = time.monotonic()
    result = _passes.run(tools, sampling, route, _passes.Store(folder, "benchmark"))
    return time.monotonic() - start, tuple(result.pictures[-1].shape)


def peak_gb(work) -> float:
    """The largest memory that PyTorch held on the GPU, weights included; 0 without one."""
    import torch

    if not torch.cuda.is_available():
        work()
        return 0.0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    work()
    return torch.cuda.max_memory_allocated() / 1e9


def measure(setup: Setup, size: Size, steps: int, folder: Path) -> list[tuple[str, str, str]]:
    """Rows of the table: what, how much, bar."""
    import comfy.model_management

    sample_pass(setup, size, 1, 1, setup.positive)  # loads weights, chooses kernels
    single = sample_pass(setup, size, steps, 1, setup.positive) / steps
    sample_pass(setup, size, 1, 0, setup.positive)
    batched = sample_pass(setup, size, steps, 0, setup.positive) / steps
    plain = peak_gb(lambda: sample_pass(setup, size, 1, 1, setup.positive))
    guided = with_control(setup, size)
    control = peak_gb(lambda: sample_pass(setup, size, 1, 1, guided))
    comfy.model_management.unload_all_models()
    seconds = shape = None

    def way() -> None:
        nonlocal seconds, shape
        seconds, shape = whole_way(setup, size, folder)

    whole = peak_gb(way)
    bars = ", ".join(f"{most:g} s on {card}" for card, most in T9_SECONDS.items())
    return [
        ("T6 seconds per step, one tile per call", f"{single:.2f}", ""),
        ("T6 seconds per step, as many as fit", f"{batched:.2f}", ""),
        ("T6 gain", f"{single / batched:.2f}", f">= {T6_GAIN} on an H200"),
        ("T7 peak GB, one tile per call", f"{plain:.2f}", f"<= {T7_GB:g}"),
        ("T7 peak GB with a ControlNet", f"{control:.2f}", f"<= {T7_CONTROL_GB:g}"),
        ("T9 seconds of the whole way", f"{seconds:.1f}", f"<= {bars}"),
        ("T9 peak GB of the whole way", f"{whole:.2f}", ""),
        ("T9 picture", f"{shape[2]}x{shape[1]}", ""),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=3, help="timed steps of the largest pass")
    parser.add_argument("--tiny-cpu", action="store_true")
    options = parser.parse_args()
    import torch

    if not options.tiny_cpu and not torch.cuda.is_available():
        print("There is no GPU that PyTorch can use, so there is nothing to measure.")
        return 1
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        folder = Path(name)
        start_comfyui(folder / "comfyui", options.tiny_cpu)
        setup, size = (tiny(), SMALL) if options.tiny_cpu else (full_size(), LARGE)
        (folder / "passes").mkdir()
        rows = measure(setup, size, options.steps, folder / "passes")
    if options.tiny_cpu:
        print("NOT A MEASUREMENT: tiny checkpoint, small picture, no GPU")
    else:
        print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    for what, value, bar in rows:
        print(f"{what:<42}{value:>12}  {bar}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
