"""Which model a file is: checked header, architecture by tensor shapes, official hash.

Layered; every layer leaves a line of evidence. It never guesses from the file name alone and loads
no tensor.
"""

import os
from collections.abc import Callable
from typing import NamedTuple

from .hashing import sha256
from .header import DamagedFile, Header, read_header
from .official import OFFICIAL_FILES
from .profiles import PROFILES, Profile

# Key of the first cross-attention of SDXL's U-Net in the single-file layout. SDXL has none at
# `input_blocks.1`, SD 1.x and 2.x do.
SDXL_ATTENTION = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
SDXL_TEXT_ENCODER = (
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight"
)
SD1_ATTENTION = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"


class Identity(NamedTuple):
    """What is known about one checkpoint file; `as_dict` is the `identify --json` form."""

    file: str
    ok: bool
    family: str = ""
    version: str = ""
    objective: str = ""
    zero_terminal_snr: bool = False
    sha256: str = ""
    certainty: str = "none"  # "certain" by hash, "likely" by tensors, "none"
    evidence: tuple[str, ...] = ()
    problem: str = ""
    profile: str = ""

    def as_dict(self) -> dict:
        fields = self._asdict()
        return {**fields, "evidence": list(self.evidence)}


def identify(
    path: str,
    on_step: Callable[[int, int], None] | None = None,
    hasher: Callable[..., str] = sha256,
) -> Identity:
    """The identity of a file; a bad file comes back with `ok` False and a sentence."""
    try:
        if os.path.isdir(path):
            raise DamagedFile("This is a folder; give a .safetensors file.")
        header = read_header(path)
        return _judge(path, header, hasher(path, on_step))
    except DamagedFile as error:
        return Identity(path, False, problem=str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        return Identity(path, False, problem=f"The file cannot be read ({reason}); check the path.")


def _judge(path: str, header: Header, digest: str) -> Identity:
    evidence = [f"safetensors header is sound, {len(header.tensors)} tensors"]
    official = OFFICIAL_FILES.get(digest)
    if official:
        profile = PROFILES[official.profile]
        evidence.append(f"SHA-256 is that of the official {official.name}")
        return Identity(
            path, True, "illustrious", official.version, profile.objective,
            profile.zero_terminal_snr, digest, "certain", tuple(evidence), "", profile.id,
        )  # fmt: skip
    evidence.append("SHA-256 is not that of an official Illustrious file")
    family = _architecture(header)
    if family != "sdxl":
        return Identity(
            path, False, family, "", "", False, digest, "likely", tuple(evidence),
            f"The tensors are those of {family or 'no model that is known here'}, not of SDXL; "
            "choose an SDXL checkpoint.",
        )  # fmt: skip
    evidence.append("tensor names are those of an SDXL checkpoint")
    v_prediction, zero_snr = "v_pred" in header.tensors, "ztsnr" in header.tensors
    if v_prediction:
        evidence.append("the marker tensor `v_pred` says v-prediction")
    if zero_snr:
        evidence.append("the marker tensor `ztsnr` says zero terminal SNR")
    objective = "v-prediction" if v_prediction else "epsilon"
    return Identity(
        path, True, "sdxl", "", objective, zero_snr, digest, "likely", tuple(evidence), "", "sdxl"
    )


def _architecture(header: Header) -> str:
    if SD1_ATTENTION in header.tensors:
        return "Stable Diffusion 1.x or 2.x"
    if SDXL_ATTENTION in header.tensors and SDXL_TEXT_ENCODER in header.tensors:
        return "sdxl"
    return ""


def profile_of(identity: Identity) -> Profile:
    """The settings to use for an identified file. Raises ValueError with the problem otherwise."""
    if not identity.ok:
        raise ValueError(f"{os.path.basename(identity.file)}: {identity.problem}")
    return PROFILES[identity.profile]
