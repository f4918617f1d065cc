"""SHA-256 of large files, at disk speed, with progress, remembered by path, size and time.

Civitai's short forms come from the same two digests: AutoV2 is the start of the hash of the file
(AUTOMATIC1111 webui `modules/sd_models.py`, `model_hash` since 2023), AutoV3 the start of the hash
of what follows the header, so that a change of metadata does not change it (kohya-ss/sd-scripts
`library/train_util.py`, `addnet_hash_safetensors`; it writes it as `sshs_model_hash`).

A process hashes a file once at a time: whoever else wants its hash waits for it and sees the same
progress. No memory map: a file cut off while it is mapped ends the process.
"""

import hashlib
import json
import os
import re
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .files import UnusableFile, open_model, stamp

# Bytes; 64 KiB to 8 MiB are equally fast, hashing is the limit. Fewer blocks disturb the other
# threads less: on a busy machine 8 MiB halve the pauses of an event loop against 1 MiB.
BLOCK = 8 << 20
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
    key, mine = (path, bool(data_start)), _Running()
    while (running := _running.setdefault(key, mine)) is not mine:
        running.wait(on_step)
    try:
        known = remembered_hashes(path, folder, data_start)
        return known or _hash_and_store(path, folder, mine.reporting(on_step), data_start)
    finally:
        del _running[key]
        mine.ended.set()


def remembered_hashes(path: str, folder: str | Path, data_start: int = 0) -> Hashes | None:
    """The hashes of a file as it is now, if `folder` has them; with `data_start` both of them."""
    path = os.path.realpath(path)
    known = _load(_entry(path, folder), path, stamp(os.stat(path)))
    return known if known and (known.data_sha256 or not data_start) else None


class _Running:
    """A hash that is being computed; `done` and `total` are bytes, as for `on_step`."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self.ended = threading.Event()

    def reporting(self, on_step: OnStep | None) -> OnStep:
        """An `on_step` that also notes how far it is."""

        def step(done: int, total: int) -> None:
            self.done, self.total = done, total
            if on_step:
                on_step(done, total)

        return step

    def wait(self, on_step: OnStep | None) -> None:
        """Until it ended, with a hash or without; `on_step` may raise to wait no longer."""
        while not self.ended.wait(0.1):
            if on_step and self.total:
                on_step(self.done, self.total)


# By real path and whether the data hash is wanted. setdefault and del are atomic.
_running: dict[tuple[str, bool], _Running] = {}


def _hash_and_store(path: str, folder: str | Path, on_step: OnStep, data_start: int) -> Hashes:
    before = stamp(os.stat(path))
    hashes = hash_file(path, on_step, data_start)
    if stamp(os.stat(path)) == before:
        with suppress(OSError):  # a full or locked disk: only the memory is lost
            _store(_entry(path, folder), path, before, hashes)
    return hashes


def _entry(path: str, folder: str | Path) -> Path:
    return Path(folder) / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:24]}.json"


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
