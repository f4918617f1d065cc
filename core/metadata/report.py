"""What was read from a picture, as text for people and as JSON for programs."""

from .a1111 import AUTOV2
from .read import Reading
from .record import Record, Resource

_NONE = "-"


def report(reading: Reading) -> str:
    """Several lines: source, passes, size, model files, sections of the prompt, what is missing."""
    record = reading.record
    lines = [f"source: {reading.source or 'nothing found'}"]
    if record.made_with:
        lines.append(f"made with: {record.made_with}")
    lines += [f"pass {n}: {_pass(step)}" for n, step in enumerate(record.passes, 1)]
    if record.width:
        lines.append(f"size: {record.width} x {record.height} px, {_size(record)}")
    if record.batch[1] > 1:
        lines.append(f"batch: picture {record.batch[0]} of {record.batch[1]}, counted from 0")
    lines += [f"{one.kind}: {_file(one)}" for one in record.resources]
    lines += [f"{s['name']}: {', '.join(s['items'])}" for s in record.sections]
    return "\n".join([*lines, *(f"note: {note}" for note in reading.notes)])


def _pass(step) -> str:
    named = [f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
             for name, value in step._asdict().items() if value not in (None, "")]  # fmt: skip
    return ", ".join(named) or _NONE


def _size(record: Record) -> str:
    width, height = record.picture
    same = (width, height) == (record.width, record.height)
    return "as the file" if same else f"the file has {width} x {height}"


def _file(one: Resource) -> str:
    parts = [one.name]
    if one.strength_model is not None:
        parts.append(f"strength {one.strength_model:g}")
        if one.strength_clip not in (None, one.strength_model):
            parts.append(f"text encoder {one.strength_clip:g}")
    if one.sha256:
        parts.append(f"hash {one.sha256[:AUTOV2]}")
    return ", ".join(parts)


def as_dict(reading: Reading) -> dict:
    """JSON-ready, flat where people look first."""
    record, first = reading.record, reading.record.first
    model = (record.of_kind("model") or [Resource("model", "")])[0]
    return {
        "source": reading.source,
        "positive": record.positive,
        "negative": record.negative,
        **first._asdict(),
        "size": [record.width, record.height],
        "model": model.name,
        "model_hash": model.sha256[:AUTOV2],
        "loras": [
            {
                "name": lora.name,
                "strength_model": lora.strength_model,
                "strength_clip": lora.strength_clip,
                "hash": lora.sha256[:AUTOV2],
            }
            for lora in record.of_kind("lora")
        ],
        "passes": [step._asdict() for step in record.passes],
        "resources": [one._asdict() for one in record.resources],
        "sections": list(record.sections),
        "clip_skip": record.clip_skip,
        "batch": list(record.batch),
        "profile": record.profile,
        "made_with": record.made_with,
        "parameters": reading.parameters,
        "notes": list(reading.notes),
    }
