"""Builds ordered prompt text from separate fields, and person counts from characters.

Joins what it is given in the section order of a profile; does not classify or correct tags (see
normalize) and does not write sentences (see levels).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from .profiles import DEFAULT_PROFILE, SECTIONS, Profile, get_profile
from .sentences import ends_sentence

PERSONS = ("girl", "boy", "other")
# Danbooru counts up to five and then says "6+girls".
_MOST = 5


def person_count(persons: Iterable[str]) -> list[str]:
    """Person-count tags of a list of "girl", "boy", "other": ["2girls", "1boy"]; one alone is solo.

    [] for no persons: a picture without persons says so with the tag "no humans".
    Raises ValueError for another word.
    """
    counts = Counter(persons)
    for person in counts:
        if person not in PERSONS:
            raise ValueError(f"Person {person!r} is not known; use one of {', '.join(PERSONS)}.")
    tags = [_count_tag(counts[person], person) for person in PERSONS if counts[person]]
    return [*tags, "solo"] if sum(counts.values()) == 1 else tags


def _count_tag(number: int, person: str) -> str:
    if number > _MOST:
        return f"{_MOST + 1}+{person}s"
    return f"{number}{person}{'s' if number > 1 else ''}"


def build(
    fields: Mapping[str, str | Iterable[str]], profile: str | Profile = DEFAULT_PROFILE
) -> str:
    """Prompt text from fields named after sections ("character", "general" ...).

    A field is prompt text or a list of tags; weights and brackets in it stay. Empty fields are left
    out. Raises ValueError for a field that is no section.
    """
    for name in fields:
        if name not in SECTIONS:
            raise ValueError(f"Field {name!r} is no section; use one of {', '.join(SECTIONS)}.")
    pieces = [field_text(fields[name]) for name in get_profile(profile).order or SECTIONS
              if name in fields]  # fmt: skip
    out, last = "", ""
    for piece in filter(None, pieces):
        joiner = " " if last and ends_sentence(last) else ", "
        out, last = out + joiner + piece if out else piece, piece
    return out


def field_text(field: str | Iterable[str]) -> str:
    """A field as prompt text without separators at its ends."""
    text = field if isinstance(field, str) else ", ".join(item for item in field if item.strip())
    return text.strip(" ,，、\t\r\n")
