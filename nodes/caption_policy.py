"""IXLCaptionPolicy: changes how captions are varied every time that a picture is seen."""

from comfy_api.latest import io


def _share(name: str, meaning: str, default: float = -0.01) -> io.Float.Input:
    return io.Float.Input(
        name, default=default, min=-0.01, max=1.0, step=0.01,
        tooltip=f"{meaning} Below 0: as the policy that comes in has it.",
    )  # fmt: skip


class IXLCaptionPolicy(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLCaptionPolicy",
            display_name="Caption Policy (Illustrious)",
            category="Illustrious XL/training",
            description="Changes how captions are varied in training: what is dropped, how often, "
            "and what is never dropped.",
            inputs=[
                io.Custom("IXL_CAPTION_POLICY").Input(
                    "policy", optional=True,
                    tooltip="From Training Preset; without it the authors' multi-level dropout.",
                ),
                _share("caption_dropout", "Share of captions that are empty but for what is never "
                       "dropped: lets the model be guided."),
                _share("tag_dropout", "Most tags that a caption outside the stages loses."),
                _share("registers", "Share of captions that get a random word at the end, which "
                       "takes up what no tag explains."),
                io.String.Input(
                    "rates", multiline=True, default="",
                    tooltip="Further dropout by category, one a line, such as general: 0.1.",
                ),
                io.String.Input(
                    "never_drop", multiline=True, default="",
                    tooltip="Tags that stay even in an empty caption, besides the built-in ones: "
                    "your trigger word, for instance. Separated by commas.",
                ),
                io.Boolean.Input(
                    "multi_level", default=True,
                    tooltip="Off: no stages that keep only a few tags. For very small data sets.",
                ),
                io.Int.Input(
                    "seed", default=0, min=0, max=2**31, control_after_generate=False,
                    tooltip="Of the captions' random numbers.",
                ),
            ],
            outputs=[
                io.Custom("IXL_CAPTION_POLICY").Output(
                    "changed", display_name="policy",
                    tooltip="For Caption Preview and Train (Illustrious).",
                )
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, policy=None, **changes) -> io.NodeOutput:
        from ..training.changes import changed_policy
        from ..training.policy import Policy

        return io.NodeOutput(changed_policy(policy or Policy(), **changes))


NODES = [IXLCaptionPolicy]
