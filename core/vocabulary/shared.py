"""The vocabulary of a running ComfyUI: one index for all threads, compiled behind their backs.

`now` never waits: while the index is compiled, the curated tables (or the index of before) answer.
`complete` waits, with progress and Cancel. Compiling itself is done by index.py in a process of its
own, and is safe with other processes that have the same folder.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread

from .curated import CuratedVocabulary, curated_vocabulary
from .index import index_path, open_sources, user_sources
from .query import IndexedVocabulary
from .sources import Source

log = logging.getLogger(__name__)

POLL = 0.1  # seconds between two looks at a build, and so the delay of Cancel


class SharedVocabulary:
    """The vocabulary of one folder. `directory` gives the folder, when the first question comes.

    `sources` says from what its index is made.
    """

    def __init__(
        self,
        directory: Callable[[], Path],
        sources: Callable[[Path], list[Source]] = user_sources,
    ) -> None:
        self._directory, self._sources = directory, sources
        self._lock = Lock()
        self._index: IndexedVocabulary | None = None
        self._build: _Build | None = None
        self._failed: Path | None = None  # an index that could not be compiled is not tried again

    def now(self) -> IndexedVocabulary | CuratedVocabulary:
        """What can answer at once; starts to compile the index when there is none."""
        with self._lock:
            if self._build is None and (self._index is None or self._index.damaged):
                self._refresh()
            return self._index or curated_vocabulary()

    def complete(
        self, on_step: Callable[[int, int], None]
    ) -> IndexedVocabulary | CuratedVocabulary:
        """The index of the lists that the user has now, compiled first when need be.

        `on_step` may raise to cancel the waiting; the compiling goes on.
        """
        while True:
            with self._lock:
                if self._build is None:
                    self._refresh()
                build = self._build
                if build is None:
                    return self._index or curated_vocabulary()
            while build.is_alive():
                on_step(*build.done)
                build.join(POLL)
            on_step(*build.done)

    def _refresh(self) -> None:
        """Open the index of today's lists, or start to compile it. Call with the lock held."""
        try:
            directory = self._directory()
            sources = self._sources(directory)
            path = index_path(directory, sources)
        except OSError as error:
            log.warning("The vocabulary's folder cannot be read (%s).", error)
            return
        index = self._index
        if path == self._failed or (index and index.path == path and not index.damaged):
            return
        opened = open_sources(directory, sources, build=False)
        if isinstance(opened, IndexedVocabulary):
            self._index = opened
            return
        log.warning(
            "The vocabulary index is compiled in the background; until then the %s answer.",
            "lists of before" if index else "built-in tags",
        )
        self._build = _Build(directory, sources, lambda opened: self._finish(path, opened))
        self._build.start()

    def _finish(self, path: Path, opened: IndexedVocabulary | CuratedVocabulary | None) -> None:
        """Take what a build brought; open_sources has said why it brought no index."""
        with self._lock:
            self._build = None
            if isinstance(opened, IndexedVocabulary):
                self._index = opened
            else:
                self._failed = path


class _Build(Thread):
    """Compiles the index of these sources; `done` is (done, total)."""

    def __init__(self, directory: Path, sources: list[Source], finish: Callable) -> None:
        super().__init__(name="vocabulary index", daemon=True)
        self.done = (0, 100)
        self._job, self._finish = (directory, sources), finish

    def run(self) -> None:
        opened = None
        try:
            opened = open_sources(*self._job, on_step=self._step)
        finally:
            self._finish(opened)

    def _step(self, done: int, total: int) -> None:
        self.done = (done, total)
