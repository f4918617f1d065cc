"""What a picture file says of how it was made, from the best source that is left in it.

In this order: the pack's own block, A1111's text, the graph of ComfyUI, other programs' JSON, a
sidecar. Hosts that strip or convert a file often leave one of them. Nothing in a file makes this
fail: what is damaged is said in `notes`.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import a1111, graph, others, picture
from .found import Found, UnreadablePicture
from .graph_text import join
from .record import (
    MAX_JSON,
    Pass,
    Record,
    Resource,
    UnreadableRecord,
    from_json,
    number,
    text,
    without_halves,
)
from .record import whole as as_whole
from .walk import Graph, Link, as_link

OURS, A1111, GRAPH = "illustrious-xl-studio", "A1111", "ComfyUI graph"
PRINT = "parameters_sha256"  # in the block: of which text it is the exact form
_SIDECAR = ".json"
_FROM_GRAPH = (
    "The prompt was read off the workflow, whose nodes were not run: texts that a node makes are "
    "shown as they go into it."
)
_NOTHING = "The file says nothing of how it was made; a host may have stripped it."
_CHANGED = (
    "The parameters in the file were changed after it was saved; they are shown, not the pack's "
    "own data."
)


class Reading(NamedTuple):
    """record: what is known. parameters: A1111's text, as in the file or made from the record.
    source: where it is from, "" for nowhere. notes: sentences on what is missing or damaged."""

    record: Record
    parameters: str
    source: str
    notes: tuple[str, ...] = ()


def read_picture(path: str) -> tuple[Found, Reading]:
    """A file's content and meaning. Raises UnreadablePicture, OSError."""
    found = picture.read_file(path)
    reading = understand(found, Path(path).name)
    if not reading.source:
        sidecar = Path(path).with_suffix(_SIDECAR)
        if sidecar.is_file() and sidecar.stat().st_size <= MAX_JSON:
            told = {"ixl": sidecar.read_bytes().decode("utf-8", "replace")}
            beside = understand(found._replace(texts=told), Path(path).name)
            reading = beside if beside.source == OURS else reading
    return found, reading


def try_to_read(path: str) -> Reading:
    """A file's meaning; a file that cannot be read is one that says nothing, and why is noted."""
    try:
        return read_picture(path)[1]
    except UnreadablePicture as error:
        return Reading(Record(), "", "", (str(error),))


def understand(found: Found, name: str = "") -> Reading:
    """The meaning of what lies in a file. name: of the file, tells savers of one graph apart."""
    texts = picture.texts(found)
    notes = list(found.problems)
    record, source = _best(texts, notes, name)
    if not source:
        notes.append(_NOTHING)
    record = record._replace(picture=(found.width, found.height))
    told = texts.get("parameters", "")
    if source and not (told.strip() and source in (OURS, A1111)):
        told = a1111.to_text(record)
    return Reading(record, told, source, tuple(notes))


def _best(texts: dict[str, str], notes: list[str], name: str) -> tuple[Record, str]:
    told = texts.get("parameters", "")
    if "ixl" in texts:
        try:
            record, fields = from_json(texts["ixl"])
        except UnreadableRecord as error:
            notes.append(str(error))
        else:
            if not told or fields.get(PRINT) in (None, fingerprint(told)):
                return record, OURS
            notes.append(_CHANGED)
    found = others.from_texts(texts)  # Fooocus and SwarmUI write JSON where A1111 has its text
    if told.strip() and not (found and found[1] == others.UNNAMED):
        return a1111.from_text(told), A1111
    if "prompt" in texts and (record := _of_graph(texts["prompt"], notes, name)):
        notes.append(_FROM_GRAPH)
        return record, GRAPH
    return found or (Record(), "")


def fingerprint(parameters: str) -> str:
    """Of the text as every container keeps it: line ends and the ends of lines do not count."""
    lines = [line.strip() for line in parameters.replace("\r", "\n").split("\n") if line.strip()]
    plain = "\n".join(lines).encode("utf-8", "replace")
    return hashlib.sha256(plain).hexdigest()[:16]


def _of_graph(content: str, notes: list[str], name: str) -> Record | None:
    if len(content) > MAX_JSON:
        notes.append(f"The graph has {len(content):,} characters; it was not read.")
        return None
    try:
        prompt = json.loads(content)
    except (ValueError, RecursionError):
        notes.append("The graph in the file is damaged.")
        return None
    whole = Graph(prompt)
    traced = (graph.trace(whole, link) for link in _pictures(whole, name))
    best = next((found for found in traced if found.passes), None)
    return record_of(graph.static(whole, best)) if best else None


def _pictures(whole: Graph, name: str) -> Iterator[Link]:
    """The pictures that nodes save, the likeliest of this file first."""
    savers = [node for node in whole.nodes() if "save" in node.class_type.lower()]
    shown = [node for node in whole.nodes() if "preview" in node.class_type.lower()]

    def is_other(node) -> bool:
        prefix = str(node.inputs.get("filename_prefix", "")).replace("\\", "/").split("/")[-1]
        return not (prefix and name.startswith(prefix.split("%")[0]))

    for node in [*sorted(savers, key=is_other), *shown]:
        for value in (node.inputs.get("images"), node.inputs.get("image")):
            if link := as_link(value):
                yield link


def record_of(traced: graph.Traced) -> Record:
    """The record of a traced picture whose links are filled in (a latent with its size in px)."""
    first = traced.passes[0] if traced.passes else graph.TracedPass("")
    skip = as_whole(first.clip_skip) or 0
    size = traced.latent if isinstance(traced.latent, tuple) else (traced.width, traced.height)
    width, height = (as_whole(side) or 0 for side in size)
    return Record(
        positive=without_halves(join(first.positive)),
        negative=without_halves(join(first.negative)),
        width=width,
        height=height,
        passes=tuple(_pass(step) for step in traced.passes),
        resources=tuple(_resource(use) for use in traced.files if _took_part(use)),
        clip_skip=abs(skip) if skip != -1 else 0,
        made_with="ComfyUI",
    )


def _pass(step: graph.TracedPass) -> Pass:
    steps, start = as_whole(step.steps), as_whole(step.start)
    denoise = number(step.denoise)
    if denoise is None and steps and start:  # KSamplerAdvanced
        denoise = round(max(0, steps - start) / steps, 4)
    words = (text(step.sampler), text(step.scheduler))
    return Pass(as_whole(step.seed), steps, number(step.cfg), *words, denoise)


def _took_part(use: graph.FileUse) -> bool:
    off = use.strength_model == 0 and not use.strength_clip  # a LoRA at 0 is not applied
    return isinstance(use.name, str) and not off


def _resource(use: graph.FileUse) -> Resource:
    strengths = number(use.strength_model), number(use.strength_clip)
    return Resource(use.kind, text(use.name), "", "", *strengths)
