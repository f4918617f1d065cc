"""The published training settings of every Illustrious version, and their honest scale-down.

Numbers: arXiv 2409.19946, Table 5 and Table 1 (steps), sections 3.2 and 4; card of v0.1 for its
start model. What the paper does not give is named in `unpublished` and has a value of ours. Values
only; config.py writes them for sd-scripts.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from .choices import METHODS
from .launch import Launch
from .memory import Demand, estimate
from .policy import LEVELS, Policy

_ARXIV = "arXiv 2409.19946"
# The join of tags: 50 % ", ", else 25 % " ", else "," in July 2024 (commit 3d1f2dd, v1.0); 5 % " "
# in September (1cd66e0, v2.0).
_JOIN_V1 = ((", ", 0.5), (" ", 0.125), (",", 0.375))
_JOIN_V2 = ((", ", 0.5), (" ", 0.025), (",", 0.475))


class Preset(NamedTuple):
    """One version's training.

    images, epochs, batch, steps: of the whole training; steps = images * epochs / batch. unet_lr,
    text_encoder_lr: peak learning rates. area: px. cosine: cosine annealing, else constant.
    input_perturbation: upper end of the uniform strength (sd-scripts: --ip_noise_gamma with
    --ip_noise_gamma_random_strength). debiased: debiased estimation loss. start: the model before
    it. sources, unpublished: (setting, where it stands or what we chose). data: what the authors
    did with their pictures and the pack does not.
    """

    id: str
    label: str
    images: int
    epochs: int
    batch: int
    steps: int
    unet_lr: float
    text_encoder_lr: float
    area: int
    cosine: bool
    input_perturbation: float
    debiased: bool
    policy: Policy
    start: str
    sources: tuple[tuple[str, str], ...]
    unpublished: tuple[tuple[str, str], ...]
    data: str = ""


_SOURCES = (
    ("images, epochs, batch, unet_lr, text_encoder_lr, area", f"{_ARXIV}, Table 5"),
    ("steps", f"{_ARXIV}, Table 1"),
    ("input_perturbation, debiased", f"{_ARXIV}, section 3.2"),
)
_OURS = (
    ("optimizer", "AdamW, betas 0.9 and 0.999, weight decay 0.01"),
    ("caption_dropout", "0.05"),
    ("tag_dropout", "0.1 in the linear branch; the trainer's own value is not known"),
    ("warm-up, cycles, floor", "none, 1, 0"),
    ("gradient clipping", "1.0"),
    ("token_limit", "225"),
    ("precision", "bf16"),
)
_NO_LEVELS = Policy(stages=(), fewest_for_dropout=0, caption_dropout=0.05, tag_dropout=0.1)
_LEVELS = Policy(
    caption_dropout=0.05, tag_dropout=0.1, registers=0.02, hints=True, paraphrases=0.5,
    case_jitter=0.1, joiners=_JOIN_V1, levels=(("tags", 1.0),),
)  # fmt: skip

PRESETS = {
    preset.id: preset
    for preset in (
        Preset(
            "v0.1", "Illustrious XL v0.1", 7_500_000, 20, 192, 781_250, 3.5e-5, 4.5e-6, 1024**2,
            False, 0.1, True, _NO_LEVELS._replace(levels=(("tags", 1.0),)),
            "Kohaku XL Beta 5",
            (*_SOURCES, ("start", "card of Illustrious-xl-early-release-v0")),
            (*_OURS, ("schedule", "constant: cosine annealing is named for v1.0 and later only")),
        ),
        Preset(
            "v1.0", "Illustrious XL v1.0", 10_000_000, 8, 128, 625_000, 1e-5, 6e-6, 1536**2,
            True, 0.1, True, _LEVELS, "Illustrious XL v0.1",
            (*_SOURCES, ("start, cosine, levels, registers", f"{_ARXIV}, section 4")), _OURS,
            "pictures of higher resolution were added as duplicates (section 4)",
        ),
        Preset(
            "v1.1", "Illustrious XL v1.1", 12_000_000, 4, 512, 93_750, 3e-5, 4e-6, 1536**2,
            True, 0.1, True,
            _LEVELS._replace(levels=tuple((level, 1.0) for level in LEVELS)),
            "Illustrious XL v1.0",
            (*_SOURCES, ("start, cosine, levels, registers", f"{_ARXIV}, section 4")), _OURS,
        ),
        Preset(
            "v2.0", "Illustrious XL v2.0", 20_000_000, 2, 512, 78_125, 4e-5, 3e-6, 1536**2,
            True, 0.1, True,
            _LEVELS._replace(
                registers=0.42, joiners=_JOIN_V2, levels=tuple((level, 1.0) for level in LEVELS)
            ),
            "Illustrious XL v1.1",
            (
                *_SOURCES,
                ("start, cosine, levels", f"{_ARXIV}, section 4"),
                ("registers", "aria1th/sd-scripts, commit 1cd66e0 (2024-09-08)"),
            ),
            _OURS,
            "small pictures of 0.15 megapixels were added (section 3.1.3)",
        ),
    )
}  # fmt: skip


class Scaled(NamedTuple):
    """A preset cut down to what the user has. batch: per GPU and forward pass. needs_gb: of one
    GPU's memory, estimated (memory.py).

    gpus: of all machines. launch: how they are started (changed by who knows the machines).
    deviations: one sentence each on what differs from the paper, and why.
    """

    preset: str
    method: str
    gpus: int
    batch: int
    accumulation: int
    steps: int
    epochs: int
    unet_lr: float
    text_encoder_lr: float
    area: int
    rank: int
    optimizer: str
    checkpointing: bool
    needs_gb: float
    deviations: tuple[str, ...]
    launch: Launch = Launch()


# Steps that a small data set is given at least: below it a LoRA learns little, whatever the epochs.
# Common practice, not from the paper.
FEWEST_STEPS = {"full": 2_000, "lora": 1_500}
LORA_LR = 1e-4  # U-Net, common practice for SDXL at rank 16 to 32
MOST_ACCUMULATION = 16
# 2.57e9 weights of the U-Net, as many gradients and their copy for the exchange: 35.7 GB by
# memory.py; one GPU alone drops each gradient at once (fused backward pass).
FULL_ON_SEVERAL_GB = 36
SAFE = 0.9  # share of a card that an estimate may take up
# powers of two: they divide the batches of the paper, so that accumulation reaches these
BATCHES = {"lora": (1, 2, 4, 8, 16), "full": (1, 2, 4, 8)}


def scale_down(
    preset: Preset, method: str, gpus: int, memory_gb: float, images: int, rank: int = 16
) -> Scaled:
    """The preset for some GPUs of `memory_gb` (10^9 bytes) each and a number of pictures.

    Raises ValueError with one sentence when it cannot be trained so at all.
    """
    _check(method, gpus, memory_gb, images, rank)
    fitted = _fit(preset, method, memory_gb, gpus, rank)
    area, batch, optimizer, checkpointing = (
        fitted.area, fitted.batch, fitted.optimizer, fitted.checkpointing
    )  # fmt: skip
    goal = max(1, min(preset.batch, images))
    accumulation = min(MOST_ACCUMULATION, max(1, goal // (batch * gpus)))
    if optimizer == "adafactor" and gpus == 1:
        accumulation = 1  # fused backward pass and accumulation exclude each other (sd-scripts)
    batch = min(batch, max(1, math.ceil(goal / gpus)))
    needs = estimate(fitted._replace(batch=batch)).total
    effective = batch * gpus * accumulation
    per_epoch = math.ceil(images / effective)
    epochs = max(preset.epochs, math.ceil(FEWEST_STEPS[method] / per_epoch))
    unet, text = _rates(preset, method, effective)
    scaled = Scaled(
        preset.id, method, gpus, batch, accumulation, math.ceil(images * epochs / effective),
        epochs, unet, text, area, rank if method == "lora" else 0, optimizer, checkpointing, needs,
        (),
    )  # fmt: skip
    return scaled._replace(deviations=tuple(_deviations(preset, scaled, images)))


def _check(method: str, gpus: int, memory_gb: float, images: int, rank: int) -> None:
    if method not in METHODS:
        raise ValueError(f"The method is '{method}'; it must be one of {', '.join(METHODS)}.")
    if gpus < 1 or images < 1 or not 1 <= rank <= 512:
        raise ValueError(
            f"{gpus} GPUs, {images} pictures and rank {rank} were given; at least one GPU and one "
            "picture are needed, and a rank from 1 to 512."
        )
    needed = 8 if method == "lora" else 20
    if memory_gb < needed:
        raise ValueError(
            f"{memory_gb:g} GB of GPU memory are too little for {method} training of SDXL; "
            f"{needed} GB are needed." + (" Train a LoRA instead." if method == "full" else "")
        )
    if method == "full" and gpus > 1 and memory_gb < FULL_ON_SEVERAL_GB:
        raise ValueError(
            f"{memory_gb:g} GB of each GPU are too little for full training on {gpus} of them: "
            f"each holds all weights and gradients, so {FULL_ON_SEVERAL_GB} GB are needed. Use one "
            "GPU, or train a LoRA."
        )


def _fit(preset: Preset, method: str, memory_gb: float, gpus: int, rank: int) -> Demand:
    """The most demanding training that is estimated to fit one card, the least where none does."""
    smaller = "adamw8bit" if method == "lora" else "adafactor"
    found = None
    for optimizer in ("adamw", smaller):
        for area in dict.fromkeys((preset.area, 1024**2)):
            fused = optimizer == "adafactor" and gpus == 1
            found = Demand(method, area, 1, rank, optimizer, fused=fused, gpus=gpus)
            if estimate(found).total <= SAFE * memory_gb:
                return _fill(found, memory_gb)
    return found


def _fill(demand: Demand, memory_gb: float) -> Demand:
    """The demand with the largest batch that fits, and without checkpointing if that fits too."""
    batches = (demand._replace(batch=batch) for batch in BATCHES[demand.method])
    fitting = [d for d in batches if estimate(d).total <= SAFE * memory_gb]
    largest = fitting[-1]
    freer = largest._replace(checkpointing=False)
    return freer if estimate(freer).total <= SAFE * memory_gb else largest


def _rates(preset: Preset, method: str, effective: int) -> tuple[float, float]:
    """Learning rates by the square root of the batch (for Adam: arXiv 2205.10287)."""
    if method == "lora":
        return LORA_LR, 0.0
    return preset.unet_lr * math.sqrt(min(1.0, effective / preset.batch)), 0.0


def _deviations(preset: Preset, scaled: Scaled, images: int) -> Iterator[str]:
    yield from _of_rates(preset, scaled)
    yield f"Training starts from your checkpoint; {preset.label} started from {preset.start}."
    if preset.data:
        yield f"Your pictures are taken as they are; for {preset.label} {preset.data}."
    yield from _of_amounts(preset, scaled, images)
    if scaled.area != preset.area:
        side, wanted = round(math.sqrt(scaled.area)), round(math.sqrt(preset.area))
        yield f"{side}x{side} px instead of {wanted}x{wanted}: more does not fit into the memory."
    if scaled.optimizer != "adamw":
        yield f"The optimizer is {scaled.optimizer}, which needs less memory than AdamW."


def _of_rates(preset: Preset, scaled: Scaled) -> Iterator[str]:
    unet = scaled.unet_lr
    if scaled.method == "lora":
        yield (
            f"A LoRA is trained, with {unet:g} for the U-Net (usual for one); the paper trained "
            f"all weights with {preset.unet_lr:g}."
        )
    elif unet != preset.unet_lr:
        yield (
            f"The U-Net's learning rate is {unet:.2g} instead of {preset.unet_lr:g}: scaled by the "
            "square root of the batch."
        )
    yield (
        f"The text encoders stay frozen ({scaled.text_encoder_lr:g}; the paper trained them with "
        f"{preset.text_encoder_lr:g}): its section A.7 advises so unless the data are very large."
    )


def _of_amounts(preset: Preset, scaled: Scaled, images: int) -> Iterator[str]:
    effective = scaled.batch * scaled.gpus * scaled.accumulation
    if images != preset.images:
        yield f"{images:,} pictures instead of {preset.images:,}."
    if effective != preset.batch:
        yield (
            f"A batch of {effective} instead of {preset.batch}: sparse tags are learned less "
            "surely (section A.2.4)."
        )
    if scaled.epochs != preset.epochs:
        yield (
            f"{scaled.epochs} epochs instead of {preset.epochs}: a small data set is seen more "
            "often."
        )
    if scaled.steps != preset.steps:
        yield (
            f"{scaled.steps:,} steps instead of {preset.steps:,}: what pictures, batch and epochs "
            "give."
        )


def scaled_text(scaled: Scaled, memory_gb: float) -> str:
    """Every difference from the paper, one a line, and the memory that it takes."""
    over = ", more than the card has" if scaled.needs_gb > memory_gb else ""
    needs = f"About {scaled.needs_gb:.1f} GB of {memory_gb:g} GB GPU memory are needed{over}."
    return "\n".join((*scaled.deviations, needs))
