"""How much memory of one GPU a run needs, told before it starts, and corrected by earlier runs.

Weights, gradients and optimizer states are counted exactly. What the passes need was measured once:
every allocation of sd-scripts' own U-Net (kohya-ss/sd-scripts 48d368fa, sdpa) in forward and
backward, on tensors without content (torch.FakeTensorMode), SDXL's full size, bf16. It grows with
pictures and area; attention needs no more than its inputs (flash attention). What an allocator and
a CUDA context take on top is a rule of thumb, and `corrected` replaces all of it by experience: the
peaks that the trainer told of earlier runs. Does not ask a card how much it has.
"""

from collections.abc import Iterable
from typing import NamedTuple

GB = 1e9


class Sizes(NamedTuple):
    """Parameters of a model's parts; of a LoRA those of rank 1 (sum of the layers' two sides)."""

    unet: int
    text_encoders: int
    vae: int
    lora_unet: int
    lora_text: int


SDXL = Sizes(
    unet=2_567_463_684,
    text_encoders=123_060_480 + 694_659_840,  # CLIP-L and OpenCLIP bigG with its projection
    vae=83_653_863,
    # networks/lora.py of sd-scripts: 722 linear layers of the U-Net, 264 of the text encoders
    lora_unet=2_659_840,
    lora_text=165_888 + 737_280,
)

# Bytes of optimizer state per trained parameter, by the class name in small letters. torch keeps
# its states in the weights' own precision (4 bytes here); bitsandbytes in 8 bits with one float per
# 256 values; Adafactor only sums of rows and columns (arXiv 1804.04235); Lion one moment (arXiv
# 2302.06675); Prodigy two moments, s and the start weights (arXiv 2306.06101); D-Adaptation two
# moments and s, for Lion one and s (arXiv 2301.07733); schedule-free Adam z and one moment (arXiv
# 2405.15682). Paged states move to the main memory when the card is full.
STATE_BYTES = {
    "adamw": 8.0,
    "adamw8bit": 2.03,
    "pagedadamw": 8.0,
    "pagedadamw8bit": 2.03,
    "pagedadamw32bit": 8.0,
    "adafactor": 0.02,
    "lion": 4.0,
    "lion8bit": 1.02,
    "pagedlion8bit": 1.02,
    "prodigy": 16.0,
    "dadaptation": 12.0,
    "dadaptadam": 12.0,
    "dadaptadampreprint": 12.0,
    "dadaptlion": 8.0,
    "dadaptadagrad": 12.0,
    "dadaptsgd": 8.0,
    "sgdnesterov": 4.0,
    "sgdnesterov8bit": 1.02,
    "radamschedulefree": 8.0,
    "adamwschedulefree": 8.0,
    "sgdschedulefree": 4.0,
}
UNKNOWN_STATE = 8.0  # as AdamW

# GB per picture of 1024x1024 px, measured as told above. LoRA and full tuning differ by less than
# 0.1; SAVED is what the forward pass leaves, the peak lies in the backward pass.
MEGAPIXEL = 1024**2
PASS_GB, SAVED_GB, PASS_WITHOUT_CHECKPOINTING_GB = 0.86, 0.66, 8.70
FLOAT32 = 2.0  # times as much without mixed precision
# Four float32 tensors of 128 channels at full size live at once in the VAE's first level.
ENCODE_GB = 4 * 128 * 4 * MEGAPIXEL / GB
TEXT_PASS_GB = 0.35  # of 231 tokens through trained text encoders; from their sizes, not measured
CONTEXT_GB, FRAGMENTS = 0.7, 0.05  # CUDA's own memory and libraries; share lost in the allocator


class Demand(NamedTuple):
    """What decides how much memory a run needs. batch: per GPU. optimizer: the class name.

    half: weights are trained in 16 bits (full_bf16, full_fp16). fused: gradients are used up one by
    one in the backward pass. zero_stage: what DeepSpeed divides among the GPUs.
    """

    method: str
    area: int
    batch: int
    rank: int
    optimizer: str
    precision: str = "bf16"
    checkpointing: bool = True
    text_encoders: bool = False
    cached: bool = True
    half: bool = False
    fused: bool = False
    gpus: int = 1
    zero_stage: int = 0


class Estimate(NamedTuple):
    """GB (10^9 bytes) of one GPU. passes: the larger of both passes, with casts and gradients."""

    weights: float
    optimizer: float
    passes: float
    overhead: float
    corrected_by: int = 0  # number of earlier runs
    factor: float = 1.0

    @property
    def total(self) -> float:
        return (self.weights + self.optimizer + self.passes + self.overhead) * self.factor


def estimate(demand: Demand, sizes: Sizes = SDXL) -> Estimate:
    """The memory of one GPU, from the sizes of the model and what was measured of its passes."""
    d = demand
    cast = 4 if d.precision == "no" else 2  # bytes per value of what is computed with
    trained_bytes = 2 if d.half else 4
    if d.method == "lora":
        trained = d.rank * (sizes.lora_unet + sizes.lora_text * d.text_encoders)
        frozen = sizes.unet + sizes.text_encoders
    else:
        trained = sizes.unet + sizes.text_encoders * d.text_encoders
        frozen = sizes.text_encoders * (not d.text_encoders)
    weights = trained * trained_bytes + frozen * cast
    share = [1 if d.zero_stage < stage else d.gpus for stage in (1, 2, 3)]
    states = trained * STATE_BYTES.get(d.optimizer, UNKNOWN_STATE) * trained_bytes / 4 / share[0]
    gradients = 0 if d.fused else trained * trained_bytes / share[1]
    if d.gpus > 1 and not d.zero_stage:
        gradients *= 2  # DDP reduces copies of them
    copies = trained * cast if cast < trained_bytes else 0  # autocast keeps them while it is on
    unpacked = 0.0 if d.cached else sizes.vae * 4 / GB
    passes = _passes(d, gradients / GB, copies / GB)
    known = weights / share[2] / GB + unpacked
    used = known + states / GB + passes
    return Estimate(known, states / GB, passes, CONTEXT_GB + FRAGMENTS * used)


def _passes(d: Demand, gradients: float, copies: float) -> float:
    pictures = d.batch * d.area / MEGAPIXEL * (FLOAT32 if d.precision == "no" else 1.0)
    text = TEXT_PASS_GB * d.batch if d.text_encoders else 0.0
    if d.checkpointing:
        forward = copies + SAVED_GB * pictures
        backward = gradients + PASS_GB * pictures
    else:  # gradients come as what the forward pass left goes
        forward = copies + PASS_WITHOUT_CHECKPOINTING_GB * pictures
        backward = gradients
    encoding = 0.0 if d.cached else ENCODE_GB * d.batch * d.area / MEGAPIXEL
    return max(forward + text, backward + text, encoding)


def corrected(demand: Demand, earlier: Iterable[tuple[Demand, float]]) -> Estimate:
    """The estimate times how far those of alike runs were off: the median, from 0.5 to 2.

    Alike: the same method and checkpointing. A peak beyond these factors is of another model.
    """
    ratios = sorted(
        peak / (estimate(before).total - CONTEXT_GB)  # torch does not count the context
        for before, peak in earlier
        if (before.method, before.checkpointing) == (demand.method, demand.checkpointing)
    )
    ratios = [ratio for ratio in ratios if 0.5 <= ratio <= 2.0]
    found = estimate(demand)
    if not ratios:
        return found
    return found._replace(factor=ratios[len(ratios) // 2], corrected_by=len(ratios))


def estimate_text(found: Estimate) -> str:
    """The estimate in one line."""
    by = found.corrected_by
    how = f"corrected by {by} earlier run{'s' * (by > 1)}" if by else "not yet corrected by a run"
    return (
        f"About {found.total:.1f} GB of GPU memory: weights {found.weights:.1f}, optimizer "
        f"{found.optimizer:.1f}, passes {found.passes:.1f}, other {found.overhead:.1f}; {how}."
    )
