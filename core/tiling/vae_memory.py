"""From a memory setting to the plan of a VAE run.

Does not ask the system what is free: that is given.
"""

import math
from collections.abc import Sequence

from .vae_cost import layer_shapes
from .vae_layers import Layer
from .vae_plan import QUERIES, VaePlan, plan_vae, plan_whole

# Queries of attention at once: on a CPU a second's work of a few cores, so that Cancel is answered;
# Apple's attention keeps the scores of all of them.
QUERIES_ON = {"cpu": 1 << 10, "mps": 1 << 10}

# What of the free memory a run may take unless told: where the system and other programs live in
# the same memory, a quarter.
FREE_SHARE = {"cpu": 0.25, "mps": 0.25}
FREE_SHARE_ELSEWHERE = 0.9
# ... and no more than pays: the least memory that costs at most so much more than that share.
WORTH = 1.1


def plan_within(
    layers: Sequence[Layer],
    size: tuple[int, int, int],
    bytes_each: int,
    device: str,
    memory_gb: float,
    free: float,
) -> VaePlan:
    """The plan for a memory setting: GB (10^9 bytes), or 0 for a share of the `free` bytes of the
    device (a torch device type).

    size: channels, height and width of the input. Raises ValueError when the setting is too small
    or the input does not suit the VAE.
    """
    _check_input(layers, size)
    memory = memory_gb * 1e9 or free * FREE_SHARE.get(device, FREE_SHARE_ELSEWHERE)
    queries = QUERIES_ON.get(device, QUERIES)
    whole = plan_whole(layers, size, bytes_each)
    if whole and whole.memory <= memory:
        return whole
    plan = plan_vae(layers, size, bytes_each, memory, queries)
    if plan:
        shared = device in FREE_SHARE and not memory_gb
        return _thrifty(plan, layers, size, bytes_each, queries) if shared else plan
    least = least_memory(layers, size, bytes_each, queries)
    if memory_gb:
        raise ValueError(
            f"memory_gb is {memory_gb:g}; this picture needs {math.ceil(least / 1e7) / 100} or "
            "more. Raise it, or set 0 to choose by the free memory."
        )
    return plan_vae(layers, size, bytes_each, least, queries)


def _thrifty(
    plan: VaePlan,
    layers: Sequence[Layer],
    size: tuple[int, int, int],
    bytes_each: int,
    queries: int,
) -> VaePlan:
    """The plan with about the least memory that does at most `WORTH` times the work."""
    most = WORTH * plan.cost
    found, low, high = plan, 0.0, plan.memory
    while high > 1.1 * low:
        middle = (low + high) / 2
        other = plan_vae(layers, size, bytes_each, middle, queries)
        if other and other.cost <= most:
            found, high = other, middle
        else:
            low = middle
    return found


def memory_to_ask_for(
    layers: Sequence[Layer], size: tuple[int, int, int], bytes_each: int, memory_gb: float
) -> float:
    """Bytes that a run can make use of: the setting, else those of the cheapest plan."""
    _check_input(layers, size)
    if memory_gb:
        return memory_gb * 1e9
    plan = plan_whole(layers, size, bytes_each) or plan_vae(layers, size, bytes_each, math.inf)
    return plan.memory


def _check_input(layers: Sequence[Layer], size: tuple[int, int, int]) -> None:
    channels, height, width = size
    takes = layers[0].module.in_channels
    if channels != takes:
        raise ValueError(
            f"The input has {channels} channels and this VAE takes {takes}. Use the VAE that "
            "belongs to the model."
        )
    shapes = layer_shapes(layers, channels, height, width)
    if not all(shape.rows and shape.width for shape in shapes):
        raise ValueError(
            f"The input is {width}x{height}, too small for this VAE. Give at least 8x8 pixels."
        )


def least_memory(
    layers: Sequence[Layer],
    size: tuple[int, int, int],
    bytes_each: int,
    queries: int = QUERIES,
) -> float:
    """The smallest `memory` for which there is a plan, within 5 %."""
    low, high = 2.0**20, 2.0**44
    while high > 1.05 * low:
        middle = math.sqrt(low * high)
        fits = plan_vae(layers, size, bytes_each, middle, queries) is not None
        low, high = (low, middle) if fits else (middle, high)
    return high
