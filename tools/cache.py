"""The per-user cache: folders made once, each keyed by what it was made from.

`<cache>/<name>-<key>/<attempt>/` holds the content, and the file `current` beside it names the
attempt that is complete. Every attempt gets a new folder and `current` is replaced atomically last,
so that an entry is whole or absent, and virtual environments, which cannot be moved, are built
where they stay. What a killed run left, and even what its orphans still write, is never looked at
and is removed by the next build. A lock lets only one process build an entry.

Does not remove old entries: deleting the cache folder is always safe.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .report import Problem, step

NAME = "illustrious-xl-studio"
GIB = 1024**3


def folder() -> Path:
    """`IXL_CACHE`, else the platform's per-user cache folder."""
    given = os.environ.get("IXL_CACHE")
    if given:
        return Path(given).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / NAME


def key(made_from: object) -> str:
    """12 hex digits that stand for a JSON-able value."""
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:12]


def existing(name: str, made_from: object) -> Path | None:
    """The complete entry, if it was made."""
    return _current(_home(name, made_from))


def entry(
    name: str,
    made_from: object,
    make: Callable[[Path], None],
    usable: Callable[[Path], bool] = Path.is_dir,
) -> Path:
    """The complete entry, made by `make(empty folder)` unless it is there and usable."""
    home = _home(name, made_from)
    found = _current(home)
    if found and usable(found):
        if len(_attempts(home)) > 1:  # an orphan's, left after the last build
            with locked(home / "lock", f"makes {name}"):
                _remove_attempts(home, keep=_current(home))
        return found
    home.mkdir(parents=True, exist_ok=True)
    with locked(home / "lock", f"makes {name}"):
        found = _current(home)
        if found and usable(found):
            return found
        _remove_attempts(home, keep=None)
        attempt = home / secrets.token_hex(4)
        attempt.mkdir()
        try:
            make(attempt)
        except Exception:
            shutil.rmtree(attempt, ignore_errors=True)
            raise
        write(home / "made_from.json", json.dumps(made_from, indent=1, sort_keys=True))
        write(home / "current", attempt.name)
    return attempt


def write(path: Path, text: str) -> None:
    """Replace a small file in one step."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


@contextlib.contextmanager
def locked(path: Path, doing: str) -> Iterator[None]:
    """Hold a lock across processes; the system lets it go when its holder ends, however it ends."""
    with open(path, "a+b") as file:
        if not _lock(file):
            step(f"Waiting for another process that {doing}")
            while not _lock(file):
                time.sleep(0.1)
        yield


def require_space(where: Path, gib: float, what: str) -> None:
    """Raise Problem if the file system of `where` has less than `gib` GiB free."""
    while not where.exists():
        where = where.parent
    free = shutil.disk_usage(where).free / GIB
    if free < gib:
        raise Problem(
            f"Not enough disk space: {what} needs about {gib:g} GiB and {where} has {free:.2f} GiB "
            "free; free some, or set IXL_CACHE to a folder on another disk."
        )


def _home(name: str, made_from: object) -> Path:
    return folder() / f"{name}-{key(made_from)}"


def _current(home: Path) -> Path | None:
    try:
        attempt = home / (home / "current").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return attempt if attempt.is_dir() else None


def _attempts(home: Path) -> list[Path]:
    return [path for path in home.iterdir() if path.is_dir()]


def _remove_attempts(home: Path, keep: Path | None) -> None:
    if keep is None:
        (home / "current").unlink(missing_ok=True)
    for path in _attempts(home):
        if path != keep:
            shutil.rmtree(path, ignore_errors=True)


if os.name == "nt":
    import msvcrt

    def _lock(file) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
