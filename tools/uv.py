"""Gets uv, the package installer, and runs it.

Order: `uv` on PATH; else from PyPI, by this Python's pip or by that of a fresh virtual environment,
into a folder of the cache. Names no package index: uv's and pip's own settings decide.
"""

import os
import platform
import re
import shutil
import sys
from pathlib import Path

from . import cache, process
from .report import Problem, step

OLDEST = (0, 5)  # `uv pip install --target`, `--no-binary`, `--refresh-package` as used here


def find() -> Path | None:
    """A uv that is there already."""
    on_path = shutil.which("uv")
    if on_path and _version(Path(on_path)) >= OLDEST:
        return Path(on_path)
    private = cache.existing("uv", _made_from())
    return _executable(private) if private else None


def ensure() -> Path:
    found = find()
    if found:
        return found
    folder = cache.entry("uv", _made_from(), _get, lambda path: _executable(path) is not None)
    return _executable(folder)


def run(arguments: process.Command, what: str) -> None:
    """Run uv with its own progress display; raise Problem if it fails."""
    cache.folder().mkdir(parents=True, exist_ok=True)
    code = process.run(
        [ensure(), *arguments],
        environment=clean_environment(),
        folder=cache.folder(),
        quiet_stdout=True,
    )
    if code:
        raise Problem(f"uv could not {what}: {_why(code)}")


def clean_environment() -> dict[str, str]:
    """Our environment without what would steer uv or pip to another Python."""
    steering = {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON"}
    return {name: value for name, value in os.environ.items() if name not in steering}


def _made_from() -> object:
    return ["uv", sys.platform, platform.machine()]


def _version(executable: Path) -> tuple[int, ...]:
    code, text, _ = process.capture([executable, "--version"], timeout=30)
    found = re.match(r"uv (\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if code == 0 and found else (0, 0)


def _executable(folder: Path) -> Path | None:
    name = "uv.exe" if os.name == "nt" else "uv"
    for scripts in ("bin", "Scripts"):  # pip --target uses `bin` everywhere, older ones did not
        if (folder / scripts / name).is_file():
            return folder / scripts / name
    return None


def _get(folder: Path) -> None:
    step("Getting uv, the package installer, from PyPI")
    cache.require_space(folder, 0.2, "uv")
    command = [_pip(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--retries", "2", "--target", folder, "uv"]
    code, _, errors = process.capture(command, environment=clean_environment())
    shutil.rmtree(folder / "pip", ignore_errors=True)
    if code or not _executable(folder):
        last = errors.strip().splitlines()[-1:] or [f"exit code {code}"]
        raise Problem(
            f"pip could not get uv ({last[0].strip()}): check the network connection and run the "
            "same command again, or install uv yourself so that `uv` is on PATH."
        )


def _pip(folder: Path) -> Path:
    """A Python that has pip: this one, else a virtual environment of it."""
    if process.capture([sys.executable, "-m", "pip", "--version"])[0] == 0:
        return Path(sys.executable)
    target = folder / "pip"
    made = process.capture([sys.executable, "-m", "venv", "--clear", target])[0] == 0
    if not made:
        step("This Python has no pip and no venv: trying the system package python3-venv")
        made = process.apt_get_install("python3-venv") and (
            process.capture([sys.executable, "-m", "venv", "--clear", target])[0] == 0
        )
    if not made:
        raise Problem(
            f"{sys.executable} has neither pip nor a working venv: install them (on Debian and "
            "Ubuntu: apt-get install python3-venv), or install uv, and run the same command again."
        )
    return python_of(target)


def python_of(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    inner = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return environment / inner


def _why(code: int) -> str:
    """Why uv failed, as far as it can be told from outside: disk, network, or its own words."""
    free = shutil.disk_usage(cache.folder()).free / cache.GIB
    if free < 0.5:
        return f"the disk is full ({free:.1f} GiB free); free some space and run it again."
    _, _, errors = process.capture(
        [ensure(), "pip", "compile", "--quiet", "--no-deps", "--refresh-package", "pip", "-"],
        environment={**clean_environment(), "UV_HTTP_RETRIES": "0"},
        folder=cache.folder(),
        text="pip",
        timeout=60,
    )
    if re.search(r"error sending request|dns error|[Cc]onnect|[Tt]imed? ?out", errors):
        return "the package index cannot be reached; check the network connection and try again."
    return f"exit code {code}; its message is above ({free:.1f} GiB of disk space are free)."
