"""What other programs write as JSON: NovelAI, InvokeAI, Fooocus, SwarmUI.

They use one name or another of a small set for the same thing, so one table serves all. Names as
seen in files of NovelAI (2024), InvokeAI 5, Fooocus 2.5, SwarmUI 0.9.
"""

import json
import re
from collections.abc import Iterator, Mapping

from .a1111 import sampler_names
from .record import Pass, Record, Resource, number, text, whole

UNNAMED = "JSON"  # of several programs; the text does not say of which
# (text of the file, program): where the JSON lies.
PLACES = (
    ("parameters", UNNAMED),
    ("Comment", "NovelAI"),
    ("invokeai_metadata", "InvokeAI"),
    ("comment", UNNAMED),
)
_POSITIVE = ("prompt", "positive_prompt", "Prompt")
_NEGATIVE = ("uc", "negative_prompt", "negativeprompt", "Negative prompt")
_CFG = ("scale", "cfg_scale", "cfgscale", "guidance_scale")
_SCHEDULE = ("noise_schedule", "scheduler")
_MODEL = ("model", "base_model")
_SIZE = re.compile(r"\D*(\d{1,6})\D+(\d{1,6})\D*")


def from_texts(texts: Mapping[str, str]) -> tuple[Record, str] | None:
    """(record, program) of the first JSON that holds a prompt."""
    for place, program in PLACES:
        for found in _objects(texts.get(place, "")):
            if any(isinstance(found.get(name), str) for name in _POSITIVE):
                return _record(found), program
    return None


def _objects(content: str) -> Iterator[dict]:
    """The object, and the objects in it (SwarmUI has one for each kind of facts)."""
    if not content.lstrip().startswith("{"):
        return
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        yield found
        yield from (inner for inner in found.values() if isinstance(inner, dict))


def _record(found: dict) -> Record:
    def first(names):
        return next((found[name] for name in names if found.get(name) not in (None, "")), None)

    model = first(_MODEL)
    model = model.get("name") if isinstance(model, dict) else model
    sampler = text(first(("sampler", "sampler_name"))).removeprefix("k_")  # NovelAI's prefix
    size = _SIZE.fullmatch(text(first(("resolution",))))
    width, height = (int(side) for side in size.groups()) if size else (0, 0)
    used = Pass(
        whole(first(("seed",))),
        whole(first(("steps",))),
        number(first(_CFG)),
        *sampler_names(sampler, text(first(_SCHEDULE))),
    )
    return Record(
        positive=text(first(_POSITIVE)),
        negative=text(first(_NEGATIVE)),
        width=whole(found.get("width")) or width,
        height=whole(found.get("height")) or height,
        passes=(used,),
        resources=(Resource("model", model),) if isinstance(model, str) else (),
    )
