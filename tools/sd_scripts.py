"""Finds kohya-ss/sd-scripts: `SD_SCRIPTS_PATH`, else a pinned commit cloned into the cache.

Cloned only when training asks for it. Does not install its requirements.
"""

import os
import shutil
from pathlib import Path

from . import cache, process
from .report import Problem, step

REPOSITORY = "https://github.com/kohya-ss/sd-scripts"
COMMIT = "48d368fa557731ad0488c07304dfeba8c07910eb"  # main of 2026-02-16, version 0.10.x
MADE_FROM = [REPOSITORY, COMMIT]


def find() -> Path | None:
    """An sd-scripts that is there already. Raises Problem if SD_SCRIPTS_PATH is of no use."""
    given = os.environ.get("SD_SCRIPTS_PATH")
    if not given:
        return cache.existing("sd-scripts", MADE_FROM)
    folder = Path(given).expanduser().absolute()
    if not (folder / "sdxl_train_network.py").is_file():
        raise Problem(
            f"SD_SCRIPTS_PATH is {given}, which holds no sdxl_train_network.py; point it to a "
            "clone of kohya-ss/sd-scripts, or unset it to have one cloned."
        )
    return folder


def ensure() -> Path:
    return find() or cache.entry("sd-scripts", MADE_FROM, _clone)


def _clone(folder: Path) -> None:
    if not shutil.which("git"):
        raise Problem(
            "git is missing: install it, or set SD_SCRIPTS_PATH to a clone of sd-scripts."
        )
    step(f"Getting sd-scripts, commit {COMMIT[:10]}")
    cache.require_space(folder, 0.5, "sd-scripts")
    for arguments in (
        ["init", "--quiet"],
        ["fetch", "--depth", "1", REPOSITORY, COMMIT],
        ["checkout", "--quiet", "FETCH_HEAD"],
    ):
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        if process.run(["git", *arguments], environment=environment, folder=folder):
            raise Problem(
                f"git could not get {REPOSITORY} (its message is above): check the network "
                "connection, or set SD_SCRIPTS_PATH to a clone."
            )
