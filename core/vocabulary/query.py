"""Questions to a compiled index: one tag, names by prefix, names near a typo.

Reads the file that compile.py wrote and never changes it. Answers are cached, because the same few
thousand tags come again and again. One connection, guarded by a lock, may be used from any thread;
a child process must open its own.
"""

import json
import logging
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

from . import spelling
from .closed import by_pattern
from .completion import Found, Typed, found, full_name_first, is_offered, typed, wanted
from .contradictions import Contradiction, contradictions
from .curated import curated_vocabulary
from .layout import APPLICATION, BUCKET_SHIFT, RANK_BITS, SCHEMA, typo_key, word_table
from .names import canonical
from .suggest import Shelf, suggest
from .tag import CATEGORIES, GROUPS, Tag

log = logging.getLogger(__name__)

CACHED = 32_768  # tags kept in memory, about 15 MB when full
COMMON = 150_000  # the most used names, kept with their category once many are asked for: 20 MB
FEW = 200  # questions for a category that are answered one by one before that
WELL_KNOWN = 20_000  # ranks; the last has some 600 posts on Danbooru in 2025
MOST_NEAR = 200  # tags looked at to find what an unknown name may mean
SHARED = 200  # more than the tags in all closed classes, which share one word table
_SELECT = "SELECT name, category, grp, count, origins, more FROM tag JOIN kind ON kind.id = kind"
_CATEGORY = "SELECT category FROM tag JOIN kind ON kind.id = kind WHERE name = ?"


class IndexedVocabulary:
    """`tag.Vocabulary` over an index file, and prefix search.

    When the file turns out to be damaged, one warning is logged, `on_damage` is called once, and
    the curated tables answer from then on.
    """

    def __init__(self, path: Path, on_damage: Callable[[], None] = lambda: None) -> None:
        """Open the index file at `path`; raises sqlite3.DatabaseError when it is none of ours."""
        self.path = path
        self._on_damage = on_damage
        self._lock = Lock()
        uri = path.resolve().as_uri() + "?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        try:
            form = [self._one(f"PRAGMA {pragma}") for pragma in ("application_id", "user_version")]
            if form != [APPLICATION, SCHEMA]:
                raise sqlite3.DatabaseError(f"{path.name} is no vocabulary index of this version")
            self.info: dict = json.loads(self._one("SELECT json FROM info"))
        except BaseException:
            self._database.close()
            raise
        self._origins = self.info["origins"]
        self.damaged = False
        self._common: dict[str, str] = {}
        self._asked = 0
        self.lookup = lru_cache(CACHED)(self.lookup)
        self._nearest = lru_cache(CACHED // 8)(self._nearest)

    def _one(self, query: str) -> object:
        return self._database.execute(query).fetchone()[0]

    def __len__(self) -> int:
        return self.info["tags"]

    def close(self) -> None:
        """Close the file; further questions fail."""
        with self._lock:
            self._database.close()

    def _rows(self, query: str, *values: object) -> list[tuple]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _give_up(self, error: sqlite3.DatabaseError) -> None:
        """Note the damage once; from now on the curated tables answer."""
        if not self.damaged:
            self.damaged = True
            log.warning(
                "The vocabulary index %s is damaged (%s); the built-in tags are used until it is"
                " rebuilt at the next start.",
                self.path.name,
                error,
            )
            self._on_damage()

    def _ask(self, question: str, *values: object) -> object:
        """The index's answer, or the curated tables' once the file has shown damage."""
        if not self.damaged:
            try:
                return getattr(self, f"_{question}")(*values)
            except sqlite3.DatabaseError as error:
                self._give_up(error)
        return getattr(curated_vocabulary(), question)(*values)

    def lookup(self, name: str) -> Tag | None:
        """The tag of that canonical name or alias; an ambiguous alias answers with its meanings."""
        return self._ask("lookup", name)

    def contradictions(self, names: Iterable[str]) -> list[Contradiction]:
        """Pairs of canonical names that do not fit together in one picture of one person."""
        return contradictions(names)

    def category(self, name: str) -> str | None:
        """The category of the tag of that canonical name or alias, or None."""
        return self._common.get(name) or self._ask("category", name)

    def nearest(self, name: str, limit: int = 3) -> list[Tag]:
        """Known tags that an unknown name may stand for, best first; see suggest.py."""
        return list(self._ask("nearest", name, limit))

    def search(self, text: str, limit: int = 20, categories: Sequence[str] = ()) -> list[Found]:
        """Names and aliases with words that start as typed, most used first, at most 100; before
        all a name that is typed in full.

        Every typed word must start a word of the tag; the last may be unfinished, and a space after
        it says that it is whole. `categories` restricts to some of tag.CATEGORIES.
        """
        return self._ask("search", text, limit, categories)

    def _lookup(self, name: str) -> Tag | None:
        rows = self._rows(f"{_SELECT} WHERE name = ?", name) or self._rows(
            f"{_SELECT} WHERE tag.id = (SELECT id FROM alias WHERE name = ?)", name
        )
        if rows:
            return self._tag(rows[0])
        meant = by_pattern(name)
        return self._lookup(meant) if isinstance(meant, str) else meant

    def _category(self, name: str) -> str | None:
        self._asked += 1
        if self._asked == FEW:
            sql = "SELECT name, category FROM tag JOIN kind ON kind.id = kind WHERE tag.id < ?"
            self._common = {known: CATEGORIES[n] for known, n in self._rows(sql, COMMON)}
        rows = self._rows(_CATEGORY, name)
        if rows:
            return CATEGORIES[rows[0][0]]
        tag = self._lookup(name)  # an alias or a pattern
        return tag.category if tag is not None else None

    def _tag(self, row: tuple) -> Tag:
        name, category, group, count, origins, more = row
        named = [origin for i, origin in enumerate(self._origins) if origins >> i & 1]
        fields = {
            field: tuple(value) if isinstance(value, list) else value
            for field, value in (json.loads(more) if more else {}).items()
        }
        group = GROUPS[group] if group is not None else ""
        return Tag(name, CATEGORIES[category], group, count, origin=", ".join(named), **fields)

    def _nearest(self, name: str, limit: int) -> tuple[Tag, ...]:
        shelf = Shelf(self._lookup, self._is_common, self._near, self._starting, self._ending)
        return tuple(suggest(name, limit, shelf))

    def _is_common(self, tag: Tag) -> bool:
        """Whether a tag is among the most used, or one of our own."""
        if tag.origin.startswith("curated"):
            return True
        rows = self._rows("SELECT id FROM tag WHERE name = ?", tag.name)
        return bool(rows) and rows[0][0] < WELL_KNOWN

    def _near(self, squashed: str) -> list[Tag]:
        """Tags that share a deletion with a squashed name, most used first."""
        ranks = {rank for key in spelling.deletions(squashed) for rank in self._with_deletion(key)}
        return self._of_ranks(sorted(ranks)[:MOST_NEAR])

    def _starting(self, beginning: str) -> list[Tag]:
        last = beginning + "\U0010ffff"
        sql = f"{_SELECT} WHERE name >= ? AND name < ? ORDER BY tag.id LIMIT {MOST_NEAR}"
        return [self._tag(row) for row in self._rows(sql, beginning, last)]

    def _ending(self, noun: str) -> list[Tag]:
        """Well-known general tags with that last word, most used first."""
        query = Typed((noun,), True, "")
        rows = self._by_words(query, MOST_NEAR, ("general",))
        return [self._tag(row) for row in rows if row[0].endswith(f" {noun}")]

    def _of_ranks(self, ranks: list[int]) -> list[Tag]:
        marks = ",".join("?" * len(ranks))
        rows = self._rows(f"{_SELECT} WHERE tag.id IN ({marks}) ORDER BY tag.id", *ranks)
        return [self._tag(row) for row in rows]

    def _with_deletion(self, deletion: str) -> list[int]:
        """Ranks of names that have this deletion."""
        first = typo_key(deletion)
        bucket = first >> BUCKET_SHIFT
        last = first + (1 << RANK_BITS)
        ranks = []
        for (packed,) in self._rows("SELECT keys FROM typo WHERE bucket = ?", bucket):
            keys = array("Q", packed)
            ranks += [key - first for key in keys if first <= key < last]
        return ranks

    def _search(self, text: str, limit: int, categories: Sequence[str]) -> list[Found]:
        limit, categories = wanted(limit, categories)
        query = typed(text)
        rows = []
        if query.words:
            rows = self._by_words(query, limit, categories)
        elif query.signs:
            rows = self._by_signs(query.signs)
        numbers = [CATEGORIES.index(category) for category in categories]
        tags = [self._tag(row) for row in rows if row[1] in numbers][:limit]
        exact = self._rows(f"{_SELECT} WHERE name = ?", canonical(text)) if limit else []
        for tag in (self._tag(row) for row in exact if row[1] in numbers):
            if tag not in tags and is_offered(tag.category, tag.group, tag.count, tag.meanings):
                tags = [tag, *tags[: limit - 1]]
        return [found(tag, query) for tag in full_name_first(tags, text)]

    def _by_words(self, query: Typed, limit: int, categories: Sequence[str]) -> list[tuple]:
        terms = [f'"{word}"*' for word in query.words]
        if query.whole:
            terms[-1] = terms[-1].rstrip("*")
        ranks: list[int] = []
        for table in dict.fromkeys(map(word_table, categories)):
            most = SHARED if table == "word_closed" else limit
            sql = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rowid LIMIT ?"
            try:
                ranks += [rank for (rank,) in self._rows(sql, " AND ".join(terms), most)]
            except sqlite3.OperationalError as error:
                if "phrase" not in str(error):
                    raise
                return []  # FTS5 splits a typed word at a letter that is newer than its tables
        ranks = sorted(ranks)[: limit + SHARED]
        marks = ",".join("?" * len(ranks))
        return self._rows(f"{_SELECT} WHERE tag.id IN ({marks}) ORDER BY tag.id", *ranks)

    def _by_signs(self, signs: str) -> list[tuple]:
        """Names that are drawn in signs, by their plain beginning (`:d`, `^_`)."""
        last = signs + "\U0010ffff"
        query = f"{_SELECT} WHERE name >= ? AND name < ? ORDER BY tag.id LIMIT 1000"
        return self._rows(query, signs, last)
