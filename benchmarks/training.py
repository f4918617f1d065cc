"""What training through the pack costs: per caption, and per step beside plain sd-scripts.

Both trainings run at the same time with the same options on the tiny checkpoint (64 channels, 128
px, no data-loader workers, so that captions count in full). A step is measured in CPU time of its
process, because the machine may be busy. Needs SD_SCRIPTS_PATH for the second table. STEPS: how
many (default 60).
"""

import json
import os
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


def per_step(folder: Path, steps: int) -> tuple[float, float]:
    """(plain, ours): median CPU seconds of one step, both trained at once."""
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
    os.environ["TINY_TIMES"] = str(folder / "ours.json")
    ours = start_trainer(run)
    config = folder / "plain.toml"
    options = (run / "arguments.toml").read_text(encoding="utf-8")
    config.write_text(options.replace('output_name = "ours"', 'output_name = "plain"'))
    script = backend.folder / "sdxl_train_network.py"
    with (folder / "plain.log").open("wb") as log:
        plain = subprocess.Popen(
            [str(python), str(script), "--config_file", str(config)],
            env={**trainer_environment(), "TINY_TIMES": str(folder / "plain.json")},
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    for process, log in ((ours, run / "log.txt"), (plain, folder / "plain.log")):
        if process.wait():
            raise SystemExit(f"A training failed:\n{log.read_text()[-3000:]}")
    return _median(folder / "plain.json"), _median(folder / "ours.json")


def _median(file: Path) -> float:
    times = json.loads(file.read_text())[2:]  # the first steps warm up
    return statistics.median(b - a for a, b in zip(times, times[1:], strict=False))


def main() -> None:
    print(f"one caption of 40 tags: {per_caption() * 1e6:.0f} us (bar: 100 us)")
    if not os.environ.get("SD_SCRIPTS_PATH"):
        print("steps were not measured: SD_SCRIPTS_PATH is not set")
        return
    with tempfile.TemporaryDirectory() as folder:
        plain, ours = per_step(Path(folder), int(os.environ.get("STEPS", "60")))
    print(f"one step, plain sd-scripts: {plain * 1e3:.1f} ms of CPU time")
    print(f"one step, through the pack: {ours * 1e3:.1f} ms, {ours / plain - 1:+.1%} (bar: +2 %)")


if __name__ == "__main__":
    main()
