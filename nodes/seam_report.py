"""IXLSeamReport: how far the strongest straight line stands out of a picture."""

import torch
from comfy_api.latest import io


class IXLSeamReport(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLSeamReport",
            display_name="Seam Report (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Measures seams: the largest step across one straight line of a picture, "
            "where it lies and whether such steps repeat. With a reference, such as the same "
            "picture without tiles, only what differs counts.",
            inputs=[
                io.MultiType.Input(
                    "picture", types=[io.Image, io.Latent],
                    tooltip="Images or a latent.",
                ),
                io.MultiType.Input(
                    "reference", types=[io.Image, io.Latent], optional=True,
                    tooltip="The same without seams, in the same size. Without it straight edges "
                    "of the picture itself count too.",
                ),
            ],
            outputs=[
                io.String.Output("report"),
                io.Float.Output(
                    "largest", display_name="largest step",
                    tooltip="As a share of the standard deviation.",
                ),
                io.Image.Output(
                    "difference",
                    tooltip="With a reference the difference, else the picture with the strongest "
                    "line in red.",
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, picture, reference=None) -> io.NodeOutput:
        from ..core.tiling.seams import difference_picture, marked_picture, seam_report

        seen = _channels_first(picture)
        other = None if reference is None else _channels_first(reference)
        report = seam_report(seen, other)
        shown = marked_picture(seen, report) if other is None else difference_picture(seen, other)
        return io.NodeOutput(str(report), report.largest, shown[:, :3].movedim(1, -1))


def _channels_first(given: torch.Tensor | dict) -> torch.Tensor:
    """[B, C, H, W] of IMAGE [B, H, W, C] or LATENT {"samples"}."""
    return given["samples"] if isinstance(given, dict) else given.movedim(-1, 1)


NODES = [IXLSeamReport]
