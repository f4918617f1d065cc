"""Runs of several processes in real sd-scripts: two on this machine, and two machines' worth.

On the CPU with gloo, as GPUs would be with NCCL: the same launcher, hooks and collectives.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
import tiny
import tiny_trainer
from ixl.core.prompt.clip_tokens import counter
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.training.backend import Backend
from ixl.training.captions import load_plans
from ixl.training.compose import compose, random_for
from ixl.training.launch import LINES
from ixl.training.making import make_run, resume
from ixl.training.runner import end_group, start_trainer, stop, watch
from ixl.training.runs import (
    all_runs,
    events,
    history,
    newest_state,
    part_events,
    rate_of,
    read_json,
    settings_of,
    state_of,
    status,
)
from ixl.training.schedule import Schedule, factor
from ixl.training.settings import read_settings
from training_runs import tiny_settings, wait_until, write_pictures

pytestmark = [
    pytest.mark.sd_scripts,
    pytest.mark.skipif("IXL_COMFYUI" not in os.environ, reason="run by tools/dev.py"),
]
STEPS, RATE = 6, 1e-3
SCHEDULE = Schedule(STEPS, cycles=2, floor=0.1)
RATES = [pytest.approx(RATE * factor(SCHEDULE, step)) for step in range(1, STEPS + 1)]


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """A function that makes runs on eight pictures; what it made is ended at last."""
    base = tmp_path_factory.mktemp("cluster runs")  # with a space, as users have it
    pictures = write_pictures(base / "pictures", 8)
    backend = Backend(Path(os.environ["SD_SCRIPTS_PATH"]), tiny_trainer.make_interpreter(base))
    tokenizers = Path(os.environ["IXL_COMFYUI"]) / "comfy" / "sd1_tokenizer"

    def make(name, **changes):
        given = {"workers": 0, "folders": [[str(pictures), 1]], "batch": 1, **changes}
        settings = read_settings(
            tiny_settings(name, tiny.tiny_file(tiny.CHECKPOINT), pictures, **given)
        )
        return make_run(base / "runs", settings, backend, tokenizers, curated_vocabulary())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCELERATE_USE_CPU", "true")  # what --cpu sets, without its single process
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        yield make
    for folder in all_runs(base / "runs"):
        if pid := state_of(folder).get("pid"):
            end_group(pid, at_once=True)


def captions(folder: Path, epoch: int) -> dict:
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    return {(t["key"], t["place"]): t["text"] for t in told if t["epoch"] == epoch}


def rates(folder: Path) -> list[float]:
    return [rate_of(step) for step in history(events(folder))]


def log(folder: Path) -> str:
    return "\n".join(p.read_text()[-5000:] for p in folder.glob("log*.txt"))


@pytest.fixture(scope="module")
def stopped(make):
    """Two processes on this machine, stopped behind their second step."""
    folder = make("two", gpus=2, state_every=0)
    process = start_trainer(folder)
    wait_until(lambda: process.poll() is not None or len(history(events(folder))) >= 2)
    stop(folder)
    asked = time.monotonic()
    ended = watch(folder, process)
    assert ended == "stopped", log(folder)
    return {**status(folder), "path": folder, "took": time.monotonic() - asked}


@pytest.fixture(scope="module")
def resumed(stopped):
    folder = stopped["path"]
    assert resume(folder)["step"] == stopped["step"]
    assert watch(folder, start_trainer(folder)) == "done", log(folder)
    return folder


def test_both_processes_train_and_stop_with_a_state_and_a_lora(stopped):
    (accelerator,) = [e for e in events(stopped["path"]) if e["event"] == "accelerator"]
    assert accelerator["processes"] == 2
    assert stopped["resumable_from"] == stopped["step"] < STEPS
    names = [Path(file).name for file in stopped["files"]]
    assert f"two-step{stopped['step']:08d}.safetensors" in names
    assert stopped["message"] == f"Stopped at step {stopped['step']}."


def test_processes_draw_noise_of_their_own(stopped):
    import torch

    state, _ = newest_state(stopped["path"])
    drawn = [
        torch.load(state / f"random_states_{rank}.pkl", weights_only=False)["torch_manual_seed"]
        for rank in (0, 1)
    ]
    assert not torch.equal(*drawn)


def test_resumed_run_of_two_processes_is_exact(resumed):
    assert [step["step"] for step in history(events(resumed))] == list(range(1, STEPS + 1))
    assert rates(resumed) == RATES
    made = {int(p.stem[-8:]) for p in (resumed / "output").glob("*-step*.safetensors")}
    assert {2, 4} <= made


def start_lines(folder: Path) -> list[subprocess.Popen]:
    """Each line of launch.txt in a shell of its own, as a cluster does."""
    environment = {**os.environ, "MASTER_ADDR": "127.0.0.1"}
    lines = (folder / LINES).read_text().splitlines()
    return [
        subprocess.Popen(["sh", "-c", line], env=environment, start_new_session=True)
        for line in lines
    ]


def test_two_machines_are_started_by_their_lines(make, resumed, monkeypatch):
    """The same captions as of one machine, and an end that `status` tells without a worker."""
    folder = make(
        "machines", gpus=2, launch={"machines": 2, "elsewhere": True, "port": 29517},
        state_at_end=True,
    )  # fmt: skip
    assert status(folder)["status"] == "elsewhere"
    processes = start_lines(folder)
    assert [process.wait(300) for process in processes] == [0, 0], log(folder)
    found = status(folder)
    assert (found["status"], found["step"], found["resumable_from"]) == ("done", STEPS, STEPS)
    assert rates(folder) == RATES
    assert (folder / "log-1.txt").is_file()
    here, there = captions(folder, 0), captions(resumed, 0)
    assert len(here) == 8  # one epoch: every picture once, whoever took it
    both = here.keys() & there.keys()
    assert both and {k: here[k] for k in both} == {k: there[k] for k in both}


def test_captions_do_not_depend_on_the_number_of_processes(resumed):
    """Each is what seed, picture, epoch and place in the epoch give, whoever of the two made it."""
    policy, count = (
        settings_of(resumed).policy,
        counter(read_json(resumed / "job.json")["tokenizer"]),
    )
    plans = {plan.key: plan for plan in load_plans(resumed / "plans.jsonl").values()}
    made = captions(resumed, 0)
    assert len(made) >= 4
    for (key, place), text in made.items():
        alone = compose(plans[key], policy, random_for(policy.seed, key, 0, place), count)
        assert text == alone.text


def test_killed_launcher_leaves_no_process(make):
    folder = make("killed", gpus=2)
    process = start_trainer(folder)
    wait_until(lambda: process.poll() is not None or part_events(folder), what="a start")
    assert processes_of(folder)
    os.kill(process.pid, signal.SIGKILL)
    assert watch(folder, process) == "failed"
    wait_until(lambda: not processes_of(folder), 60, "the end of the processes")


def processes_of(folder: Path) -> list[int]:
    """Numbers of the processes that were started for a run."""
    found = psutil.process_iter(["cmdline"])
    return [p.pid for p in found if str(folder) in (p.info["cmdline"] or ())]
