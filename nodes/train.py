"""IXLTrain: trains in sd-scripts, with progress and Cancel, and gives the new file's path."""

from pathlib import Path

import folder_paths
from comfy_api.latest import io
from comfy_execution.graph_utils import ExecutionBlocker

from ..training.choices import STARTS, WAIT, WHENS
from ._host import free_memory, model_folder, progress, prompt_request, tokenizer_folder
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
            hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo],
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
                io.Combo.Input(
                    "when", options=list(WHENS),
                    tooltip="wait: what is connected behind this node runs when the training has "
                    "ended. background: the queue stays free, and this whole graph is queued again "
                    "by itself when the training has ended, to draw with the new file.",
                ),
                io.Combo.Input(
                    "start", options=list(STARTS), advanced=True,
                    tooltip="go on: a run of the same settings and pictures is taken up where it "
                    "stands, and not trained twice. new run: always trains from the beginning.",
                ),
                io.String.Input(
                    "options", multiline=True, default="{}", advanced=True,
                    tooltip="Further settings of the run as JSON, such as "
                    '{"size": 768, "options": {"min_snr_gamma": 5}}.',
                ),
            ],
            outputs=[
                io.String.Output(
                    "file", tooltip="Path of the new LoRA or checkpoint: connect it to Load LoRAs "
                    "(Illustrious). It also lies in the folder of your LoRAs or checkpoints."
                ),
                io.String.Output("report", tooltip="How the run went, and where its folder is."),
            ],
        )  # fmt: skip

    @classmethod
    def fingerprint_inputs(cls, images=None, name=None, **rest) -> list:
        """Runs again when pictures or captions change, and when a run of that name has ended."""
        from ..training.again import looks

        return looks(runs_home(), images, name)

    @classmethod
    def execute(
        cls, training, checkpoint, images, repeats, name, steps, when, start, options, policy=None
    ) -> io.NodeOutput:
        from ..training.again import run_for
        from ..training.backend import find_backend
        from ..training.experience import memory_line
        from ..training.runs import result
        from ..training.settings import changed, settings_of_preset
        from ._vocabulary import full_vocabulary

        file = folder_paths.get_full_path_or_raise("checkpoints", checkpoint)
        settings = settings_of_preset(*training, name, file, ((images, repeats),))
        settings = changed(settings, policy, steps, options)
        settings = settings._replace(deliver_to=model_folder(settings.method))
        home = runs_home()
        rest = find_backend(home), Path(tokenizer_folder()), full_vocabulary()
        run = run_for(home, settings, start, *rest)
        done = (_follow if when == WAIT else _queue)(run, cls.hidden)
        file, told = result(run)
        told = f"{told}\n{memory_line(run)}"
        return io.NodeOutput(file if done else ExecutionBlocker(None), told)


def _follow(run: Path, hidden) -> bool:
    """Wait for the end of a run, with progress and Cancel."""
    from ..training.runner import follow_or_stop

    free_memory()
    follow_or_stop(run, PACK, progress())
    return True


def _queue(run: Path, hidden) -> bool:
    """Leave a run to its worker; whether it is done already."""
    from ..training.delivery import again, queue_then
    from ..training.runner import ensure_worker
    from ..training.runs import state_of

    if state_of(run).get("status") == "done":
        return True
    graph = again(hidden.prompt, hidden.unique_id, "start")
    queue_then(run, *prompt_request(graph, hidden.extra_pnginfo))
    ensure_worker(run.parent, PACK)
    free_memory()
    return False


NODES = [IXLTrain]
