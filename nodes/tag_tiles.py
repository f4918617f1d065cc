"""IXLTagTiles: what a tagger sees in each part of a picture, as boxes for Tile Prompts."""

from comfy_api.latest import io

from ._tagger import tagger_names


class IXLTagTiles(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTagTiles",
            display_name="Tag Tiles (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Looks at each part of a picture with a tagger and writes down which "
            "persons and things are there, as boxes for Tile Prompts. The tagger's files and "
            "onnxruntime are yours to get: see the help page.",
            inputs=[
                io.Image.Input(
                    "image", tooltip="The picture that will be refined; of a batch, the first.",
                ),
                io.Combo.Input(
                    "tagger", options=tagger_names(),
                    tooltip="A WD tagger: a folder in models/taggers with model.onnx and "
                    "selected_tags.csv.",
                ),
                io.Int.Input(
                    "columns", default=3, min=1, max=10,
                    tooltip="Parts side by side. 4 x 3, 3 x 4 and 6 x 2 parts are the most.",
                ),
                io.Int.Input(
                    "rows", default=3, min=1, max=10, tooltip="Parts one below the other.",
                ),
                io.Float.Input(
                    "general_threshold", default=0.35, min=0.05, max=1.0, step=0.05,
                    tooltip="How sure the tagger must be of a tag.",
                ),
                io.Float.Input(
                    "character_threshold", default=0.85, min=0.05, max=1.0, step=0.05,
                    tooltip="How sure the tagger must be of a character's name.",
                ),
            ],
            outputs=[
                io.String.Output(
                    "boxes", tooltip="For boxes of Tile Prompts: a line per part in which "
                    "something is.",
                ),
                io.String.Output("tags", tooltip="All tags of the whole picture."),
                io.String.Output("report", tooltip="What was seen where, with scores."),
            ],
        )  # fmt: skip

    @classmethod
    def validate_inputs(cls, tagger: str | None) -> bool | str:
        from ._tagger import problem

        return (tagger is not None and problem(tagger)) or True

    @classmethod
    def execute(
        cls, image, tagger: str, columns: int, rows: int, general_threshold: float,
        character_threshold: float,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.tagging.labels import choose
        from ..core.tagging.parts import cut, grid, told
        from ..core.tagging.wd import tag
        from ._host import progress
        from ._tagger import opened
        from ._vocabulary import full_vocabulary

        boxes, picture, loaded = grid(columns, rows), image[0].cpu().numpy(), opened(tagger)
        scores = tag(loaded, [picture, *(cut(picture, box) for box in boxes)], progress())
        whole, *parts = (
            choose(loaded.labels, one, general_threshold, character_threshold) for one in scores
        )
        return io.NodeOutput(*told(boxes, whole, parts, full_vocabulary()))


NODES = [IXLTagTiles]
