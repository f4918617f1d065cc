"""The parts of a model in files of their own: what each must be, and whether they fit together.

Reads headers alone. Which layouts are readable is ComfyUI's: `comfy/sd.py`, `load_clip` and `VAE`.
"""

import os
from collections.abc import Sequence

from .architecture import ENCODERS, Architecture, encoder_width, recognise
from .files import UnusableFile, unreadable
from .header import Header, read_header

# kind -> what it is called, and where its files belong.
PARTS = {
    "unet": ("a U-Net", "models/diffusion_models"),
    "text encoder": ("a text encoder", "models/text_encoders"),
    "vae": ("a VAE", "models/vae"),
}
# A tensor that ComfyUI looks for; under another name the part would be left empty in silence.
_READABLE = {
    "text encoder": ("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
    "vae": ("decoder.conv_in.weight",),
}


def read_part(path: str, kind: str, shown: str = "") -> Header:
    """The header of a sound file that is the part `kind` of an SDXL model.

    shown: how errors name the file. Raises UnusableFile with one sentence.
    """
    shown = shown or os.path.basename(path)
    try:
        header = read_header(path)
    except UnusableFile as error:
        raise UnusableFile(f"{shown}: {error}") from None
    except OSError as error:
        raise UnusableFile(f"{shown}: {unreadable(error)}") from None
    problem = _problem(header, recognise(header), kind)
    if problem:
        raise UnusableFile(f"{shown}: {problem}")
    return header


def _problem(header: Header, found: Architecture, kind: str) -> str:
    what, folder = PARTS[kind]
    if found.kind != kind:
        return f"This is {_article(found)}, not {what}; choose {what} for SDXL from {folder}."
    if not found.fits_sdxl:
        return f"This is {found.text}; choose {what} for SDXL from {folder}."
    names = _READABLE.get(kind, ())
    if names and not any(name in header.tensors for name in names):
        return (
            f"This is {what} under the tensor names of a checkpoint, which ComfyUI does not read "
            f"here; its names must hold {names[0]}. Use the file as it was published."
        )
    return ""


def _article(found: Architecture) -> str:
    """What was found, as it stands after "This is"."""
    if found.kind == "checkpoint":
        return f"a whole checkpoint of {found.model or 'an unknown model'}"
    return f"a model of another kind ({found.text})" if not found.kind else found.text


def check_encoders(headers: Sequence[Header]) -> None:
    """Raises UnusableFile when two text encoders are the same one; their order does not matter."""
    widths = [encoder_width(header.tensors) for header in headers]
    if len(set(widths)) == 1 and widths[0] in ENCODERS:
        other = next(name for width, name in ENCODERS.items() if width != widths[0])
        raise UnusableFile(
            f"Both text encoders are {ENCODERS[widths[0]]}; SDXL has two different ones: choose "
            f"{other} for one of them."
        )
