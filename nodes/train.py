"""IXLTrain: trains in sd-scripts, with progress and Cancel, and gives the new file's path."""

from pathlib import Path

import folder_paths
from comfy_api.latest import io

from ._host import free_memory, progress, tokenizer_folder
from ._training import PACK, runs_home


class IXLTrain(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTrain",
            display_name="Train (Illustrious)",
            category="Illustrious XL/training",
            description="Fine-tunes the checkpoint on a folder of pictures with kohya-ss "
            "sd-scripts, which runs in its own environment. Cancel saves a state to go on from.",
            is_output_node=True,
            inputs=[
                io.Custom("IXL_TRAINING").Input("training", tooltip="From Training Preset."),
                io.Custom("IXL_CAPTION_POLICY").Input(
                    "policy", optional=True,
                    tooltip="From Caption Policy; without it that of the preset.",
                ),
                io.Combo.Input(
                    "checkpoint", options=folder_paths.get_filename_list("checkpoints"),
                    tooltip="The model to start from.",
                ),
                io.String.Input(
                    "images", tooltip="A folder with pictures, and beside each its captions in a "
                    ".txt file, one a line.",
                ),
                io.Int.Input(
                    "repeats", default=1, min=1, max=10_000,
                    tooltip="How often each picture is seen per epoch.",
                ),
                io.String.Input("name", default="my-lora", tooltip="Name of the new file."),
                io.Int.Input(
                    "steps", default=0, min=0, max=100_000_000,
                    tooltip="Optimizer steps. 0: as the preset says.",
                ),
                io.String.Input(
                    "options", multiline=True, default="{}", advanced=True,
                    tooltip="Further settings of the run as JSON, such as "
                    '{"size": 768, "options": {"min_snr_gamma": 5}}.',
                ),
            ],
            outputs=[
                io.String.Output("file", tooltip="Path of the new LoRA or checkpoint."),
                io.String.Output("report", tooltip="How the run went, and where its folder is."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, training, checkpoint, images, repeats, name, steps, options, policy=None
    ) -> io.NodeOutput:
        from ..training.backend import find_backend
        from ..training.experience import memory_line
        from ..training.making import make_run
        from ..training.runner import follow_or_stop
        from ..training.runs import result
        from ..training.settings import changed, settings_of_preset
        from ._vocabulary import full_vocabulary

        file = folder_paths.get_full_path_or_raise("checkpoints", checkpoint)
        settings = settings_of_preset(*training, name, file, ((images, repeats),))
        settings = changed(settings, policy, steps, options)
        home = runs_home()
        backend, tokenizers = find_backend(home), Path(tokenizer_folder())
        run = make_run(home, settings, backend, tokenizers, full_vocabulary())
        free_memory()
        follow_or_stop(run, PACK, progress())
        file, told = result(run)
        return io.NodeOutput(file, f"{told}\n{memory_line(run)}")


NODES = [IXLTrain]
