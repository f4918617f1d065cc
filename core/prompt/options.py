"""How to normalize: the choices a user has, checked once."""

from typing import Literal, NamedTuple


class Options(NamedTuple):
    r"""Choices of `normalize`; the defaults change order and spelling and nothing else.

    escape: print a name's round brackets as `\(`, as an encoder with weights needs it; False for
        captions, which no such encoder reads.
    underscores: write spaces where underscores stand for them.
    aliases: write the name that the model was trained on instead of an alias or a later name.
    words: write the nearest trained score, year or rating word instead of another model's.
    implied: "drop" tags that another one states (dress beside red dress), or "add" them.
    duplicates: "drop" or "keep" a tag that stands before with the same weight.
    comments: "drop" or "keep" them, the latter on lines of their own.
    sentence: where natural language stands: by the profile, "first" or "last".
    weights: "keep" the brackets as they are, or write them as "numeric" round ones, the only kind
        that ComfyUI reads: [a] as (a:0.9091), {{a}} as (a:1.1025), nested ones as their product.
    form: "prompt", or "caption" for the paper's stored form with `|||`.
    joiner: what stands between items.
    """

    escape: bool = True
    underscores: bool = True
    aliases: bool = False
    words: bool = False
    implied: Literal["keep", "drop", "add"] = "keep"
    duplicates: Literal["drop", "keep"] = "drop"
    comments: Literal["drop", "keep"] = "drop"
    sentence: Literal["profile", "first", "last"] = "profile"
    weights: Literal["keep", "numeric"] = "keep"
    form: Literal["prompt", "caption"] = "prompt"
    joiner: Literal[", ", ","] = ", "


_BOTH = (False, True)
CHOICES = {
    **{"escape": _BOTH, "underscores": _BOTH, "aliases": _BOTH, "words": _BOTH},
    "implied": ("keep", "drop", "add"),
    "duplicates": ("drop", "keep"),
    "comments": ("drop", "keep"),
    "sentence": ("profile", "first", "last"),
    "weights": ("keep", "numeric"),
    "form": ("prompt", "caption"),
    "joiner": (", ", ","),
}


def check_options(given: dict[str, object]) -> Options:
    """Options from keyword arguments. Raises ValueError that names what is allowed."""
    for name, value in given.items():
        if name not in CHOICES:
            raise ValueError(f"Option {name!r} is not known; use one of {', '.join(CHOICES)}.")
        if value not in CHOICES[name]:
            allowed = ", ".join(repr(choice) for choice in CHOICES[name])
            raise ValueError(f"Option {name} is {value!r}; it must be one of {allowed}.")
    return Options(**given)
