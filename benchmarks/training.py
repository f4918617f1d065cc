"""What training through the pack costs: per caption, and per step beside plain sd-scripts.

Both trainings have the same options, on the tiny checkpoint (64 channels, 128 px, no data-loader
workers, so that captions count in full). They take turns of a few steps (ABAB...), so neither
disturbs the other and both see the same weather on a machine that others use too; the figure is the
median of the turns' ratios, with the interval that resampling the turns gives. The bar counts CPU
time of the process. Needs SD_SCRIPTS_PATH for the second table. STEPS: how many (default 80).
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUPPORT = ROOT / "tests" / "support"
sys.path[:0] = [str(ROOT / "python")]
sys.path.append(str(SUPPORT))

from ixl.training.compose import compose, random_for  # noqa: E402
from ixl.training.plan import caption_reader, plan_captions  # noqa: E402
from ixl.training.presets import PRESETS  # noqa: E402
from tiny_trainer import TURN  # noqa: E402

CAPTIONS = 20_000


def per_caption() -> float:
    """Seconds for one caption of 40 tags under the preset v2.0, token limit included."""
    from ixl.core.prompt.clip_tokens import counter
    from ixl.training.tokenizers import tokenizer_source

    names = ", ".join(f"tag number {n}" for n in range(38))
    plan = plan_captions("picture", [f"1girl, hatsune miku, {names}"], caption_reader())
    policy, count = PRESETS["v2.0"].policy, counter(tokenizer_source(ROOT))
    compose(plan, policy, random_for(0, "warm", 0, 0), count)
    start = time.process_time()
    for visit in range(CAPTIONS):
        compose(plan, policy, random_for(0, plan.key, 0, visit), count)
    return (time.process_time() - start) / CAPTIONS


def per_step(folder: Path, steps: int) -> tuple[dict, dict]:
    """(plain, ours): {"cpu", "wall"} seconds of every step and {"peak"} bytes, trained in turns."""
    import tiny
    import tiny_trainer
    from ixl.training.backend import Backend, trainer_environment
    from ixl.training.making import make_run
    from ixl.training.runner import start_trainer
    from ixl.training.settings import read_settings
    from ixl.training.tokenizers import tokenizer_source
    from training_runs import tiny_settings, write_pictures

    given = tiny_settings(
        "ours", tiny.tiny_file(tiny.CHECKPOINT), write_pictures(folder / "pictures", 8),
        steps=steps, schedule=None, state_every=0, save_every=0, workers=0, record_captions=False,
    )  # fmt: skip
    python = tiny_trainer.make_interpreter(folder)
    backend = Backend(Path(os.environ["SD_SCRIPTS_PATH"]), python)
    run = make_run(folder / "runs", read_settings(given), backend, tokenizer_source(ROOT))
    os.environ["OMP_NUM_THREADS"] = "1"  # threads that wait for each other cost CPU time too
    os.environ["TINY_TURNS"] = str(folder / "ours.json")
    (folder / "baton").write_text("plain")
    ours = start_trainer(run)
    config = folder / "plain.toml"
    options = (run / "arguments.toml").read_text(encoding="utf-8")
    config.write_text(options.replace('output_name = "ours"', 'output_name = "plain"'))
    script = backend.folder / "sdxl_train_network.py"
    with (folder / "plain.log").open("wb") as log:
        plain = subprocess.Popen(
            [str(python), str(script), "--config_file", str(config)],
            env={**trainer_environment(), "TINY_TURNS": str(folder / "plain.json")},
            stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,  # as ours, for the scheduler
        )  # fmt: skip
    for process, log in ((ours, run / "log.txt"), (plain, folder / "plain.log")):
        if process.wait():
            raise SystemExit(f"A training failed:\n{log.read_text()[-3000:]}")
    return tuple(json.loads((folder / f"{name}.json").read_text()) for name in ("plain", "ours"))


def turns(steps: list[float]) -> list[float]:
    """Mean of each turn's steps; the first turn warms up."""
    whole = len(steps) // TURN
    return [statistics.fmean(steps[n * TURN : (n + 1) * TURN]) for n in range(1, whole)]


def interval(ratios: list[float], times: int = 4000) -> tuple[float, float]:
    """95 % interval of the median by resampling the turns."""
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(ratios, k=len(ratios))) for _ in range(times))
    return medians[times // 40], medians[-times // 40]


def main() -> None:
    print(f"one caption of 40 tags: {per_caption() * 1e6:.0f} us of CPU time (bar: 100 us)")
    if not os.environ.get("SD_SCRIPTS_PATH"):
        print("steps were not measured: SD_SCRIPTS_PATH is not set")
        return
    with tempfile.TemporaryDirectory() as folder:
        plain, ours = per_step(Path(folder), int(os.environ.get("STEPS", "80")))
    print(f"\n{'one step':<10} {'plain':>9} {'pack':>9} {'median ratio':>13} {'95 % interval':>20}")
    for name, bar in (("cpu", "   (bar: +2 %)"), ("wall", "")):
        pairs = list(zip(turns(plain[name]), turns(ours[name]), strict=True))
        ratios = [b / a - 1 for a, b in pairs]
        low, high = interval(ratios)
        first, second = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
        between = f"{low:+.1%} to {high:+.1%}"
        print(
            f"{name + ' time':<10} {first:>6.1f} ms {second:>6.1f} ms "
            f"{statistics.median(ratios):>+13.1%} {between:>20}{bar}"
        )
    print(f"{'peak':<10} {plain['peak'] / 1e6:>6.0f} MB {ours['peak'] / 1e6:>6.0f} MB")


if __name__ == "__main__":
    main()
