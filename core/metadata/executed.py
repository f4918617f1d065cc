"""The record of each picture of a finished run: the traced graph filled in with the run's values.

A run can have lists: several batches, each with texts and seeds of its own. What belongs to which
picture is told by number; where that does not tell, nothing is claimed. Hashes and files come from
the caller.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..checkpoint.files import UnusableFile
from ..checkpoint.hashing import Hashes
from ..checkpoint.loaded import LoadedCheckpoint, LoadedLora
from .a1111 import lora_mentions, stem
from .graph import Traced, fill
from .read import record_of
from .record import Record, Resource, without_halves
from .static import value_of
from .walk import Graph, Link

_EMBEDDING = re.compile(r"embedding:([^\s,():<>]+)", re.IGNORECASE)


class OfModel(NamedTuple):
    """What a MODEL says of itself."""

    checkpoint: LoadedCheckpoint | None = None
    loras: tuple[LoadedLora, ...] = ()


class Files(NamedTuple):
    """Model files by kind (model, lora, vae, embedding). names: as loaders list them. path: of a
    name. hashes: of a path; with `data` also of what follows the header."""

    names: Callable[[str], Sequence[str]]
    path: Callable[[str, str], str | None]
    hashes: Callable[[str, bool], Hashes]


class Place(NamedTuple):
    """Where a picture stands: which batch of how many, which of its pictures, which of all."""

    batch: int
    batches: int
    index: int
    size: int
    number: int
    total: int


def places(sizes: Sequence[int]) -> list[Place]:
    """The places of all pictures of batches of these sizes."""
    made, total = [], sum(sizes)
    for batch, size in enumerate(sizes):
        made += [Place(batch, len(sizes), i, size, len(made) + i, total) for i in range(size)]
    return made


def pick(values: Sequence, place: Place) -> object:
    """The value that belongs to a picture; None where their number does not tell."""
    if len(values) == place.batches:
        return values[place.batch]
    if len(values) == place.total:
        return values[place.number]
    return values[0] if values and all(value == values[0] for value in values) else None


def record_at(
    graph: Graph, traced: Traced, values: Mapping[Link, Sequence], given: Mapping, place: Place
) -> tuple[Record, OfModel]:
    """The record of a picture, without hashes, and what its MODEL says.

    values: of the saver's links; plain values, (width, height) for a LATENT, OfModel for a MODEL.
    given: what the user connected by hand ("positive", "negative", "model"), as lists.
    """

    def value(link: Link) -> object:
        return pick(values[link], place) if link in values else value_of(graph, link)

    filled = fill(traced, value)
    models = [pick(given["model"], place)] if given.get("model") else []
    models += [step.model for step in filled.passes]
    said = next((model for model in models if isinstance(model, OfModel)), OfModel())
    if said != OfModel():  # which LoRAs were applied the MODEL knows better than the widgets
        kept = (use for use in filled.files if use.kind != "lora" or not use.ours)
        filled = filled._replace(files=tuple(kept))
    record = record_of(filled)
    texts = {"positive": record.positive, "negative": record.negative}
    for side, traced_text in texts.items():
        text = pick(given[side], place) if given.get(side) else traced_text
        texts[side] = without_halves(str(text or ""))
    return record._replace(**texts, batch=(place.index, place.size)), said


def with_files(record: Record, said: OfModel, files: Files) -> tuple[Record, list[str]]:
    """The record with every file that took part and its hashes; and what could not be hashed."""
    resources = [*_of_model(said), *record.resources]
    mentioned = lora_mentions(record.positive)
    for name, (unet, encoder) in mentioned.items():
        listed = _listed("lora", name, files)
        if listed:
            resources.append(Resource("lora", listed, "", "", unet, encoder))
    for name in _EMBEDDING.findall(f"{record.positive} {record.negative}"):
        listed = _listed("embedding", name, files)
        if listed:
            resources.append(Resource("embedding", listed))
    once = {(one.kind, stem(one.name).lower()): one for one in reversed(resources)}
    ordered = [one for one in resources if once[one.kind, stem(one.name).lower()] is one]
    problems: list[str] = []
    hashed = tuple(_hashed(one, files, problems) for one in ordered)
    profile = said.checkpoint.profile if said.checkpoint else ""
    return record._replace(resources=hashed, profile=profile), problems


def _of_model(said: OfModel) -> list[Resource]:
    made = []
    if said.checkpoint:
        made.append(Resource("model", said.checkpoint.name, said.checkpoint.sha256))
    for lora in said.loras:
        strengths = lora.strength_model, lora.strength_clip
        made.append(Resource("lora", lora.name, lora.sha256, lora.data_sha256, *strengths))
    return made


def _listed(kind: str, name: str, files: Files) -> str | None:
    """The full name of a file that a text names without folder and ending."""
    wanted = stem(name).lower()
    return next((one for one in files.names(kind) if stem(one).lower() == wanted), None)


def _hashed(one: Resource, files: Files, problems: list[str]) -> Resource:
    if one.sha256 and (one.kind != "lora" or one.data_sha256):
        return one
    path = files.path(one.kind, one.name)
    if path is None:
        return one
    try:
        hashes = files.hashes(path, one.kind == "lora")
    except (OSError, UnusableFile) as error:
        problems.append(f"{one.name} has no hash in the picture's metadata: {error}")
        return one
    return one._replace(sha256=hashes.sha256, data_sha256=hashes.data_sha256)
