"""From the pictures of a run to files: record, texts, encoded file, name, sidecar, one by one."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import a1111
from .executed import Files, Place, places, record_at, with_files
from .graph import Traced
from .names import fill_prefix
from .read import PRINT, fingerprint
from .record import Record, to_json
from .walk import Graph, Link
from .write import ENDINGS, Encoding, encode, write_new


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
    metadata: bool = True
    texts: Mapping[str, str] = {}  # noqa: RUF012
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
    ending = ENDINGS[wish.encoding.format]

    def numbered(number: int, end: str = ending) -> str:
        return f"{name}_{number:05}_{end}"

    number = write_new(Path(where.folder), numbered, data, where.number)
    if wish.sidecar and texts:
        beside = texts["ixl"].encode()
        write_new(Path(where.folder), lambda n: numbered(number, f"{'.' * (n > 1)}.json"), beside)
    return Saved(numbered(number), where.subfolder, texts.get("parameters", ""), tuple(problems))


def _record(place: Place, size: tuple[int, int], run: Run) -> tuple[Record, list[str]]:
    record, said = record_at(run.graph, run.traced, run.values, run.given, place)
    record, problems = with_files(record, said, run.files)
    sections = tuple(run.sections(record.positive, record.profile)) if record.positive else ()
    return record._replace(picture=size, sections=sections, made_with=run.made_with), problems


def texts_of(record: Record, more: Mapping[str, str]) -> dict[str, str]:
    """Everything that is written into a file, by its name in a PNG."""
    parameters = a1111.to_text(record)
    block = to_json(record, **{PRINT: fingerprint(parameters)})
    return {"parameters": parameters, **more, "ixl": block}


def graph_texts(prompt: Mapping | None, extra: Mapping | None) -> dict[str, str]:
    """The texts by which ComfyUI's front end opens a file as a workflow."""
    made = {"prompt": json.dumps(prompt)} if prompt else {}
    return made | {key: json.dumps(value) for key, value in (extra or {}).items()}
