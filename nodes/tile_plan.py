"""IXLTilePlan: what a tiled pass will do to a picture, before it is run."""

from pathlib import Path

import torch
from comfy_api.latest import io

from ._host import user_folder


class IXLTilePlan(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTilePlan",
            display_name="Tile Plan (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Draws the tiles of a pass over the picture and says what the pass costs: "
            "tiles, evaluations, time as measured on this device, and memory.",
            inputs=[
                io.Image.Input(
                    "image", optional=True, tooltip="The picture to draw on; grey without one."
                ),
                io.Int.Input("width", default=3744, min=256, max=65536, step=8,
                             tooltip="Of the pass, in px."),
                io.Int.Input("height", default=5616, min=256, max=65536, step=8,
                             tooltip="Of the pass, in px."),
                io.Int.Input("tile_px", default=1024, min=256, max=4096, step=64,
                             tooltip="As in Tiled Model."),
                io.Int.Input("overlap_px", default=128, min=16, max=1024, step=16,
                             tooltip="As in Tiled Model."),
                io.Int.Input("steps", default=10, min=1, max=1000,
                             tooltip="Steps that the pass runs."),
                io.Int.Input("step", default=0, min=0, max=1000,
                             tooltip="Which step to draw: the cuts move with every one."),
            ],
            outputs=[
                io.Image.Output("drawing", display_name="image"),
                io.String.Output("report", display_name="report"),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, width, height, tile_px, overlap_px, steps, step, image=None) -> io.NodeOutput:
        from ..core.tiling.picture import draw_plan
        from ..core.tiling.plan import LATENT_PX, check_tile_sizes, plan_tiles
        from ..core.tiling.speed import read_speed
        from ..core.tiling.stages import check_size, pass_report
        from ._passes import device_name

        check_size(width, height)
        check_tile_sizes(tile_px, overlap_px)
        plan = plan_tiles(height // LATENT_PX, width // LATENT_PX, tile_px, overlap_px)
        device = device_name()
        speed = read_speed(Path(user_folder("high-resolution")), device)
        drawing = draw_plan(plan, None if image is None else image[0].cpu().numpy(), step)
        report = pass_report(plan, steps, speed, device)
        return io.NodeOutput(torch.from_numpy(drawing)[None], report)


NODES = [IXLTilePlan]
