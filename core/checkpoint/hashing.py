"""SHA-256 of large files, at disk speed, with progress, remembered by path, size and time."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable

CHUNK = 8 << 20  # bytes; large enough that hashing, not Python, is the limit


def sha256(path: str, on_step: Callable[[int, int], None] | None = None) -> str:
    """Hex digest of a file. `on_step(bytes_done, bytes_total)` may raise to stop."""
    total, done, digest = os.path.getsize(path), 0, hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(CHUNK)
        view = memoryview(buffer)
        while n := file.readinto(buffer):
            digest.update(view[:n])
            done += n
            if on_step:
                on_step(min(done, total), total)
    return digest.hexdigest()


def sha256_cached(
    path: str, cache_file: str, on_step: Callable[[int, int], None] | None = None
) -> str:
    """`sha256`, read from `cache_file` when size and modification time are unchanged."""
    path = os.path.realpath(path)
    stat = os.stat(path)
    stamp = [stat.st_size, stat.st_mtime_ns]
    known = _load(cache_file).get(path)
    if known and known[:2] == stamp:
        return known[2]
    digest = sha256(path, on_step)
    after = os.stat(path)
    if [after.st_size, after.st_mtime_ns] == stamp:  # not written to meanwhile
        _store(cache_file, path, [*stamp, digest])
    return digest


def _load(cache_file: str) -> dict:
    try:
        with open(cache_file, encoding="utf-8") as file:
            table = json.load(file)
    except (OSError, ValueError):
        return {}  # a cache: anything unreadable is simply computed again
    return table if isinstance(table, dict) else {}


def _store(cache_file: str, path: str, entry: list) -> None:
    table = {**_load(cache_file), path: entry}
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(cache_file), suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(table, file)
    os.replace(temporary, cache_file)
