"""Reads the lines of the hand-written tables under data/; their grammar is in data/README.md."""

from pathlib import Path


def entries(path: Path) -> list[str]:
    """Lines of a data file without blanks and without comments (`# ` at the start)."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and line != "#" and not line.startswith("# ")]


def arrows(path: Path) -> list[tuple[str, list[str]]]:
    """Lines of the form `one <- many, of, these`."""
    pairs = (line.split(" <- ", 1) for line in entries(path))
    return [(left.strip(), names(right)) for left, right in pairs]


def names(line: str) -> list[str]:
    """The comma-separated names of a line."""
    return [name for part in line.split(",") if (name := part.strip())]
