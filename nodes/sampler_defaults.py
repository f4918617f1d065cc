"""IXLSamplerDefaults: the sampler settings that the model's version wants, ready to be linked."""

import comfy.samplers
from comfy.samplers import KSampler
from comfy_api.latest import io

from ..core.checkpoint.choices import AUTOMATIC
from ._profile import model_profile_input
from ._samplers import Names


class IXLSamplerDefaults(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLSamplerDefaults",
            display_name="Sampler Defaults (Illustrious)",
            category="Illustrious XL/model",
            description="The sampler, scheduler, steps, CFG and CFG rescale that the loaded "
            "version was made for, to link into KSampler and into custom sampling; says where "
            "each value comes from.",
            inputs=[
                io.Model.Input(
                    "model", tooltip="The model to sample with, after LoRAs. It is rescaled where "
                    "its version wants that, and tells epsilon from v-prediction.",
                ),
                io.Combo.Input(
                    "sampler_name", options=[AUTOMATIC, *KSampler.SAMPLERS], default=AUTOMATIC,
                    tooltip="automatic: that of the version.",
                ),
                io.Combo.Input(
                    "scheduler", options=[AUTOMATIC, *KSampler.SCHEDULERS], default=AUTOMATIC,
                    tooltip="automatic: that of the version.",
                ),
                io.Int.Input(
                    "steps", default=0, min=0, max=10000, tooltip="0: those of the version.",
                ),
                io.Float.Input(
                    "cfg", default=0.0, min=0.0, max=100.0, step=0.1, round=0.01,
                    tooltip="How strictly the prompt is followed. 0: that of the version.",
                ),
                io.Float.Input(
                    "cfg_rescale", default=-1.0, min=-1.0, max=1.0, step=0.05, round=0.01,
                    tooltip="How much of the contrast that CFG adds is taken back, as RescaleCFG "
                    "does; 0 is none. Below 0: that of the version, more than 0 for v-prediction.",
                ),
                io.Float.Input(
                    "denoise", default=1.0, min=0.0, max=1.0, step=0.01, advanced=True,
                    tooltip="For the output sigmas: below 1 for image-to-image. KSampler has a "
                    "denoise of its own.",
                ),
                model_profile_input(),
            ],
            outputs=[
                io.Model.Output("rescaled_model", display_name="model"),
                io.Custom(Names(KSampler.SAMPLERS)).Output(
                    "chosen_sampler_name", display_name="sampler_name",
                    tooltip="For KSampler and KSamplerSelect.",
                ),
                io.Custom(Names(KSampler.SCHEDULERS)).Output(
                    "chosen_scheduler", display_name="scheduler",
                    tooltip="For KSampler and BasicScheduler.",
                ),
                io.Int.Output("chosen_steps", display_name="steps"),
                io.Float.Output("chosen_cfg", display_name="cfg"),
                io.Sampler.Output("sampler", tooltip="For custom sampling."),
                io.Sigmas.Output("sigmas", tooltip="For custom sampling; as KSampler has them."),
                io.String.Output("report", tooltip="Every value and where it comes from."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, model, sampler_name: str, scheduler: str, steps: int, cfg: float, cfg_rescale: float,
        denoise: float, model_profile=None,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.checkpoint.sampling import Chosen, profile_in_use, settings
        from ._profile import model_profiles
        from ._samplers import has_guidance, loaded_checkpoint, rescaled, sigmas
        from ._sampling import sampling_of

        profile, line = profile_in_use(
            model_profile, loaded_checkpoint(model), model_profiles(), sampling_of(model)
        )
        chosen = Chosen(sampler_name, scheduler, steps, cfg, cfg_rescale)
        known = KSampler.SAMPLERS, KSampler.SCHEDULERS
        found = settings(profile, chosen, *known, has_guidance(model))
        return io.NodeOutput(
            rescaled(model, found.cfg_rescale), found.sampler, found.scheduler, found.steps,
            found.cfg, comfy.samplers.sampler_object(found.sampler),
            sigmas(model, found.sampler, found.scheduler, found.steps, denoise),
            "\n".join([line, *found.lines]),
        )  # fmt: skip


NODES = [IXLSamplerDefaults]
