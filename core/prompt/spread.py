"""Takes a whole prompt apart that somebody put into the builder's field of general tags.

Person counts, names, series and artists go to their fields, sentences to the free text. Only for
wording: the tag list keeps what stands where (see build), and Normalize Tags is there to order it.
"""

from ..vocabulary.tag import Vocabulary
from .build import Picture
from .classify import Reader
from .fields import FieldItem, read_field
from .options import Options
from .profiles import DEFAULT_PROFILE, Profile, get_profile

_FIELDS = {
    "person count": "persons",
    "character": "character",
    "copyright": "series",
    "artist": "artist",
}


def spread(
    picture: Picture,
    vocabulary: Vocabulary | None = None,
    profile: str | Profile = DEFAULT_PROFILE,
) -> Picture:
    """The picture with those general tags in their own fields that have one."""
    reader = Reader(get_profile(profile), vocabulary, Options())
    found: dict[str, list[str]] = {"general": []}
    for item in read_field(picture.general).items:
        field, text = _home(item, reader)
        found.setdefault(field, []).append(text)
    moved = {field: _joined(getattr(picture, field), found[field]) for field in found}
    return picture._replace(**moved | {"general": ", ".join(found["general"])})


def _joined(field: str, items: list[str]) -> str:
    return ", ".join(filter(None, (field, *items)))


def _home(item: FieldItem, reader: Reader) -> tuple[str, str]:
    """(field, text for it) of one item."""
    if item.kind == "sentence" and not reader.known(item.name):
        return "text", item.text
    category = reader.category(item.name)[1] if item.is_plain else ""
    if category not in _FIELDS or item.name == "no humans":
        return "general", item.printed
    prefix, colon, rest = item.name.partition(":")
    if colon and rest and _FIELDS.get(prefix) == _FIELDS[category]:
        return _FIELDS[category], rest.strip()
    name = item.name.removeprefix("by ") if category == "artist" else item.name
    return _FIELDS[category], name
