"""dev.py as old and new Pythons see it, and its command line."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ixl.tools import dev

DEV = Path(__file__).resolve().parents[2] / "tools" / "dev.py"


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 1), (3, 9, 20)])
def test_old_python_is_refused_in_one_sentence(version):
    said = dev.too_old(version, "/usr/bin/python")
    assert said.startswith(f"Python too old: {version[0]}.{version[1]} found (/usr/bin/python)")
    assert "3.10 or newer is needed; install" in said
    assert "\n" not in said


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 14, 2), (4, 0, 0)])
def test_newer_python_is_accepted(version):
    assert dev.too_old(version, "python") is None


def test_no_syntax_newer_than_python_2():
    tree = ast.parse(DEV.read_text(encoding="utf-8"), feature_version=(3, 4))
    for node in ast.walk(tree):
        new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Starred)
        assert not isinstance(node, new), f"line {node.lineno}"
        assert not getattr(node, "annotation", None)
        assert not getattr(node, "returns", None)


def old_pythons() -> list[str]:
    found = [shutil.which(f"python{version}") for version in ("2.7", "3.6", "3.7", "3.8", "3.9")]
    found += map(str, Path.home().glob(".pyenv/versions/[23].[6-9].*/bin/python"))
    old = "import sys; sys.exit(sys.version_info >= (3, 10))"
    return [path for path in found if path and not _code([path, "-c", old])]


def _code(command: list[str]) -> int:
    return subprocess.run(command, capture_output=True).returncode


def test_real_old_pythons_say_so():
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python older than 3.10 on this machine")
    for python in pythons:
        done = subprocess.run([python, DEV, "test"], capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith("Python too old: ")
        assert done.stderr.count("\n") == 1


def run_dev(*arguments, **environment):
    return subprocess.run(
        [sys.executable, DEV, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("arguments", [["tset"], ["check", "more"]])
def test_wrong_usage_names_the_commands(arguments):
    done = run_dev(*arguments)
    assert done.returncode == 2
    assert "setup, demo, test, check, prove, bench, serve, python, where" in done.stderr


def test_where_installs_nothing(tmp_path):
    done = run_dev("where", IXL_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0
    assert f"{tmp_path / 'cache'}\n" in done.stdout
    assert not (tmp_path / "cache").exists()


def test_wrong_comfyui_path_is_one_line(tmp_path):
    done = run_dev("setup", COMFYUI_PATH=str(tmp_path), IXL_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"[ixl] COMFYUI_PATH is {tmp_path}, but ")
    assert done.stderr.count("\n") == 1


def test_unusable_cache_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = run_dev("setup", IXL_CACHE=str(tmp_path / "file"), COMFYUI_PATH="")
    assert done.returncode == 1
    assert f"The cache folder {tmp_path / 'file'} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
