"""A decided objective and CFG rescale, put on a MODEL through ComfyUI's own patches."""

from comfy.model_sampling import (
    EDM,
    EPS,
    V_PREDICTION,
    ModelSamplingContinuousEDM,
    ModelSamplingDiscrete,
)

from ..core.checkpoint.decision import Decision
from ..core.guidance import rescaled_guidance

# What ComfyUI builds a model's sampling of (comfy/model_base.py, model_sampling) -> objective.
_OBJECTIVES = {
    (ModelSamplingDiscrete, EPS): "epsilon",
    (ModelSamplingDiscrete, V_PREDICTION): "v-prediction",
    (ModelSamplingContinuousEDM, V_PREDICTION): "edm-v-prediction",
    (ModelSamplingContinuousEDM, EDM): "edm",
}
_PATCHES = {"epsilon": EPS, "v-prediction": V_PREDICTION}


def sampling_of(model) -> tuple[str, bool]:
    """How a MODEL samples: objective ("" for an unknown one) and zero terminal SNR."""
    sampling = model.get_model_object("model_sampling")
    objective = _OBJECTIVES.get(type(sampling).__bases__, "")
    return objective, getattr(sampling, "zsnr", False)


def with_sampling(model, decision: Decision):
    """A clone that samples as decided. What ComfyUI chose already is left as it is.

    Raises ValueError for an objective that only ComfyUI's checkpoint loader can set up.
    """
    model = model.clone()
    if sampling_of(model) != (decision.objective, decision.zero_terminal_snr):
        _set_objective(model, decision)
    if decision.cfg_rescale > 0:
        model.set_model_sampler_cfg_function(_rescale(decision.cfg_rescale))
    return model


def _set_objective(model, decision: Decision) -> None:
    kind = _PATCHES.get(decision.objective)
    if kind is None:
        raise ValueError(
            f"The file says {decision.objective}, whose noise levels ComfyUI reads from whole "
            "checkpoints alone; load it as a checkpoint with weight_dtype default."
        )

    class Sampling(ModelSamplingDiscrete, kind):
        pass

    sampling = Sampling(model.model.model_config, zsnr=decision.zero_terminal_snr)
    model.add_object_patch("model_sampling", sampling)


def _rescale(share: float):
    """A function for `set_model_sampler_cfg_function`."""

    def guide(args: dict):
        return rescaled_guidance(
            args["cond"], args["uncond"], args["cond_scale"], args["input"], args["sigma"], share
        )

    return guide
