"""IXLCaptionPreview: sampled captions before any training, and what a policy really does."""

import hashlib

from comfy_api.latest import io

from ._host import progress, tokenizer_folder
from ._profile import profile_inputs


class IXLCaptionPreview(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLCaptionPreview",
            display_name="Caption Preview (Illustrious)",
            category="Illustrious XL/training",
            description="Shows captions as they will come in training, and how often each category "
            "is really dropped, before you spend an hour on it.",
            inputs=[
                io.Custom("IXL_CAPTION_POLICY").Input(
                    "policy", tooltip="From Training Preset or Caption Policy."
                ),
                io.String.Input(
                    "captions", multiline=True,
                    tooltip="A folder with .txt or .caption files, or captions, one a line.",
                ),
                profile_inputs()[0],
                io.Int.Input(
                    "number", default=2000, min=1, max=1_000_000, tooltip="Captions to make."
                ),
                io.Int.Input(
                    "shown", default=20, min=1, max=200, tooltip="Captions to show of them."
                ),
            ],
            outputs=[
                io.String.Output("report", tooltip="Shares of stages and categories, configured "
                                 "and real: connect Preview as Text."),
                io.String.Output("samples", tooltip="The captions, one a line."),
            ],
        )  # fmt: skip

    @classmethod
    def fingerprint_inputs(cls, captions: str = "", **rest) -> str:
        """Runs again when a caption file changes."""
        from ..training.captions import captions_given

        told = repr((captions_given(captions), sorted(rest.items(), key=lambda item: item[0])))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def execute(cls, policy, captions, profile, number, shown) -> io.NodeOutput:
        from ..core.prompt.clip_tokens import counter
        from ..training.captions import captions_given, plans_of
        from ..training.plan import caption_reader
        from ..training.preview import preview, preview_text, samples_text
        from ._vocabulary import full_vocabulary

        plans = plans_of(captions_given(captions), caption_reader(profile, full_vocabulary()))
        found = preview(plans, policy, number, counter(tokenizer_folder()), shown, progress())
        return io.NodeOutput(preview_text(found), samples_text(found))


NODES = [IXLCaptionPreview]
