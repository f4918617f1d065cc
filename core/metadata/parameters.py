"""The text that A1111 calls "parameters": its grammar, read and written.

    <positive prompt, any lines>
    Negative prompt: <negative prompt, any lines>
    Steps: 28, Sampler: Euler a, ..., Lora hashes: "name: hash, name: hash", Hashes: {"model": ""}

Source: AUTOMATIC1111 webui `modules/infotext_utils.py` (`re_param_code`, `quote`, `unquote`,
`parse_generation_parameters`); Civitai `src/utils/metadata/automatic.metadata.ts` (the last line
begins with "Steps: "; `Hashes` is bare JSON). Reads what either of them writes. The format itself
drops spaces at the ends of lines and has no escape for a prompt line that begins with "Negative
prompt:"; the pack's own block (record.py) keeps both. What the fields mean: a1111.py.
"""

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

NEGATIVE = "Negative prompt:"
FEWEST = 3  # fields that make a last line of the text the line of fields (A1111)
# Fields that each of the known writers has; three pairs with colons alone can be a prompt.
USUAL = {"Steps", "Sampler", "Seed", "Size", "CFG scale", "Model", "Model hash", "Version"}
_KEY = re.compile(r"\s*(\w[\w \-/]*):\s*")
_PLAIN = re.compile(r"[^,]*")
_STEPS = re.compile(r"\s*Steps: \d")
# Dynamic Prompts writes the unresolved text behind the fields.
_TEMPLATE = re.compile(r"(Template|Negative Template): ?")
_BARE = re.compile(r"[^,:\r\n\"{}\[\]]+")
_DECODER = json.JSONDecoder()


class Parameters(NamedTuple):
    """The parts of the text. fields: in their order; JSON values stay the text that they were."""

    positive: str
    negative: str
    fields: dict[str, str]


def write(positive: str, negative: str, fields: Mapping[str, object]) -> str:
    """The text. Empty fields are left out; a value that is a dict is written as bare JSON."""
    lines = [_lines(positive)]
    if negative.strip():
        lines.append(f"{NEGATIVE} {_lines(negative)}")
    written = [f"{key}: {_value(value)}" for key, value in fields.items() if value not in ("", {})]
    return "\n".join([*lines, ", ".join(written)]).lstrip("\n")


def _lines(text: str) -> str:
    """One kind of line end; without the character that ends texts in some containers."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def _value(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    plain = _BARE.fullmatch(text) and text == text.strip()
    return text if plain else json.dumps(text, ensure_ascii=False)


def parse(text: str) -> Parameters:
    """The parts of any text; one without a line of fields is all prompt."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    number = _line_of_fields(lines)
    fields = parse_fields(lines[number]) if number is not None else {}
    prompt = lines[:number] if number is not None else lines
    for line in lines[number + 1 :] if number is not None else ():
        if found := _TEMPLATE.match(line):
            fields[found.group(1)] = line[found.end() :]
    return Parameters(*_prompts(prompt), fields)


def _line_of_fields(lines: list[str]) -> int | None:
    for number in range(len(lines) - 1, -1, -1):
        if number == len(lines) - 1 and _is_line_of_fields(lines[number]):
            return number
        if _STEPS.match(lines[number]) and _only_templates(lines[number + 1 :]):
            return number
    return None


def _is_line_of_fields(line: str) -> bool:
    fields = parse_fields(line)
    return len(fields) >= FEWEST and not USUAL.isdisjoint(fields)


def _only_templates(lines: list[str]) -> bool:
    return not lines or bool(_TEMPLATE.match(lines[0]))


def _prompts(lines: list[str]) -> tuple[str, str]:
    parts: tuple[list[str], list[str]] = ([], [])
    negative = False
    for line in lines:
        line = line.strip()
        if line.startswith(NEGATIVE):
            negative, line = True, line[len(NEGATIVE) :].strip()
        parts[negative].append(line)
    return "\n".join(parts[0]).strip("\n"), "\n".join(parts[1]).strip("\n")


def parse_fields(line: str) -> dict[str, str]:
    """The fields of one line; quoted values without their quotes, JSON values as their text."""
    fields: dict[str, str] = {}
    position = 0
    while position < len(line):
        if found := _KEY.match(line, position):
            value, position = _read_value(line, found.end())
            fields.setdefault(found.group(1).strip(), value)
        else:
            position = _PLAIN.match(line, position).end() + 1
    return fields


def _read_value(line: str, start: int) -> tuple[str, int]:
    if line[start : start + 1] in ('"', "{", "["):
        try:
            value, end = _DECODER.raw_decode(line, start)
        except (ValueError, RecursionError):
            pass
        else:
            rest = _PLAIN.match(line, end)
            if not rest.group().strip():
                return value if isinstance(value, str) else line[start:end], rest.end() + 1
    found = _PLAIN.match(line, start)
    return found.group().strip(), found.end() + 1
