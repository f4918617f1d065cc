"""All that is known of a model file and of the settings that it wants, as one JSON value.

For the canvas and for scripts; as text: summary.py. Holds no pictures, no trigger words.
"""

import math
import os
from collections.abc import Mapping

from ..prompt import profiles as prompt
from .architecture import SDXL
from .identity import Identity, profile_of
from .profiles import PROFILES, SOURCED, Profile, negative_of, with_objective
from .source_texts import source_text

FAMILIES = {
    "illustrious": "Illustrious XL",
    "noobai": "NoobAI-XL",
    "animagine": "Animagine XL",
    "sdxl": SDXL,
}


def settings_of(
    identity: Identity, profiles: Mapping[str, Profile] = PROFILES, chosen: str = ""
) -> Profile | None:
    """The profile in use for a file: that of the id `chosen`, else the recognised one.

    None for a bad file. Raises ValueError for an id that nobody knows.
    """
    if chosen and chosen not in profiles:
        allowed = ", ".join(profiles)
        raise ValueError(f"Profile {chosen!r} is not known; it must be one of {allowed}.")
    if not identity.ok or chosen:
        return profiles.get(chosen)
    return with_objective(
        profiles[identity.profile], identity.objective, identity.zero_terminal_snr
    )


def name_of(identity: Identity, profiles: Mapping[str, Profile] = PROFILES) -> str:
    """The model in words, such as "Illustrious XL v1.0"; without a version where none is known."""
    profile = profiles.get(identity.profile)
    known = profile and (profile.family, profile.version) == (identity.family, identity.version)
    return profile.label if known else FAMILIES.get(identity.family, identity.model)


def facts(
    identity: Identity,
    settings: Profile | None,
    profiles: Mapping[str, Profile] = PROFILES,
    prompt_profiles: Mapping[str, prompt.Profile] = prompt.PROFILES,
) -> dict:
    """The fields of `identify --json`, the findings one by one, and the settings with sources.

    name: in words. findings: as `evidence`, in parts. not_loadable: why a sound file cannot be
    loaded as a checkpoint, or "".
    """
    return {
        **identity.as_dict(),
        "name": name_of(identity, profiles),
        "findings": [
            {"layer": found.layer, "certainty": found.certainty, "text": found.text}
            for found in identity.findings
        ],
        "not_loadable": _not_loadable(identity, profiles) if identity.ok else "",
        "settings": settings and settings_as_dict(settings, prompt_profiles),
    }


def _not_loadable(identity: Identity, profiles: Mapping[str, Profile]) -> str:
    try:
        profile_of(identity, profiles)
    except ValueError as error:
        return str(error).removeprefix(f"{os.path.basename(identity.file)}: ")
    return ""


def settings_as_dict(
    profile: Profile, prompt_profiles: Mapping[str, prompt.Profile] = prompt.PROFILES
) -> dict:
    """A profile's values, its negative prompt, and where each value comes from.

    native_side, maximum_side: px, of squares of those areas.
    """
    fields = profile._asdict()
    words = prompt_profiles.get(profile.prompt_profile)
    sources = {field: source_text(profile, field)._asdict() for field in SOURCED}
    sources["negative"] = {"text": words.source if words else "", "links": ()}
    return {
        **{name: fields[name] for name in ("id", "label", "family", "version", *SOURCED)},
        "native_side": square_side(profile.native_area),
        "maximum_side": square_side(profile.maximum_area),
        "negative": negative_of(profile, prompt_profiles),
        "sources": sources,
    }


def square_side(area: int) -> int:
    """Side of the largest square of at most `area` px whose sides are multiples of 64."""
    return math.isqrt(area) // 64 * 64
