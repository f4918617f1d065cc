"""How nodes learn which model they work for: inputs for a profile, and the profiles there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from comfy_api.latest import io

from ._host import user_folder

if TYPE_CHECKING:
    from ..core.checkpoint import profiles as model
    from ..core.prompt.profiles import Profile


def profiles() -> dict[str, Profile]:
    """The pack's profiles and the user's own (<user folder>/profiles/*.json), by id."""
    from ..core.prompt.profiles import load_profiles

    return load_profiles(Path(user_folder("profiles")))


def model_profiles() -> dict[str, model.Profile]:
    """The pack's model profiles and the user's own (<user folder>/model-profiles/*.json), by id."""
    from ..core.checkpoint import user_profiles

    return user_profiles.load_profiles(Path(user_folder("model-profiles")))


def model_profile_input() -> io.Input:
    return io.Custom("IXL_PROFILE").Input(
        "model_profile",
        optional=True,
        tooltip="From Load Checkpoint (Illustrious): follows the loaded model.",
    )


def profile_inputs() -> list:
    """`profile` to choose by hand, and `model_profile` from the loader, which wins."""
    from ..core.prompt.profiles import DEFAULT_PROFILE

    return [
        io.Combo.Input(
            "profile",
            options=list(profiles()),
            default=DEFAULT_PROFILE,
            tooltip="Whose caption order to follow. Not used when model_profile is connected.",
        ),
        model_profile_input(),
    ]


def chosen_profile(profile: str, model_profile) -> Profile | str:
    """The prompt profile to use; its id where nobody knows it (any more)."""
    from ..core.prompt.given import model_profile_id

    wanted = model_profile_id(model_profile) or profile
    return profiles().get(wanted, wanted)
