"""IXLTrainingRun: how a run stands, its curves, and its newest LoRA for use in the same graph."""

import os

from comfy_api.latest import io, ui

from ._host import progress
from ._training import PACK, runs_home

NEWEST = "newest"


def _runs() -> list[str]:
    from ..training.folders import run_folders

    return [NEWEST, *(folder.name for folder in reversed(run_folders(runs_home())))]


class IXLTrainingRun(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTrainingRun",
            display_name="Training Run (Illustrious)",
            category="Illustrious XL/training",
            description="How a training run stands, its loss and learning rate as a picture, and "
            "its newest LoRA: applied to the model that is connected, and as a path.",
            inputs=[
                io.Combo.Input(
                    "run", options=_runs(), default=NEWEST,
                    tooltip="newest: the run that was made last. Refresh the lists (R) to see new "
                    "ones.",
                ),
                io.String.Input(
                    "trained_file", optional=True, force_input=True,
                    tooltip="From Train (Illustrious): shows the run that wrote it, in place of "
                    "the one chosen.",
                ),
                io.Boolean.Input(
                    "wait", default=False,
                    tooltip="Waits until the run has ended. Cancel ends the waiting, not the run.",
                ),
                io.Model.Input(
                    "model", optional=True, tooltip="Gets the newest LoRA of the run."
                ),
                io.Clip.Input(
                    "clip", optional=True, tooltip="Gets the newest LoRA of the run."
                ),
                io.Float.Input(
                    "strength", default=1.0, min=-10.0, max=10.0, step=0.05,
                    tooltip="Of the LoRA. 0: the model passes as it is.",
                ),
            ],
            outputs=[
                io.Model.Output(
                    "patched_model", display_name="model",
                    tooltip="With the LoRA; as it came while the run has written none.",
                ),
                io.Clip.Output("patched_clip", display_name="clip"),
                io.Image.Output("plot", tooltip="Loss and learning rate over the steps."),
                io.String.Output("file", tooltip="Path of the newest file; empty before one."),
                io.String.Output("report", tooltip="The text that is also shown on the node."),
                io.Int.Output("steps", tooltip="Optimizer steps done."),
                io.Float.Output("loss", tooltip="Of the last step."),
                io.Float.Output("learning_rate", tooltip="Of the U-Net, at the last step."),
            ],
            is_output_node=True,
        )  # fmt: skip

    @classmethod
    def fingerprint_inputs(cls, run=None, **_) -> list:
        """Runs again whenever the run has gone on."""
        files = [folder / n for folder in _named(run) for n in ("events.jsonl", "state.json")]
        return [(str(p), os.stat(p).st_mtime_ns) for p in files if p.exists()]

    @classmethod
    def execute(cls, run, wait, strength, trained_file="", model=None, clip=None) -> io.NodeOutput:
        from ..training.report import run_named, run_report
        from ..training.runner import follow_to_end

        folder = run_named(runs_home(), run, trained_file)
        if wait:
            follow_to_end(folder, PACK, progress())
        told = run_report(folder)
        model, clip = _patched(told, model, clip, strength)
        last = [pairs[-1][1] if pairs else 0.0 for pairs in (told.loss, told.rate)]
        values = (_plot(told), told.file, told.text, told.step, *last)
        return io.NodeOutput(model, clip, *values, ui=ui.PreviewText(told.text))


def _named(run: str | None) -> list:
    """The folder of the run that is chosen on the node, none where a link decides."""
    from ..training.report import run_named
    from ..training.runs import all_runs

    home = runs_home()
    names = {folder.name for folder in all_runs(home)}
    return [run_named(home, run)] if names and run in (NEWEST, *names) else []


def _plot(told):
    """The curves as [1, H, W, 3], from 0 to 1."""
    import numpy
    import torch

    from ..training.plot import curve_picture

    picture = curve_picture(told.loss, told.rate, f"{told.name}: {told.status}")
    return torch.from_numpy(numpy.asarray(picture, dtype=numpy.float32) / 255).unsqueeze(0)


def _patched(told, model, clip, strength: float) -> tuple:
    """Model and clip with the run's newest LoRA, as Load LoRAs applies one."""
    from ..core.checkpoint.loaded import LORAS_KEY
    from ..core.checkpoint.lora_report import check
    from ..training.report import require_lora
    from ._loras import Slot, apply, prepare

    if model is None or not require_lora(told) or not strength:
        return model, clip
    slot = Slot(os.path.basename(told.file), told.file, strength, strength)
    applied = prepare([slot], model, clip)
    check(applied)
    before = model.get_attachment(LORAS_KEY) or ()
    for one in applied:
        model, clip = apply(model, clip, one)
        model.set_attachments(LORAS_KEY, (*before, one.record))
    return model, clip


NODES = [IXLTrainingRun]
