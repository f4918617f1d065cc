"""IXLLoadLora: several LoRAs, each checked against the loaded model before it is applied."""

import logging

from comfy_api.latest import io, ui

from ._loras import slot_inputs

log = logging.getLogger(__name__)


class IXLLoadLora(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLLoadLora",
            display_name="Load LoRAs (Illustrious)",
            category="Illustrious XL/model",
            description="Applies up to 6 LoRAs. Says what each was trained on, with which trigger "
            "words, and whether it belongs to the loaded model; one for another base model stops "
            "the run instead of being applied in part.",
            inputs=[
                io.Model.Input("model", tooltip="An SDXL-type model."),
                io.Clip.Input(
                    "clip", optional=True,
                    tooltip="The text encoders of the checkpoint. Without them only the U-Net is "
                    "changed.",
                ),
                *slot_inputs(),
                io.String.Input(
                    "trained", optional=True, force_input=True,
                    tooltip="Path of one more LoRA, from Train (Illustrious): used at full "
                    "strength, before the others.",
                ),
                io.Custom("IXL_PROFILE").Input(
                    "model_profile", optional=True,
                    tooltip="From Load Checkpoint (Illustrious): tells which version each LoRA is "
                    "compared with. Needed only for models of other loaders.",
                ),
            ],
            outputs=[
                io.Model.Output("patched_model", display_name="model"),
                io.Clip.Output("patched_clip", display_name="clip"),
                io.String.Output(
                    "trigger_words", display_name="trigger words",
                    tooltip="Those of all LoRAs, with commas: as the author says, else the tags "
                    "that nearly all captions have.",
                ),
                io.String.Output(
                    "report",
                    tooltip="Base, rank, keys, tags, hashes and warnings of each LoRA.",
                ),
            ],
        )  # fmt: skip

    @classmethod
    def fingerprint_inputs(cls, **values) -> list:
        from ._loras import stamps

        return stamps(values)

    @classmethod
    def execute(cls, model, clip=None, model_profile=None, **slots) -> io.NodeOutput:
        from ..core.checkpoint.loaded import LORAS_KEY
        from ..core.checkpoint.lora_fit import is_off
        from ..core.checkpoint.lora_report import check, report, trigger_words
        from ._loras import apply, base_behind, chosen_slots, prepare

        chosen = chosen_slots(slots)
        off = [s for s in chosen if is_off(s.strength_model, s.strength_clip, clip is not None)]
        applied = prepare([slot for slot in chosen if slot not in off], model, clip)
        check(applied)
        before = model.get_attachment(LORAS_KEY) or ()
        told = report(applied, [s.name for s in off], before, base_behind(model, model_profile))
        log.info(told)
        for one in applied:
            model, clip = apply(model, clip, one)  # a new MODEL: the one given stays as it is
            before = (*before, one.record)
            model.set_attachments(LORAS_KEY, before)
        words = trigger_words(one.lora for one in applied)
        return io.NodeOutput(model, clip, words, told, ui=ui.PreviewText(told))


NODES = [IXLLoadLora]
