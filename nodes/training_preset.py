"""IXLTrainingPreset: the published training of an Illustrious version, cut down to one's card."""

from comfy_api.latest import io

from ..training.choices import METHODS, PRESET_IDS, READINGS


class IXLTrainingPreset(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLTrainingPreset",
            display_name="Training Preset (Illustrious)",
            category="Illustrious XL/training",
            description="The published training of an Illustrious version, cut down to what your "
            "card and your pictures allow; the report names every difference from the paper.",
            inputs=[
                io.Combo.Input(
                    "preset", options=list(PRESET_IDS), default="v2.0",
                    tooltip="Whose training to follow: that of your checkpoint's version.",
                ),
                io.Combo.Input(
                    "method", options=list(reversed(METHODS)), default="lora",
                    tooltip="lora: a small file beside the model. full: all weights, which needs "
                    "20 GB of GPU memory at least.",
                ),
                io.Combo.Input(
                    "reading", options=list(READINGS), default=READINGS[0],
                    tooltip="How the multi-level dropout is read: as the authors' own trainer "
                    "draws it, or as the paper prints it.",
                ),
                io.Float.Input(
                    "memory_gb", default=24.0, min=8.0, max=200.0, step=1.0,
                    tooltip="Memory of one GPU in GB.",
                ),
                io.Int.Input(
                    "images", default=50, min=1, max=100_000_000,
                    tooltip="How many pictures you have, times their repeats.",
                ),
                io.Int.Input(
                    "rank", default=16, min=1, max=512, tooltip="Rank of a LoRA.", advanced=True
                ),
                io.Int.Input(
                    "gpus", default=1, min=1, max=4096, advanced=True,
                    tooltip="How many GPUs train together, those of all machines.",
                ),
            ],
            outputs=[
                io.Custom("IXL_TRAINING").Output(
                    "training", display_name="training", tooltip="For Train (Illustrious)."
                ),
                io.Custom("IXL_CAPTION_POLICY").Output(
                    "policy", display_name="policy",
                    tooltip="How captions are varied: for Caption Policy and Caption Preview.",
                ),
                io.String.Output(
                    "report", tooltip="Every difference from the paper: connect Preview as Text."
                ),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, preset, method, reading, memory_gb, images, rank, gpus) -> io.NodeOutput:
        from ..training.policy import with_reading
        from ..training.presets import PRESETS, scale_down, scaled_text

        chosen = PRESETS[preset]
        chosen = chosen._replace(policy=with_reading(chosen.policy, reading))
        scaled = scale_down(chosen, method, gpus, memory_gb, images, rank)
        return io.NodeOutput((chosen, scaled), chosen.policy, scaled_text(scaled, memory_gb))


NODES = [IXLTrainingPreset]
