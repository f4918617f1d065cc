"""A picture's captions, understood: what compose.py varies. Made once per picture, pickles well.

Uses the pack's own parser, vocabulary and profiles, so that captions and prompts agree. Does not
read files and draws no random numbers.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ..core.prompt.classify import Reader
from ..core.prompt.options import check_options
from ..core.prompt.profiles import DEFAULT_PROFILE, Profile, get_profile
from ..core.prompt.segments import cut_segments
from ..core.vocabulary.tag import Vocabulary

PROSE = "natural language"
# Words of natural language from which on it is a description and no more one sentence.
SENTENCE_WORDS = 30


class Item(NamedTuple):
    """One tag or piece of natural language. text: as it is written; name: canonical."""

    text: str
    name: str
    category: str
    section: str
    group: str = ""


class Level(NamedTuple):
    """One caption of a picture. id: one of policy.LEVELS; items in the order of the sections."""

    id: str
    items: tuple[Item, ...]


class Plan(NamedTuple):
    """All captions of one picture. key: names the picture, the same on every machine."""

    key: str
    levels: tuple[Level, ...]


def caption_reader(
    profile: str | Profile = DEFAULT_PROFILE, vocabulary: Vocabulary | None = None
) -> Reader:
    """Reads captions as training needs them: no escapes of prompts; `|||` names the sections."""
    return Reader(
        get_profile(profile), vocabulary, check_options({"escape": False, "form": "caption"})
    )


def plan_captions(key: str, captions: Iterable[str], reader: Reader) -> Plan:
    """The plan of one picture. captions: one per level, as text; empty ones are left out."""
    levels = (plan_level(text, reader) for text in captions)
    return Plan(key, tuple(level for level in levels if level.items))


def plan_level(caption: str, reader: Reader) -> Level:
    """One caption: its items in section order (stable), without repetitions."""
    prompt = reader.parse(caption)
    ranks = {name: rank for rank, name in enumerate(reader.profile.order)}
    items: dict[str, Item] = {}
    for segment in cut_segments(prompt, reader):
        for item in segment.items:
            entry = item.entry
            if entry.section == "network":
                continue  # <lora:...> is for samplers; a text encoder never learns it
            group = entry.tag.group if entry.tag else ""
            items.setdefault(
                entry.name, Item(entry.text, entry.name, entry.category, entry.section, group)
            )
    ordered = sorted(items.values(), key=lambda item: ranks.get(item.section, len(ranks)))
    return Level(_level_of(ordered), tuple(ordered))


def _level_of(items: list[Item]) -> str:
    words = sum(len(item.text.split()) for item in items if item.section == PROSE)
    if not words:
        return "tags"
    if all(item.section == PROSE for item in items):
        return "prose"
    return "sentence" if words <= SENTENCE_WORDS else "description"
