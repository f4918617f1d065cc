"""The schedule against torch's own cosine annealing, and its own promises: total, floor, resume."""

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.training.schedule import Schedule, check_schedule, factor


def rates(torch, schedule_args, steps, **given):
    from ixl.training.schedule import CosineSchedule

    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=2.0)
    scheduler = CosineSchedule(optimizer, **schedule_args, **given)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_one_cycle_is_torchs_cosine_annealing(floor):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50, eta_min=2.0 * floor)
    expected = []
    for _ in range(51):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    assert rates(torch, {"total": 50, "floor": floor}, 51) == pytest.approx(expected, abs=1e-9)


def test_restarts_are_torchs_warm_restarts():
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=2)
    expected = []
    for _ in range(70):  # cycles of 10, 20 and 40
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    found = rates(torch, {"total": 70, "cycles": 3, "growth": 2}, 70)
    assert found == pytest.approx(expected, abs=1e-9)


def test_peaks_decay_and_the_floor_holds():
    schedule = Schedule(40, cycles=4, floor=0.05, decay=0.5)
    assert [factor(schedule, 10 * n) for n in range(4)] == pytest.approx([1, 0.5, 0.25, 0.125])
    assert all(factor(schedule, n) >= 0.05 for n in range(60))
    assert factor(schedule, 40) == factor(schedule, 10_000) == 0.05


def test_warm_up_rises_in_a_line_and_belongs_to_the_total():
    schedule = Schedule(20, warmup=4)
    assert [factor(schedule, n) for n in range(5)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert factor(schedule, 20) == 0


def test_a_resumed_run_has_the_rates_of_an_unbroken_one():
    torch = pytest.importorskip("torch")
    args = {"total": 30, "cycles": 2, "floor": 0.1, "warmup": 3, "decay": 0.7}
    whole = rates(torch, args, 30)
    for cut in (1, 3, 15, 29):
        assert whole[:cut] + rates(torch, args, 30 - cut, first_step=cut) == whole


def test_several_steps_per_optimizer_step_as_accelerate_makes_them():
    torch = pytest.importorskip("torch")
    from ixl.training.schedule import CosineSchedule

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    scheduler = CosineSchedule(optimizer, total=10, per_step=2)
    found = []
    for _ in range(10):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
        scheduler.step()
    assert found == pytest.approx(rates(torch, {"total": 10}, 10))


@given(
    st.builds(
        lambda total, cycles, growth, floor, decay, warmup: Schedule(
            total, min(cycles, total - min(warmup, total - 1)), growth, floor, decay,
            min(warmup, total - 1),
        ),
        st.integers(1, 500), st.integers(1, 9), st.floats(0.5, 3), st.floats(0, 1),
        st.floats(0.1, 1), st.integers(0, 100),
    )
)  # fmt: skip
def test_factors_stay_between_floor_and_one_and_end_at_the_floor(schedule):
    check_schedule(schedule)
    for step in range(schedule.warmup, schedule.total + 5):
        assert schedule.floor - 1e-12 <= factor(schedule, step) <= 1 + 1e-12
    assert math.isclose(factor(schedule, schedule.total), schedule.floor, abs_tol=1e-12)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule(0), "total is 0"), (Schedule(10, warmup=10), "warmup is 10"),
        (Schedule(10, cycles=0), "cycles is 0"), (Schedule(10, cycles=11), "cycles is 11"),
        (Schedule(10, floor=2), "floor is 2"), (Schedule(10, decay=0), "decay 0"),
        (Schedule(10, growth=0), "growth is 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(schedule, said):
    with pytest.raises(ValueError, match=said):
        check_schedule(schedule)


def test_an_unknown_argument_is_named():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="has no num_cycles"):
        rates(torch, {"total": 10}, 1, num_cycles=3)


def test_the_function_needs_no_torch():
    code = "import sys; import ixl.training.schedule; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
