"""Everything about a checkpoint, a profile, or both, for people and for scripts."""

from collections.abc import Mapping
from typing import NamedTuple

from ..prompt import profiles as prompt
from .facts import facts, settings_as_dict
from .hashing import Hasher, Hashes, OnStep
from .header import read_header
from .identity import identify, profile_of
from .profiles import Profile
from .summary import report


class Info(NamedTuple):
    """text: report, as lines. values: facts as JSON values; of a profile alone its "settings"."""

    text: str
    values: dict


PROFILE_ALONE = "profile alone"  # choice of the node in place of a file


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
    return Info(report(None, profile, prompt_profiles), values)


def _of_file(path, name, profile, hasher, profiles, prompt_profiles, on_step) -> Info:
    def all_hashes(path: str, on_step: OnStep | None, data_start: int) -> Hashes:
        return hasher(path, on_step, data_start or read_header(path).data_start)

    identity = identify(path, on_step, all_hashes, profiles)._replace(file=name)
    recognised = profile_of(identity, profiles)
    settings = profile or recognised
    values = facts(identity, settings, profiles, prompt_profiles)
    return Info(report(identity, settings, prompt_profiles), values)
