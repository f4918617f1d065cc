"""Sampler settings: what the profile says, what was set by hand instead, and where each comes from.

Does not sample and knows no samplers: their names are handed in.
"""

from collections.abc import Container, Mapping
from typing import NamedTuple

from .choices import AUTOMATIC, OBJECTIVES
from .loaded import LoadedCheckpoint
from .profiles import PROFILES, Profile, with_objective
from .sources import spelled_out

_SHOWN = {"sampler": "sampler_name"}  # as the nodes call it


class Chosen(NamedTuple):
    """What was set by hand; each default, and a rescale below 0, stands for the profile's value."""

    sampler: str = AUTOMATIC
    scheduler: str = AUTOMATIC
    steps: int = 0
    cfg: float = 0.0
    cfg_rescale: float = -1.0

    def is_automatic(self, field: str) -> bool:
        value = getattr(self, field)
        return value == self._field_defaults[field] or (field == "cfg_rescale" and value < 0)


class Settings(NamedTuple):
    """Values to sample with. lines: one per value, with its source, then what to look at."""

    sampler: str
    scheduler: str
    steps: int
    cfg: float
    cfg_rescale: float
    lines: tuple[str, ...]


def profile_in_use(
    connected: Profile | None,
    loaded: LoadedCheckpoint | None,
    profiles: Mapping[str, Profile],
    objective: tuple[str, bool] | None,
) -> tuple[Profile, str]:
    """The profile to follow, and one line that says which and why.

    connected: what is linked. loaded: what the MODEL says of its file. objective: (objective, zero
    terminal SNR) that the MODEL samples with, None where it is neither epsilon nor v-prediction.
    """
    noted = profiles.get(loaded.profile) if loaded else None
    profile = connected or noted or PROFILES["sdxl"]
    why = "as connected" if connected else f"of {loaded.name}" if noted else "none connected"
    if objective and objective[0] in OBJECTIVES:
        profile = with_objective(profile, *objective)
    zero = ", zero terminal SNR" if profile.zero_terminal_snr else ""
    return profile, f"profile: {profile.label} ({why}); {profile.objective}{zero}"


def settings(
    profile: Profile,
    chosen: Chosen,
    samplers: Container[str],
    schedulers: Container[str],
    guided: bool = False,
) -> Settings:
    """The profile's settings, and those of `chosen` that are not automatic.

    samplers, schedulers: the names that the host has. guided: the MODEL has a guidance function of
    its own, which an automatic rescale leaves alone. Raises ValueError on an unknown name.
    """
    values, lines = {}, []
    names = {"sampler": samplers, "scheduler": schedulers}
    for field in Chosen._fields:
        value, line = _one(profile, field, chosen)
        if field in names and value not in names[field]:
            raise ValueError(_unknown(field, value, profile))
        values[field] = value
        lines.append(line)
    if guided and chosen.is_automatic("cfg_rescale"):
        values["cfg_rescale"] = 0.0
        lines[-1] = "cfg_rescale 0: the model has a guidance of its own already, which is kept"
    low, high = profile.cfg_range
    if not low <= values["cfg"] <= high:
        source = spelled_out(profile.source_of("cfg_range"))
        lines.append(f"look: cfg {values['cfg']:g} is outside {low:g} to {high:g} ({source})")
    return Settings(**values, lines=tuple(lines))


def _one(profile: Profile, field: str, chosen: Chosen) -> tuple[object, str]:
    """The value of a field, and the line on it."""
    shown, own = _SHOWN.get(field, field), getattr(profile, field)
    source = spelled_out(profile.source_of(field)) or "the profile"
    if chosen.is_automatic(field):
        return own, f"{shown} {_text(own)}: {source}"
    value = getattr(chosen, field)
    return value, f"{shown} {_text(value)}: set here; the profile has {_text(own)} ({source})"


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _unknown(field: str, name: object, profile: Profile) -> str:
    wanted = f", which the profile {profile.id} wants" if name == getattr(profile, field) else ""
    return (
        f"This ComfyUI has no {field} {name!r}{wanted}. Choose one in {_SHOWN.get(field, field)}, "
        "or install what brings it."
    )
