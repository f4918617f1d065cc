"""IXLTagNormalizer: a prompt put into the order that the model was trained on, with reasons."""

from comfy_api.latest import io

from ..core.prompt.normalize import normalize
from ..core.prompt.report import report
from ._profile import chosen_profile, profile_inputs
from ._vocabulary import full_vocabulary


class IXLTagNormalizer(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTagNormalizer",
            display_name="Normalize Tags (Illustrious)",
            category="Illustrious XL/prompt",
            description="Puts the tags of a prompt into the order of the captions that the model "
            "was trained on, keeps weights, brackets and sentences, and says what it did and why.",
            inputs=[
                io.String.Input(
                    "text", multiline=True, dynamic_prompts=False,
                    tooltip="Any prompt: tags in any order, weights, BREAK, LoRA tags, sentences.",
                ),
                *profile_inputs(),
            ],
            outputs=[
                io.String.Output("normalized", display_name="text"),
                io.String.Output(
                    "report", tooltip="A line per change and per warning: connect Preview as Text."
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, text: str, profile: str, model_profile=None) -> io.NodeOutput:
        chosen = chosen_profile(profile, model_profile)
        result = normalize(text, chosen, full_vocabulary())
        return io.NodeOutput(result.text, report(result))


NODES = [IXLTagNormalizer]
