"""IXLTilePrompts: a prompt whose person words reach only the tiles in which a person is."""

from comfy_api.latest import io

from ._characters import Characters
from ._encode import sizes_input, weight_input
from ._profile import profile_inputs


class IXLTilePrompts(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTilePrompts",
            display_name="Tile Prompts (Illustrious)",
            category="Illustrious XL/high resolution",
            description="Encodes a prompt so that each tile is told only of what is in it: style, "
            "light, quality and scenery everywhere, persons and things where their boxes are. "
            "Keeps faces out of the other tiles. Samplers without tiles get the whole prompt.",
            inputs=[
                io.Clip.Input("clip", tooltip="The text encoders of the checkpoint."),
                io.String.Input(
                    "text", multiline=True, dynamic_prompts=True,
                    tooltip="The prompt of the whole picture.",
                ),
                io.String.Input(
                    "boxes", default="", multiline=True, dynamic_prompts=False,
                    placeholder="30 10 40 85\n0 0 100 20: full moon",
                    tooltip="A line per box: left, top, width, height in percent, then its tags. "
                    "Without tags it holds what no other box names; 'character 2' is a card's.",
                ),
                Characters.Input(
                    "characters", optional=True,
                    tooltip="From Character (Illustrious): each is where its box is, or else "
                    "where its position says.",
                ),
                io.MultiType.Input(
                    "bboxes", [io.BoundingBox, io.Array], optional=True,
                    tooltip="Boxes that ComfyUI's nodes drew or found: of faces, of persons. As "
                    "many as characters without a box are theirs, from left to right.",
                ),
                io.Image.Input(
                    "image", optional=True,
                    tooltip="The picture that bboxes in pixels belong to.",
                ),
                io.String.Input(
                    "background", default="", dynamic_prompts=False, optional=True,
                    tooltip="Said besides in tiles without a box: no humans, scenery.",
                ),
                io.String.Input(
                    "everywhere", default="", dynamic_prompts=False, optional=True,
                    tooltip="Tags that every tile is told whatever they are, such as the trigger "
                    "word of a style LoRA.",
                ),
                io.Float.Input(
                    "rim", default=0.1, min=0.0, max=0.45, step=0.05, optional=True,
                    tooltip="A tile that sees no more of a box than this share of its side is not "
                    "told what is in it.",
                ),
                weight_input(),
                *profile_inputs(),
                sizes_input(),
            ],
            outputs=[
                io.Conditioning.Output(),
                io.String.Output("report", tooltip="The prompt of each box, and that of no box."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, clip, text: str, boxes: str, weights: str, profile: str, characters=None, bboxes=None,
        image=None, background="", everywhere="", rim=0.1, model_profile=None, sizes=None,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.prompt.given import cards_of, text_of
        from ..core.prompt.tile_boxes import given_boxes, read_boxes
        from ..core.prompt.tile_places import places_of
        from ..core.prompt.tile_prompts import tile_prompts, tile_report
        from ._encode import encode
        from ._profile import chosen_profile
        from ._tile_texts import with_tile_prompts
        from ._vocabulary import full_vocabulary

        size = None if image is None else (image.shape[2], image.shape[1])
        given = None if bboxes is None else given_boxes(bboxes, size)
        places = places_of(cards_of(characters), read_boxes(text_of("boxes", boxes)), given)
        made = tile_prompts(
            text_of("text", text), places, chosen_profile(profile, model_profile),
            full_vocabulary(), background, everywhere, rim,
        )  # fmt: skip
        encoded = [encode(clip, one, weights, shared=sizes)[0] for one in made.texts]
        return io.NodeOutput(with_tile_prompts(encoded, made), tile_report(made, places))


NODES = [IXLTilePrompts]
