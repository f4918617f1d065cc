"""The two inputs by which prompt nodes learn whose caption order to follow."""

from comfy_api.latest import io

from ..core.prompt.profiles import DEFAULT_PROFILE, PROFILES


def profile_inputs() -> list:
    """`profile` to choose by hand, and `model_profile` from the loader, which wins."""
    return [
        io.Combo.Input(
            "profile",
            options=list(PROFILES),
            default=DEFAULT_PROFILE,
            tooltip="Whose caption order to follow. Not used when model_profile is connected.",
        ),
        io.Custom("IXL_PROFILE").Input(
            "model_profile",
            optional=True,
            tooltip="From Load Checkpoint (Illustrious): follows the loaded model.",
        ),
    ]


def chosen_profile(profile: str, model_profile) -> str:
    """The id of the prompt profile to use."""
    return model_profile.prompt_profile if model_profile else profile
