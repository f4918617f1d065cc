"""The cache under kills, orphans and races, with real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ixl.tools import cache
from ixl.tools.report import Problem

PYTHON_PATH = str(Path(__file__).resolve().parents[2] / "python")

# Makes an entry of two files; with a delay between them, during which a test can do harm.
BUILD = """
import sys, time
from ixl.tools import cache
def make(folder):
    (folder / "first").write_text("1")
    print("half", flush=True)
    time.sleep(float(sys.argv[1]))
    (folder / "second").write_text("2")
    print("built", flush=True)
print(cache.entry("thing", {"version": 1}, make), flush=True)
"""
# The same, but a child process of the builder writes, as uv does.
BUILD_BY_CHILD = """
import subprocess, sys
from ixl.tools import cache
WRITE = (
    "import sys, time; print('half', flush=True); time.sleep(1);"
    "open(sys.argv[1], 'w').write('late')"
)
def make(folder):
    subprocess.run([sys.executable, "-c", WRITE, str(folder / "second")])
cache.entry("thing", {"version": 1}, make)
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("IXL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def start(script: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH},
    )


def attempts(own_cache: Path) -> list[Path]:
    return [path for path in own_cache.glob("thing-*/*") if path.is_dir()]


def make_whole(folder: Path) -> None:
    (folder / "first").write_text("1")
    (folder / "second").write_text("2")


@pytest.mark.parametrize("kill", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_killed_build_is_never_seen_and_is_rebuilt(own_cache, kill):
    child = start(BUILD, "60")
    assert child.stdout.readline() == "half\n"
    child.send_signal(getattr(signal, kill, signal.SIGTERM))
    child.communicate(timeout=20)
    assert len(attempts(own_cache)) == 1
    assert cache.existing("thing", {"version": 1}) is None

    folder = cache.entry("thing", {"version": 1}, make_whole)
    assert sorted(path.name for path in folder.iterdir()) == ["first", "second"]
    assert attempts(own_cache) == [folder]


def test_orphan_of_a_killed_build_cannot_reach_the_next_one(own_cache):
    child = start(BUILD_BY_CHILD)
    assert child.stdout.readline() == "half\n"
    child.kill()
    child.wait(timeout=20)
    folder = cache.entry("thing", {"version": 1}, make_whole)
    child.communicate(timeout=20)  # until the orphan has closed its output
    assert (folder / "second").read_text() == "2"


def test_what_an_orphan_left_is_removed_on_the_next_use(own_cache):
    folder = cache.entry("thing", 1, make_whole)
    (folder.parent / "0rphan").mkdir()
    assert cache.entry("thing", 1, make_whole) == folder
    assert attempts(own_cache) == [folder]


def test_two_processes_build_once():
    children = [start(BUILD, "1") for _ in range(2)]
    outputs = [child.communicate(timeout=30) for child in children]
    said = "".join(out for out, _ in outputs).splitlines()
    assert said.count("built") == 1
    folders = {out.splitlines()[-1] for out, _ in outputs}
    assert len(folders) == 1
    assert any("Waiting for another process that makes thing" in errors for _, errors in outputs)


def test_made_once_and_keyed_by_what_it_was_made_from():
    made = []
    folders = [
        cache.entry("thing", made_from, made.append)
        for made_from in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3})
    ]
    assert folders[0] == folders[1] != folders[2]
    assert len(made) == 2


def test_failed_build_leaves_nothing(own_cache):
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise Problem("no network")

    with pytest.raises(Problem):
        cache.entry("thing", 1, fail)
    assert attempts(own_cache) == []
    assert cache.existing("thing", 1) is None


def test_unusable_entry_is_made_again(own_cache):
    first = cache.entry("thing", 1, make_whole)
    (first / "second").unlink()
    second = cache.entry("thing", 1, make_whole, lambda folder: (folder / "second").exists())
    assert (second / "second").exists()
    assert attempts(own_cache) == [second]


def test_lock_is_let_go_by_a_killed_holder(tmp_path):
    script = (
        "import pathlib, sys, time\nfrom ixl.tools import cache\n"
        "with cache.locked(pathlib.Path(sys.argv[1]), 'waits'):\n"
        "    print('held', flush=True)\n    time.sleep(60)\n"
    )
    child = start(script, str(tmp_path / "lock"))
    assert child.stdout.readline() == "held\n"
    child.kill()
    child.communicate(timeout=20)
    started = time.monotonic()
    with cache.locked(tmp_path / "lock", "waits"):
        assert time.monotonic() - started < 10


def test_too_little_space_is_said_before_work(tmp_path):
    with pytest.raises(Problem, match=r"Not enough disk space: the moon needs about 1e\+09 GiB"):
        cache.require_space(tmp_path / "not" / "there", 1e9, "the moon")
    cache.require_space(tmp_path, 0, "nothing")


def test_cache_folder_follows_the_platform(monkeypatch, tmp_path):
    assert cache.folder() == tmp_path / "cache"
    monkeypatch.delenv("IXL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    expected = {"linux": tmp_path / "xdg", "win32": tmp_path / "local"}
    expected["darwin"] = Path.home() / "Library" / "Caches"
    for platform, base in expected.items():
        monkeypatch.setattr(sys, "platform", platform)
        assert cache.folder() == base / "illustrious-xl-studio"
