"""The full vocabulary on disk: compiled once into the caller's directory, rebuilt when needed.

    <directory>/*.csv, *.csv.gz   tag lists of the user (places.py)
    <directory>/lists/            what `update` downloaded
    <directory>/index-<id>.sqlite the index; <id> says from what it was made
    <directory>/index-<id>.json   its size, time and hash, written before it
    <directory>/sources.json      hashes of the sources by size and time (a cache)
    <directory>/build.lock        held while compiling; the system frees it when a process dies

Safe with several processes and with a kill at any moment: the index is compiled under another name
and renamed when it is whole. Falls back to the curated tables with one warning.
"""

import hashlib
import json
import logging
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from .build import build_in_child
from .curated import CuratedVocabulary, curated_vocabulary
from .names import DATA
from .places import user_lists
from .query import IndexedVocabulary
from .sources import Source, kgen_source, list_sources, sha256

log = logging.getLogger(__name__)

LISTS = "lists"


def _nothing(done: int, total: int) -> None:
    """An on_step that reports to nobody."""


def sources_of(directory: Path, lists: Sequence[Path] = ()) -> list[Source]:
    """Tag lists (the given ones, then those in <directory>/lists), then tipo-kgen if installed."""
    kgen = kgen_source()
    return [*list_sources(directory / LISTS, lists), *([kgen] if kgen else [])]


def user_sources(directory: Path) -> list[Source]:
    """The sources of everything that the user has."""
    return sources_of(directory, user_lists(directory))


def open_vocabulary(
    directory: Path,
    lists: Sequence[Path] = (),
    on_step: Callable[[int, int], None] = _nothing,
    build: bool = True,
) -> IndexedVocabulary | CuratedVocabulary:
    """The vocabulary of this directory, compiled first when it is missing, damaged or outdated.

    `lists` are further tag lists (CSV, may be gzipped), stronger than those in the directory. With
    `build=False` nothing is compiled: without a fitting index the curated tables answer. `on_step`
    may raise to cancel. Raises ValueError for a list that does not exist.
    """
    for path in lists:
        if not path.is_file():
            raise ValueError(f"there is no tag list {path}; give the path of a CSV or CSV.GZ file.")
    return open_sources(directory, sources_of(directory, lists), on_step, build)


def open_sources(
    directory: Path,
    sources: list[Source],
    on_step: Callable[[int, int], None] = _nothing,
    build: bool = True,
) -> IndexedVocabulary | CuratedVocabulary:
    """`open_vocabulary` with exactly these sources besides the curated tables."""
    cancelled: list[BaseException] = []

    def step(done: int, total: int) -> None:
        try:
            on_step(done, total)
        except BaseException as error:
            cancelled.append(error)
            raise

    if not build and not any(directory.glob("index-*.sqlite")):
        return curated_vocabulary()  # without reading the sources
    try:
        path = index_path(directory, sources)
        if not _whole(path):
            if not build:
                return curated_vocabulary()
            _ensure(path, sources, step)
        return IndexedVocabulary(path, on_damage=lambda: _forget(path))
    except (OSError, RuntimeError, sqlite3.Error, ValueError) as error:
        if error in cancelled:
            raise
        _warn(f"The vocabulary index is not available ({error}); the built-in tags are used.")
        return curated_vocabulary()


@cache
def _warn(message: str) -> None:
    """Log a warning once per process."""
    log.warning(message)


def index_path(directory: Path, sources: list[Source]) -> Path:
    """Where the index of exactly these sources, curated tables and rules is, or belongs."""
    digest = hashlib.sha256()
    own = Path(__file__).parent
    for path in (*sorted(DATA.rglob("*.txt")), *sorted(own.glob("*.py"))):
        digest.update(path.name.encode() + path.read_bytes())
    known = _read_json(directory / "sources.json")
    hashes = {}
    for source in sources:
        digest.update(f"{source.kind} {source.name}".encode())
        for path in source.paths:
            stat = path.stat()
            seen = [stat.st_size, stat.st_mtime_ns]
            *before, content = known.get(str(path)) or [None]
            content = content if before == seen else sha256(path)
            hashes[str(path)] = [*seen, content]
            digest.update(content.encode())
    if hashes != known and directory.is_dir():
        with suppress(OSError):  # a cache only
            write_atomically(directory / "sources.json", json.dumps(hashes).encode())
    return directory / f"index-{digest.hexdigest()[:16]}.sqlite"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a small file so that it is either the old or the new one, whatever happens."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _read_json(path: Path) -> dict:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _record(path: Path) -> Path:
    return path.with_suffix(".json")


def _forget(path: Path) -> None:
    """Have a damaged index rebuilt at the next opening."""
    with suppress(OSError):
        _record(path).unlink(missing_ok=True)


def _whole(path: Path) -> bool:
    """True when the index is as it was written: same size and time, or else same hash."""
    record = _read_json(_record(path))
    try:
        stat = path.stat()
    except OSError:
        return False
    if record.get("size") != stat.st_size:
        return False
    return record.get("mtime_ns") == stat.st_mtime_ns or record.get("sha256") == sha256(path)


@contextmanager
def _alone(directory: Path, on_step: Callable[[int, int], None]) -> Iterator[None]:
    """Hold the build lock of a directory; waits for another process, reporting so as to cancel.

    SQLite's exclusive lock on an empty file is used because it works alike on all systems and the
    system frees it when the process dies.
    """
    lock = sqlite3.connect(directory / "build.lock", timeout=0.2, isolation_level=None)
    try:
        while True:
            try:
                lock.execute("BEGIN EXCLUSIVE")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                on_step(0, 100)
        yield
    finally:
        lock.close()


def _ensure(path: Path, sources: list[Source], on_step: Callable[[int, int], None]) -> None:
    """Compile the index at `path` unless another process just did; remove what is out of date."""
    directory = path.parent
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory, on_step):
        if _whole(path):
            return
        for stale in directory.glob("index-*.tmp"):  # we hold the lock: their builders are dead
            with suppress(OSError):
                stale.unlink()
        part = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.tmp")
        try:
            info = build_in_child(part, sources, on_step)
            _publish(part, path)
        finally:
            part.unlink(missing_ok=True)
        for skipped in info["skipped"]:
            log.warning("Tag list left out: %s", skipped["why"])
        for old in directory.glob("index-*"):
            if old.stem != path.stem:
                with suppress(OSError):  # on Windows another process may still have it open
                    old.unlink()


def _publish(part: Path, path: Path) -> None:
    """Make a finished index visible: first what it must look like, then the file."""
    stat = part.stat()
    record = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256(part)}
    write_atomically(_record(path), json.dumps(record).encode())
    os.replace(part, path)
    if hasattr(os, "O_DIRECTORY"):  # POSIX: make the new name itself durable
        folder = os.open(path.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def status(directory: Path, lists: Sequence[Path] = ()) -> dict:
    """What is there, without compiling anything: sources, index, sizes, whether it is current."""
    sources = sources_of(directory, lists)
    path = index_path(directory, sources)
    current = _whole(path)
    report = {
        "directory": str(directory),
        "current": current,
        "sources": [
            {"name": s.name, "kind": s.kind, "bytes": sum(p.stat().st_size for p in s.paths)}
            for s in sources
        ],
        "curated": len(curated_vocabulary()),
    }
    if current:
        vocabulary = IndexedVocabulary(path)
        vocabulary.close()
        built = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(path.stat().st_mtime))
        report["index"] = {
            "path": str(path),
            "bytes": path.stat().st_size,
            "built": built,
            **{key: vocabulary.info[key] for key in ("tags", "aliases", "origins", "skipped")},
        }
    return report
