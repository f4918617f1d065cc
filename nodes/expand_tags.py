"""IXLExpandTags: a short prompt expanded by TIPO, a small language model on the user's machine."""

from comfy_api.latest import io

from ..core.prompt.choices import RATINGS
from ..core.tipo.form import LENGTHS
from ._profile import profile_inputs
from ._tipo import AUTO, CPU, model_names

TAGS, BOTH = "tags", "tags + sentence"


class IXLExpandTags(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLExpandTags",
            display_name="Expand Tags (Illustrious)",
            category="Illustrious XL/prompt",
            description="Adds fitting tags, and a description if you like, to a short prompt with "
            "TIPO, the small language model that the Illustrious paper uses. Your own tags and "
            "weights stay as they are. The model file is yours to get: see the help page.",
            inputs=[
                io.String.Input(
                    "text", multiline=True, dynamic_prompts=False,
                    tooltip="A short prompt: tags with weights, BREAK, LoRA tags, sentences.",
                ),
                io.Combo.Input(
                    "model", options=model_names(),
                    tooltip="A TIPO model: a folder in models/kgen. The help page says how to get "
                    "one; a larger one knows more and is slower.",
                ),
                io.Combo.Input(
                    "length", options=list(LENGTHS), default="short",
                    tooltip="How many tags the result has: very short 6-17, short 18-35, long "
                    "36-53, very long 54-72. A CLIP chunk holds about 20.",
                ),
                io.Combo.Input(
                    "format", options=[TAGS, BOTH], default=TAGS,
                    tooltip="tags + sentence: also a description, for v1.1 and later.",
                ),
                io.Combo.Input(
                    "rating", options=list(RATINGS), default="general",
                    tooltip="Nothing above this is added. A rating in the text goes before it.",
                ),
                io.String.Input(
                    "banned", default="", multiline=True, dynamic_prompts=False,
                    tooltip="Tags that are never added, with commas; * stands for any letters: "
                    "hat, * background. Tags that state a banned one are not added either.",
                ),
                io.Boolean.Input(
                    "add_characters", default=False,
                    tooltip="Whether characters and series may be added.",
                ),
                io.Boolean.Input(
                    "add_artists", default=False, tooltip="Whether artists may be added.",
                ),
                io.Int.Input(
                    "seed", default=0, min=0, max=0xFFFFFFFFFFFFFFFF, control_after_generate=True,
                    tooltip="The same seed, text, model and settings give the same result.",
                ),
                io.Float.Input(
                    "temperature", default=0.35, min=0.05, max=2.0, step=0.05,
                    tooltip="Higher is more varied, lower is more coherent.",
                ),
                io.Float.Input(
                    "top_p", default=0.95, min=0.01, max=1.0, step=0.01,
                    tooltip="Draw from the likeliest tokens that together have this chance.",
                ),
                io.Float.Input(
                    "min_p", default=0.1, min=0.0, max=1.0, step=0.01,
                    tooltip="Leave out tokens less likely than this part of the likeliest one.",
                ),
                io.Int.Input(
                    "top_k", default=60, min=0, max=1000,
                    tooltip="Draw from this many likeliest tokens; 0 is no limit.",
                ),
                io.Combo.Input(
                    "device", options=[AUTO, CPU], default=AUTO,
                    tooltip="auto: where ComfyUI runs text encoders. cpu leaves the graphics card "
                    "alone.",
                ),
                io.Boolean.Input(
                    "keep_model", default=True,
                    tooltip="Keep the model in memory for the next run; off frees it after each.",
                ),
                *profile_inputs(),
            ],
            outputs=[
                io.String.Output("expanded", display_name="text"),
                io.String.Output("added", tooltip="Only what was added."),
                io.String.Output(
                    "report", tooltip="What was added, and what was not and why."
                ),
            ],
        )  # fmt: skip

    @classmethod
    def validate_inputs(cls, model: str | None) -> bool | str:
        from ._tipo import problem

        return (model is not None and problem(model)) or True

    @classmethod
    def execute(
        cls, text: str, model: str, length: str, format: str, rating: str, banned: str,
        add_characters: bool, add_artists: bool, seed: int, temperature: float, top_p: float,
        min_p: float, top_k: int, device: str, keep_model: bool, profile: str, model_profile=None,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.prompt.additions import Wishes
        from ..core.prompt.expand import banned_names, expand
        from ..core.prompt.given import text_of
        from ..core.tipo.model import Sampling
        from ._profile import chosen_profile
        from ._tipo import writer
        from ._vocabulary import full_vocabulary

        prompt, names = text_of("text", text), banned_names(text_of("banned", banned))
        wishes = Wishes(rating, names, add_characters, add_artists)
        chosen = chosen_profile(profile, model_profile)
        sampling = Sampling(temperature, top_p, min_p, top_k)
        with writer(model, device, keep_model, sampling) as ask:
            result = expand(
                prompt, ask, length, format == BOTH, wishes, seed, chosen, full_vocabulary()
            )
        return io.NodeOutput(*result)


NODES = [IXLExpandTags]
