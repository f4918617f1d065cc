"""Compile the index in a child process, so that the work neither stalls nor fattens this one.

The child gets its job as JSON on stdin, reports `done total` lines on stdout and writes one file.
When this process dies the child's next report fails and it removes its file. index.py decides what
is built and when.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .compile import write_index
from .merge import merge
from .sources import Source, list_rows

PYTHON = Path(__file__).parents[2] / "python"
_CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    " from ixl.core.vocabulary.build import main; main()"
)
_READING, _STEPS = 20, 100  # share of the progress that goes to reading and merging


def build(path: Path, sources: list[Source], on_step: Callable[[int, int], None]) -> dict:
    """Merge the sources and write the index at `path`; returns what is stored as its info.

    A list that cannot be read is left out and named, with the reason, under "skipped".
    """
    begun, lists, skipped = time.monotonic(), [], []
    kgen = next((source for source in sources if source.kind == "tipo-kgen"), None)
    for source in sources:
        if source.kind == "list":
            try:
                lists.append((source, list_rows(source.paths[0])))
            except ValueError as error:
                skipped.append({"name": source.name, "why": str(error)})
    on_step(_READING // 2, _STEPS)
    merged = merge(lists, kgen)
    on_step(_READING, _STEPS)
    info = {
        "tags": len(merged.tags),
        "aliases": len(merged.aliases),
        "origins": merged.origins,
        "rows": {source.name: len(rows) for source, rows in lists},
        "skipped": skipped,
    }

    def writing(done: int, total: int) -> None:
        on_step(_READING + (_STEPS - _READING) * done // total, _STEPS)

    write_index(path, merged, info, writing)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return info | {"seconds": round(time.monotonic() - begun, 2)}


def build_in_child(path: Path, sources: list[Source], on_step: Callable[[int, int], None]) -> dict:
    """`build` in a process of its own. An exception out of `on_step` stops the child.

    Raises RuntimeError when the child fails, with its last words.
    """
    listed = [[s.name, s.kind, [str(p.absolute()) for p in s.paths]] for s in sources]
    job = {"path": str(path.absolute()), "sources": listed}
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(PYTHON)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        cwd=PYTHON,  # the child's search path starts there: no stray module of the caller's folder
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    last = ""
    try:
        with child.stdin as stdin:
            stdin.write(json.dumps(job))
        for line in child.stdout:
            words = line.split()
            if len(words) == 2 and all(word.isdecimal() for word in words):
                on_step(*map(int, words))
            else:
                last = line.strip() or last
        if child.wait() == 0:
            return json.loads(last)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    raise RuntimeError(f"the vocabulary index could not be compiled: {last or child.returncode}")


def main() -> None:
    """The child: job on stdin, progress and result on stdout."""
    gc.disable()  # a million names and no cycles: collecting costs a tenth of the time
    job = json.load(sys.stdin)
    path = Path(job["path"])
    sources = [Source(name, kind, tuple(map(Path, paths))) for name, kind, paths in job["sources"]]
    said = -1

    def on_step(done: int, total: int) -> None:
        nonlocal said
        if done != said:
            said = done
            sys.stdout.write(f"{done} {total}\n")
            sys.stdout.flush()

    try:
        info = build(path, sources, on_step)
        sys.stdout.write(json.dumps(info) + "\n")
        sys.stdout.flush()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
