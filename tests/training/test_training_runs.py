"""Whole runs in real sd-scripts on the tiny checkpoint: LoRA and full, stopped, killed, resumed.

Driven as users do: by the command line, its queue worker and its folders. The hub is switched off.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
import tiny_trainer
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.training.backend import Backend
from ixl.training.making import make_run, resume
from ixl.training.runner import end_group, start_trainer, stop, watch
from ixl.training.runs import (
    TRAINER_LOCK,
    all_runs,
    events,
    history,
    is_locked,
    newest_state,
    rate_of,
    state_of,
    status,
)
from ixl.training.schedule import Schedule, factor
from ixl.training.settings import read_settings
from training_runs import tiny_settings, wait_until, write_pictures

pytestmark = pytest.mark.sd_scripts
PACK = Path(__file__).resolve().parents[2]
STEPS, RATE = 6, 1e-3
SCHEDULE = Schedule(STEPS, cycles=2, floor=0.1)
# sd-scripts logs the rate behind the schedule's step: that of the step to come
RATES = [pytest.approx(RATE * factor(SCHEDULE, step)) for step in range(1, STEPS + 1)]


@pytest.fixture(scope="module", autouse=True)
def no_hub(tmp_path_factory):
    """No hub can be reached, and only the built-in tags are known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        patch.setenv("IXL_VOCABULARY", str(tmp_path_factory.mktemp("nowhere")))
        patch.setenv("IXL_TAG_CSV", "")
        patch.setenv("http_proxy", "http://127.0.0.1:9")
        patch.setenv("https_proxy", "http://127.0.0.1:9")
        yield


class Place:
    """Folders and interpreters shared by the runs of this module."""

    def __init__(self, base: Path):
        self.base, self.home = base, base / "runs"
        self.pictures = write_pictures(base / "pictures")
        self.checkpoint = tiny.tiny_file(tiny.CHECKPOINT)
        self.python = {m: tiny_trainer.make_interpreter(base, m) for m in ("fork", "spawn")}

    def settings(self, name: str, **changes) -> dict:
        return tiny_settings(name, self.checkpoint, self.pictures, **changes)

    def make(self, name: str, start_method: str = "fork", **changes) -> Path:
        backend = Backend(Path(os.environ["SD_SCRIPTS_PATH"]), self.python[start_method])
        tokenizers = Path(os.environ["IXL_COMFYUI"]) / "comfy" / "sd1_tokenizer"
        settings = read_settings(self.settings(name, **changes))
        return make_run(self.home, settings, backend, tokenizers, curated_vocabulary())

    def command(self, *arguments, **options) -> subprocess.CompletedProcess:
        environment = {**os.environ, "SD_SCRIPTS_PYTHON": str(self.python["fork"])}
        command = [sys.executable, str(PACK), "train", *arguments, "--json"]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=900, **options
        )

    def start(self, name: str, *arguments, **changes) -> subprocess.CompletedProcess:
        file = self.base / f"{name}.json"
        file.write_text(json.dumps(self.settings(name, **changes)))
        where = ("--settings", str(file), "--runs", str(self.home))
        return self.command("start", *where, *arguments)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    if "IXL_COMFYUI" not in os.environ:
        pytest.skip("run by tools/dev.py")
    place = Place(tmp_path_factory.mktemp("training"))
    yield place
    for folder in all_runs(place.home):
        if is_locked(folder / TRAINER_LOCK):  # of a test that failed
            end_group(state_of(folder)["pid"], at_once=True)


@pytest.fixture(scope="module")
def lora(place):
    """A LoRA with sample pictures, started on the command line and waited for."""
    prompts = ["1girl, hat --w 128 --h 192 --s 2 --d 1"]
    done = place.start("lora", sample_every=3, prompts=prompts)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def stopped(place):
    """The same run with spawned workers, stopped behind its third step: (folder, what is known)."""
    folder = place.make("spawned", "spawn", workers=1, state_every=0)
    process = start_trainer(folder)
    wait_until(lambda: any(e["step"] >= 2 for e in history(events(folder))), what="a step")
    asked = time.monotonic()
    stop(folder)
    code = process.wait(60)
    took = time.monotonic() - asked
    watch(folder, process)
    return {**status(folder), "folder": folder, "code": code, "took": took}


@pytest.fixture(scope="module")
def resumed(stopped):
    """The stopped run, gone on with to its end."""
    folder = stopped["folder"]
    resume(folder)
    assert watch(folder, start_trainer(folder)) == "done", (folder / "log.txt").read_text()[-3000:]
    return folder


@pytest.fixture(scope="module")
def killed(place):
    """A full fine-tune whose trainer is killed once it has a state: (folder, what is known)."""
    folder = place.make("full", method="full", rank=0)
    process = start_trainer(folder)
    wait_until(lambda: newest_state(folder), what="a state")
    os.killpg(process.pid, signal.SIGKILL)
    watch(folder, process)
    return {**status(folder), "folder": folder}


def captions(folder: Path) -> dict:
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    return {(t["key"], t["epoch"], t["place"]): t["text"] for t in told}


def rates(folder: Path) -> list[float]:
    return [rate_of(step) for step in history(events(folder))]


def header(file: Path) -> dict:
    with file.open("rb") as opened:
        return json.loads(opened.read(int.from_bytes(opened.read(8), "little")))


def test_lora_is_trained_to_its_end(lora):
    assert (lora["status"], lora["step"], lora["total"]) == ("done", STEPS, STEPS)
    files = [Path(file) for file in lora["files"]]
    assert {file.name for file in files} == {
        *("lora.safetensors", "lora-step00000002.safetensors", "lora-step00000004.safetensors"),
    }
    tensors = header(files[-1])
    assert any(name.startswith("lora_unet_") for name in tensors)
    assert any(name.startswith("lora_te2_") for name in tensors)


def test_learning_rates_are_those_of_the_schedule(lora):
    assert rates(Path(lora["folder"])) == RATES


def test_sample_pictures_are_drawn_while_it_trains(lora):
    from PIL import Image

    folder = Path(lora["folder"])
    told = [event["step"] for event in events(folder) if event["event"] == "sample"]
    drawn = sorted((folder / "output" / "sample").glob("*.png"))
    assert told == [3, 6] and [int(p.name.split("_")[1]) for p in drawn] == told
    assert {Image.open(p).size for p in drawn} == {(128, 192)}
    assert drawn[0].read_bytes() != drawn[1].read_bytes()


def test_captions_are_made_by_the_policy(lora):
    """Every picture of every epoch has a caption of its own, and registers come at their rate."""
    made = captions(Path(lora["folder"]))
    first = {key: text for key, text in made.items() if key[1] == 0}
    assert len(first) == 4 * 2
    assert len(set(made.values())) > 4
    kept = [text for text in made.values() if "1girl" in text or "A girl" in text]
    assert all("|||" not in text and "\n" not in text for text in made.values())
    assert len(kept) >= len(made) / 2


def test_spawned_workers_make_the_same_captions(lora, stopped):
    """Another start method and another number of workers."""
    forked, spawned = captions(Path(lora["folder"])), captions(stopped["folder"])
    both = forked.keys() & spawned.keys()
    assert len(both) >= 6
    assert {key: forked[key] for key in both} == {key: spawned[key] for key in both}
    assert {k for k in forked if k[1] == 0} >= {k for k in spawned if k[1] == 0}


def test_stop_leaves_a_state_and_a_lora(stopped):
    assert (stopped["code"], stopped["status"]) == (3, "stopped")
    assert stopped["resumable_from"] == stopped["step"] < STEPS
    assert f"spawned-step{stopped['step']:08d}.safetensors" in {
        Path(file).name for file in stopped["files"]
    }


def test_stop_comes_at_the_next_step(stopped):
    """Within 5 s and the step under way, however slow this machine is."""
    assert stopped["took"] < 5 + 4 * stopped["seconds_per_step"]


def test_resumed_run_is_as_long_as_an_unbroken_one(resumed):
    steps = [step["step"] for step in history(events(resumed))]
    assert steps == list(range(1, STEPS + 1))
    assert rates(resumed) == RATES


def test_resumed_run_goes_on_with_its_file_names(resumed, stopped):
    made = {int(p.stem[-8:]) for p in (resumed / "output").glob("*-step*.safetensors")}
    expected = {step for step in (2, 4) if step > stopped["step"]} | {stopped["step"]}
    assert expected <= made <= expected | {2}


def test_resumed_captions_do_not_repeat_the_first_epoch(resumed):
    epochs = {key[1] for key in captions(resumed)}
    assert len(epochs) >= 2


def test_killed_trainer_is_reported(killed):
    assert killed["status"] == "failed"
    assert "signal 9" in killed["message"]
    assert f"resumed from step {killed['resumable_from']}" in killed["message"]


def test_killed_full_fine_tune_is_resumed_exactly(killed):
    folder = killed["folder"]
    assert resume(folder)["step"] == killed["resumable_from"]
    assert watch(folder, start_trainer(folder)) == "done", (folder / "log.txt").read_text()[-3000:]
    assert [step["step"] for step in history(events(folder))] == list(range(1, STEPS + 1))
    assert rates(folder) == RATES
    trained, given = (
        header(folder / "output" / "full.safetensors"),
        header(tiny.tiny_file(tiny.CHECKPOINT)),
    )
    assert trained.keys() - {"__metadata__"} == given.keys() - {"__metadata__"}


def test_finished_run_is_not_resumed(lora, place):
    done = place.command("resume", "lora", "--runs", str(place.home))
    assert (done.returncode, "all of its 6 steps" in done.stderr) == (1, True)


def test_unknown_option_is_refused_before_training(place):
    done = place.start("refused", options={"no_such_option": 1})
    found = json.loads(done.stdout)
    assert (done.returncode, found["status"], found["step"]) == (1, "failed", 0)
    assert "no option no_such_option" in found["message"]
    assert state_of(place.home / "refused")["part"] == 1


def test_doctor_knows_this_checkout(place):
    done = place.command("doctor", "--runs", str(place.home))
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"], report["problems"]) == (0, True, [])
    assert "network_dim" in report["options"]["lora"]
    assert report["seams"] and all(report["seams"].values())
