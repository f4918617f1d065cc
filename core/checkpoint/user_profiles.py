"""Model profiles that a user wrote: JSON files with the fields of `profiles.Profile`.

They live in a folder of their own. Prompt profiles (core/prompt/profiles.py) are another kind with
other fields; a file of one kind in the folder of the other is refused by the first strange field.
"""

import json
import logging
from functools import lru_cache
from pathlib import Path

from .choices import OBJECTIVES
from .profiles import PROFILES, Profile

log = logging.getLogger(__name__)


def load_profiles(folder: Path) -> dict[str, Profile]:
    """The profiles of this pack, then those of the `*.json` files of a user's folder, by id.

    A file that is no profile, or that takes an id again, is left out with one warning.
    """
    found = dict(PROFILES)
    for path in sorted(folder.glob("*.json")):
        try:
            profile = load_profile(path)
            if profile.id in found:
                raise ValueError(f"Model profile {path}: the id {profile.id!r} is taken.")
            found[profile.id] = profile
        except ValueError as error:
            _warn(f"{error} The file is left out.")
    return found


@lru_cache(maxsize=256)
def _warn(message: str) -> None:
    """Log a warning once per process."""
    log.warning(message)


def load_profile(path: str | Path) -> Profile:
    """A model profile from a JSON file: `id`, `base` (an id, default sdxl), other fields to change.

    Raises ValueError with one sentence when the file is not a model profile.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"Model profile {path} cannot be read as JSON: {error}.") from None
    if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not data["id"]:
        raise ValueError(f'Model profile {path} must hold an object such as {{"id": "mine"}}.')
    wanted = data.pop("base", "sdxl")
    base = PROFILES.get(wanted) if isinstance(wanted, str) else None
    if base is None:
        raise ValueError(f"Model profile {path}: base must be one of {', '.join(PROFILES)}.")
    changed = {name: _field(path, base, name, value) for name, value in data.items()}
    source = changed.pop("sources", ()) or ((" ".join(changed), f"profile file {path}"),)
    return base._replace(files=())._replace(sources=(*source, *base.sources), **changed)


def _field(path: str | Path, base: Profile, name: str, value: object) -> object:
    """One field of a user profile, checked against what it must be, and made immutable."""
    wrong = f"Model profile {path}: the field {name!r} has the value {value!r}; "
    if name not in Profile._fields:
        raise ValueError(f"{wrong}the fields allowed are base, {', '.join(Profile._fields)}.")
    if name == "sources" and isinstance(value, dict):
        return tuple((str(fields), str(said)) for fields, said in value.items())
    if name == "objective" and value not in OBJECTIVES:
        raise ValueError(f"{wrong}it must be one of {', '.join(OBJECTIVES)}.")
    if name == "files" and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(v.lower() for v in value)
    if name == "cfg_range" and isinstance(value, list) and len(value) == 2:
        low, high = (_field(path, base, "cfg", number) for number in value)
        return low, high
    kind = type(getattr(base, name))
    if kind is float and type(value) is int:
        value = float(value)
    if kind is tuple or type(value) is not kind or (kind in (int, float) and not 0 <= value < 1e9):
        raise ValueError(f"{wrong}it must be like {json.dumps(getattr(base, name))}.")
    return value
