"""IXLLoadCheckpoint: a checkpoint with its identity and the settings that its version wants."""

import logging
from pathlib import Path

import comfy.sd
import folder_paths
from comfy_api.latest import io

from ..core.checkpoint.hashing import hash_file_cached
from ..core.checkpoint.identity import identify, profile_of
from ..core.checkpoint.profiles import Profile
from ..core.checkpoint.user_profiles import load_profiles
from ._host import progress, user_folder

log = logging.getLogger(__name__)
AUTOMATIC = "automatic"


def _profiles() -> dict[str, Profile]:
    """The pack's model profiles and the user's own (<user folder>/model-profiles/*.json), by id."""
    return load_profiles(Path(user_folder("model-profiles")))


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
                io.Combo.Input(
                    "profile",
                    options=[AUTOMATIC, *_profiles()],
                    default=AUTOMATIC,
                    tooltip="automatic: the version that the file is recognised as, by SHA-256, "
                    "metadata or name; plain SDXL where nothing tells. Choose a version "
                    "for a merge whose base you know.",
                ),
            ],
            outputs=[
                io.Model.Output(),
                io.Clip.Output(),
                io.Vae.Output(),
                io.Custom("IXL_PROFILE").Output(
                    "model_profile",
                    display_name="profile",
                    tooltip="The recognised version: for the prompt nodes of this pack.",
                ),
            ],
        )

    @classmethod
    def execute(cls, checkpoint: str, profile: str) -> io.NodeOutput:
        path = folder_paths.get_full_path_or_raise("checkpoints", checkpoint)
        cache, known = user_folder("hashes"), _profiles()
        identity = identify(
            path, progress(), lambda file, *rest: hash_file_cached(file, cache, *rest), known
        )
        recognised = profile_of(identity, known)
        log.info("%s: %s", checkpoint, "; ".join([*identity.evidence, *identity.warnings]))
        model, clip, vae = comfy.sd.load_checkpoint_guess_config(
            path, embedding_directory=folder_paths.get_folder_paths("embeddings")
        )[:3]
        chosen = recognised if profile == AUTOMATIC else known[profile]
        # for the tag editor, which explains with it: what was chosen here, and what came of it
        shown = {"ixl_profile": [checkpoint, profile, chosen.prompt_profile]}
        return io.NodeOutput(model, clip, vae, chosen, ui=shown)


NODES = [IXLLoadCheckpoint]
