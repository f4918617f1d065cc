"""IXLSaveImage: pictures with the workflow, A1111's parameters and the pack's own data in them."""

import logging

from comfy.cli_args import args
from comfy_api.latest import io, ui

from ..core.metadata.formats import ENDINGS
from ._host import progress

log = logging.getLogger(__name__)


class IXLSaveImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLSaveImage",
            display_name="Save Image (Illustrious)",
            category="Illustrious XL/model",
            description="Saves pictures with everything that made them: the workflow for ComfyUI, "
            "parameters with hashes of the model and the LoRAs for A1111 and Civitai, and the "
            "prompt with its sections for Load Image With Prompt. The prompt is the one that was "
            "drawn, whichever nodes it came from.",
            inputs=[
                io.Image.Input("images", tooltip="The pictures to save."),
                io.String.Input(
                    "filename_prefix", default="ComfyUI",
                    tooltip="Folder and name in ComfyUI's output folder. Replaced are "
                    "%date:yyyy-MM-dd%, %Node title.widget%, %seed%, %model%, %sampler%, "
                    "%scheduler%, %steps%, %cfg%, %width%, %height%, %batch_num%.",
                ),
                io.Combo.Input(
                    "format", options=list(ENDINGS), default="png",
                    tooltip="ComfyUI opens the workflow of png, webp and avif; of jpeg only this "
                    "pack's loader reads it. avif and webp are the smallest.",
                ),
                io.Int.Input(
                    "quality", default=95, min=1, max=100,
                    tooltip="Of webp, jpeg and avif. png and lossless webp keep every pixel.",
                ),
                io.Boolean.Input("lossless", default=False, tooltip="Of webp only."),
                io.Boolean.Input(
                    "embed_workflow", default=True,
                    tooltip="Whether the file opens in ComfyUI as the workflow that made it.",
                ),
                io.Boolean.Input(
                    "hashes", default=True, advanced=True,
                    tooltip="Hashes of the model files, by which Civitai knows them. Computed once "
                    "for a file: some seconds for a checkpoint.",
                ),
                io.Boolean.Input(
                    "sidecar", default=False, advanced=True,
                    tooltip="Also writes the data as .json beside the picture, for hosts that "
                    "strip files.",
                ),
                io.String.Input(
                    "positive", optional=True, force_input=True,
                    tooltip="The prompt to write, in place of the one that the workflow tells.",
                ),
                io.String.Input(
                    "negative", optional=True, force_input=True,
                    tooltip="The negative prompt to write, in place of the workflow's.",
                ),
                io.Model.Input(
                    "model", optional=True,
                    tooltip="The model to write, with its LoRAs, in place of the sampler's.",
                ),
            ],
            outputs=[
                io.String.Output(
                    "parameters", is_output_list=True,
                    tooltip="What was written for A1111 and Civitai, for each picture.",
                ),
            ],
            hidden=[
                io.Hidden.prompt, io.Hidden.extra_pnginfo, io.Hidden.dynprompt, io.Hidden.unique_id
            ],
            is_input_list=True,
            is_output_node=True,
        )  # fmt: skip

    @classmethod
    def execute(
        cls, images, filename_prefix, format, quality, lossless, embed_workflow, hashes, sidecar,
        **linked,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.metadata.encode import Encoding
        from ..core.metadata.save import Wish, save_all
        from ._metadata import output_target, run_of, workflow_texts

        run = run_of(cls.hidden, linked, hashes[0])
        texts = workflow_texts(cls.hidden) if embed_workflow[0] else {}
        how = Encoding(format[0], quality[0], lossless[0])
        wish = Wish(how, not args.disable_metadata, texts, sidecar[0])
        batches = [batch.cpu().float() for batch in images]
        saved = list(save_all(batches, filename_prefix, run, wish, output_target, progress()))
        for problem in dict.fromkeys(p for one in saved for p in one.problems):
            log.warning(problem)
        shown = [ui.SavedResult(one.name, one.subfolder, io.FolderType.output) for one in saved]
        return io.NodeOutput([one.parameters for one in saved], ui=ui.SavedImages(shown))


NODES = [IXLSaveImage]
