"""Which files make up a model in parts: those of a diffusers folder, single files, or both."""

import os
from typing import NamedTuple

from .diffusers import read_folder
from .folders import is_model_folder
from .parts import check_encoders, read_part


class Parts(NamedTuple):
    """Paths of the files of one model. own_vae: the VAE is the one that came with the U-Net."""

    unet: str
    text_encoders: tuple[str, str]
    vae: str
    own_vae: bool


def assemble(
    model: str, text_encoder_1: str = "", text_encoder_2: str = "", vae: str = ""
) -> Parts:
    """The checked files, by their paths. model: a U-Net file or a diffusers folder; "" elsewhere
    means the part of that folder.

    Raises ValueError with one sentence for a part that is missing, damaged or another one. The
    U-Net itself is checked by its identity.
    """
    given = {"text_encoder_1": text_encoder_1, "text_encoder_2": text_encoder_2, "vae": vae}
    folder = read_folder(model).paths if is_model_folder(model) else {}
    missing = [name for name, path in given.items() if not (path or folder)]
    if missing:
        raise ValueError(
            f"{os.path.basename(model)} is a U-Net alone and {', '.join(missing)} set to "
            "automatic, which takes the part of a diffusers folder; choose a file for each."
        )
    encoders = text_encoder_1 or folder["text_encoder"], text_encoder_2 or folder["text_encoder_2"]
    check_encoders([read_part(path, "text encoder") for path in encoders])
    if vae:
        read_part(vae, "vae")
    return Parts(folder.get("unet", model), encoders, vae or folder["vae"], not vae)
