"""IXLEncodePrompt: prompt text to conditioning, with BREAK, A1111 weights and SDXL's sizes."""

from comfy_api.latest import io

from ._encode import sizes_input, weight_input

MOST_PX = 16384


def _size(name: str, meaning: str) -> io.Int.Input:
    return io.Int.Input(
        name, default=0, min=0, max=MOST_PX, step=8, advanced=True,
        tooltip=f"{meaning} in px, as SDXL is told. 0: that of sizes, else "
        "ComfyUI's own choice.",
    )  # fmt: skip


class IXLEncodePrompt(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLEncodePrompt",
            display_name="Encode Prompt (Illustrious)",
            category="Illustrious XL/prompt",
            description="Encodes a prompt for the model. BREAK begins a new chunk of 75 tokens; "
            "LoRA tags, comments and ||| never reach the text encoder.",
            inputs=[
                io.Clip.Input("clip", tooltip="The text encoders of the checkpoint."),
                io.String.Input(
                    "text", multiline=True, dynamic_prompts=True,
                    tooltip="The prompt, with weights and BREAK.",
                ),
                weight_input(),
                _size("width", "Width of the picture that a training picture was made from"),
                _size("height", "Height of the picture that a training picture was made from"),
                _size("crop_w", "How much was cropped off at the left,"),
                _size("crop_h", "How much was cropped off at the top,"),
                _size("target_width", "Width of the result"),
                _size("target_height", "Height of the result"),
                sizes_input(),
            ],
            outputs=[
                io.Conditioning.Output(),
                io.String.Output(
                    "report", tooltip="Tokens per chunk, and what was not encoded as text."
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, clip, text: str, weights: str, sizes=None, **own: int) -> io.NodeOutput:
        from ._encode import encode

        return io.NodeOutput(*encode(clip, text, weights, own, sizes))


NODES = [IXLEncodePrompt]
