"""What the command line's `vocabulary` area does: `status`, `update`, `lookup`.

Data in, data out; printing, progress bars and exit codes belong to the caller.
"""

import json
import re
import time
import urllib.parse
from collections.abc import Callable, Sequence
from pathlib import Path

from ..download import download
from .contradictions import opposites
from .index import LISTS, write_atomically
from .names import canonical
from .sources import list_rows
from .tag import Vocabulary

# Danbooru's general, character and copyright tags with 100 posts or more and aliases in several
# languages; kept up to date on a public hub. Only fetched when the user says so.
DEFAULT_LIST = (
    "https://huggingface.co/datasets/newtextdoc1111/danbooru-tag-csv/resolve/main/danbooru_tags.csv"
)


def update(
    directory: Path,
    url: str = DEFAULT_LIST,
    sha256: str = "",
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> dict:
    """Download a tag list into <directory>/lists; the index is rebuilt when it is next opened.

    An interrupted download is gone on with. Raises ValueError when the address, the checksum or the
    content is not right, OSError when the network fails; the list that was there stays.
    """
    name = re.sub(r"[^\w.-]+", "_", Path(urllib.parse.urlsplit(url).path).name) or "tags"
    if not name.endswith((".csv", ".csv.gz")):
        name += ".csv"
    rows: list[int] = []
    got = download(
        url,
        directory / LISTS / name,
        sha256,
        on_step,
        check=lambda path: rows.append(len(list_rows(path))),
    )
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    report = {"url": url, "bytes": got.bytes, "sha256": got.sha256, "tags": rows[0], "when": when}
    write_atomically(got.path.with_name(f"{name}.origin.json"), json.dumps(report).encode())
    return {"file": str(got.path), **report}


def lookup(vocabulary: Vocabulary, names: Sequence[str]) -> list[dict]:
    """What is known of each name, and what it contradicts; for unknown names the nearest known."""
    answers = []
    for asked in names:
        name = canonical(asked)
        tag = vocabulary.lookup(name)
        if tag is None:
            near = [near.name for near in vocabulary.nearest(name)]
            answers.append({"asked": asked, "known": False, "name": name, "nearest": near})
        else:
            against = [found.other for found in opposites(tag.name) if not found.weak]
            answers.append({"asked": asked, "known": True, **tag._asdict(), "against": against})
    return answers


def status_text(report: dict) -> str:
    """`index.status` in a few lines for people."""
    lines = [f"directory  {report['directory']}"]
    for source in report["sources"]:
        lines.append(f"source     {source['name']} ({source['bytes'] / 1e6:.1f} MB)")
    lines.append(f"built-in   {report['curated']:,} tags")
    if report["current"]:
        index = report["index"]
        lines.append(
            f"index      {index['tags']:,} tags, {index['aliases']:,} aliases,"
            f" {index['bytes'] / 1e6:.0f} MB, built {index['built']}"
        )
        lines += [f"left out   {skipped['why']}" for skipped in index["skipped"]]
    else:
        lines.append("index      missing or out of date; it is compiled at the next use")
    return "\n".join(lines)


def lookup_text(answers: list[dict]) -> str:
    """`lookup` in one paragraph per name for people."""
    return "\n".join(_answer_text(answer) for answer in answers)


def _answer_text(answer: dict) -> str:
    if not answer["known"]:
        near = ", ".join(answer["nearest"])
        return f"{answer['asked']}: unknown" + (f"; near: {near}" if near else "")
    kind = f"{answer['category']} ({answer['group']})" if answer["group"] else answer["category"]
    posts = "" if answer["count"] is None else f", {answer['count']:,} posts"
    lines = [f"{answer['name']}: {kind}{posts}, from {answer['origin']}"]
    if canonical(answer["asked"]) != answer["name"]:
        lines[0] = f"{answer['asked']} -> {lines[0]}"
    for field in ("aliases", "implies", "against", "meanings"):
        if answer[field]:
            lines.append(f"  {field}: {', '.join(answer[field])}")
    if answer["trained_as"]:
        lines.append(f"  older models learned it as: {answer['trained_as']}")
    if answer["deprecated"]:
        lines.append("  deprecated: newer models may not know it")
    return "\n".join(lines)
