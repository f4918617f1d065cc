"""Trigger words in the small files that other tools put beside a LoRA. Reads them, writes none.

`x.metadata.json` (willmiao/ComfyUI-Lora-Manager) and `x.civitai.info` (butaixianran's Civitai
Helper, also written by other downloaders) hold Civitai's answer for the file, `x.json` is the user
metadata of AUTOMATIC1111's webui.
"""

import json
import os

from .lora_metadata import words_in

_LARGEST = 4 << 20  # bytes; Civitai's answer is some 10 KB
# File name behind the LoRA's own, and where the words are in it.
_PLACES = (
    (".metadata.json", ("civitai", "trainedWords")),
    (".civitai.info", ("trainedWords",)),
    (".json", ("activation text",)),
)


def words_beside(path: str) -> tuple[tuple[str, ...], str]:
    """The trigger words that a file beside a LoRA names, and its name; ((), "") without one."""
    stem = os.path.splitext(path)[0]
    for end, keys in _PLACES:
        value = _read(stem + end)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        words = words_in(value)
        if words:
            return words, os.path.basename(stem) + end
    return (), ""


def _read(path: str) -> object:
    """The JSON of a file, None when there is none or it is no JSON."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
