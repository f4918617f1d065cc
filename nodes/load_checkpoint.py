"""IXLLoadCheckpoint: a checkpoint with its identity and the settings that its version wants."""

import folder_paths
from comfy_api.latest import io

from ..core.checkpoint.choices import AUTOMATIC, PROFILES_RESCALE
from . import _loader


class IXLLoadCheckpoint(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLLoadCheckpoint",
            display_name="Load Checkpoint (Illustrious)",
            category="Illustrious XL/model",
            description="Loads an SDXL-type checkpoint, says which Illustrious version it is (by "
            "SHA-256) and hands on the settings that this version was trained for.",
            inputs=[
                io.Combo.Input(
                    "checkpoint",
                    options=folder_paths.get_filename_list("checkpoints"),
                    tooltip="A file of the folder models/checkpoints. It is checked for damage "
                    "before it is loaded; its hash is computed once and remembered.",
                ),
                _loader.profile_input(),
                *_loader.override_inputs(),
                _loader.vae_input("automatic: the checkpoint's own", advanced=True),
            ],
            outputs=_loader.outputs(),
        )

    @classmethod
    def fingerprint_inputs(cls, checkpoint="", vae=AUTOMATIC, **others):
        return _loader.fingerprint(("checkpoints", checkpoint), ("vae", vae))

    @classmethod
    def execute(
        cls, checkpoint: str, profile: str, objective=AUTOMATIC, zero_terminal_snr=AUTOMATIC,
        cfg_rescale=PROFILES_RESCALE, weight_dtype="default", vae=AUTOMATIC,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.checkpoint.decision import Overrides
        from ._load_files import load_checkpoint, load_vae

        path = folder_paths.get_full_path_or_raise("checkpoints", checkpoint)
        overrides = Overrides(objective, zero_terminal_snr, cfg_rescale)
        file = _loader.recognise(checkpoint, path, ("checkpoint",), profile, overrides)
        other = _other_vae(vae)
        model, clip, own = load_checkpoint(path, weight_dtype, own_vae=not other)
        return _loader.loaded(
            file, profile, model, clip, load_vae(other, own=False) if other else own
        )


def _other_vae(vae: str) -> str:
    """The checked path of a VAE file, "" for the checkpoint's own."""
    from ..core.checkpoint.parts import read_part

    if vae == AUTOMATIC:
        return ""
    path = folder_paths.get_full_path_or_raise("vae", vae)
    read_part(path, "vae")
    return path


NODES = [IXLLoadCheckpoint]
