"""Vocabulary: build time, look-ups, prefix search, typos, memory and import, as one table.

    python benchmarks/vocabulary.py [--list TAGS.csv] [--json]

Uses tipo-kgen's lists when the package is installed, and the tag list given (or IXL_TAG_CSV). The
index is compiled into a temporary folder. Memory and import are measured in processes of their own.
On a machine that is busy with other things, the rows of processor time are the ones to compare.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PYTHON = Path(__file__).parents[1] / "python"
sys.path.insert(0, str(PYTHON))

from ixl.core.vocabulary import index, places, sources  # noqa: E402
from ixl.core.vocabulary.query import IndexedVocabulary  # noqa: E402

IMPORT = "import time; t = time.perf_counter(); import ixl.core.vocabulary.index; print(time.perf_counter() - t)"  # noqa: E501
MEMORY = """
import sys
from pathlib import Path
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6
before = resident()
from ixl.core.vocabulary.query import IndexedVocabulary, CACHED, FEW
vocabulary = IndexedVocabulary(Path(sys.argv[1]))
opened = resident()
for rank in range(CACHED):
    vocabulary.lookup(vocabulary._rows("SELECT name FROM tag WHERE id = ?", rank)[0][0])
for rank in range(FEW + 1):
    vocabulary.category(f"no such name {rank}")
for text in ("m", "mi", "miku", "long h", "shir", ":d"):
    vocabulary.search(text)
vocabulary.nearest("thighighs")
print(opened - before, resident() - before)
"""


def child(code: str, *arguments: str) -> list[float]:
    """Numbers that a fresh interpreter prints."""
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(PYTHON)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(word) for word in run.stdout.split()]


def timed(question, asked: list, clock=time.perf_counter) -> list[float]:
    """Milliseconds of each question."""
    times = []
    for one in asked:
        begun = clock()
        question(one)
        times.append((clock() - begun) * 1e3)
    return times


def children_seconds() -> float:
    """Processor time of finished child processes (the compiler of the index)."""
    times = os.times()
    return times.children_user + times.children_system


def quantile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def keystrokes(names: list[str]) -> list[str]:
    """What is in the box after every key, for the first 12 keys of each name."""
    return [name[:keys] for name in names for keys in range(1, min(len(name), 12) + 1)]


def measure(lists: list[Path]) -> list[tuple[str, float, str, str]]:
    """Rows (what, value, unit, bar)."""
    rnd = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        found = index.sources_of(Path(folder), lists)
        names = sum(len(p.read_bytes().splitlines()) for s in found for p in s.paths)
        begun, worked = time.perf_counter(), children_seconds()
        vocabulary = index.open_vocabulary(Path(folder), lists)
        built, worked = time.perf_counter() - begun, children_seconds() - worked
        if not isinstance(vocabulary, IndexedVocabulary):
            raise SystemExit("the index could not be compiled; see the warning above")
        begun = time.perf_counter()
        index.open_vocabulary(Path(folder), lists).close()
        reopened = time.perf_counter() - begun
        tags = len(vocabulary)
        size = vocabulary.path.stat().st_size / 1e6

        def sample(count: int, ranks: int) -> list[str]:
            chosen = [rnd.randrange(min(ranks, tags)) for _ in range(count)]
            query = "SELECT name FROM tag WHERE id = ?"
            return [vocabulary._rows(query, rank)[0][0] for rank in chosen]

        fresh = sample(20_000, tags)
        first = timed(vocabulary.lookup, fresh)
        begun = time.perf_counter()
        for _ in range(20):
            for name in fresh:
                vocabulary.lookup(name)
        cached = 20 * len(fresh) / (time.perf_counter() - begun)
        typed = keystrokes(sample(400, 50_000) + sample(400, tags))
        rnd.shuffle(typed)
        timed(vocabulary.search, typed[:500])
        prefix = timed(vocabulary.search, typed)
        alone = timed(vocabulary.search, typed, time.thread_time)
        artists = timed(lambda text: vocabulary.search(text, 20, ["artist"]), typed)
        typos = [n[: len(n) // 2] + n[len(n) // 2 + 1 :] for n in sample(2000, 100_000)]
        near = timed(vocabulary.nearest, typos)
        opened, full = child(MEMORY, str(vocabulary.path))
        imports = min(child(IMPORT)[0] for _ in range(5)) * 1e3
        vocabulary.close()
    return [
        ("names read", names, "", ""),
        ("tags in the index", tags, "", ""),
        ("index file", size, "MB", ""),
        ("build", built, "s", "< 20"),
        ("build, processor time", worked, "s", ""),
        ("open again", reopened * 1e3, "ms", ""),
        ("look-up, seen before", cached, "/s", "> 600,000"),
        ("look-up, first time, median", statistics.median(first), "ms", ""),
        ("prefix search, median", statistics.median(prefix), "ms", ""),
        ("prefix search, p99", quantile(prefix, 0.99), "ms", "< 5"),
        ("prefix search, p99, processor", quantile(alone, 0.99), "ms", "< 5"),
        ("prefix search, artists, p99", quantile(artists, 0.99), "ms", "< 5"),
        ("nearest, median", statistics.median(near), "ms", ""),
        ("nearest, p99", quantile(near, 0.99), "ms", ""),
        ("memory, opened", opened, "MB", "< 80"),
        ("memory, caches full", full, "MB", "< 80"),
        ("import", imports, "ms", "< 100"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="append", type=Path, default=[], help="tag list (CSV)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lists = options.list or places.lists_from_environment()
    if sources.kgen_source() is None:
        print("tipo-kgen is not installed: names of its lists are missing.", file=sys.stderr)
    rows = measure(lists)
    if options.json:
        print(json.dumps({what: value for what, value, *_ in rows}, indent=1))
        return
    for what, value, unit, bar in rows:
        number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        print(f"{what:30} {number:>12} {unit:3} {bar}".rstrip())


if __name__ == "__main__":
    main()
