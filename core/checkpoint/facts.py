"""All that is known of a model file and of the settings that it wants, as one JSON value.

For the canvas and for scripts; as text: info.py. Holds no pictures, no trigger words.
"""

import os
from collections.abc import Mapping

from ..prompt import profiles as prompt
from .architecture import SDXL
from .choices import AUTOMATIC
from .decision import Decision, Overrides, choose
from .identity import FOLDER, Identity, check_kind
from .profiles import PROFILES, SOURCED, Profile, negative_of
from .resolutions import buckets, nearest_bucket
from .sources import pages_of, spelled_out

FAMILIES = {
    "illustrious": "Illustrious XL",
    "noobai": "NoobAI-XL",
    "animagine": "Animagine XL",
    "sdxl": SDXL,
}
NO_OVERRIDES = Overrides()
# ComfyUI's name of a model folder -> what its loaders can load of it.
KINDS = {
    "checkpoints": ("checkpoint",),
    "diffusion_models": ("unet",),
    "diffusers": (FOLDER,),
    "loras": ("lora",),
}


def in_use(
    identity: Identity,
    profiles: Mapping[str, Profile] = PROFILES,
    choice: str = AUTOMATIC,
    overrides: Overrides = NO_OVERRIDES,
) -> tuple[Profile | None, Decision | None]:
    """The settings that a loader hands on for a file, and why. None for a bad file.

    choice: an id, or automatic. Raises ValueError for an id that nobody knows and for overrides
    that exclude each other.
    """
    if choice != AUTOMATIC and choice not in profiles:
        allowed = ", ".join([AUTOMATIC, *profiles])
        raise ValueError(f"Profile {choice!r} is not known; it must be one of {allowed}.")
    return choose(identity, choice, profiles, overrides) if identity.ok else (None, None)


def name_of(identity: Identity, profiles: Mapping[str, Profile] = PROFILES) -> str:
    """The model in words, such as "Illustrious XL v1.0"; without a version where none is known."""
    profile = profiles.get(identity.profile)
    known = profile and (profile.family, profile.version) == (identity.family, identity.version)
    return profile.label if known else FAMILIES.get(identity.family, identity.model)


def facts(
    identity: Identity,
    settings: Profile | None,
    decision: Decision | None = None,
    profiles: Mapping[str, Profile] = PROFILES,
    prompt_profiles: Mapping[str, prompt.Profile] = prompt.PROFILES,
    folder: str = "checkpoints",
) -> dict:
    """The fields of `identify --json`, the findings one by one, and the settings with sources.

    name: in words. findings: as `evidence`, in parts. not_loadable: why a sound file cannot be
    loaded from that folder, or "". reasons: of the decision; its warnings are among the warnings.
    """
    known = identity.as_dict()
    return {
        **known,
        "name": name_of(identity, profiles),
        "findings": [
            {"layer": found.layer, "certainty": found.certainty, "text": found.text}
            for found in identity.findings
        ],
        "warnings": [*(decision.warnings if decision else ()), *known["warnings"]],
        "reasons": list(decision.reasons) if decision else [],
        "not_loadable": _not_loadable(identity, folder) if identity.ok else "",
        "settings": settings and settings_as_dict(settings, prompt_profiles),
    }


def _not_loadable(identity: Identity, folder: str) -> str:
    try:
        check_kind(identity, *KINDS[folder])
    except ValueError as error:
        name = os.path.basename(os.path.normpath(identity.file))
        return str(error).removeprefix(f"{name}: ")
    return ""


def settings_as_dict(
    profile: Profile, prompt_profiles: Mapping[str, prompt.Profile] = prompt.PROFILES
) -> dict:
    """A profile's values, its negative prompt, and where each value comes from.

    native_side, maximum_side: px, of squares of those areas. native_sizes: those that the version
    was trained for, as [width, height] in px.
    """
    fields = profile._asdict()
    words = prompt_profiles.get(profile.prompt_profile)
    sources = {field: _source(profile, field) for field in SOURCED}
    sources["negative"] = {"text": words.source if words else "", "links": ()}
    return {
        **{name: fields[name] for name in ("id", "label", "family", "version", *SOURCED)},
        "native_side": nearest_bucket(profile.native_area, 1.0).width,
        "maximum_side": nearest_bucket(profile.maximum_area, 1.0).width,
        "native_sizes": [[b.width, b.height] for b in buckets(profile.native_area)],
        "negative": negative_of(profile, prompt_profiles),
        "sources": sources,
    }


def _source(profile: Profile, field: str) -> dict:
    citation = profile.source_of(field)
    return {"text": spelled_out(citation), "links": pages_of(citation)}
