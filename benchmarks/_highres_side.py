"""One side of benchmarks/highres.py in a process of its own: samples its cases, writes them down.

    python benchmarks/_highres_side.py SIDE FOLDER SIZE STEPS SAMPLER

SIDE: untiled, ours, tiled-diffusion or ultimate. FOLDER gets one SIDE-N.pt per case: name, kind
("model" or "toy"), the result as latents the model knows, and what was counted. A peer is loaded
from its folder as ComfyUI loads a custom node, after ComfyUI and before the model, and used by its
node alone. What a model call costs is counted by a wrapper that ComfyUI offers (APPLY_MODEL), and
toys stand in for the U-Net at the same place: that leaves every hook of the peers to themselves.
"""

import importlib.util
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "tests" / "support")]

import psutil  # noqa: E402
import torch  # noqa: E402

PATHS = {"tiled-diffusion": "TILED_DIFFUSION_PATH", "ultimate": "ULTIMATE_SD_UPSCALE_PATH"}
TOY_SIDE = 256  # latents: 2048 px
SEED, CFG, DENOISE, TOY_STEPS = 3, 5.0, 0.5, 4


class Counted(NamedTuple):
    """What one case cost."""

    calls: int  # of the model
    latents: int  # evaluated positions, over all calls and samples
    model_cpu: float  # seconds of processor time inside model calls
    cpu: float  # of all
    seconds: float  # wall
    peak_mb: float  # of resident memory above what it was before


class Meter:
    """An APPLY_MODEL wrapper that counts, and puts a toy in the U-Net's place if there is one."""

    def __init__(self, toy=None):
        self.toy, self.calls, self.latents, self.cpu = toy, 0, 0, 0.0

    def __call__(self, executor, x, *args, **kwargs):
        start = time.process_time()
        out = self.toy(x) if self.toy else executor(x, *args, **kwargs)
        self.cpu += time.process_time() - start
        self.calls += 1
        self.latents += x.shape[0] * x.shape[2] * x.shape[3]
        return out


class PeakMemory(threading.Thread):
    """Looks at the resident memory 20 times a second while a case runs."""

    def __init__(self, before: int):
        super().__init__(daemon=True)
        self.process, self.done = psutil.Process(), threading.Event()
        self.before = self.peak = before

    def run(self):
        while not self.done.wait(0.05):
            self.peak = max(self.peak, self.process.memory_info().rss)

    def stop(self) -> float:
        self.done.set()
        self.join()
        return (self.peak - self.before) / 1e6


class ToyVae:
    """Pixels of 8 x 8 blocks as latents: UltimateSDUpscale works on pictures, toys on latents."""

    def __init__(self, model):
        self.model = model

    def encode(self, pixels):
        blocks = torch.nn.functional.avg_pool2d(pixels[..., :3].movedim(-1, 1), 8)
        known = (torch.cat([blocks, blocks.mean(dim=1, keepdim=True)], dim=1) - 0.5) * 8
        return self.model.process_latent_out(known)

    def decode(self, latent):
        blocks = self.model.process_latent_in(latent)[:, :3] / 8 + 0.5
        pixels = torch.nn.functional.interpolate(blocks, scale_factor=8, mode="nearest")
        return pixels.clamp(0, 1).movedim(1, -1)


class Setting(NamedTuple):
    """What every case starts from."""

    models: object  # comfy_in_process.Models
    positive: list
    negative: list
    latent: torch.Tensor
    steps: int
    sampler: str = "euler"
    toy: object = None


def sample(model, setting: Setting) -> torch.Tensor:
    import comfy.sample

    noise = torch.randn(
        setting.latent.shape, generator=torch.Generator().manual_seed(SEED), dtype=torch.float32
    )
    return comfy.sample.sample(
        model, noise, setting.steps, CFG, setting.sampler, "normal", setting.positive,
        setting.negative, setting.latent, denoise=DENOISE, seed=SEED, disable_pbar=True,
    )  # fmt: skip


def untiled_cases(setting: Setting, _):
    yield "untiled ComfyUI", lambda model: sample(model, setting)


def our_cases(setting: Setting, _):
    from ixl.nodes._tiled_sampling import TiledSampling

    # toys at the node's defaults; the checkpoint's picture is smaller, and so are its tiles
    tile, overlap = (1024, 128) if setting.toy else (512, 64)

    def tiled(**settings):
        given = dict(tile_px=tile, overlap_px=overlap, moving=True, tile_batch=0, size_mode="tile")
        tiles = TiledSampling(**{**given, **settings})
        return lambda model: sample(tiles.patch(model), setting)

    yield f"this pack {tile}/{overlap}", tiled()
    yield f"this pack {tile}/{overlap}, fixed cuts", tiled(moving=False)
    yield f"this pack {tile}/{overlap}, no consensus", tiled(consensus=False)


def tiled_diffusion_cases(setting: Setting, nodes):
    tile = 768 if setting.toy else 512
    for method, overlap in (
        ("Mixture of Diffusers", 64),
        ("Mixture of Diffusers", tile // 2),
        ("MultiDiffusion", 64),
        ("SpotDiffusion", 64),
    ):

        def run(model, method=method, overlap=overlap):
            patched = nodes["TiledDiffusion"]().apply(model, method, tile, tile, overlap, 4)[0]
            return sample(patched, setting)

        yield f"TiledDiffusion {method} {tile}/{overlap}", run


def ultimate_cases(setting: Setting, nodes):
    vae = ToyVae(setting.models.model.model) if setting.toy else setting.models.vae
    for fix in ("None", "Half Tile + Intersections"):

        def run(model, fix=fix):
            picture = vae.decode(setting.latent).clamp(0, 1)
            done = nodes["UltimateSDUpscaleNoUpscale"]().upscale(
                upscaled_image=picture, model=model, positive=setting.positive,
                negative=setting.negative, vae=vae, seed=SEED, steps=setting.steps, cfg=CFG,
                sampler_name=setting.sampler, scheduler="normal", denoise=DENOISE,
                mode_type="Linear", tile_width=512, tile_height=512, mask_blur=8, tile_padding=32,
                seam_fix_mode=fix,
                seam_fix_denoise=DENOISE, seam_fix_width=64, seam_fix_mask_blur=8,
                seam_fix_padding=16, force_uniform_tiles=True, tiled_decode=False, batch_size=1,
            )  # fmt: skip
            return vae.encode(done[0])

        yield f"UltimateSDUpscale 512, seam fix: {fix}", run


SIDES = {
    "untiled": untiled_cases,
    "ours": our_cases,
    "tiled-diffusion": tiled_diffusion_cases,
    "ultimate": ultimate_cases,
}


def load_peer(folder: str) -> dict:
    """The nodes of a custom node pack, by id."""
    name = folder.replace(".", "_x_")
    spec = importlib.util.spec_from_file_location(name, Path(folder) / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module.NODE_CLASS_MAPPINGS


def measured(case, model, toy, before: int) -> tuple[torch.Tensor, Counted]:
    meter, memory = Meter(toy), PeakMemory(before)
    metered = model.clone()
    metered.add_wrapper_with_key("apply_model", "benchmark", meter)
    memory.start()
    start, cpu = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        result = case(metered)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = memory.stop()
    return result, Counted(meter.calls, meter.latents, meter.cpu, cpu, seconds, peak)


def main(side: str, folder: str, size: int, steps: int, sampler: str) -> None:
    import comfy_in_process
    import tiny
    from base_directory import make_base_directory
    from seam_toys import TOYS, ramp

    base = make_base_directory(Path(tempfile.mkdtemp(dir=folder)))
    comfy_in_process.start(Path(os.environ["IXL_COMFYUI"]), base)
    nodes = load_peer(os.environ[PATHS[side]]) if side in PATHS else {}
    models = comfy_in_process.load_checkpoint(tiny.tiny_file(tiny.CHECKPOINT))
    texts = [comfy_in_process.encode(models.clip, text) for text in ("1girl, smile", "worst")]

    def setting(latents: int, number: int, sampler: str = "euler", toy=None) -> Setting:
        latent = models.model.model.process_latent_out(ramp(latents, latents))
        return Setting(models, *texts, latent, number, sampler, toy)

    sample(models.model, setting(16, 1))  # loads what is loaded once
    before = psutil.Process().memory_info().rss
    wanted = [("model", setting(size // 8, steps, sampler))]
    wanted += [(name, setting(TOY_SIDE, TOY_STEPS, toy=toy)) for name, toy in TOYS.items()]
    number = 0
    for kind, given in wanted:
        for name, case in SIDES[side](given, nodes):
            result, counted = measured(case, models.model, given.toy, before)
            known = models.model.model.process_latent_in(result)
            saved = {"name": name, "kind": kind, "latent": known, **counted._asdict()}
            torch.save(saved, Path(folder) / f"{side}-{number:02}.pt")
            number += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
