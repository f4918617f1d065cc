"""The memory estimate against a measurement, and its correction by the peaks of earlier runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import run_folders
from ixl.training.experience import demand_of, experience, memory_line
from ixl.training.memory import CONTEXT_GB, SDXL, STATE_BYTES, Demand, corrected, estimate
from ixl.training.presets import PRESETS, SAFE, scale_down
from ixl.training.settings import read_settings
from training_runs import tiny_settings

SUPPORT = Path(__file__).resolve().parents[1] / "support"
LORA = Demand("lora", 1024**2, 1, 16, "adamw")
FULL = Demand("full", 1024**2, 1, 0, "adamw")
# Printed by tests/support/unet_memory.py for kohya-ss/sd-scripts 48d368fa: GB above the U-Net's
# weights at the peak of forward and backward.
MEASURED = [
    (LORA, 0.858),
    (LORA._replace(batch=4), 3.428),
    (LORA._replace(rank=64), 1.111),
    (LORA._replace(checkpointing=False), 8.698),
    (LORA._replace(checkpointing=False, area=512**2), 2.398),
    (FULL, 10.547),
    (FULL._replace(batch=4), 11.735),
    (FULL._replace(checkpointing=False), 13.711),
    (FULL._replace(half=True), 5.450),
]


@pytest.mark.parametrize(("demand", "gb"), MEASURED)
def test_passes_are_what_was_measured_and_rather_more(demand, gb):
    assert 0.94 * gb < estimate(demand).passes < 1.4 * gb


def test_weights_and_states_are_the_sizes_by_their_bytes():
    trained = 16 * SDXL.lora_unet
    found = estimate(LORA)
    assert found.weights == pytest.approx(
        ((SDXL.unet + SDXL.text_encoders) * 2 + trained * 4) / 1e9
    )
    assert found.optimizer == pytest.approx(trained * 8 / 1e9)
    # training.md, section 5: 16 bytes per parameter are 41 GB for the U-Net
    found = estimate(FULL)
    unet = found.weights - SDXL.text_encoders * 2 / 1e9 + found.optimizer + SDXL.unet * 4 / 1e9
    assert unet == pytest.approx(41, abs=0.1)


def test_what_should_need_less_needs_less():
    for less, more in (
        (LORA, LORA._replace(batch=2)),
        (LORA, LORA._replace(area=1536**2)),
        (LORA, LORA._replace(rank=128)),
        (LORA, LORA._replace(text_encoders=True)),
        (LORA, LORA._replace(precision="no")),
        (LORA, LORA._replace(checkpointing=False)),
        (LORA, LORA._replace(cached=False, area=2048**2)),
        (FULL._replace(optimizer="adamw8bit"), FULL),
        (FULL._replace(optimizer="adafactor", fused=True), FULL._replace(optimizer="adafactor")),
        (FULL._replace(half=True), FULL),
        (FULL, FULL._replace(gpus=2)),
        (FULL._replace(gpus=4, zero_stage=3), FULL._replace(gpus=4, zero_stage=2)),
        (FULL._replace(gpus=4, zero_stage=2), FULL._replace(gpus=4, zero_stage=1)),
        (FULL._replace(optimizer="lion"), FULL),
        (FULL, FULL._replace(optimizer="prodigy")),
    ):
        assert estimate(less).total < estimate(more).total, (less, more)
    assert estimate(LORA._replace(optimizer="of the future")) == estimate(LORA)


def test_state_sizes_are_those_of_real_optimizers():
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.zeros(256, 256))
    weight.grad = torch.ones_like(weight)
    for name, made in (
        ("adamw", torch.optim.AdamW([weight])),
        ("adafactor", torch.optim.Adafactor([weight])),
    ):
        made.step()
        held = sum(s.numel() * s.element_size() for s in made.state[weight].values())
        assert held / weight.numel() == pytest.approx(STATE_BYTES[name], abs=0.03), name


def test_the_users_options_count():
    settings = tiny_settings("a", Path("a"), Path("b"), size=1024, rank=8)
    told = {"optimizer_type": "prodigyopt.Prodigy", "full_bf16": True}
    demand = demand_of(read_settings({**settings, "options": told}))
    assert (demand.optimizer, demand.half, demand.area) == ("prodigy", True, 1024**2)
    zero = {"deepspeed": True, "zero_stage": 2}
    assert demand_of(read_settings({**settings, "options": zero})).zero_stage == 2
    assert demand_of(read_settings({**settings, "options": {"zero_stage": 2}})).zero_stage == 0


def test_a_correction_is_the_median_of_alike_runs():
    counted = estimate(LORA).total - CONTEXT_GB
    alike = [(LORA, counted * factor) for factor in (1.1, 1.2, 1.4)]
    others = [(FULL, 100.0), (LORA._replace(checkpointing=False), 30.0), (LORA, 500.0)]
    found = corrected(LORA, [*alike, *others])
    assert (found.corrected_by, found.factor) == (3, pytest.approx(1.2))
    assert found.total == pytest.approx(1.2 * estimate(LORA).total)
    assert corrected(LORA, others) == estimate(LORA)


def test_earlier_runs_teach_later_ones(tmp_path):
    home = tmp_path / "runs"
    first = run_folders.make_folder(home, tmp_path, "first", checkpointing=True, size=1024)
    assert "not yet corrected" in memory_line(first)
    before = estimate(demand_of(read_settings(tiny_settings("x", tmp_path, tmp_path))))
    run_folders.tell(first, {"event": "memory", "step": 3, "peak_memory_gb": 2.0})
    assert experience(home) == []  # on the CPU
    (demand,) = (demand_of(read_settings(s)) for s in [_settings(first)])
    peak = 1.5 * (estimate(demand).total - CONTEXT_GB)
    run_folders.tell(first, {"event": "done", "step": 6, "peak_gpu_gb": peak})
    second = run_folders.make_folder(home, tmp_path, "second", checkpointing=True, size=768)
    assert "corrected by 1 earlier run." in memory_line(second)
    assert before.corrected_by == 0


def _settings(folder):
    from ixl.training.runs import read_json

    return read_json(folder / "settings.json")


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("memory", [12.0, 24.0, 48.0, 80.0])
@pytest.mark.parametrize("name", PRESETS)
def test_a_scale_down_fits_the_card_or_says_that_it_does_not(method, memory, name):
    if method == "full" and memory < 20:
        return
    scaled = scale_down(PRESETS[name], method, 1, memory, 5_000)
    assert scaled.needs_gb <= SAFE * memory
    larger = scale_down(PRESETS[name], method, 1, 2 * memory, 5_000)
    assert larger.batch * larger.area >= scaled.batch * scaled.area


def test_a_card_that_is_too_small_is_told():
    from ixl.training.presets import scaled_text

    scaled = scale_down(PRESETS["v2.0"], "lora", 1, 8.0, 50)
    assert scaled.needs_gb > 8 and "more than the card has" in scaled_text(scaled, 8.0)


@pytest.mark.prove
@pytest.mark.sd_scripts
def test_the_measurement_can_be_repeated():
    python = os.environ.get("SD_SCRIPTS_PYTHON", sys.executable)
    command = [python, str(SUPPORT / "unet_memory.py"), os.environ["SD_SCRIPTS_PATH"]]
    for demand, gb in (MEASURED[0], MEASURED[3], MEASURED[5]):
        more = [demand.method, "1024", "1", str(int(demand.checkpointing)), str(demand.rank)]
        done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        parameters, trained, peak = map(float, done.stdout.split()[-3:])
        assert parameters == SDXL.unet
        assert trained == (16 * SDXL.lora_unet if demand.method == "lora" else SDXL.unet)
        assert peak == pytest.approx(gb, rel=0.05)
