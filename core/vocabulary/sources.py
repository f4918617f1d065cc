"""Where tag names come from besides the curated tables: tipo-kgen's lists and tag CSV files.

Reads and checks; decides nothing about conflicts (see merge.py). CSV is the common autocompleter
format: `name,category,count,"alias,alias"`, with or without a header line, plain or gzip, with the
category numbers of Danbooru, of e621, or of a merged list (e621's numbers + 7).
"""

import csv
import gzip
import hashlib
import importlib.util
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .names import canonical

# https://danbooru.donmai.us/wiki_pages/help:tags and https://e621.net/help/tags ; "" is dropped.
DANBOORU = {0: "general", 1: "artist", 3: "copyright", 4: "character", 5: "meta"}
E621 = DANBOORU | {2: "artist", 5: "species", 6: "", 7: "meta", 8: "meta"}
MERGED = DANBOORU | {number + 7: category for number, category in E621.items()}
KGEN_FILES = {
    "artist.txt": "artist",
    "characters.txt": "character",
    "copyrights.txt": "copyright",
    "meta.txt": "meta",
}
_COLUMNS = {  # header words -> column
    "name": ("name", "tag", "tags"),
    "category": ("category", "type", "tag_type"),
    "count": ("count", "post_count", "posts", "postcount"),
    "aliases": ("aliases", "alias", "tag_aliases"),
}


class Source(NamedTuple):
    """One origin of names: `kind` is "tipo-kgen" or "list"; `name` is what users are shown."""

    name: str
    kind: str
    paths: tuple[Path, ...]


class Row(NamedTuple):
    """One name as a source has it; `category` is one of tag.CATEGORIES or "species"."""

    name: str
    category: str
    count: int | None
    aliases: tuple[str, ...]


def kgen_source() -> Source | None:
    """The lists inside the installed package `tipo-kgen`, found without importing it; else None."""
    spec = importlib.util.find_spec("kgen")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "tag-list"
    paths = tuple(folder / name for name in KGEN_FILES)
    if not all(path.is_file() for path in paths):
        return None
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        release = version("tipo-kgen")
    except PackageNotFoundError:
        release = ""
    return Source(f"tipo-kgen {release}".strip(), "tipo-kgen", paths)


def list_sources(folder: Path, lists: Sequence[Path] = ()) -> list[Source]:
    """The given tag lists, then every `*.csv` and `*.csv.gz` of `folder` by name.

    Danbooru's come before e621's, because the first known count and category are kept.
    """
    found = sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")]) if folder.is_dir() else []
    paths = dict.fromkeys(path.resolve() for path in (*lists, *found))
    ordered = sorted(paths, key=lambda path: "e621" in path.name.lower())
    return [Source(path.name, "list", (path,)) for path in ordered]


def sha256(path: Path) -> str:
    """Hash of a file's content, lower-case hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def kgen_names(source: Source) -> Iterator[tuple[list[str], str]]:
    """(names, category), a thousandth of each list in turn: the start of every list comes first.

    The lists run from often to seldom used names (measured against post counts), so the order
    stands in for the count that they lack.
    """
    lists = []
    for path in source.paths:
        text = path.read_text(encoding="utf-8").lower().replace("_", " ").replace("\r", "")
        lists.append((KGEN_FILES[path.name], [line for line in text.split("\n") if line]))
    parts = 1000
    for part in range(parts):
        for category, lines in lists:
            first, last = (len(lines) * p // parts for p in (part, part + 1))
            yield lines[first:last], category


def list_rows(path: Path) -> list[Row]:
    """All rows of a tag CSV in file order.

    Raises ValueError with one sentence when the file cannot be read as such a list.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            table = [row for row in csv.reader(text) if row]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise ValueError(f"{path.name} cannot be read as a tag list: {error}.") from error
    columns = _columns(table[0]) if table else None
    if columns:
        table = table[1:]
    rows = _rows(table, columns or {"name": 0, "category": 1, "count": 2, "aliases": 3})
    numbers = {category for _, category, *_ in rows if isinstance(category, int)}
    if 2 * len(rows) < len(table) or not rows:
        raise ValueError(
            f"{path.name} has {len(rows)} usable of {len(table)} lines; a tag list has lines like"
            ' long_hair,0,4350743,"longhair" (name, category number, count, aliases).'
        )
    numbering = _numbering(numbers, path.name)
    named = [row._replace(category=numbering.get(row.category, row.category)) for row in rows]
    return [row for row in named if row.category in ("species", *DANBOORU.values())]


def _columns(first: list[str]) -> dict[str, int] | None:
    """Columns by the words of a header line, or None when the line is data."""
    words = [word.strip().lower() for word in first]
    columns = {
        column: next((words.index(word) for word in known if word in words), -1)
        for column, known in _COLUMNS.items()
    }
    return columns if columns["name"] >= 0 and columns["category"] >= 0 else None


def _rows(table: list[list[str]], columns: dict[str, int]) -> list[Row]:
    """Lines with a name and a category (number or word); others are left out."""

    def cell(row: list[str], column: str) -> str:
        at = columns[column]
        return row[at].strip() if 0 <= at < len(row) else ""

    rows = []
    for line in table:
        name, category, count = (cell(line, c) for c in ("name", "category", "count"))
        known = category if category in ("species", *DANBOORU.values()) else _integer(category)
        if not (name := canonical(name)) or known is None:
            continue
        aliases = ()
        if others := cell(line, "aliases"):
            spellings = map(canonical, others.split(","))
            aliases = tuple(dict.fromkeys(a for a in spellings if a and a != name))
        rows.append(Row(name, known, _integer(count), aliases))
    return rows


def _integer(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    try:
        return int(float(text)) if "." in text else int(text)
    except (ValueError, OverflowError):
        return None


def _numbering(numbers: set[int], file_name: str) -> dict[int, str]:
    """Which site's category numbers a list uses, from the numbers that occur in it."""
    if numbers and max(numbers) > 8:
        return MERGED
    return E621 if {7, 8} & numbers or "e621" in file_name.lower() else DANBOORU
