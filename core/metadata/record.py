"""How a picture was made, as data: prompts, sampling passes, model files, sections of the prompt.

`to_json` and `from_json` are this pack's own block in a file: exact for every text, read with
suspicion, because a file can come from anywhere. Knows nothing of containers or of A1111's text.
"""

import json
import re
from typing import NamedTuple

FORMAT = 1  # of the JSON; readers of a later pack know by it what they read
MARK = "illustrious-xl-studio"  # the key that says whose JSON this is
MAX_JSON = 16 << 20  # characters; the largest workflows seen in the wild have 2 MB
_LONE = re.compile("[\ud800-\udfff]")


class Pass(NamedTuple):
    """One run of a sampler, in ComfyUI's words. None or "": not known."""

    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str = ""
    scheduler: str = ""
    denoise: float | None = None


class Resource(NamedTuple):
    """A file that took part. kind: model, lora, vae or embedding. Hashes are hex or ""."""

    kind: str
    name: str
    sha256: str = ""
    data_sha256: str = ""  # of the tensors alone; AutoV3 is its start
    strength_model: float | None = None  # LoRAs only
    strength_clip: float | None = None


class Record(NamedTuple):
    """Everything that is known. width, height: px of the first pass, 0 if not known.

    picture: px of the file. batch: (index, number of pictures) of the run that made it; the seed is
    that of the whole batch. sections: [{"name", "items"}] as `normalize` lists them.
    """

    positive: str = ""
    negative: str = ""
    width: int = 0
    height: int = 0
    picture: tuple[int, int] = (0, 0)
    passes: tuple[Pass, ...] = ()
    resources: tuple[Resource, ...] = ()
    clip_skip: int = 0
    batch: tuple[int, int] = (0, 1)
    profile: str = ""
    sections: tuple[dict, ...] = ()
    made_with: str = ""

    @property
    def first(self) -> Pass:
        """The pass that drew the picture; later ones refine it."""
        return self.passes[0] if self.passes else Pass()

    def of_kind(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.kind == kind]


class UnreadableRecord(ValueError):
    """The JSON is no record of this pack; the text is one sentence."""


def check_text(text: str, what: str) -> str:
    """The text itself. Raises ValueError for halves of characters, which no file can hold."""
    found = _LONE.search(text)
    if found:
        raise ValueError(
            f"The {what} holds half of a character (U+{ord(found.group()):04X}) at position "
            f"{found.start()}; delete what stands there and type it again."
        )
    return text


def without_halves(text: str) -> str:
    """The text with each half of a character replaced by U+FFFD, for texts of other programs."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def to_json(record: Record, **more: object) -> str:
    """ASCII JSON of a record. Raises ValueError for texts with halves of characters."""
    check_text(record.positive, "positive prompt")
    check_text(record.negative, "negative prompt")
    fields = record._asdict()
    fields["passes"] = [step._asdict() for step in record.passes]
    fields["resources"] = [resource._asdict() for resource in record.resources]
    return json.dumps({MARK: FORMAT, **fields, **more}, allow_nan=False)


def from_json(text: str) -> tuple[Record, dict]:
    """The record and all fields of the JSON. Raises UnreadableRecord."""
    if len(text) > MAX_JSON:
        raise UnreadableRecord(
            f"The data of this pack in the file has {len(text):,} characters; more than "
            f"{MAX_JSON:,} are not read."
        )
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableRecord("The data of this pack in the file is damaged.") from None
    if not isinstance(fields, dict) or MARK not in fields:
        raise UnreadableRecord("The JSON in the file is not of this pack.")
    return _record(fields), fields


def _record(fields: dict) -> Record:
    """What is of the right type; the rest as if it were not there."""
    known = {name: fields.get(name) for name in Record._fields}
    record = Record(
        **{name: text(known[name]) for name in ("positive", "negative", "profile", "made_with")},
        **{name: whole(known[name]) or 0 for name in ("width", "height", "clip_skip")},
        picture=_pair(known["picture"], (0, 0)),
        batch=_pair(known["batch"], (0, 1)),
        sections=tuple(one for one in _list(known["sections"]) if _is_section(one)),
    )
    passes = [_pass(one) for one in _list(known["passes"]) if isinstance(one, dict)]
    files = [_resource(one) for one in _list(known["resources"]) if isinstance(one, dict)]
    return record._replace(passes=tuple(passes), resources=tuple(files))


def _pass(fields: dict) -> Pass:
    return Pass(
        whole(fields.get("seed")),
        whole(fields.get("steps")),
        number(fields.get("cfg")),
        text(fields.get("sampler")),
        text(fields.get("scheduler")),
        number(fields.get("denoise")),
    )


def _resource(fields: dict) -> Resource:
    strings = [text(fields.get(name)) for name in Resource._fields[:4]]
    return Resource(*strings, *(number(fields.get(name)) for name in Resource._fields[4:]))


def _is_section(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("items"), list)
        and all(isinstance(item, str) for item in value["items"])
    )


def _pair(value: object, otherwise: tuple[int, int]) -> tuple[int, int]:
    found = [whole(one) for one in _list(value)]
    return (found[0], found[1]) if len(found) == 2 and None not in found else otherwise


def _list(value: object) -> list:
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The value if it is a text, else ""."""
    return without_halves(value) if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """The value as a whole number of at most 64 bits, from a number or its digits; else None."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,20}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**64
    return value if fits else None


def number(value: object) -> float | None:
    """The value as a finite number, from a number or its digits; else None."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{0,20}\.?[0-9]{1,20}\s*", value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e15 else None
