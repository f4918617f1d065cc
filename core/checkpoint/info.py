"""Everything about a checkpoint, a profile, or both, for people and for scripts."""

from collections.abc import Mapping
from typing import NamedTuple

from ..prompt import profiles as prompt
from .facts import facts, in_use, settings_as_dict
from .hashing import Hasher, Hashes, OnStep
from .header import read_header
from .identity import check_kind, identify
from .profiles import Profile, negative_of
from .resolutions import area_name
from .sources import spelled_out
from .summary import summary


class Info(NamedTuple):
    """text: report, as lines. values: facts as JSON values; of a profile alone its "settings"."""

    text: str
    values: dict


def inform(
    path: str | None,
    name: str,
    profile: Profile | None,
    hasher: Hasher,
    profiles: Mapping[str, Profile],
    prompt_profiles: Mapping[str, prompt.Profile],
    on_step: OnStep | None = None,
) -> Info:
    """A checkpoint with the settings of `profile` or else of the recognised version.

    path: None for the settings of the profile alone. All hashes are computed, also that of the data
    alone (AutoV3), which a loader does not need. Raises ValueError with one sentence for a bad
    file, for one that is no whole checkpoint, and for neither file nor profile.
    """
    if path:
        return _of_file(path, name, profile, hasher, profiles, prompt_profiles, on_step)
    if profile is None:
        raise ValueError(
            f"The checkpoint is {name!r} and no model_profile is connected; choose a checkpoint, "
            "or connect the profile of Load Checkpoint (Illustrious)."
        )
    values = {"settings": settings_as_dict(profile, prompt_profiles)}
    return Info(settings_text(profile, prompt_profiles), values)


def _of_file(path, name, profile, hasher, profiles, prompt_profiles, on_step) -> Info:
    def all_hashes(path: str, on_step: OnStep | None, data_start: int) -> Hashes:
        return hasher(path, on_step, data_start or read_header(path).data_start)

    identity = identify(path, on_step, all_hashes, profiles)._replace(file=name)
    check_kind(identity, "checkpoint")
    settings, decision = profile, None
    if settings is None:
        settings, decision = in_use(identity, profiles)
    values = facts(identity, settings, decision, profiles, prompt_profiles)
    lines = [summary(identity), *values["reasons"], settings_text(settings, prompt_profiles)]
    return Info("\n".join(lines), values)


_NAMES = {
    "zero_terminal_snr": "zero terminal SNR",
    "minimum_area": "smallest size",
    "native_area": "native size",
    "maximum_area": "largest size",
    "cfg": "CFG",
    "cfg_rescale": "CFG rescale",
    "prompt_profile": "prompt",
}


def settings_text(profile: Profile, prompt_profiles: Mapping[str, prompt.Profile]) -> str:
    """A line for each value of a profile, with its source."""
    low, high = profile.cfg_range
    negative = negative_of(profile, prompt_profiles)
    values = {
        "objective": profile.objective,
        "zero_terminal_snr": "yes" if profile.zero_terminal_snr else "no",
        "minimum_area": area_name(profile.minimum_area),
        "native_area": area_name(profile.native_area),
        "maximum_area": area_name(profile.maximum_area),
        "sampler": profile.sampler,
        "scheduler": profile.scheduler,
        "steps": profile.steps,
        "cfg": f"{profile.cfg:g}, good from {low:g} to {high:g}",
        "cfg_rescale": f"{profile.cfg_rescale:g}",
        "prompt_profile": f"{profile.prompt_profile}; negative: {negative or 'none known'}",
        "licence": f"{profile.licence}, {profile.licence_url}",
    }
    lines = [f"Settings of {profile.label}:"]
    for field, value in values.items():
        source = spelled_out(profile.source_of(field))
        said = f" [{source}]" if source else ""
        lines.append(f"  {_NAMES.get(field, field)}: {value}{said}")
    return "\n".join(lines)
