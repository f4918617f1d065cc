"""IXLTiledModel: a MODEL that samples large pictures in tiles."""

from comfy_api.latest import io

MOVING, FIXED = "move every step", "fixed"


class IXLTiledModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTiledModel",
            display_name="Tiled Model (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Lets any sampler draw pictures larger than the model was trained for: the "
            "model sees one tile at a time, and the tiles' predictions are blended before CFG. Use "
            "it for image-to-image passes at denoise 0.3-0.5.",
            inputs=[
                io.Model.Input("model", tooltip="An SDXL-type model."),
                io.Int.Input(
                    "tile_px", default=1024, min=256, max=4096, step=64,
                    tooltip="Side of a square with the area of the largest tile, in pixels. Tiles "
                    "are rectangles chosen for least work. 1024 for v0.1, to 1536 for later ones.",
                ),
                io.Int.Input(
                    "overlap_px", default=128, min=16, max=1024, step=16,
                    tooltip="How far neighbouring tiles overlap, in pixels; at most a quarter of "
                    "tile_px. 128 with moving cuts, 192-256 with fixed ones or denoise above 0.5.",
                ),
                io.Combo.Input(
                    "cuts", options=[MOVING, FIXED], default=MOVING,
                    tooltip="move every step: the cuts lie elsewhere in every step, which hides "
                    "them with little overlap. fixed: the same cuts throughout.",
                ),
                io.Int.Input(
                    "tile_batch", default=0, min=0, max=64,
                    tooltip="Tiles per model call. 0 chooses from the free memory. The picture is "
                    "the same whatever the number.",
                ),
                io.Combo.Input(
                    "size_conditioning", options=["tile", "picture"], default="tile",
                    tooltip="Which size SDXL is told. tile: each tile's own, as in training. "
                    "picture: that of the whole picture.",
                ),
                io.Boolean.Input(
                    "consensus", default=True, optional=True,
                    tooltip="Neighbouring tiles agree on tone before they are blended: removes the "
                    "steps in brightness and colour that blending only hides. Nearly free.",
                ),
                io.Latent.Input(
                    "guide", optional=True,
                    tooltip="The latent of the stage before, at its own size. The picture keeps "
                    "its composition and tones; detail is free.",
                ),
                io.Float.Input(
                    "anchor", default=0.5, min=0.0, max=1.0, step=0.05, optional=True,
                    tooltip="How firmly the coarse structure is held to the guide or the overview; "
                    "0 not at all. Without either it has no effect.",
                ),
                io.Boolean.Input(
                    "overview", default=False, optional=True,
                    tooltip="For pictures from noise, without a guide: the model also sees the "
                    "whole picture, reduced, and the tiles follow its composition. One more "
                    "evaluation per step.",
                ),
            ],
            outputs=[io.Model.Output("tiled_model", display_name="model")],
        )  # fmt: skip

    @classmethod
    def validate_inputs(cls, tile_px: int, overlap_px: int) -> bool | str:
        from ..core.tiling.plan import check_tile_sizes

        try:
            check_tile_sizes(tile_px, overlap_px)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls,
        model,
        tile_px: int,
        overlap_px: int,
        cuts: str,
        tile_batch: int,
        size_conditioning: str,
        consensus: bool = True,
        guide: dict | None = None,
        anchor: float = 0.5,
        overview: bool = False,
    ) -> io.NodeOutput:
        from ._tiled_sampling import TiledSampling

        tiles = TiledSampling(
            tile_px,
            overlap_px,
            cuts == MOVING,
            tile_batch,
            size_conditioning,
            consensus,
            guide and guide["samples"],
            anchor,
            overview,
        )
        return io.NodeOutput(tiles.patch(model))


NODES = [IXLTiledModel]
