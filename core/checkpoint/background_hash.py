"""Hashes for those who look at files without loading them: in a thread, one file at a time.

Whoever wants a hash asks again while he wants it. A file that nobody asks about any more gives way
to the next; without a next it is hashed to its end, because loading it would need the hash anyway.
The thread ends with its work, and with the process.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .files import UnusableFile, stamp, unreadable
from .hashing import Hashes, hash_file_cached, remembered_hashes
from .identity import Identity, identify
from .profiles import PROFILES, Profile

PATIENCE = 3.0  # seconds without a question after which nobody seems to want a hash any more


class HashProgress(NamedTuple):
    """state: "known", "running", "waiting" for another file, or "none" (then `why` can say more).

    done, total: bytes, 0 before the file was opened.
    """

    state: str
    done: int = 0
    total: int = 0
    why: str = ""


class Superseded(Exception):
    """Raised inside the work when another file is wanted instead."""


class _Look(NamedTuple):
    """A look at a file without its hash, and what it rests on. file: the one to hash."""

    identity: Identity
    file: str
    data_start: int
    when: tuple[int, int]
    profiles: Mapping[str, Profile]


class BackgroundHasher:
    """Hashes what is asked for. folder: gives the place of the cache that loaders use too."""

    def __init__(self, folder: Callable[[], str], patience: float = PATIENCE) -> None:
        self._folder, self._patience = folder, patience
        self._lock = threading.Lock()
        self._wanted: dict[str, tuple[float, int]] = {}  # path: (last asked for, data_start)
        self._ended: dict[tuple, Hashes | str] = {}  # (path, stamp): hashes, or why there are none
        self._current, self._done, self._total = "", 0, 0
        self.looks: dict[str, _Look] = {}  # by path, of files that wait for their hash
        self._thread: threading.Thread | None = None

    def known(self, path: str, data_start: int = 0) -> Hashes | None:
        """The hashes, if they are there; with `data_start` both of them."""
        hashes = self._ended.get((path, stamp(os.stat(path))))
        if isinstance(hashes, Hashes) and (hashes.data_sha256 or not data_start):
            return hashes  # of use where the cache cannot be written
        return remembered_hashes(path, self._folder(), data_start)

    def want(self, path: str, data_start: int = 0) -> HashProgress:
        """How far the hash of a file is that is not known yet; begins when no other one runs."""
        failed = self._ended.get((path, stamp(os.stat(path))))
        if isinstance(failed, str):
            return HashProgress("none", why=failed)
        with self._lock:
            self._wanted[path] = (time.monotonic(), data_start)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ixl-hash", daemon=True)
                self._thread.start()
            if self._current == path:
                return HashProgress("running", self._done, self._total)
            return HashProgress("waiting")

    def _work(self) -> None:
        try:
            while self._take():
                self._hash(self._current)
        finally:
            with self._lock:
                self._current, self._thread = "", None

    def _take(self) -> bool:
        """Makes the first file that is still wanted the current one."""
        with self._lock:
            fresh = [path for path in self._wanted if self._is_wanted(path)]
            self._wanted = {path: self._wanted[path] for path in fresh}
            self._current, self._done, self._total = (fresh or [""])[0], 0, 0
            if not fresh:
                self._thread = None
            return bool(fresh)

    def _is_wanted(self, path: str) -> bool:
        return time.monotonic() - self._wanted[path][0] < self._patience

    def _hash(self, path: str) -> None:
        when, result = None, None
        try:
            when = stamp(os.stat(path))
            data_start = self._wanted[path][1]
            result = hash_file_cached(path, self._folder(), self._on_step, data_start)
        except Superseded:
            pass
        except UnusableFile as error:
            result = str(error)
        except OSError as error:
            result = unreadable(error)
        with self._lock:
            self._wanted.pop(path)
            if when and result:
                self._ended[path, when] = result

    def _on_step(self, done: int, total: int) -> None:
        with self._lock:
            self._done, self._total = done, total
            others = [path for path in self._wanted if path != self._current]
            if not self._is_wanted(self._current) and any(map(self._is_wanted, others)):
                raise Superseded


def look(
    path: str, hasher: BackgroundHasher, profiles: Mapping[str, Profile] = PROFILES
) -> tuple[Identity, HashProgress]:
    """The identity of a file at once, and how far its hash is; begins to hash when there is none.

    Until the hash is there, the identity rests on the other layers. They are read once: who waits
    asks often, and reading a header keeps the other threads of Python waiting.
    """
    before = hasher.looks.pop(path, None)
    if before and _still_so(before, hasher, profiles):
        hasher.looks[path] = before
        return before.identity, hasher.want(before.file, before.data_start)
    missing: list[tuple[str, int]] = []  # of a diffusers folder the U-Net is hashed

    def at_once(path: str, _, data_start: int) -> Hashes:
        known = hasher.known(path, data_start)
        if known is None:
            missing.append((path, data_start))
        return known or Hashes("")

    identity = identify(path, None, at_once, profiles)
    if not missing:
        return identity, HashProgress("known" if identity.hashes.sha256 else "none")
    file, data_start = missing[0]
    hasher.looks[path] = _Look(identity, file, data_start, stamp(os.stat(file)), profiles)
    return identity, hasher.want(file, data_start)


def _still_so(look: _Look, hasher: BackgroundHasher, profiles: Mapping[str, Profile]) -> bool:
    try:
        same = stamp(os.stat(look.file)) == look.when
        return same and look.profiles == profiles and not hasher.known(look.file, look.data_start)
    except OSError:  # gone: a new look says so
        return False
