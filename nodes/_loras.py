"""What the LoRA loader needs from ComfyUI: its slots, the model's layers, reading and applying."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import comfy.lora
import comfy.sd
import comfy.utils
import folder_paths
from comfy import model_sampling
from comfy_api.latest import io

from ._host import check_cancel, model_roots, progress, user_folder

if TYPE_CHECKING:
    from ..core.checkpoint.lora_fit import Base
    from ..core.checkpoint.lora_keys import Shape
    from ..core.checkpoint.lora_report import Applied
    from ..core.checkpoint.profiles import Profile


# Six: with more the node is taller than a screen where nothing hides the empty ones.
SLOTS = range(1, 7)
NONE = "none"
FULL = 1.0
_STRENGTH = {"default": FULL, "min": -100.0, "max": 100.0, "step": 0.05}


class Slot(NamedTuple):
    """One chosen LoRA: its name in the list, its path, the strengths as set."""

    name: str
    path: str
    strength_model: float
    strength_clip: float


def slot_inputs() -> list:
    """Three widgets for each slot.

    A fixed number of plain widgets: ComfyUI 0.30.0 gives an Autogrow input no widgets, and its
    DynamicCombo forgets all rows when their number changes. js/ixl.loras.js hides the empty ones;
    they are optional, so that a prompt sent over the API names only those that it uses.
    """
    files = [NONE, *folder_paths.get_filename_list("loras")]
    return [one for number in SLOTS for one in _inputs_of(number, files)]


def _inputs_of(number: int, files: list[str]) -> list:
    return [
        io.Combo.Input(
            f"lora_{number}", options=files, default=NONE, optional=True,
            tooltip="A file of the folder models/loras; none: this place is empty. It is checked "
            "before it is loaded, and refused if it was made for another base model.",
        ),
        io.Float.Input(
            f"strength_model_{number}", optional=True, **_STRENGTH,
            tooltip="How strongly the U-Net is changed; 0: not at all, negative: the other way.",
        ),
        io.Float.Input(
            f"strength_clip_{number}", optional=True, **_STRENGTH,
            tooltip="How strongly the text encoders are changed. Not used without a CLIP.",
        ),
    ]  # fmt: skip


def chosen_slots(values: dict) -> list[Slot]:
    """The file that came over the link, and the slots that name one, in their order."""
    linked = values.get("trained")
    first = [_linked_slot(linked)] if linked else []
    return first + _named_slots(values)


def _linked_slot(path: str) -> Slot:
    from ..core.checkpoint.files import inside

    real = inside(path, model_roots("loras"))
    listed = folder_paths.get_filename_list("loras")
    named = (n for n in listed if folder_paths.get_full_path("loras", n) == real)
    return Slot(next(named, os.path.basename(real)), real, FULL, FULL)


def _named_slots(values: dict) -> list[Slot]:
    named = [(n, values.get(f"lora_{n}", NONE)) for n in SLOTS]
    return [
        Slot(
            name,
            folder_paths.get_full_path_or_raise("loras", name),
            values.get(f"strength_model_{n}", FULL),
            values.get(f"strength_clip_{n}", FULL),
        )
        for n, name in named
        if name != NONE
    ]


def stamps(values: dict) -> list:
    """Size and time of the chosen files: a LoRA that is trained again keeps its name."""
    from ..core.checkpoint.files import stamp

    names = [values.get(f"lora_{n}") for n in SLOTS]  # None: comes over a link
    paths = [name and name != NONE and folder_paths.get_full_path("loras", name) for name in names]
    return [[*stamp(os.stat(path))] for path in paths if path]


def prepare(slots: list[Slot], model, clip) -> list[Applied]:
    """The files, read and compared with the model; one progress bar for all of them."""
    from ..core.checkpoint.hashing import hash_file_cached
    from ..core.checkpoint.lora import read_lora
    from ..core.checkpoint.lora_keys import match
    from ..core.checkpoint.lora_report import Applied

    cache, on_step = user_folder("hashes"), progress()
    sizes, layers = [os.path.getsize(slot.path) for slot in slots], layers_of(model, clip)
    found = []
    for i, slot in enumerate(slots):
        before, total = sum(sizes[:i]), sum(sizes)

        def step(done: int, _: int, before=before, total=total) -> None:
            on_step(before + done, total)

        lora = read_lora(slot.path, step, lambda path, *rest: hash_file_cached(path, cache, *rest))
        fit = match(lora.modules, layers, clip is not None)
        found.append(Applied(slot.name, lora, fit, slot.strength_model, slot.strength_clip))
    return found


def layers_of(model, clip) -> dict[str, Shape]:
    """{module name, in every spelling that ComfyUI reads: shape of the weight}."""
    keys = comfy.lora.model_lora_keys_unet(model.model, {})
    weights = model.model.state_dict()
    if clip is not None:
        keys = comfy.lora.model_lora_keys_clip(clip.cond_stage_model, keys)
        weights = {**weights, **clip.cond_stage_model.state_dict()}
    # a layer may also be named by a part of a weight, (name, slice): its shape is not checked
    return {
        name: tuple(weights[key].shape) if isinstance(key, str) else ()
        for name, key in keys.items()
        if not isinstance(key, str) or key in weights
    }


def base_behind(model, model_profile: Profile | None) -> Base:
    """What is known of a MODEL: by the profile given, else by that of our checkpoint loader."""
    from ..core.checkpoint.loaded import CHECKPOINT_KEY
    from ..core.checkpoint.lora_fit import base_of
    from ._profile import model_profiles

    loaded = model.get_attachment(CHECKPOINT_KEY)
    if model_profile is None and loaded:
        model_profile = model_profiles().get(loaded.profile)
    return base_of(model_profile, objective_of(model))


def objective_of(model) -> str:
    """The objective that a MODEL samples with; a node may have changed it after loading."""
    sampling = model.get_model_object("model_sampling")
    if isinstance(sampling, model_sampling.V_PREDICTION | model_sampling.V_PREDICTION_DDPM):
        return "v-prediction"
    plain = isinstance(sampling, model_sampling.EPS) and not isinstance(sampling, model_sampling.X0)
    return "epsilon" if plain else ""


def apply(model, clip, one: Applied) -> tuple:
    """MODEL and CLIP with a LoRA, as ComfyUI's own loader gives them, without what cannot fit."""
    from ..core.checkpoint.lora_keys import kept

    check_cancel()
    weights, metadata = comfy.utils.load_torch_file(
        one.lora.identity.file, safe_load=True, return_metadata=True
    )
    weights = {name: weights[name] for name in kept(weights, one.match)}
    return comfy.sd.load_lora_for_models(
        model, clip, weights, one.strength_model, one.strength_clip, lora_metadata=metadata
    )
