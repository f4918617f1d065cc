"""Presets against the published table, and scale-downs that name every difference."""

import math

import pytest
from ixl.training.choices import METHODS
from ixl.training.memory import Demand, estimate
from ixl.training.policy import check_policy, stage_shares
from ixl.training.presets import FULL_ON_SEVERAL_GB, PRESETS, scale_down

# arXiv 2409.19946, Table 5 and Table 1: images, epochs, batch, steps, U-Net and text encoder LR.
TABLE = {
    "v0.1": (7_500_000, 20, 192, 781_250, 3.5e-5, 4.5e-6, 1024),
    "v1.0": (10_000_000, 8, 128, 625_000, 1e-5, 6e-6, 1536),
    "v1.1": (12_000_000, 4, 512, 93_750, 3e-5, 4e-6, 1536),
    "v2.0": (20_000_000, 2, 512, 78_125, 4e-5, 3e-6, 1536),
}


def test_presets_are_the_published_table():
    assert {
        name: (
            *(p.images, p.epochs, p.batch, p.steps, p.unet_lr, p.text_encoder_lr),
            math.isqrt(p.area),
        )
        for name, p in PRESETS.items()
    } == TABLE


@pytest.mark.parametrize("name", PRESETS)
def test_steps_are_images_times_epochs_by_batch(name):
    preset = PRESETS[name]
    assert preset.steps == preset.images * preset.epochs / preset.batch


@pytest.mark.parametrize("name", PRESETS)
def test_policies_are_sound_and_only_v01_has_no_levels(name):
    policy = check_policy(PRESETS[name].policy)
    assert (stage_shares(policy)["keep-30"] == 0.3) == (name != "v0.1")
    assert bool(policy.registers) == (name != "v0.1")  # Table 5: register tokens
    assert sum(weight for _, weight in policy.joiners) == pytest.approx(1)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("memory", [24.0, 32.0, 48.0, 80.0])
@pytest.mark.parametrize("gpus", [1, 8])
@pytest.mark.parametrize("images", [12, 3_000, 1_000_000])
def test_a_scale_down_adds_up_and_names_every_difference(name, method, memory, gpus, images):
    preset = PRESETS[name]
    if method == "full" and gpus > 1 and memory < FULL_ON_SEVERAL_GB:
        with pytest.raises(ValueError, match="Use one GPU"):
            scale_down(preset, method, gpus, memory, images)
        return
    scaled = scale_down(preset, method, gpus, memory, images)
    effective = scaled.batch * scaled.gpus * scaled.accumulation
    assert effective <= max(preset.batch, scaled.batch * gpus)
    assert scaled.steps == math.ceil(images * scaled.epochs / effective)
    told = " ".join(scaled.deviations)
    assert ("LoRA" in told) == (method == "lora")
    assert (f"A batch of {effective} " in told) == (effective != preset.batch)
    assert ("epochs instead" in told) == (scaled.epochs != preset.epochs)
    assert ("px instead" in told) == (scaled.area != preset.area)
    assert ("optimizer" in told) == (scaled.optimizer != "adamw")
    assert (f" {scaled.steps:,} steps instead of {preset.steps:,}" in f" {told}") == (
        scaled.steps != preset.steps
    )
    assert f"started from {preset.start}" in told
    assert bool(preset.data) == ("taken as they are" in told)
    if scaled.unet_lr != preset.unet_lr:
        assert f"{scaled.unet_lr:.2g}" in told and f"{preset.unet_lr:g}" in told
    if scaled.text_encoder_lr != preset.text_encoder_lr:
        assert f"{preset.text_encoder_lr:g}" in told
    if scaled.optimizer == "adafactor" and gpus == 1:
        assert scaled.accumulation == 1


def test_nothing_the_paper_gives_is_changed_in_silence():
    """At the paper's own scale only the start, the data and the frozen text encoders are left."""
    preset = PRESETS["v2.0"]
    scaled = scale_down(preset, "full", 64, 80.0, preset.images)
    assert (scaled.steps, scaled.epochs, scaled.unet_lr) == (preset.steps, 2, preset.unet_lr)
    assert len(scaled.deviations) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("other", 1, 24, 10), "method is 'other'"),
        (("lora", 0, 24, 10), "0 GPUs"),
        (("lora", 1, 24, 0), "0 pictures"),
        (("lora", 1, 6, 10), "6 GB"),
        (("full", 1, 12, 10), "Train a LoRA"),
        (("lora", 1, 24, 10, 0), "rank 0"),
        (("full", 4, 24, 10), "4 of them"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(arguments, said):
    with pytest.raises(ValueError, match=said):
        scale_down(PRESETS["v2.0"], *arguments)


def test_full_training_on_several_gpus_is_refused_below_what_it_needs():
    """The refusal and the estimate agree: where it is allowed, the estimate fits the card."""
    needed = estimate(Demand("full", 1024**2, 1, 0, "adafactor", fused=False, gpus=2)).total
    assert needed <= FULL_ON_SEVERAL_GB < needed + 1
    with pytest.raises(ValueError, match=f"{FULL_ON_SEVERAL_GB} GB are needed"):
        scale_down(PRESETS["v2.0"], "full", 2, needed - 0.1, 1000)
