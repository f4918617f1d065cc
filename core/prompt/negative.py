"""The negative prompt: the words of a profile's card and the user's own; what cancels the positive.

The words come from the profile table; nothing here knows a model.
"""

from typing import NamedTuple

from ..vocabulary.tag import Vocabulary
from .choices import CANCELLED
from .fields import field_text, split_items
from .normalize import check_negative
from .profiles import DEFAULT_PROFILE, Profile, get_profile
from .warning import PromptWarning


class Negative(NamedTuple):
    """A negative prompt and what cancels the positive one; `dropped` names what was left out."""

    text: str
    warnings: tuple[PromptWarning, ...]
    dropped: tuple[str, ...]


def negative_prompt(
    profile: str | Profile = DEFAULT_PROFILE,
    extra: str = "",
    positive: str = "",
    vocabulary: Vocabulary | None = None,
    cancelled: str = "keep",
    card: bool = True,
) -> Negative:
    """The card's negative words and `extra`, each tag once.

    positive: with it, tags that cancel a wanted one are found; `cancelled` "drop" leaves those of
    the card out (the user's own always stay). Raises ValueError for another `cancelled`.
    """
    if cancelled not in CANCELLED:
        raise ValueError(f"cancelled is {cancelled!r}; use one of {', '.join(CANCELLED)}.")
    chosen = get_profile(profile)
    own = field_text(extra)
    named = {name for name, _ in split_items(own)}
    words = [word for word in chosen.negative if word not in named] if card else []
    dropped = []
    if positive and cancelled == "drop":
        found = check_negative(positive, ", ".join(words), chosen, vocabulary)
        dropped = [warning.tag for warning in found]
        words = [word for word in words if word not in dropped]
    text = field_text([*words, own])
    warnings = check_negative(positive, text, chosen, vocabulary) if positive else []
    return Negative(text, tuple(warnings), tuple(dropped))
