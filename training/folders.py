"""Which runs there are, by the names of their folders. Reads no file (runs.py does)."""

from pathlib import Path


def run_folders(home: Path) -> list[Path]:
    """The folders of all runs, the one that changed last at the end."""
    if not home.is_dir():
        return []
    found = [path for path in home.iterdir() if (path / "state.json").is_file()]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))
