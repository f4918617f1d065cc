"""The virtual environment that tests, demo and server run in: ComfyUI's requirements and ours.

Built in the cache, so that several checkouts share it. Not the user's ComfyUI environment: that one
is never touched.
"""

import os
import platform
import sys
from pathlib import Path

from . import cache, process, uv
from .report import step

ROOT = Path(__file__).resolve().parents[1]
TORCH = ("torch==2.11.0", "torchvision==0.26.0", "torchaudio==2.11.0")  # a set that fits together
NEWEST_PYTHON = (3, 14)  # the newest that TORCH has wheels for
FALLBACK_PYTHON = "3.13"  # what uv gets where this Python is newer or not CPython


def find(comfyui: Path) -> Path | None:
    """The interpreter of an environment that is complete already."""
    folder = cache.existing("environment", made_from(comfyui))
    return uv.python_of(folder) if folder and _usable(folder) else None


def ensure(comfyui: Path) -> Path:
    """The interpreter of the environment for this ComfyUI folder."""
    folder = cache.entry(
        "environment",
        made_from(comfyui),
        lambda folder: _build(folder, comfyui),
        _usable,
    )
    return uv.python_of(folder)


def requirement_files(comfyui: Path) -> list[Path]:
    ours = ROOT / "requirements.txt", ROOT / "tools" / "requirements-dev.txt"
    return [comfyui / "requirements.txt", *ours]


def made_from(comfyui: Path) -> dict:
    """What the environment depends on: another value means another environment."""
    return {
        "torch": TORCH,
        "requirements": [path.read_text(encoding="utf-8") for path in requirement_files(comfyui)],
        "python": python_wanted(sys.version_info[:2], platform.python_implementation()),
        "platform": [sys.platform, platform.machine()],
        "torch_backend": os.environ.get("UV_TORCH_BACKEND", ""),
    }


def python_wanted(version: tuple[int, int], implementation: str) -> str:
    """The running Python's "3.x", or the fallback if torch has no wheels for it."""
    if implementation != "CPython" or version > NEWEST_PYTHON:
        return FALLBACK_PYTHON
    return "{}.{}".format(*version)


def _usable(folder: Path) -> bool:
    return uv.python_of(folder).exists()  # false if the Python that it links to was removed


def _build(folder: Path, comfyui: Path) -> None:
    wanted = python_wanted(sys.version_info[:2], platform.python_implementation())
    running = "{}.{}".format(*sys.version_info[:2])
    if wanted != running:
        step(f"torch has no build for Python {running}: uv gets Python {wanted}")
    size = _size_gib()
    step(f"Building the environment (torch, ComfyUI's requirements, test tools; {size:g} GiB)")
    cache.require_space(folder, size, "the environment")
    _require_space_for_downloads(folder, size)
    interpreter = wanted if wanted != running else sys.executable
    uv.run(
        ["venv", "--quiet", "--allow-existing", "--python", interpreter, folder],
        "make the environment",
    )
    files = [
        argument
        for path in requirement_files(comfyui)
        if not _empty(path)
        for argument in ("-r", path)
    ]
    uv.run(
        ["pip", "install", "--python", uv.python_of(folder), *TORCH, *files],
        "install the environment",
    )


def _empty(path: Path) -> bool:
    """uv warns of a file without requirements, such as the pack's own so far."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


def _size_gib() -> float:
    """Free space to ask for: torch for CUDA on Linux brings 5 GiB of CUDA libraries."""
    cuda = sys.platform == "linux" and os.environ.get("UV_TORCH_BACKEND") != "cpu"
    return 7 if cuda else 2.5


def _require_space_for_downloads(folder: Path, gib: float) -> None:
    """uv keeps its downloads and links them into the environment, if they share a file system."""
    code, text, _ = process.capture([uv.ensure(), "cache", "dir"])
    if code:
        return
    downloads = Path(text.strip())
    while not downloads.exists():
        downloads = downloads.parent
    if downloads.stat().st_dev != folder.stat().st_dev:
        cache.require_space(downloads, gib, "uv's download cache (UV_CACHE_DIR)")
