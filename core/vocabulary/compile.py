"""Write merged tags into an index file (layout.py) that answers exact, prefix and typo questions.

Writes one file and nothing else; index.py decides when and where.
"""

import json
import sqlite3
from array import array
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from . import spelling
from .completion import is_offered
from .layout import (
    APPLICATION,
    BUCKET_BITS,
    BUCKET_SHIFT,
    SCHEMA,
    WORD_TABLES,
    typo_key,
    word_table,
)
from .merge import Known, Merged
from .tag import CATEGORIES, GROUPS, Tag

TYPO_RANKS = 100_000  # typos are corrected towards the most used names only
_CHUNK = 20_000

_TABLES = f"""
    PRAGMA page_size = 4096;
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -65536;
    PRAGMA application_id = {APPLICATION};
    PRAGMA user_version = {SCHEMA};
    CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT, kind INT, count INT, more TEXT);
    CREATE TABLE kind (id INTEGER PRIMARY KEY, category INT, grp INT, origins INT);
    CREATE TABLE alias (name TEXT PRIMARY KEY, id INT) WITHOUT ROWID;
    CREATE TABLE typo (bucket INTEGER PRIMARY KEY, keys BLOB);
    CREATE TABLE info (json TEXT);
"""
_WORD_TABLE = (
    "CREATE VIRTUAL TABLE {} USING fts5 (words, content='', columnsize=0, detail=none,"
    " prefix='1 2 3', tokenize='unicode61')"
)


def write_index(
    path: Path,
    merged: Merged,
    info: dict,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the index file at `path`, which must not exist; `on_step` counts parts of the work."""
    names = len(merged.tags)
    total = 3 * names
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.executescript(_TABLES)
        database.execute("BEGIN")
        other = _spellings(merged)
        kinds: dict[tuple, int] = {}
        _fill_tags(database, _tags(merged, other, kinds), lambda n: on_step(n, total))
        database.executemany("INSERT INTO kind VALUES (?,?,?,?)", map(_kind, kinds.items()))
        _fill_words(database, merged, other, lambda n: on_step(names + n, total))
        database.executemany("INSERT INTO alias VALUES (?,?)", _alias_ranks(merged))
        database.executemany("INSERT INTO typo VALUES (?,?)", _typo_buckets(merged))
        on_step(2 * names + names // 2, total)
        database.execute("CREATE UNIQUE INDEX tag_name ON tag (name)")
        database.execute("INSERT INTO info VALUES (?)", (json.dumps(info),))
        database.execute("COMMIT")
        on_step(total, total)
    finally:
        database.close()


def _fill_tags(database: sqlite3.Connection, rows: Iterator[tuple], on_rows: Callable) -> None:
    """Insert tags in chunks, so that the caller can report and cancel.

    Most have neither count nor rare fields; binding three values takes half the time of five.
    """
    done = 0
    while chunk := list(islice(rows, _CHUNK)):
        short = [row for row in chunk if len(row) == 3]
        database.executemany("INSERT INTO tag (id, name, kind) VALUES (?,?,?)", short)
        full = [row for row in chunk if len(row) == 5]
        database.executemany("INSERT INTO tag VALUES (?,?,?,?,?)", full)
        done += len(chunk)
        on_rows(done)


def _fill_words(
    database: sqlite3.Connection, merged: Merged, aliases: dict[str, list[str]], on_rows: Callable
) -> None:
    """Fill the word tables, each in the order of rank."""
    waiting: dict[str, list[tuple[int, str]]] = {table: [] for table in WORD_TABLES}
    for table in WORD_TABLES:
        database.execute(_WORD_TABLE.format(table))
        database.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('automerge', 0)")
    for rank, (name, known) in enumerate(merged.tags.items()):
        if searchable(name, known, merged.facts):
            text = " ".join((name, *aliases[name])) if name in aliases else name
            waiting[word_table(known.category)].append((rank, text))
        if rank % _CHUNK == _CHUNK - 1 or rank == len(merged.tags) - 1:
            for table, rows in waiting.items():
                database.executemany(f"INSERT INTO {table} (rowid, words) VALUES (?,?)", rows)
                rows.clear()
            on_rows(rank + 1)
    for table in WORD_TABLES:
        database.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def _spellings(merged: Merged) -> dict[str, list[str]]:
    """Tag -> its aliases, from the merged alias table."""
    found: dict[str, list[str]] = {}
    for alias, (target,) in merged.aliases.items():
        found.setdefault(target, []).append(alias)
    return found


def _tags(
    merged: Merged, aliases: dict[str, list[str]], kinds: dict[tuple, int]
) -> Iterator[tuple]:
    """Rows of table `tag`, short or full; fills `kinds` with what they refer to."""
    facts = merged.facts
    numbers: dict[int, int] = {}  # by identity: most names of tipo-kgen share one Known
    for rank, (name, known) in enumerate(merged.tags.items()):
        kind = numbers.get(id(known))
        if kind is None:
            kind = kinds.setdefault((known.category, known.group, known.origins), len(kinds))
            numbers[id(known)] = kind
        if known.count is None and name not in facts and name not in aliases:
            yield rank, name, kind
        else:
            more = _more(facts.get(name), aliases.get(name))
            yield rank, name, kind, known.count, more


def _kind(item: tuple[tuple, int]) -> tuple[int, int, int | None, int]:
    (category, group, origins), number = item
    bits = sum(1 << origin for origin in origins)
    return number, CATEGORIES.index(category), GROUPS.index(group) if group else None, bits


def _more(facts: Tag | None, aliases: list[str] | None) -> str | None:
    """The rarer fields of a tag as JSON, None when it has none of them."""
    more = {"aliases": aliases} if aliases else {}
    if facts:
        for field in ("implies", "trained_as", "deprecated", "meanings"):
            if value := getattr(facts, field):
                more[field] = value
    return json.dumps(more, ensure_ascii=False) if more else None


def searchable(name: str, known: Known, facts: dict[str, Tag]) -> bool:
    """Whether completion may offer a name."""
    meanings = facts[name].meanings if name in facts else ()
    return is_offered(known.category, known.group, known.count, meanings)


def _alias_ranks(merged: Merged) -> list[tuple[str, int]]:
    wanted = {target for targets in merged.aliases.values() for target in targets}
    ranks = {name: rank for rank, name in enumerate(merged.tags) if name in wanted}
    return sorted((alias, ranks[target]) for alias, (target,) in merged.aliases.items())


def _typo_buckets(merged: Merged) -> Iterator[tuple[int, bytes]]:
    """(bucket, packed keys): every deletion of the most used names, as `typo_key` + rank."""
    import numpy as np

    keys = array("Q")
    for rank, (name, known) in enumerate(islice(merged.tags.items(), TYPO_RANKS)):
        squashed = spelling.squash(name)
        if 2 < len(squashed) <= spelling.MAX_SQUASHED and searchable(name, known, merged.facts):
            keys.extend([typo_key(key) | rank for key in spelling.deletions(squashed)])
    packed = np.frombuffer(keys, np.uint64).astype("<u8")
    packed.sort()
    bounds = np.arange(1, 1 << BUCKET_BITS, dtype=np.uint64) << np.uint64(BUCKET_SHIFT)
    parts = np.split(packed, np.searchsorted(packed, bounds))
    return ((bucket, part.tobytes()) for bucket, part in enumerate(parts) if part.size)
