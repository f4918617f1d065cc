"""Where runs lie, and which there are, by the names of their folders. Reads no file."""

import os
from pathlib import Path


def home_from_environment() -> Path | None:
    """The folder of all runs that IXL_RUNS names, None without it."""
    given = os.environ.get("IXL_RUNS")
    return Path(given).expanduser().absolute() if given else None


def run_folders(home: Path) -> list[Path]:
    """The folders of all runs, the one that changed last at the end."""
    if not home.is_dir():
        return []
    found = [path for path in home.iterdir() if (path / "state.json").is_file()]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))
