"""Training from a graph in a live ComfyUI, in real sd-scripts: to its end, cancelled, killed, full.

What a run that ended early loses is looked up in its folder. The hub is switched off.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import server
import tiny
import tiny_trainer
from base_directory import make_base_directory
from ixl.tools.workflow import load_workflow, node_titled, set_input
from ixl.training.runner import WORKER_LOCK, end_group
from ixl.training.runs import (
    TRAINER_LOCK,
    all_runs,
    events,
    history,
    is_locked,
    newest_state,
    rate_of,
    read_json,
    state_of,
)
from ixl.training.schedule import Schedule, factor
from training_runs import wait_until, write_pictures

pytestmark = [pytest.mark.server, pytest.mark.sd_scripts]
RATE = 1e-3
SMALL = {
    **{"size": 128, "batch": 2, "unet_lr": RATE, "precision": "no", "checkpointing": False},
    **{"workers": 0, "optimizer": "adamw", "state_every": 2, "rank": 1, "alpha": 1.0},
}
LONG = 16  # steps: enough to be caught while they run
RUNS = Path("output/illustrious-xl-studio/training")


class Place:
    """A base directory with pictures, and the server on it, which a test may kill."""

    def __init__(self, base: Path):
        self.base = make_base_directory(base / "comfyui")
        self.pictures = write_pictures(base / "pictures")
        self.runs = self.base / RUNS
        self.stack = contextlib.ExitStack()
        self.start()

    def start(self) -> None:
        comfyui = Path(os.environ["IXL_COMFYUI"])
        self.server = self.stack.enter_context(server.running_server(comfyui, self.base))

    def graph(self, name: str, steps: int, **changes) -> dict:
        """From pictures to a LoRA and a picture drawn with it; node "train" trains."""
        options = json.dumps({**SMALL, **changes.pop("options", {})})
        train = {
            **{"training": ["preset", 0], "policy": ["preset", 1], "checkpoint": tiny.CHECKPOINT},
            **{"images": str(self.pictures), "repeats": 1, "name": name, "steps": steps},
            **{"when": "wait", "start": "go on", "options": options, **changes},
        }
        preset = {"preset": "v1.0", "method": "lora", "reading": "authors-code"}
        preset |= {"memory_gb": 24.0, "images": 4, "rank": 1, "gpus": 1}
        lora = {"model": ["load", 0], "clip": ["load", 1], "trained": ["train", 0]}
        return {
            "preset": _node("IXLTrainingPreset", **preset),
            "train": _node("IXLTrain", **train),
            "load": _node("CheckpointLoaderSimple", ckpt_name=tiny.CHECKPOINT),
            "lora": _node("IXLLoadLora", **lora),
            **_drawing(["lora", 0], ["lora", 1], name),
        }

    def run_of(self, name: str) -> Path:
        return self.runs / name

    def steps_begin(self, name: str, more_than: int = 1) -> Path:
        """Wait until a run has done some steps; its folder."""
        folder = self.run_of(name)
        wait_until(lambda: len(history(events(folder))) > more_than, 240, "the first steps")
        return folder


def _node(class_type: str, **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs}


def _drawing(model: list, clip: list, prefix: str) -> dict:
    latent = {"seed": 1, "steps": 2, "cfg": 5.0, "sampler_name": "euler", "scheduler": "normal"}
    latent |= {"denoise": 1.0, "positive": ["text", 0], "negative": ["text", 0]}
    return {
        "text": _node("CLIPTextEncode", clip=clip, text="1girl, solo"),
        "size": _node("EmptyLatentImage", width=128, height=128, batch_size=1),
        "draw": _node("KSampler", model=model, latent_image=["size", 0], **latent),
        "decode": _node("VAEDecode", samples=["draw", 0], vae=["load", 2]),
        "save": _node("SaveImage", images=["decode", 0], filename_prefix=prefix),
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("live-training")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_ENDPOINT", "http_proxy", "https_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")  # no hub
        patch.setenv("SD_SCRIPTS_PYTHON", str(tiny_trainer.make_interpreter(base)))
        place = Place(base)
        with place.stack:
            yield place
        for folder in all_runs(place.runs):
            if is_locked(folder / TRAINER_LOCK):  # of a test that failed
                end_group(state_of(folder)["pid"], at_once=True)


def pixels(place: Place, entry: dict) -> bytes:
    """The picture of a prompt, without its metadata."""
    import io

    from PIL import Image

    assert server.succeeded(entry), server.node_error(entry)
    (picture,) = place.server.images(entry)
    return Image.open(io.BytesIO(picture)).tobytes()


def plain_picture(place: Place) -> bytes:
    """What the untrained checkpoint draws."""
    load = _node("CheckpointLoaderSimple", ckpt_name=tiny.CHECKPOINT)
    return pixels(
        place, place.server.run({"load": load, **_drawing(["load", 0], ["load", 1], "p")})
    )


def assert_unbroken(folder: Path, steps: int) -> None:
    """Every step once, at the rate of a run that was never broken."""
    told = history(events(folder))
    assert state_of(folder)["status"] == "done", state_of(folder)
    assert [step["step"] for step in told] == list(range(1, steps + 1))
    rates = [RATE * factor(Schedule(steps), step) for step in range(1, steps + 1)]
    assert [rate_of(step) for step in told] == pytest.approx(rates)


def test_a_graph_goes_from_pictures_to_a_picture_with_the_new_lora(place):
    drawn = pixels(place, place.server.run(place.graph("first", 4)))
    assert drawn != plain_picture(place)
    assert_unbroken(place.run_of("first"), 4)

    listed = place.server.get("/object_info/IXLLoadLora")["IXLLoadLora"]["input"]["optional"]
    assert "first.safetensors" in str(listed["lora_1"])
    chosen = place.graph("first", 4)
    chosen["lora"]["inputs"] = {
        **{"model": ["load", 0], "clip": ["load", 1], "lora_1": "first.safetensors"},
    }
    assert pixels(place, place.server.run(chosen)) == drawn


def test_the_shared_workflow_goes_from_pictures_to_a_picture(place):
    shared = load_workflow("train-a-character-lora")
    for title, name, value in (
        ("Checkpoint", "checkpoint", tiny.CHECKPOINT),
        ("Train", "checkpoint", tiny.CHECKPOINT),
        ("Train", "images", str(place.pictures)),
        ("Train", "steps", 2),
        ("Train", "options", json.dumps(SMALL)),
        ("Size", "aspect_ratio", "custom"),
        ("Size", "custom_width", 256),
        ("Size", "custom_height", 320),
        ("Settings", "steps", 1),
    ):
        set_input(shared, node_titled(shared, title), name, value)
    entry = place.server.run(shared.api)
    assert server.succeeded(entry), server.node_error(entry)
    told = {
        title: "".join(entry["outputs"][node_titled(shared, title)]["text"])
        for title in ("How it went", "Your LoRA", "Samples", "What differs from the paper")
    }
    assert told["How it went"].startswith("done at step 2 of 2")
    assert told["Your LoRA"].startswith("my-character.safetensors: model 1, clip 1")
    assert "mychara" in told["Samples"] and "A LoRA" in told["What differs from the paper"]
    assert len(place.server.images(entry)) == 1


def test_the_same_graph_trains_once_and_changed_captions_again(place):
    place.server.run(place.graph("once", 2))
    again = place.graph("once", 2)
    again["draw"]["inputs"]["seed"] = 5
    assert server.succeeded(place.server.run(again))
    assert [p.name for p in all_runs(place.runs) if p.name.startswith("once")] == ["once"]
    (place.pictures / "0.txt").write_text("1girl, solo, hat\n")
    assert server.succeeded(place.server.run(again))
    assert (place.base / "models" / "loras" / "once-2.safetensors").is_file()


def test_a_full_fine_tune_is_a_checkpoint_that_draws_another_picture(place):
    graph = place.graph("whole", 3, options={"rank": 0, "state_every": 0})
    graph["preset"]["inputs"]["method"] = "full"
    del graph["lora"]
    graph["show"] = _node("PreviewAny", source=["train", 0])
    for node, name in (("text", "clip"), ("draw", "model")):
        graph[node]["inputs"][name][0] = "load"
    entry = place.server.run(graph)
    assert server.succeeded(entry), server.node_error(entry)
    assert entry["outputs"]["show"]["text"] == [
        str(place.base / "models" / "checkpoints" / "whole.safetensors")
    ]
    assert_unbroken(place.run_of("whole"), 3)
    load = _node("CheckpointLoaderSimple", ckpt_name="whole.safetensors")
    drawn = place.server.run({"load": load, **_drawing(["load", 0], ["load", 1], "whole")})
    assert pixels(place, drawn) != plain_picture(place)


def test_cancel_ends_the_node_and_the_next_run_goes_on(place):
    graph = place.graph("cancelled", LONG)
    prompt_id = place.server.queue(graph)
    folder = place.steps_begin("cancelled")
    start = time.monotonic()
    place.server.interrupt()
    assert server.interrupted(place.server.wait(prompt_id))
    assert time.monotonic() - start < 5
    wait_until(lambda: state_of(folder)["status"] == "stopped", 60, "the state")
    saved = newest_state(folder)[1]["step"]
    assert 2 <= saved == history(events(folder))[-1]["step"] < LONG
    assert server.succeeded(place.server.run(graph))
    assert_unbroken(folder, LONG)
    assert {e["step"] for e in events(folder) if e["event"] == "start"} == {0, saved}


def test_a_killed_trainer_is_an_error_of_the_node_and_the_next_run_goes_on(place):
    graph = place.graph("killed", LONG)
    prompt_id = place.server.queue(graph)
    folder = place.steps_begin("killed", 3)
    os.killpg(state_of(folder)["pid"], signal.SIGKILL)
    error = server.node_error(place.server.wait(prompt_id))
    saved, done = newest_state(folder)[1]["step"], history(events(folder))[-1]["step"]
    assert error.node_type == "IXLTrain" and "signal 9" in error.message
    assert f"can be resumed from step {saved}." in error.message
    assert done - saved <= SMALL["state_every"]
    assert server.succeeded(place.server.run(graph))
    assert_unbroken(folder, LONG)


def test_training_goes_on_when_comfyui_is_killed(place):
    graph = place.graph("outlives", LONG)
    place.server.queue(graph)
    folder = place.steps_begin("outlives")
    os.killpg(place.server.child.pid, signal.SIGKILL)
    place.server.child.wait()
    before = len(history(events(folder)))
    wait_until(lambda: len(history(events(folder))) > before + 1, 60, "a step")
    place.start()
    assert server.succeeded(place.server.run(graph))
    assert_unbroken(folder, LONG)
    starts = [e for e in events(folder) if e["event"] == "start"]
    assert len(starts) == 1 and len(all_runs(place.runs)) == len(set(all_runs(place.runs)))


@pytest.fixture
def small_disk(place):
    """A file system of its own, 130 MB, under the folder of runs."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=130m", "tmpfs", str(place.runs)]
    place.runs.mkdir(parents=True, exist_ok=True)
    if os.name != "posix" or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield place.runs
    wait_until(lambda: not is_locked(place.runs / WORKER_LOCK), 30, "the worker's end")
    subprocess.run(["umount", "--lazy", str(place.runs)], check=True)


def test_a_full_disk_is_an_error_of_the_node_and_the_next_run_goes_on(place, small_disk):
    graph = place.graph("full disk", LONG)
    prompt_id = place.server.queue(graph)
    folder = place.steps_begin("full disk", 3)
    ballast = small_disk / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(os.urandom(1 << 14))
            file.flush()
    error = server.node_error(place.server.wait(prompt_id))
    saved, done = newest_state(folder)[1]["step"], history(events(folder))[-1]["step"]
    assert error.node_type == "IXLTrain"
    told = "The training ended. The disk is full: free some space. It can be resumed from step"
    assert error.message.startswith(f"{told} {saved}.")
    assert done - saved <= SMALL["state_every"]
    ballast.unlink()
    assert server.succeeded(place.server.run(graph))
    assert_unbroken(folder, LONG)


def test_runs_in_the_background_queue_and_their_graphs_draw_when_they_are_done(place):
    graphs = {name: place.graph(name, 6, when="background") for name in ("one", "two")}
    for graph in graphs.values():
        entry = place.server.run(graph, 30)  # does not wait for any step
        assert server.succeeded(entry) and not place.server.images(entry)
    first, second = (place.run_of(name) for name in graphs)
    waited = [(state_of(first)["status"], state_of(second)["status"])]
    while waited[-1] != ("done", "done"):
        assert waited[-1][0] in ("queued", "running", "done"), state_of(first)
        assert waited[-1][1] in ("queued", "running", "done"), state_of(second)
        waited.append((state_of(first)["status"], state_of(second)["status"]))
        time.sleep(0.1)
    assert ("running", "queued") in waited and ("running", "running") not in waited
    for folder, name in ((first, "one"), (second, "two")):
        followed = wait_until(lambda f=folder: state_of(f).get("then"), 60, "the graph")
        drawn = pixels(place, place.server.wait(followed))
        assert drawn != plain_picture(place)
        assert next((place.base / "output").glob(f"{name}_*.png"))
        assert_unbroken(folder, 6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "../../up"}, "The name is"),
        ({"name": "--output_dir=x"}, "The name is"),
        ({"name": "a; touch x"}, "The name is"),
        ({"options": {"deliver_to": "/"}}, "deliver_to"),
        ({"options": {"folders": [["/", 1]]}}, "folders"),
        ({"options": {"options": {"output_dir": "/"}}}, "output_dir cannot be used"),
        ({"options": {"options": {"network_module": "../../x"}}}, "may not be a path"),
        ({"options": {"options": {"--seed": 1}}}, "without --"),
        ({"images": "relative/../.."}, "cannot be read"),
    ],
)
def test_nothing_of_a_graph_gets_out_of_its_place(place, changes, said):
    before = all_runs(place.runs)
    error = server.node_error(place.server.run(place.graph(**{"name": "x", "steps": 2, **changes})))
    assert error.node_type == "IXLTrain" and said in error.message
    assert all_runs(place.runs) == before


def test_a_file_outside_the_allowed_folders_is_not_loaded(place):
    graph = place.graph("first", 4)
    del graph["train"], graph["preset"]
    outside = tiny.tiny_file(tiny.LORA)
    graph["path"] = _node("PrimitiveString", value=str(outside))
    graph["lora"]["inputs"]["trained"] = ["path", 0]
    error = server.node_error(place.server.run(graph))
    assert error.node_type == "IXLLoadLora" and "none of the folders" in error.message


def test_names_and_paths_with_marks_are_only_names(place, tmp_path):
    """Blanks, quotes, shell characters and what looks like an option in a path."""
    odd = write_pictures(tmp_path / "--seed 5; $(touch x) 'a' \"b\" ü", 2)
    graph = place.graph("name with blanks", 1, images=str(odd), options={"state_every": 0})
    assert server.succeeded(place.server.run(graph))
    told = read_json(place.run_of("name with blanks") / "settings.json")
    assert told["folders"] == [[str(odd), 1]] and told["seed"] == 0
    assert not list(Path(place.base).rglob("x"))
