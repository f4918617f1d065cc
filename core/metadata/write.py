"""Files written whole or not at all, and a new one never over another."""

import errno
import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def write_new(folder: Path, name: Callable[[int], str], data: bytes, first: int = 1) -> int:
    """Write a file under the first name that is free, from number `first` on; that number.

    Raises ValueError, one sentence, where the disk is full or does not let it.
    """
    part = folder / f".{uuid.uuid4().hex}.tmp"
    number = first
    try:
        part.write_bytes(data)
        while not _put(part, folder / name(number)):
            number += 1
    except OSError as error:
        raise ValueError(_not_written(folder / name(number), len(data), error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return number


def _put(part: Path, target: Path) -> bool:
    """Give the finished file its name; False where there is one of that name."""
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError:  # no hard links here (FAT, some network drives): take the name, then fill it
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        try:
            os.replace(part, target)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    return True


def replace_file(path: Path, data: bytes) -> None:
    """Put new content into a file: it is either the old one or the new one, whatever happens."""
    part = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        part.write_bytes(data)
        with suppress(OSError):
            part.chmod(path.stat().st_mode & 0o777)
        os.replace(part, path)
    except OSError as error:
        raise ValueError(_not_written(path, len(data), error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _not_written(path: Path, size: int, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return (
            f"{path.name} ({size / 1e6:.1f} MB) was not written: the disk is full; free some of it."
        )
    why = error.strerror or error
    return f"{path.name} was not written to {path.parent} ({why}); check the folder and its rights."
