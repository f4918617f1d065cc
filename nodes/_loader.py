"""What the two model loaders share: inputs, outputs, and the way from a file to a decision."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, NamedTuple

import folder_paths
from comfy_api.latest import io

from ._host import progress, user_folder

if TYPE_CHECKING:
    from ..core.checkpoint.decision import Decision, Overrides
    from ..core.checkpoint.identity import Identity
    from ..core.checkpoint.profiles import Profile


log = logging.getLogger(__name__)


class Recognised(NamedTuple):
    """A file that is about to be loaded. name: as in the node's list."""

    name: str
    identity: Identity
    profile: Profile
    decision: Decision


def profile_input() -> io.Combo.Input:
    from ..core.checkpoint.choices import AUTOMATIC
    from ._profile import model_profiles

    return io.Combo.Input(
        "profile",
        options=[AUTOMATIC, *model_profiles()],
        default=AUTOMATIC,
        tooltip="automatic: the version that the file is recognised as, by SHA-256, metadata or "
        "name; plain SDXL where nothing tells. Choose a version for a merge whose base you know.",
    )


def vae_input(meaning: str, advanced: bool) -> io.Combo.Input:
    from ..core.checkpoint.choices import AUTOMATIC

    return io.Combo.Input(
        "vae",
        options=[AUTOMATIC, *folder_paths.get_filename_list("vae")],
        default=AUTOMATIC,
        optional=advanced,
        advanced=advanced,
        tooltip=f"{meaning}, in bf16 or fp32 as ComfyUI chooses, never in fp16, where SDXL's VAE "
        "overflows into black pictures. Or a file of the folder models/vae, in ComfyUI's choice.",
    )


def override_inputs() -> list:
    """The switches of core.checkpoint.decision.Overrides and the number format, in this order."""
    from ..core.checkpoint.choices import AUTOMATIC, OBJECTIVE_CHOICES, PROFILES_RESCALE, SWITCH
    from ._load_files import WEIGHT_DTYPES

    return [
        io.Combo.Input(
            "objective",
            options=list(OBJECTIVE_CHOICES),
            default=AUTOMATIC,
            optional=True,
            advanced=True,
            tooltip="What the model predicts. automatic: what SHA-256, marker tensors, metadata "
            "or a folder's scheduler say, else the chosen profile, else the name, else epsilon. A "
            "wrong one gives noise.",
        ),
        io.Combo.Input(
            "zero_terminal_snr",
            options=list(SWITCH),
            default=AUTOMATIC,
            optional=True,
            advanced=True,
            tooltip="Sampling starts from pure noise, for models trained so. automatic: on only "
            "where SHA-256, marker tensors, metadata or a folder's scheduler say so, never by "
            "name or profile. on: burns or blackens pictures of any other model.",
        ),
        io.Float.Input(
            "cfg_rescale",
            default=PROFILES_RESCALE,
            min=-1.0,
            max=1.0,
            step=0.05,
            optional=True,
            advanced=True,
            tooltip="Against oversaturation by CFG, as ComfyUI's RescaleCFG. -1: what the profile "
            "says, mostly 0 for epsilon and 0.2 for v-prediction. 0: off.",
        ),
        io.Combo.Input(
            "weight_dtype",
            options=list(WEIGHT_DTYPES),
            default="default",
            optional=True,
            advanced=True,
            tooltip="How the U-Net's numbers are kept. default: ComfyUI's choice for the card, "
            "mostly fp16. fp8 halves their memory and changes pictures a little; fp8_e4m3fn_fast "
            "also calculates in fp8 where the card can, and changes them more.",
        ),
    ]


def outputs() -> list:
    return [
        io.Model.Output(),
        io.Clip.Output(),
        io.Vae.Output(),
        io.Custom("IXL_PROFILE").Output(
            "model_profile",
            display_name="profile",
            tooltip="The recognised version, with objective, zero terminal SNR and CFG rescale as "
            "decided: for the prompt and sampler nodes of this pack.",
        ),
        io.String.Output(
            "report",
            tooltip="What was recognised and decided, and why: connect Preview as Text.",
        ),
    ]


def recognise(
    name: str, path: str, kinds: tuple[str, ...], choice: str, overrides: Overrides
) -> Recognised:
    """The identity of a file and what follows from it; hashes it, unless that was done before.

    Raises ValueError with one sentence for a file that is not sound or not of one of the kinds.
    """
    from ..core.checkpoint.decision import choose
    from ..core.checkpoint.hashing import hash_file_cached
    from ..core.checkpoint.identity import check_kind, identify
    from ._profile import model_profiles

    cache, known = user_folder("hashes"), model_profiles()
    identity = identify(
        path, progress(), lambda file, *rest: hash_file_cached(file, cache, *rest), known
    )
    check_kind(identity, *kinds)
    return Recognised(name, identity, *choose(identity, choice, known, overrides))


def loaded(file: Recognised, choice: str, model, clip, vae) -> io.NodeOutput:
    """The outputs: the MODEL sampling as decided and saying what it was made from."""
    from ..core.checkpoint.loaded import CHECKPOINT_KEY, LoadedCheckpoint
    from ..core.checkpoint.summary import report
    from ._sampling import with_sampling

    name, identity, profile, decision = file
    model = with_sampling(model, decision)
    attached = LoadedCheckpoint(name, identity.file, identity.hashes.sha256, profile.id)
    model.set_attachments(CHECKPOINT_KEY, attached)
    text = report(name, identity, profile, decision)
    log.log(logging.WARNING if decision.warnings else logging.INFO, text)
    # for the tag editor, which explains with it: what was chosen here, and what came of it
    shown = {"ixl_profile": [name, choice, profile.prompt_profile]}
    return io.NodeOutput(model, clip, vae, profile, text, ui=shown)


def fingerprint(*choices: tuple[str, str], folder: str | None = None) -> list:
    """Size and time of each file (its kind of folder, its name) and of all files in `folder`.

    With it a node runs again when a file is replaced. What is no file is left out.
    """
    from ..core.checkpoint.files import stamp

    files = [folder_paths.get_full_path(*choice) for choice in choices]
    for at, _, names in os.walk(folder) if folder else ():
        files += [os.path.join(at, name) for name in sorted(names)]
    return [(file, *stamp(os.stat(file))) for file in files if file and os.path.isfile(file)]
