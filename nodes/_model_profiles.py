"""The model profiles that nodes and routes know: the pack's and the user's own."""

from pathlib import Path

from ..core.checkpoint.profiles import Profile
from ..core.checkpoint.user_profiles import load_profiles
from ._host import user_folder


def model_profiles() -> dict[str, Profile]:
    """By id; the user's are <user folder>/model-profiles/*.json."""
    return load_profiles(Path(user_folder("model-profiles")))
