"""Exact tiled runs of ComfyUI's VAE object: memory is asked for as the plan needs it."""

import logging
from collections.abc import Callable

import comfy.model_management as management
import comfy.ops
import torch

from ..core.tiling.spans import Span
from ..core.tiling.vae import Host, run_network
from ..core.tiling.vae_layers import Network, decoder_network, encoder_network
from ..core.tiling.vae_memory import memory_to_ask_for, plan_within
from ..core.tiling.vae_plan import VaePlan

log = logging.getLogger(__name__)
OnStep = Callable[[int, int], None]
Prepare = Callable[[torch.Tensor], torch.Tensor]


def decode_exactly(vae, latent: torch.Tensor, memory_gb: float, on_step: OnStep) -> torch.Tensor:
    """IMAGE [B, H, W, C] of a latent [B, C, h, w], as `vae.decode` makes it."""
    vae.throw_exception_if_invalid()
    network = decoder_network(vae.first_stage_model)
    if latent.ndim == 5:
        latent = latent[:, :, 0]  # as vae.decode takes a video latent: its first frame
    kind = {"device": vae.output_device, "dtype": vae.vae_output_dtype()}
    pictures = _run(vae, network, latent, memory_gb, on_step, kind)
    for picture in pictures.split(1):
        vae.process_output(picture)  # in place
    return pictures.movedim(1, -1)


def encode_exactly(vae, pixels: torch.Tensor, memory_gb: float, on_step: OnStep) -> torch.Tensor:
    """Latent [B, C, h, w] of an IMAGE [B, H, W, C], as `vae.encode` makes it."""
    vae.throw_exception_if_invalid()
    network = encoder_network(vae.first_stage_model)
    pixels = vae.vae_encode_crop_pixels(pixels).movedim(-1, 1)
    kind = {"device": vae.device, "dtype": vae.vae_dtype}
    moments = _run(vae, network, pixels, memory_gb, on_step, kind, vae.process_input)
    latents = [vae.first_stage_model.regularization(one)[0] for one in moments.split(1)]
    return torch.cat(latents).to(vae.output_device, vae.vae_output_dtype())


def _run(
    vae,
    network: Network,
    given: torch.Tensor,
    memory_gb: float,
    on_step: OnStep,
    kind: dict,
    prepare: Prepare = lambda part: part,
) -> torch.Tensor:
    """What the network makes of each of the batch; `kind` is the result's device and dtype."""
    size, bytes_each = tuple(given.shape[1:]), vae.vae_dtype.itemsize
    asked = memory_to_ask_for(network.layers, size, bytes_each, memory_gb)
    asked = min(asked, 0.8 * management.get_total_memory(vae.device))
    management.load_models_gpu([vae.patcher], memory_required=asked)
    free = vae.patcher.get_free_memory(vae.device)
    while True:
        plan = plan_within(network.layers, size, bytes_each, vae.device.type, memory_gb, free)
        try:
            with management.cuda_device_context(vae.device):
                return _run_batch(vae, network, plan, given, on_step, kind, prepare)
        except torch.cuda.OutOfMemoryError:  # of any accelerator, in spite of its name
            if memory_gb or plan.memory >= free:
                raise
        free = plan.memory / 2
        log.warning("Out of memory in the VAE; again within %.1f GB", free / 1e9)
        management.soft_empty_cache()


def _run_batch(
    vae,
    network: Network,
    plan: VaePlan,
    given: torch.Tensor,
    on_step: OnStep,
    kind: dict,
    prepare: Prepare,
) -> torch.Tensor:
    count, last = len(given), plan.shapes[-1]
    sides = (last.rows, last.width) if plan.along == 2 else (last.width, last.rows)
    made = torch.empty((count, last.channels, *sides), **kind)
    for i in range(count):

        def read(rows: Span, i=i) -> torch.Tensor:
            part = given[i : i + 1].narrow(plan.along, rows.start, rows.size)
            return prepare(part).to(device=vae.device, dtype=vae.vae_dtype)

        def write(rows: Span, part: torch.Tensor, i=i) -> None:
            made[i : i + 1].narrow(plan.along, rows.start, rows.size).copy_(part)

        def step(done: int, steps: int, i=i) -> None:
            on_step(i * steps + done, count * steps)

        run_network(network, plan, read, write, Host(_parameters, _attention, step))
    return made


def _parameters(module: torch.nn.Module, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight and bias wherever ComfyUI keeps them; copies, since it may take the originals back."""
    weight, bias, stream = comfy.ops.cast_bias_weight(module, like, offloadable=True)
    copies = weight.clone(), bias.clone()
    comfy.ops.uncast_bias_weight(module, weight, bias, stream)
    return copies


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    return comfy.ops.scaled_dot_product_attention(query, key, value)
