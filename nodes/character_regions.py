"""IXLCharacterRegions: conditioning with a mask per character, from the cards' positions."""

from comfy_api.latest import io

from ._characters import Picture as PictureType
from ._encode import sizes_input, weight_input
from ._profile import profile_inputs


class IXLCharacterRegions(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLCharacterRegions",
            display_name="Character Regions (Illustrious)",
            category="Illustrious XL/prompt",
            description="Gives each character a part of the picture with its own prompt, so that "
            "their looks do not mix. For any sampler, and for Tiled Model.",
            inputs=[
                io.Clip.Input("clip", tooltip="The text encoders of the checkpoint."),
                PictureType.Input("picture", tooltip="From Build Prompt, with characters."),
                io.Float.Input(
                    "base_strength", default=0.4, min=0.0, max=2.0, step=0.05,
                    tooltip="How much the prompt of the whole picture counts beside the "
                    "characters' own. 0 draws the regions apart from each other.",
                ),
                io.Float.Input(
                    "region_strength", default=1.0, min=0.05, max=2.0, step=0.05,
                    tooltip="How much each character's prompt counts in its region.",
                ),
                io.Float.Input(
                    "feather", default=0.1, min=0.0, max=0.5, step=0.01,
                    tooltip="How softly regions meet, as a share of the picture's side.",
                ),
                weight_input(),
                *profile_inputs(),
                sizes_input(),
            ],
            outputs=[
                io.Conditioning.Output(),
                io.Mask.Output("masks", tooltip="One mask per character, to look at."),
                io.String.Output(
                    "prompt_control", tooltip="The same as text for the prompt-control pack."
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, clip, picture, base_strength: float, region_strength: float, feather: float,
        weights: str, profile: str, model_profile=None, sizes=None,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.prompt.given import picture_of
        from ..core.prompt.masks import region_masks
        from ..core.prompt.regions import make_regions
        from ._encode import encode, masked
        from ._profile import chosen_profile

        made = make_regions(picture_of(picture), chosen_profile(profile, model_profile))
        masks = region_masks(made.regions, feather)
        base = masked(encode(clip, made.base, weights, shared=sizes)[0], None, base_strength)
        parts = [
            masked(encode(clip, region.text, weights, shared=sizes)[0], mask, region_strength)
            for region, mask in zip(made.regions, masks, strict=True)
        ]
        return io.NodeOutput(sum(parts, base), masks, made.prompt_control)


NODES = [IXLCharacterRegions]
