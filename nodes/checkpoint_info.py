"""IXLCheckpointInfo: what is known of a checkpoint and of the settings that it wants, as text."""

import json
import os

import folder_paths
from comfy_api.latest import io, ui

from ..core.checkpoint.choices import PROFILE_ALONE
from ._host import find_model, progress, user_folder


class IXLCheckpointInfo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLCheckpointInfo",
            display_name="Checkpoint Info (Illustrious)",
            category="Illustrious XL/model",
            description="Says everything that is known of a checkpoint: version, objective, how "
            "sure that is and why, hashes, sizes, sampler settings with their sources, licence.",
            inputs=[
                io.Combo.Input(
                    "checkpoint",
                    options=[PROFILE_ALONE, *folder_paths.get_filename_list("checkpoints")],
                    default=PROFILE_ALONE,
                    tooltip="A file of the folder models/checkpoints; it is not loaded. Its hashes "
                    "are computed once and remembered. profile alone: only the settings of the "
                    "connected profile.",
                ),
                io.Custom("IXL_PROFILE").Input(
                    "model_profile",
                    optional=True,
                    tooltip="From Load Checkpoint (Illustrious): its settings are shown instead of "
                    "those of the recognised version.",
                ),
            ],
            outputs=[
                io.String.Output("report", tooltip="Everything as lines of text."),
                io.String.Output(
                    "json", tooltip="The same as JSON: the fields of `identify --json`, and more."
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def fingerprint_inputs(cls, checkpoint: str, model_profile=None) -> object:
        from ..core.checkpoint.files import stamp

        path = find_model("checkpoints", checkpoint)
        return path and stamp(os.stat(path))  # a file put in place of another is looked at anew

    @classmethod
    def execute(cls, checkpoint: str, model_profile=None) -> io.NodeOutput:
        from ..core.checkpoint.hashing import hash_file_cached
        from ..core.checkpoint.info import inform
        from ._profile import model_profiles, profiles

        cache = user_folder("hashes")
        alone = checkpoint == PROFILE_ALONE
        found = inform(
            None if alone else folder_paths.get_full_path_or_raise("checkpoints", checkpoint),
            checkpoint, model_profile, lambda file, *rest: hash_file_cached(file, cache, *rest),
            model_profiles(), profiles(), progress(),
        )  # fmt: skip
        values = json.dumps(found.values, ensure_ascii=False, indent=1)
        return io.NodeOutput(found.text, values, ui=ui.PreviewText(found.text))


NODES = [IXLCheckpointInfo]
