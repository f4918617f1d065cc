"""Checks what a node, a command or a file gives to the builder; one sentence for what cannot be.

ComfyUI checks links by their types, but one without a type (a reroute, a switch, a list) can bring
anything, and nothing at all.
"""

from collections.abc import Mapping

from ..checkpoint.profiles import Profile as ModelProfile
from .build import Card, Picture, person_count

_SHOWN = 60  # characters of a wrong value that are shown


def text_of(name: str, value: object) -> str:
    """A prompt text as it is, "" for nothing. Raises ValueError for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {_named(value)}; it must be text. Connect a STRING output.")
    return value


def cards_of(value: object) -> tuple[Card, ...]:
    """Cards as nodes and JSON give them, () for nothing. Raises ValueError for anything else."""
    if isinstance(value, Card):
        value = (value,)
    if not isinstance(value, (list, tuple, type(None))):
        raise ValueError(
            f"The characters are {_named(value)}; they must be a list of cards. Connect Character "
            "(Illustrious)."
        )
    made = tuple(
        card if isinstance(card, Card) else _record(Card, card, "card") for card in value or ()
    )
    person_count(card.person for card in made)
    return made


def with_card(cards: object, **fields: object) -> tuple[Card, ...]:
    """The cards and one more, made of `fields`."""
    return cards_of((*cards_of(cards), fields))


def picture_of(value: object) -> Picture:
    """A Picture from JSON-like data, or as it is. Raises ValueError that names what is wrong."""
    if isinstance(value, Picture):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(
            f"The picture is {_named(value)}; it must come from Build Prompt (Illustrious), or be "
            "an object with fields."
        )
    fields = {name: text for name, text in value.items() if name != "cards"}
    cards = cards_of(value.get("cards"))
    return _record(Picture, fields, "picture")._replace(cards=cards)


def model_profile_id(value: object) -> str:
    """The prompt profile that a loaded model's profile names, "" for nothing."""
    if value is None:
        return ""
    if not isinstance(value, ModelProfile):
        raise ValueError(
            f"model_profile is {_named(value)}; it must come from the profile output of Load "
            "Checkpoint (Illustrious)."
        )
    return value.prompt_profile


def _record(kind: type, data: object, what: str):
    if not isinstance(data, Mapping):
        raise ValueError(f"A {what} is {_named(data)}; it must be an object with fields.")
    fields = {}
    for name, value in data.items():
        if name not in kind._fields:
            raise ValueError(f"A {what} has no field {name!r}; use {', '.join(kind._fields)}.")
        fields[name] = text_of(f"The field {name} of a {what}", value)
    return kind(**fields)


def _named(value: object) -> str:
    """A wrong value in words: short ones as they are, others by their kind."""
    if isinstance(value, (str, int, float, bool)):
        shown = repr(value)
        return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return f"of the kind {type(value).__name__}" if value is not None else "empty"
