"""IXLLoadParts: a model whose parts lie in files of their own, or in a diffusers folder."""

import folder_paths
from comfy_api.latest import io

from ..core.checkpoint.choices import AUTOMATIC, PROFILES_RESCALE
from . import _loader

# Where the files of the first four inputs lie.
PLACES = ("diffusion_models", "text_encoders", "text_encoders", "vae")


def _folders() -> dict[str, str]:
    """{name in the list, which ends with a slash: path} of the diffusers folders."""
    from ..core.checkpoint.folders import find_folders

    found = find_folders(folder_paths.get_folder_paths("diffusers"))
    return {f"{name}/": path for name, path in found.items()}


def _encoder(name: str) -> io.Combo.Input:
    return io.Combo.Input(
        name,
        options=[AUTOMATIC, *folder_paths.get_filename_list("text_encoders")],
        default=AUTOMATIC,
        tooltip="automatic: the one of the diffusers folder. Or a file of models/text_encoders: "
        "CLIP-L in one and CLIP-G in the other, in any order.",
    )


class IXLLoadParts(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLLoadParts",
            display_name="Load Model Parts (Illustrious)",
            category="Illustrious XL/model",
            description="Loads an SDXL-type model from a diffusers folder or from separate files, "
            "and recognises it by its U-Net as Load Checkpoint (Illustrious) does.",
            inputs=[
                io.Combo.Input(
                    "unet",
                    options=[*_folders(), *folder_paths.get_filename_list("diffusion_models")],
                    tooltip="A folder of models/diffusers (its name ends with /), which holds all "
                    "parts, or a U-Net file of models/diffusion_models.",
                ),
                _encoder("text_encoder_1"),
                _encoder("text_encoder_2"),
                _loader.vae_input("automatic: the one of the diffusers folder", advanced=False),
                _loader.profile_input(),
                *_loader.override_inputs(),
            ],
            outputs=_loader.outputs(),
        )

    @classmethod
    def fingerprint_inputs(
        cls, unet="", text_encoder_1=AUTOMATIC, text_encoder_2=AUTOMATIC, vae=AUTOMATIC, **others
    ):
        files = zip(PLACES, (unet, text_encoder_1, text_encoder_2, vae), strict=True)
        return _loader.fingerprint(*files, folder=_folders().get(unet))

    @classmethod
    def execute(
        cls, unet: str, text_encoder_1: str, text_encoder_2: str, vae: str, profile: str,
        objective=AUTOMATIC, zero_terminal_snr=AUTOMATIC, cfg_rescale=PROFILES_RESCALE,
        weight_dtype="default",
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.checkpoint.assembly import assemble
        from ..core.checkpoint.decision import Overrides
        from ..core.checkpoint.identity import FOLDER
        from ._load_files import load_text_encoders, load_unet, load_vae

        paths = _paths(unet, text_encoder_1, text_encoder_2, vae)
        parts = assemble(*paths)
        overrides = Overrides(objective, zero_terminal_snr, cfg_rescale)
        file = _loader.recognise(unet, paths[0], ("unet", FOLDER), profile, overrides)
        model = load_unet(parts.unet, weight_dtype)
        clip = load_text_encoders(parts.text_encoders)
        return _loader.loaded(file, profile, model, clip, load_vae(parts.vae, parts.own_vae))


def _paths(unet: str, *others: str) -> list[str]:
    """The path of each choice, "" for automatic. Raises where there is no such file."""
    find = folder_paths.get_full_path_or_raise
    return [
        _folders().get(unet) or find(PLACES[0], unet),
        *(
            "" if name == AUTOMATIC else find(place, name)
            for place, name in zip(PLACES[1:], others, strict=True)
        ),
    ]


NODES = [IXLLoadParts]
