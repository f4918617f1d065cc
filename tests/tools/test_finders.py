"""What the finders of browser, front end, sd-scripts and Python versions say."""

import json
import time

import pytest
from ixl.tools import browser, cache, environment, front_end, sd_scripts, uv
from ixl.tools.report import Problem


@pytest.mark.parametrize(
    ("version", "implementation", "wanted"),
    [
        ((3, 10), "CPython", "3.10"),
        ((3, 14), "CPython", "3.14"),
        ((3, 15), "CPython", environment.FALLBACK_PYTHON),
        ((3, 11), "PyPy", environment.FALLBACK_PYTHON),
    ],
)
def test_python_for_the_environment(version, implementation, wanted):
    assert environment.python_wanted(version, implementation) == wanted


def test_environment_depends_on_its_requirements(tmp_path, monkeypatch):
    (tmp_path / "requirements.txt").write_text("aiohttp\n")
    before = cache.key(environment.made_from(tmp_path))
    assert cache.key(environment.made_from(tmp_path)) == before
    (tmp_path / "requirements.txt").write_text("aiohttp>=4\n")
    after = cache.key(environment.made_from(tmp_path))
    monkeypatch.setenv("UV_TORCH_BACKEND", "xpu")
    assert len({before, after, cache.key(environment.made_from(tmp_path))}) == 3


def test_browser_of_the_users_choice(tmp_path, monkeypatch):
    monkeypatch.setenv("IXL_BROWSER", str(tmp_path / "chrome"))
    with pytest.raises(Problem, match="which is no file; name a Chromium or Chrome"):
        browser.find(None)
    (tmp_path / "chrome").write_text("")
    assert browser.find(None) == tmp_path / "chrome"


def test_program_that_is_no_browser_is_passed_over(tmp_path, monkeypatch):
    """Ubuntu's pointer to a snap: on PATH, runs, and is no browser."""
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\necho 'This requires the chromium snap to be installed.'\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("IXL_BROWSER", raising=False)
    assert browser.candidates()[0] == fake
    assert browser.find(None) != fake


def test_sd_scripts_of_the_users_choice(tmp_path, monkeypatch):
    monkeypatch.setenv("SD_SCRIPTS_PATH", str(tmp_path))
    with pytest.raises(Problem, match="holds no sdxl_train_network.py; point it to"):
        sd_scripts.find()
    (tmp_path / "sdxl_train_network.py").write_text("")
    assert sd_scripts.find() == tmp_path


@pytest.fixture
def front_end_9(tmp_path, monkeypatch):
    """A cache that holds front end 9.9.9 and a uv that can reach no index."""
    executable = uv.find()
    if executable is None:
        pytest.skip("there is no uv yet; `python3 tools/dev.py setup` gets it")
    monkeypatch.setenv("PATH", str(executable.parent))
    monkeypatch.setenv("IXL_CACHE", str(tmp_path))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    static = "comfyui_frontend_package/static"
    folder = cache.entry(
        "front-end", [front_end.PACKAGE, "9.9.9"], lambda path: (path / static).mkdir(parents=True)
    )
    return folder / static


def looked_up(seconds_ago: float) -> None:
    state = {"version": "9.9.9", "checked": time.time() - seconds_ago}
    cache.write(cache.folder() / "front-end-newest.json", json.dumps(state))


def test_front_end_is_looked_up_once_a_day(front_end_9, capsys):
    looked_up(seconds_ago=front_end.DAY - 60)
    assert front_end.newest() == front_end_9
    assert capsys.readouterr().err == ""


def test_without_network_the_last_front_end_serves(front_end_9, capsys):
    looked_up(seconds_ago=front_end.DAY + 60)
    assert front_end.newest() == front_end_9
    assert "Cannot look for a newer front end; using 9.9.9" in capsys.readouterr().err


def test_without_network_and_front_end_there_is_one_sentence(front_end_9):
    with pytest.raises(Problem, match="check the network connection and run the same command"):
        front_end.newest()
