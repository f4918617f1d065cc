"""Finding sd-scripts and its Python; what is wrong with libraries is said in a sentence."""

import os
import sys

import pytest
from ixl.training.backend import find_backend, probe, remember, trainer_environment
from ixl.training.trainer import PACKAGES, check_versions

GOOD = {**dict.fromkeys(PACKAGES, "1.0"), "transformers": "4.57.6"}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for name in ("SD_SCRIPTS_PATH", "SD_SCRIPTS_PYTHON"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "sd-scripts"
    folder.mkdir()
    (folder / "sdxl_train_network.py").touch()
    return folder


def test_given_then_variable_then_remembered(checkout, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="Clone https://github.com/kohya-ss/sd-scripts"):
        find_backend(tmp_path)
    remember(tmp_path, find_backend(tmp_path, str(checkout), sys.executable))
    assert find_backend(tmp_path) == (checkout, find_backend(tmp_path).python)
    monkeypatch.setenv("SD_SCRIPTS_PATH", str(tmp_path))
    with pytest.raises(ValueError, match="holds no sdxl_train_network.py"):
        find_backend(tmp_path)
    assert find_backend(tmp_path, str(checkout)).folder == checkout


@pytest.mark.skipif(os.name == "nt", reason="another layout")
def test_the_checkouts_own_environment_is_taken(checkout, tmp_path):
    python = checkout / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert find_backend(tmp_path, str(checkout)).python == python
    with pytest.raises(ValueError, match="no Python at"):
        find_backend(tmp_path, str(checkout), str(tmp_path / "gone"))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"path": 3}'])
def test_a_damaged_setting_is_none(checkout, tmp_path, content):
    (tmp_path / "sd-scripts.json").write_text(content)
    with pytest.raises(ValueError, match="was not found"):
        find_backend(tmp_path)


def test_nothing_of_our_own_python_reaches_the_trainers(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "ours")
    environment = trainer_environment()
    assert "PYTHONPATH" not in environment
    assert environment["HF_HUB_OFFLINE"] == environment["TRANSFORMERS_OFFLINE"] == "1"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"torch": "", "diffusers": ""}, "lacks torch, diffusers"),
        ({"transformers": "5.6.2"}, "needs one below 5"),
    ],
)
def test_versions(changes, said):
    found = check_versions({**GOOD, **changes})
    assert said in found and bool(found) == bool(said)


def test_a_python_that_cannot_answer(checkout, tmp_path):
    backend = find_backend(tmp_path, str(checkout), sys.executable)
    assert "could not be asked" in probe(backend._replace(python=tmp_path))["problem"]


def test_a_folder_that_is_no_sd_scripts(checkout, tmp_path):
    """This Python may lack libraries or the checkout modules: either is one sentence."""
    problem = probe(find_backend(tmp_path, str(checkout), sys.executable))["problem"]
    assert problem and "\n" not in problem
