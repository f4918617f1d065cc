"""Everything that is written into a file, as texts by the names that they have in a PNG."""

import json
from collections.abc import Mapping

from . import a1111
from .read import PRINT, fingerprint
from .record import Record, to_json


def texts_of(record: Record, more: Mapping[str, str]) -> dict[str, str]:
    """Everything that is written into a file, by its name in a PNG."""
    parameters = a1111.to_text(record)
    block = to_json(record, **{PRINT: fingerprint(parameters)})
    return {"parameters": parameters, **more, "ixl": block}


def graph_texts(prompt: Mapping | None, extra: Mapping | None) -> dict[str, str]:
    """The texts by which ComfyUI's front end opens a file as a workflow."""
    made = {"prompt": json.dumps(prompt)} if prompt else {}
    return made | {key: json.dumps(value) for key, value in (extra or {}).items()}
