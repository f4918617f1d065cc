"""`identify` as a person runs it: one line of JSON for each argument, exit codes, no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import model_files
import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments):
    command = [sys.executable, str(ROOT), "identify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def sound(tmp_path):
    return model_files.write(tmp_path / "illustriousXL_v01.safetensors", model_files.SDXL)


def test_one_entry_for_each_file_in_their_order(sound, tmp_path):
    done = run("--json", sound, tmp_path, sound)
    assert done.returncode == 1
    assert [entry["ok"] for entry in json.loads(done.stdout)] == [True, False, True]
    assert done.stderr.count("\n") == 1 and "folder" in done.stderr


def test_text_names_version_hash_and_evidence(sound):
    done = run(sound)
    assert done.returncode == 0 and done.stderr == ""
    assert "illustrious v0.1, checkpoint, epsilon (guess)" in done.stdout
    assert "AutoV2" in done.stdout and "file name (guess)" in done.stdout


def test_quick_leaves_the_hash_out(sound):
    (found,) = json.loads(run("--json", "--quick", sound).stdout)
    assert found["sha256"] == "" and found["ok"] and found["version"] == "v0.1"


def test_names_that_are_no_text(tmp_path, sound):
    strange = tmp_path / "a\udcff\n.safetensors"
    try:
        strange.write_bytes(b"")
    except OSError:
        pytest.skip("the file system allows no such name")
    done = run("--json", strange)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert json.loads(done.stdout)[0]["problem"].endswith(".")


def test_a_diffusers_folder_is_one_model(tmp_path):
    folder = tmp_path / "some"
    folder.mkdir()
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
    done = run("--json", folder)
    (found,) = json.loads(done.stdout)
    assert done.returncode == 1 and not found["ok"]
    assert found["problem"].startswith("The folder has no unet/diffusion_pytorch_model")


def test_no_file_is_wrong_usage():
    assert run("--json").returncode == 2
