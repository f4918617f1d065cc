"""IXLLoadImage: a picture from the input folder with the prompt and settings that made it."""

import os

import folder_paths
from comfy_api.latest import io

import nodes


def _pictures() -> list[str]:
    """The files that ComfyUI's Load Image offers."""
    folder = folder_paths.get_input_directory()
    names = [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))]
    return sorted(folder_paths.filter_files_content_types(names, ["image"]))


class IXLLoadImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLLoadImage",
            display_name="Load Image With Prompt (Illustrious)",
            category="Illustrious XL/model",
            description="Loads a picture as Load Image does, and reads the prompt, the seed and "
            "the size that it was made with: from this pack, A1111, Forge, ComfyUI, NovelAI and "
            "others, also from files whose metadata a host stripped in part.",
            inputs=[
                io.Combo.Input(
                    "image", options=_pictures(), upload=io.UploadType.image,
                    image_folder=io.FolderType.input,
                    tooltip="A file of ComfyUI's input folder. Upload the file itself: what is "
                    "copied from a browser or a chat has lost its data.",
                ),
            ],
            outputs=[
                io.Image.Output("pixels", display_name="IMAGE"),
                io.Mask.Output("mask", display_name="MASK"),
                io.String.Output("positive", tooltip="The prompt; empty if the file has none."),
                io.String.Output("negative", tooltip="The negative prompt."),
                io.Int.Output("seed", tooltip="Of the first pass; 0 if the file has none."),
                io.Int.Output(
                    "width",
                    tooltip="In px, of the first pass: for Empty Latent Image. The picture itself "
                    "is larger where it was upscaled.",
                ),
                io.Int.Output("height", tooltip="In px, of the first pass."),
                io.String.Output("parameters", tooltip="The text that A1111 and Civitai read."),
                io.String.Output(
                    "report",
                    tooltip="Where it was read from, passes, model files, sections, what is "
                    "missing: connect Preview as Text.",
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, image: str) -> io.NodeOutput:
        from ..core.metadata.read import try_to_read
        from ..core.metadata.report import report

        pixels, mask = nodes.LoadImage().load_image(image)
        reading = try_to_read(folder_paths.get_annotated_filepath(image))
        record = reading.record
        height, width = pixels.shape[1:3]
        return io.NodeOutput(
            pixels, mask, record.positive, record.negative, record.first.seed or 0,
            record.width or width, record.height or height, reading.parameters, report(reading),
        )  # fmt: skip

    @classmethod
    def fingerprint_inputs(cls, image: str) -> str:
        return nodes.LoadImage.IS_CHANGED(image)

    @classmethod
    def validate_inputs(cls, image: str) -> bool | str:
        return nodes.LoadImage.VALIDATE_INPUTS(image)


NODES = [IXLLoadImage]
