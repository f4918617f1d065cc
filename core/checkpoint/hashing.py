"""SHA-256 of large files, at disk speed, with progress, remembered by path, size and time.

Civitai's short forms come from the same two digests: AutoV2 is the start of the hash of the file
(AUTOMATIC1111 webui `modules/sd_models.py`, `model_hash` since 2023), AutoV3 the start of the hash
of what follows the header, so that a change of metadata does not change it (kohya-ss/sd-scripts
`library/train_util.py`, `addnet_hash_safetensors`; it writes it as `sshs_model_hash`).

No memory map: a file cut off while it is mapped ends the process.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .files import UnusableFile, open_model, stamp

BLOCK = 1 << 20  # bytes; 64 KiB to 1 MiB are equally fast, hashing is the limit
STEP = 32 << 20  # bytes between two reports of progress

OnStep = Callable[[int, int], None]


class Hashes(NamedTuple):
    """Hex digests of a file and, where it was asked for, of the data behind its header."""

    sha256: str
    data_sha256: str = ""

    @property
    def autov2(self) -> str:
        return self.sha256[:10].upper()

    @property
    def autov3(self) -> str:
        return self.data_sha256[:12].upper()


Hasher = Callable[[str, OnStep | None, int], Hashes]


def hash_file(path: str, on_step: OnStep | None = None, data_start: int = 0) -> Hashes:
    """The hashes of a file; with `data_start` (bytes) also of what follows, at twice the work.

    `on_step(bytes_done, bytes_total)` may raise to stop. Raises UnusableFile when the file changes
    meanwhile, OSError when it cannot be read.
    """
    whole, data = hashlib.sha256(), hashlib.sha256()
    view = memoryview(bytearray(BLOCK))
    with open_model(path) as (file, total):
        _read_once(file.fileno())
        done = reported = 0
        while done < total:
            n = file.readinto(view[: min(BLOCK, total - done)])
            if not n:
                raise UnusableFile(f"The file ended after {done} of {total} bytes; try again.")
            whole.update(view[:n])
            if data_start and done + n > data_start:
                data.update(view[max(0, data_start - done) : n])
            done += n
            if on_step and (done - reported >= STEP or done == total):
                on_step(done, total)
                reported = done
    return Hashes(whole.hexdigest(), data.hexdigest() if data_start else "")


def _read_once(descriptor: int) -> None:
    """Tells the system, where it can be told, to read ahead further than usual."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)


def hash_file_cached(
    path: str, folder: str | Path, on_step: OnStep | None = None, data_start: int = 0
) -> Hashes:
    """`hash_file`, read from `folder` when size and modification time are unchanged.

    One small file for each model: processes that hash at the same time do not lose each other's
    entries, and a broken entry costs one file its hash.
    """
    path = os.path.realpath(path)
    entry = Path(folder) / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:24]}.json"
    before = stamp(os.stat(path))
    known = _load(entry, path, before)
    if known and (known.data_sha256 or not data_start):
        return known
    hashes = hash_file(path, on_step, data_start)
    if stamp(os.stat(path)) == before:
        with suppress(OSError):  # a full or locked disk: only the memory is lost
            _store(entry, path, before, hashes)
    return hashes


def _load(entry: Path, path: str, wanted: tuple[int, int]) -> Hashes | None:
    """What is remembered, if it is of this very file and whole."""
    try:
        found = json.loads(entry.read_text(encoding="utf-8"))
        size, time = found["size"], found["mtime_ns"]
        hashes = Hashes(found["sha256"], found["data_sha256"])
        right = found["path"] == path and (size, time) == wanted
        sound = re.fullmatch("[0-9a-f]{64}:([0-9a-f]{64})?", ":".join(hashes))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return hashes if right and sound else None


def _store(entry: Path, path: str, when: tuple[int, int], hashes: Hashes) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=entry.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            fields = {"path": path, "size": when[0], "mtime_ns": when[1], **hashes._asdict()}
            json.dump(fields, file)
        os.replace(temporary, entry)
    except OSError:
        os.unlink(temporary)
        raise
