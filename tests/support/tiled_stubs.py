"""Denoisers of single positions for tests of tiled sampling, and everything a user conditions with.

`echo` returns at each position what a model is told there: its own value, noise level, prompt,
pooled text, ControlNet and T2I hint, concatenated latent, GLIGEN boxes, the LoRA in force, whether
attention is perturbed. For such a denoiser tiles must not change anything. Needs ComfyUI in this
process.
"""

import torch

SIZE = (88, 72)  # latents
# Of first and second order, with and without noise of their own, with one and two evaluations.
SAMPLERS = ("euler", "dpmpp_2m", "dpmpp_sde", "heun", "uni_pc", "lcm", "euler_ancestral")


def sample(
    model, positive, negative, *, size=SIZE, batch=1, sampler="euler", steps=4, latent=None, **extra
):
    """ComfyUI's own sampling from fixed noise; `extra` goes to comfy.sample.sample."""
    import comfy.sample

    noise = torch.randn([batch, 4, *size], generator=torch.Generator().manual_seed(5))
    latent = torch.zeros_like(noise) if latent is None else latent
    return comfy.sample.sample(
        model, noise, steps, 5.0, sampler, "normal", positive, negative, latent, seed=3,
        disable_pbar=True, **extra,
    )  # fmt: skip


def guided(guider, *, size=SIZE, sampler="euler", steps=4, latent=None, **extra):
    """Sampling by a custom guider; `extra` goes to its `sample`."""
    import comfy.samplers

    noise = torch.randn([1, 4, *size], generator=torch.Generator().manual_seed(5))
    latent = torch.zeros_like(noise) if latent is None else latent
    model = guider.model_patcher.get_model_object("model_sampling")
    sigmas = comfy.samplers.calculate_sigmas(model, "normal", steps)
    return guider.sample(
        noise, latent, comfy.samplers.sampler_object(sampler), sigmas,
        disable_pbar=True, seed=3, **extra,
    )  # fmt: skip


def entry(value: float, **options) -> list:
    """A conditioning entry whose text embedding is one number, so that denoisers can read it."""
    pooled = torch.full((1, 64), value)
    return [torch.full((1, 77, 128), value), {"pooled_output": pooled, **options}]


def mask(rows: slice, cols: slice, size=SIZE) -> torch.Tensor:
    out = torch.zeros(1, *size)
    out[:, rows, cols] = 0.7
    return out


def echo(model):
    """The MODEL with the denoiser above in place of its U-Net; everything else is ComfyUI's."""

    def denoise(apply_model, call):
        x, sigma, c = call["input"], call["timestep"], call["c"]
        options = c["transformer_options"]
        level = c["c_crossattn"].mean(dim=(1, 2)) + 0.1 * c["y"][:, :-1536].mean(dim=1)
        out = torch.sin(x / (1 + sigma.reshape(-1, 1, 1, 1))) + 5 * level.reshape(-1, 1, 1, 1)
        for residual in (c.get("control") or {}).get("middle", []):
            out = out + residual.mean(dim=1, keepdim=True)
        if "c_concat" in c:
            out = out + c["c_concat"].mean(dim=1, keepdim=True)
        for patch in options.get("patches", {}).get("middle_patch", []):
            out = out + patch.drawn(x.shape[2:])
        if ("middle", 0) in options.get("patches_replace", {}).get("attn1", {}):
            out = out * 0.7
        return out + 3 * apply_model.__self__.diffusion_model.out[2].bias[0]

    patched = model.clone()
    patched.set_model_unet_function_wrapper(denoise)
    return patched


class EchoHint(torch.nn.Module):
    """A control model whose residual is the hint at latent resolution."""

    dtype = torch.float32

    def forward(self, x, hint, timesteps, context, **kwargs):
        assert hint.shape[-2:] == (x.shape[-2] * 8, x.shape[-1] * 8)
        small = torch.nn.functional.avg_pool2d(hint, 8)
        if small.shape[0] == 1:
            small = small.expand(x.shape[0], -1, -1, -1)
        return {"middle": [small.clone()], "input": [], "output": []}


class EchoAdapter(torch.nn.Module):
    """A T2I model whose feature is the hint at latent resolution."""

    unshuffle_amount = 8

    def forward(self, hint):
        return {"middle": [torch.nn.functional.avg_pool2d(hint, 8)], "input": []}


def hint(seed: int, size, batch: int = 1) -> torch.Tensor:
    return torch.rand([batch, 3, *size], generator=torch.Generator().manual_seed(seed))


def control(seed, strength=1.0, size=(704, 576), previous=None, batch=1):
    """ComfyUI's ControlNet around EchoHint, for the first 90 % of the schedule."""
    import comfy.controlnet

    net = comfy.controlnet.ControlNet(EchoHint(), load_device=torch.device("cpu"))
    net.set_cond_hint(hint(seed, size, batch), strength, (0.0, 0.9))
    return net.set_previous_controlnet(previous) if previous else net


def adapter(seed, strength=1.0, size=(704, 576), previous=None, batch=1):
    """ComfyUI's T2IAdapter around EchoAdapter."""
    import comfy.controlnet

    net = comfy.controlnet.T2IAdapter(EchoAdapter(), 3, 8, "nearest-exact", torch.device("cpu"))
    net.set_cond_hint(hint(seed, size, batch), strength)
    return net.set_previous_controlnet(previous) if previous else net


class Boxes:
    """The patch that EchoGligen makes of a list of boxes."""

    def __init__(self, boxes):
        self.boxes = boxes

    def drawn(self, size) -> torch.Tensor:
        picture = torch.zeros(size)
        for value, height, width, y, x in self.boxes:
            picture[y : y + height, x : x + width] += value.mean()
        return picture


class EchoGligen(torch.nn.Module):
    def set_position(self, shape, boxes, device):
        return Boxes(boxes)

    def set_empty(self, shape, device):
        return Boxes([])


def gligen(*boxes) -> tuple:
    """Of (value, height, width, y, x) in latents, as GLIGENTextBoxApply makes it."""
    import comfy.model_patcher

    cpu = torch.device("cpu")
    model = comfy.model_patcher.ModelPatcher(EchoGligen(), load_device=cpu, offload_device=cpu)
    return "position", model, [(torch.full((1, 768), v), *place) for v, *place in boxes]


def lora_hook(strength: float):
    """A hook that moves the bias which `echo` reads by `strength`."""
    import comfy.hooks

    change = torch.zeros(4)
    change[0] = 1.0
    return comfy.hooks.create_hook_lora({"diffusion_model.out.2.diff_b": change}, strength, 0.0)
