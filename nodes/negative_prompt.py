"""IXLNegativePrompt: the negative words of the model's card, and a look at what they cancel."""

from comfy_api.latest import io

from ..core.prompt.choices import CANCELLED
from ._profile import profile_inputs


class IXLNegativePrompt(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLNegativePrompt",
            display_name="Negative Prompt (Illustrious)",
            category="Illustrious XL/prompt",
            description="The negative prompt that the model's card asks for, with your own words, "
            "and a warning where it cancels the positive prompt.",
            inputs=[
                io.Boolean.Input(
                    "card", default=True, label_on="words of the card", label_off="own words only",
                    tooltip="Whether the negative words of the profile's model card stand first.",
                ),
                io.String.Input(
                    "extra", default="", multiline=True, dynamic_prompts=False,
                    tooltip="Your own negative tags, behind those of the card.",
                ),
                io.Combo.Input(
                    "cancelled", options=list(CANCELLED), default="drop",
                    tooltip="Words of the card that the positive prompt asks for, such as "
                    "monochrome. drop: leave them out; keep: only report them.",
                ),
                *profile_inputs(),
                io.String.Input(
                    "positive", optional=True, force_input=True,
                    tooltip="The positive prompt, to see what the negative one would cancel.",
                ),
            ],
            outputs=[
                io.String.Output("text"),
                io.String.Output("report", tooltip="What cancels the positive prompt."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, card: bool, extra: str, cancelled: str, profile: str, model_profile=None,
        positive: str | None = None,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.prompt.given import text_of
        from ..core.prompt.negative import negative_prompt
        from ..core.prompt.report import negative_report
        from ._profile import chosen_profile
        from ._vocabulary import full_vocabulary

        chosen = chosen_profile(profile, model_profile)
        own, wanted = text_of("extra", extra), text_of("positive", positive)
        made = negative_prompt(chosen, own, wanted, full_vocabulary(), cancelled, card)
        return io.NodeOutput(made.text, negative_report(made.dropped, made.warnings))


NODES = [IXLNegativePrompt]
