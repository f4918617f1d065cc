"""Where a value of a profile comes from, in words: the short marks of profiles.py spelled out.

Of a source that speaks of several fields, the part about the one that is asked for.
"""

import re
from typing import NamedTuple

from .profiles import Profile

# mark in profiles.py: (in words, address of the page or "")
MARKS = {
    "P": ("paper arXiv 2409.19946", "https://arxiv.org/abs/2409.19946"),
    "C0": (
        "card of v0.1",
        "https://huggingface.co/OnomaAIResearch/Illustrious-xl-early-release-v0",
    ),
    "HF": ("page of the model on Hugging Face", ""),
    "B2": ("official blog of 2025-03-15 on v2.0", ""),
    "B3": ("official blog of 2025-03-22 on v3.0 to v3.5", ""),
    "N1": ("card of NoobAI-XL 1.0", "https://huggingface.co/Laxhar/noobai-XL-1.0"),
    "NV": (
        "card of NoobAI-XL V-Pred 1.0",
        "https://huggingface.co/Laxhar/noobai-XL-Vpred-1.0",
    ),
    "A4": ("card of Animagine XL 4.0", "https://huggingface.co/cagliostrolab/animagine-xl-4.0"),
    "S": ("paper arXiv 2307.01952 and card of SDXL 1.0", "https://arxiv.org/abs/2307.01952"),
    "family": ("as of the version before", ""),
}
_MARK = re.compile(
    rf"(?:^|(?<=[,;:] ))({'|'.join(MARKS)})(?=$|[,;:]| \(| [A-Z0-9.]+\b)(: | (?=[A-Z0-9]))?"
)
_SPECIFIC = re.compile(r"(\w+(?:(?:, | and )\w+)*): (.*)")


class SourceText(NamedTuple):
    """What to print, and the addresses of the pages that it names."""

    text: str
    links: tuple[str, ...]


def source_text(profile: Profile, field: str) -> SourceText:
    """The source of a field's value; its text is "" when nobody says where it comes from."""
    for fields, said in profile.sources:
        if field in fields.split():
            return _spelled(_of_field(said, field, fields.split()))
    return SourceText("", ())


def _of_field(said: str, field: str, fields: list[str]) -> str:
    """Of `general; this and that: other` the part that is about the field."""
    general = []
    for part in said.split("; "):
        found = _SPECIFIC.fullmatch(part)
        names = re.split(", | and ", found[1]) if found else []
        if not names or not set(names) <= set(fields):
            general.append(part)
        elif field in names:
            return found[2]
    return "; ".join(general) or said


def _spelled(said: str) -> SourceText:
    marks = dict.fromkeys(found[1] for found in _MARK.finditer(said))
    links = tuple(link for mark in marks if (link := MARKS[mark][1]))
    return SourceText(_MARK.sub(_words, said), links)


def _words(found: re.Match) -> str:
    mark, behind = found[1], found[2] or ""
    if mark == "family" and behind == ": ":
        return "as of "
    return MARKS[mark][0] + (", section " if behind == " " else behind)
