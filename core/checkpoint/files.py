"""Opening a model file that may be anything: a folder, a pipe, gone, still being written.

Knows nothing of what the file holds.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class UnusableFile(ValueError):
    """The file cannot be used; the text is one sentence for the user."""


@contextmanager
def open_model(path: str) -> Iterator[tuple[BinaryIO, int]]:
    """A regular file open for reading without a buffer, and its size in bytes.

    Raises UnusableFile for what is no regular file (a pipe would block, a device never ends) and,
    at the end, when the file was written to meanwhile; OSError when it cannot be read.
    """
    if "\0" in path:
        raise UnusableFile("The path holds a zero character; give the path of a file.")
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise UnusableFile(
            "This is a folder; give a file, for instance FOLDER/*.safetensors for all in it."
        )
    if not stat.S_ISREG(mode):
        raise UnusableFile("This is a device or a pipe, no regular file; give a .safetensors file.")
    with open(path, "rb", buffering=0) as file:
        before = stamp(os.fstat(file.fileno()))
        yield file, before[0]
        if stamp(os.fstat(file.fileno())) != before:
            raise UnusableFile(
                "The file was written to while it was read; wait until the download or copy is "
                "done and try again."
            )


def stamp(status: os.stat_result) -> tuple[int, int]:
    """Size and modification time: what tells that a file is no longer the same."""
    return status.st_size, status.st_mtime_ns


def unreadable(error: OSError) -> str:
    """The sentence for a file that cannot be opened or read."""
    return f"The file cannot be read ({error.strerror or error}); check the path and its rights."


def inside(path: str, roots: Iterable[str]) -> str:
    """The real path of a file that lies in one of the folders. Raises ValueError."""
    roots = list(roots)
    if "\0" not in path:
        real = Path(os.path.realpath(path))
        if any(real.is_relative_to(os.path.realpath(root)) for root in roots):
            return str(real)
    raise ValueError(
        f"{path} lies in none of the folders {', '.join(roots)}; a file that comes over a link "
        "must lie in one of them."
    )
