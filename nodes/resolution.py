"""IXLResolution: a size that the model was trained for, as an empty latent, and the way beyond."""

from comfy_api.latest import io

import nodes as comfyui

from ..core.checkpoint.choices import AREAS, ASPECTS, CUSTOM, NATIVE, STEPS
from ._encode import Sizes
from ._profile import model_profile_input

MOST_PX, MOST_MEGAPIXELS = 16384, 100.0


class IXLResolution(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLResolution",
            display_name="Resolution (Illustrious)",
            category="Illustrious XL/model",
            description="An empty latent in a size that the loaded version was trained for, and "
            "the stages from there to a picture of up to 20 megapixels and beyond.",
            inputs=[
                io.Combo.Input(
                    "aspect_ratio", options=[*ASPECTS, CUSTOM], default="2:3 portrait",
                    tooltip="The nearest trained size is taken. custom: the picture of "
                    "custom_width x custom_height px.",
                ),
                io.Combo.Input(
                    "area", options=[NATIVE, *AREAS], default=NATIVE,
                    tooltip="How large the first picture may be. native: what the version was "
                    "trained for, 1 MP for v0.1 and SDXL, 2.25 MP for v1.0 and later. 1 MP is "
                    "1024x1024, 1.5 MP 1024x1536, 2.25 MP 1536x1536, 4 MP 2048x2048.",
                ),
                io.Float.Input(
                    "target_megapixels", default=0.0, min=0.0, max=MOST_MEGAPIXELS, step=0.5,
                    tooltip="Million pixels of the finished picture, for which the stages are "
                    "planned; 20 is 3744x5472. 0: the first picture is the finished one.",
                ),
                io.Int.Input(
                    "batch_size", default=1, min=1, max=4096, tooltip="How many pictures at once.",
                ),
                io.Combo.Input(
                    "step_px", options=list(STEPS), default=STEPS[0], advanced=True,
                    tooltip="Sizes are multiples of it. 64 as in training; 32 meets aspect ratios "
                    "closer.",
                ),
                *[
                    io.Int.Input(
                        f"custom_{side}", default=default, min=256, max=MOST_PX, step=8,
                        advanced=True, tooltip="For the aspect_ratio custom. Beyond area the "
                        "picture is reached in stages from a first one of the same shape.",
                    )
                    for side, default in (("width", 832), ("height", 1216))
                ],
                model_profile_input(),
                io.Image.Input(
                    "image", optional=True,
                    tooltip="A picture whose aspect ratio to follow instead of aspect_ratio.",
                ),
            ],
            outputs=[
                io.Latent.Output(tooltip="Empty, for the first picture."),
                io.Int.Output("width", tooltip="Of the first picture, in px."),
                io.Int.Output("height", tooltip="Of the first picture, in px."),
                io.Int.Output("final_width", tooltip="Of the last stage, in px."),
                io.Int.Output("final_height", tooltip="Of the last stage, in px."),
                Sizes.Output(
                    "sizes", tooltip="SDXL's size conditioning, for Encode Prompt (Illustrious)."
                ),
                io.String.Output("report", tooltip="Whether it fits the model, and the stages."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, aspect_ratio: str, area: str, target_megapixels: float, batch_size: int, step_px: int,
        custom_width: int, custom_height: int, model_profile=None, image=None,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.checkpoint.route import choose, report

        like = None if image is None else (image.shape[2], image.shape[1])
        made = choose(
            model_profile, aspect_ratio, area, step_px, (custom_width, custom_height),
            target_megapixels, like,
        )  # fmt: skip
        (latent,) = comfyui.EmptyLatentImage().generate(*made.first, batch_size)
        return io.NodeOutput(latent, *made.first, *made.final, made.size_conditioning, report(made))


NODES = [IXLResolution]
