"""`train` on the command line where it needs no sd-scripts: contract, sentences, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ixl.training.policy import STAGE_NAMES

ROOT = Path(__file__).resolve().parents[1]
START = ("start", "--runs", "runs", "--checkpoint", "a.safetensors", "--images", ".")
LONG = "1girl, hatsune miku, smile, hat, sky, outdoors, blue eyes, long hair, sitting, dress, tree"


def run(folder, *arguments):
    environment = {**os.environ, "IXL_VOCABULARY": str(folder / "none"), "IXL_TAG_CSV": ""}
    for name in ("SD_SCRIPTS_PATH", "SD_SCRIPTS_PYTHON", "IXL_RUNS"):
        environment.pop(name, None)
    command = [sys.executable, str(ROOT), "train", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder)


def preview(folder, captions, *more):
    form = ("--preset", "v1.0", "--captions", captions, "-n", 4000, "--seed", 1, "--json", *more)
    done = run(folder, "preview", *form)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("reading", ["authors-code", "paper"])
def test_preview_has_the_contracts_fields(tmp_path, reading):
    (tmp_path / "a.txt").write_text(LONG)
    found = preview(tmp_path, tmp_path, "--reading", reading)
    fields = {"captions", "stages", "categories", "over_token_limit", "empty", "samples"}
    assert fields <= found.keys()
    assert [stage["name"] for stage in found["stages"]] == list(STAGE_NAMES)
    assert found["captions"] == 4000
    for stage in found["stages"]:
        assert stage["realised"] == pytest.approx(stage["configured"], abs=0.04)
    for category in found["categories"]:
        assert {"name", "configured_drop", "realised_drop"} <= category.keys()


def test_preview_takes_a_file_with_a_caption_per_line_and_repeats_itself(tmp_path):
    file = tmp_path / "captions.list"
    file.write_text(f"{LONG}\n1boy, solo\n")
    once, again = preview(tmp_path, file), preview(tmp_path, file)
    assert once == again
    assert {sample["key"] for sample in once["samples"]} == {"line 1", "line 2"}


def test_preview_of_a_profiles_id_and_for_people(tmp_path):
    (tmp_path / "a.txt").write_text(LONG)
    done = run(
        tmp_path, "preview", "--preset", "illustrious-v2.0", "--captions", tmp_path, "-n", 50
    )
    assert done.returncode == 0
    assert "keep-30" in done.stdout and "1girl" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("preview", "--captions", "gone"), 1, "no file or folder"),
        (("preview", "--captions", ".", "--preset", "v9"), 1, "v0.1, v1.0, v1.1, v2.0"),
        (("preview", "--captions", ".", "--reading", "mine"), 2, "authors-code"),
        (("preview",), 2, "--captions"),
        (("start", "--runs", "runs"), 1, "--checkpoint"),
        (("start", "--runs", "runs", "--settings", "gone.json"), 1, "gone.json"),
        (("start", "--runs", "runs", "--settings", "x.json", "--gpus", "2"), 1, "--set gpus=2"),
        (("start", "--runs", "runs", "--settings", "x.json", "--rank", "0"), 1, "--rank was given"),
        ((*START, "--gpus", "4", "--machines", "3"), 1, "shared evenly by 3 machines"),
        ((*START, "--gpus", "2", "--gpu-ids", "0-1"), 1, "'0-1'"),
        ((*START, "--offload-optimizer", "cpu"), 1, "needs zero_stage"),
        ((*START, "--zero-stage", "2"), 1, "SD_SCRIPTS_PATH"),
        (("resume", "--runs", "runs"), 1, "There is no run"),
        (("stop", "x", "--runs", "runs"), 1, "There is no run 'x'"),
        (("doctor", "--runs", "runs"), 1, "SD_SCRIPTS_PATH"),
        (("doctor", "--runs", "runs", "--sd-scripts", "."), 1, "holds no sdxl_train_network.py"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, arguments, code, said):
    done = run(tmp_path, *arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_no_runs_yet(tmp_path):
    done = run(tmp_path, "status", "--runs", "runs", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
