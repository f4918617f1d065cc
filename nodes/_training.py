"""Where training lies on this ComfyUI: the folder of runs, and folders of captions."""

import os
from pathlib import Path

import folder_paths

from ._host import output_folder

PACK = Path(__file__).resolve().parents[1]


def runs_home() -> Path:
    """The folder of all runs: IXL_RUNS, else in ComfyUI's output directory."""
    from ..training.folders import home_from_environment

    return home_from_environment() or Path(output_folder("training"))


def caption_folders() -> dict[str, Path]:
    """Folders with caption files in ComfyUI's input directory, two levels deep, by their names."""
    root = Path(folder_paths.get_input_directory())
    found = {}
    for folder in sorted(p for pattern in ("*", "*/*") for p in root.glob(pattern) if p.is_dir()):
        with os.scandir(folder) as entries:
            if any(entry.name.endswith((".txt", ".caption")) for entry in entries):
                found[folder.relative_to(root).as_posix()] = folder
    return found
