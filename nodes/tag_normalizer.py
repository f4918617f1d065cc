"""IXLTagNormalizer: a prompt put into the order that the model was trained on, with reasons."""

from comfy_api.latest import io

from ._profile import profile_inputs


def _choice(name: str, default: str, meaning: str) -> io.Combo.Input:
    from ..core.prompt.options import CHOICES

    return io.Combo.Input(
        name, options=list(CHOICES[name]), default=default, tooltip=meaning, advanced=True
    )


def _switch(name: str, meaning: str, **more) -> io.Boolean.Input:
    return io.Boolean.Input(name, default=False, tooltip=meaning, advanced=True, **more)


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
                _choice("duplicates", "drop", "Tags that stand before with the same weight."),
                _choice("sentence", "profile", "Where sentences stand: as the profile's captions "
                        "have them, or first or last of all."),
                _choice("weights", "keep", "numeric: all weights as (tag:1.1), which is all that "
                        "ComfyUI reads; [a], {a} and nested brackets become numbers."),
                _choice("implied", "keep", "Tags that another one states, such as dress beside red "
                        "dress: drop them, or add those that are missing."),
                _switch("aliases", "Write the name that the model was trained on instead of an "
                        "alias or a later name."),
                _switch("words", "Write the nearest trained score, year or rating word instead of "
                        "another model's."),
                # optional: prompts saved through the API before there was such an input lack it
                _switch("add_breaks", "Put BREAK before a section that a chunk of 75 tokens would "
                        "cut in two, so that its tags are encoded together.", optional=True),
            ],
            outputs=[
                io.String.Output("normalized", display_name="text"),
                io.String.Output(
                    "report",
                    tooltip="Changes, warnings and the token budget: connect Preview as Text.",
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, text: str, profile: str, model_profile=None, add_breaks: bool = False, **options
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.prompt.budget import lay_out
        from ..core.prompt.given import text_of
        from ..core.prompt.normalize import normalize
        from ..core.prompt.report import budget_report, report
        from ._profile import chosen_profile
        from ._tokens import count
        from ._vocabulary import full_vocabulary

        chosen, known = chosen_profile(profile, model_profile), full_vocabulary()
        result = normalize(text_of("text", text), chosen, known, **options)
        out, budget, added = lay_out(result.text, count, chosen, known, add_breaks)
        return io.NodeOutput(out, f"{report(result)}\n{budget_report(budget, added)}")


NODES = [IXLTagNormalizer]
