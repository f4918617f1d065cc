"""Cosine annealing with warm restarts, a floor, decaying peaks, warm-up: exact also after a resume.

The factor is a plain function of the step. `CosineSchedule` is what sd-scripts loads by dotted name
(`--lr_scheduler_type`); torch is imported with it, in the trainer's process only. Unlike the stock
schedules it is given its total, never rises behind its end, and starts at any step (arXiv
2409.19946, section 3.2 names cosine annealing, SGDR: arXiv 1608.03983; cycles, floor and warm-up
are not published).
"""

import math
from typing import NamedTuple


class Schedule(NamedTuple):
    """total: optimizer steps of the whole run, warm-up included. cycles: number of annealings.

    growth: how much longer each cycle is than the one before (SGDR's T_mult). floor: lowest factor.
    decay: each peak as a share of the one before. warmup: steps of linear rise at the start.
    """

    total: int
    cycles: int = 1
    growth: float = 1.0
    floor: float = 0.0
    decay: float = 1.0
    warmup: int = 0


def check_schedule(schedule: Schedule) -> Schedule:
    """The schedule itself. Raises ValueError with one sentence on what cannot work."""
    if schedule.total < 1:
        raise ValueError(f"total is {schedule.total} steps; it must be at least 1.")
    if not 0 <= schedule.warmup < schedule.total:
        raise ValueError(
            f"warmup is {schedule.warmup} steps; it must be below the {schedule.total} of the run."
        )
    if not 1 <= schedule.cycles <= schedule.total - schedule.warmup:
        raise ValueError(
            f"cycles is {schedule.cycles}; it must be from 1 to {schedule.total - schedule.warmup},"
            " the steps behind the warm-up."
        )
    if not 0 <= schedule.floor <= 1 or not 0 < schedule.decay <= 1:
        raise ValueError(
            f"floor is {schedule.floor} and decay {schedule.decay}; floor must be from 0 to 1, "
            "decay above 0 and at most 1."
        )
    if not 0.1 <= schedule.growth <= 10:
        raise ValueError(f"growth is {schedule.growth}; it must be from 0.1 to 10.")
    return schedule


def factor(schedule: Schedule, step: int) -> float:
    """What the learning rate is multiplied with at optimizer step `step`, counted from 0.

    The warm-up starts at 1 / (warmup + 1), so no step is without effect. Behind the end it stays at
    the floor.
    """
    if step < schedule.warmup:
        return (step + 1) / (schedule.warmup + 1)
    length = schedule.total - schedule.warmup
    done = min(step - schedule.warmup, length)
    if done >= length:
        return schedule.floor
    start, peak = 0.0, 1.0
    sizes = _cycle_lengths(schedule, length)
    for number, size in enumerate(sizes):
        if done < start + size or number == len(sizes) - 1:
            share = (done - start) / size
            wave = 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
            return schedule.floor + (peak - schedule.floor) * wave
        start += size
        peak = max(schedule.floor, peak * schedule.decay)
    return schedule.floor


def _cycle_lengths(schedule: Schedule, length: int) -> list[float]:
    weights = [schedule.growth**n for n in range(schedule.cycles)]
    return [length * weight / sum(weights) for weight in weights]


def _scheduler_class():
    from torch.optim.lr_scheduler import LambdaLR

    class CosineSchedule(LambdaLR):
        """Loaded by sd-scripts as `--lr_scheduler_type ixl.training.schedule.CosineSchedule`.

        first_step: where a resumed run goes on. per_step: how often accelerate steps the schedule
        per optimizer step (once per process).
        """

        def __init__(self, optimizer, total, first_step=0, per_step=1, **settings):
            schedule = check_schedule(Schedule(int(total), **_numbers(settings)))
            first, each = int(first_step), max(1, int(per_step))
            super().__init__(optimizer, lambda count: factor(schedule, first + count // each))

    return CosineSchedule


def _numbers(settings: dict) -> dict:
    """sd-scripts passes arguments as literals; cycles and warmup are whole numbers."""
    known = {"cycles": int, "growth": float, "floor": float, "decay": float, "warmup": int}
    unknown = settings.keys() - known.keys()
    if unknown:
        raise ValueError(f"The schedule has no {', '.join(sorted(unknown))}; it has {list(known)}.")
    return {name: known[name](value) for name, value in settings.items()}


def __getattr__(name: str):
    """`CosineSchedule` on first use, so that everything else here works without torch."""
    if name != "CosineSchedule":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    cls = globals()["CosineSchedule"] = _scheduler_class()
    return cls
