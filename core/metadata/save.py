"""From the pictures of a run to files: record, texts, encoded file, name, sidecar, one by one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .encode import Encoding, encode
from .executed import Files, Place, places, record_at, with_files
from .formats import ENDINGS
from .graph import Traced
from .names import fill_prefix
from .record import Record
from .texts import texts_of
from .walk import Graph, Link
from .write import write_new


class Run(NamedTuple):
    """What is known of a run. values, given: see `executed.record_at`. sections: of a prompt under
    the profile of a checkpoint. made_with: the host and its version."""

    graph: Graph
    traced: Traced
    values: Mapping[Link, Sequence]
    given: Mapping[str, Sequence]
    files: Files
    sections: Callable[[str, str], list[dict]]
    made_with: str = "ComfyUI"


class Wish(NamedTuple):
    """encoding: how. metadata: whether anything is said at all. texts: more of them, such as the
    workflow. sidecar: also a .json beside the picture."""

    encoding: Encoding
    metadata: bool
    texts: Mapping[str, str]
    sidecar: bool = False


class Target(NamedTuple):
    """Where ComfyUI puts a file: folder, file name before its number, first free number, and the
    folder as its front end calls it."""

    folder: str
    name: str
    number: int
    subfolder: str


class Saved(NamedTuple):
    """A written file; parameters: A1111's text. problems: what its metadata lacks, and why."""

    name: str
    subfolder: str
    parameters: str
    problems: tuple[str, ...]


def save_all(
    batches: Sequence[Sequence],
    prefixes: Sequence[str],
    run: Run,
    wish: Wish,
    target: Callable[[str, int, int], Target],
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Saved]:
    """Write every picture of every batch.

    batches: of [H, W, C] arrays in 0 - 1, anything that numpy takes. prefixes: one, or one for each
    batch. target: of a prefix and a size in px. Raises ValueError, one sentence, for what cannot be
    written; what was written before stays.
    """
    now = datetime.now()
    everywhere = places([len(batch) for batch in batches])
    for place in everywhere:
        pixels = to_bytes(np.asarray(batches[place.batch][place.index]))
        prefix = prefixes[place.batch % len(prefixes)]
        yield _save(pixels, prefix, place, run, wish, target, now)
        on_step(place.number + 1, place.total)


def to_bytes(pixels: np.ndarray) -> np.ndarray:
    """0 - 1 as 0 - 255, as ComfyUI's Save Image rounds."""
    return np.clip(255.0 * pixels, 0, 255).astype(np.uint8)


def _save(pixels, prefix, place: Place, run: Run, wish: Wish, target, now: datetime) -> Saved:
    height, width = pixels.shape[:2]
    record, problems = _record(place, (width, height), run)
    where = target(fill_prefix(prefix, run.graph, record, now), width, height)
    texts = texts_of(record, wish.texts) if wish.metadata else {}
    data = encode(pixels, wish.encoding, texts)
    name = where.name.replace("%batch_num%", str(place.index))
    folder, ending = Path(where.folder), ENDINGS[wish.encoding.format]
    number = write_new(folder, lambda n: f"{name}_{n:05}_{ending}", data, where.number)
    stem = f"{name}_{number:05}_"
    if wish.sidecar and texts:
        block = texts["ixl"].encode()
        write_new(folder, lambda n: f"{stem}.json" if n == 1 else f"{stem} ({n}).json", block)
    parameters = texts.get("parameters", "")
    return Saved(f"{stem}{ending}", where.subfolder, parameters, tuple(problems))


def _record(place: Place, size: tuple[int, int], run: Run) -> tuple[Record, list[str]]:
    record, said = record_at(run.graph, run.traced, run.values, run.given, place)
    record, problems = with_files(record, said, run.files)
    sections = tuple(run.sections(record.positive, record.profile)) if record.positive else ()
    return record._replace(picture=size, sections=sections, made_with=run.made_with), problems
