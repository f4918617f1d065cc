"""Which model a file is, in layers: header, SHA-256, marker tensors, metadata, shapes, name.

A diffusers folder is judged by its U-Net and its scheduler. Every layer leaves findings
(findings.py) with how sure it is. The stronger evidence wins, and where layers contradict each
other it is said. Loads no tensor.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

from . import file_name, metadata
from .architecture import SDXL, Architecture, number_types, recognise
from .diffusers import ModelFolder, read_folder
from .files import UnusableFile, unreadable
from .findings import CERTAINTIES, Claims, Finding, conflicts, strongest
from .folders import is_model_folder
from .hashing import Hasher, Hashes, OnStep, hash_file
from .header import Header, read_header
from .official import OFFICIAL_FILES
from .profiles import PROFILES, Profile, with_objective

ADDITIONS = ("lora", "controlnet", "embedding")
FOLDER = "diffusers folder"
# Whose profile serves a family when the version is unknown. Of Illustrious the oldest: 1 MP is good
# with every version, 2.25 MP is not.
UNKNOWN_VERSION = {
    "illustrious": "illustrious-v0.1",
    "noobai": "noobai-xl-eps",
    "animagine": "animagine-xl-4",
}
# Empty tensors that tell ComfyUI how a model was trained (ComfyUI, comfy/supported_models.py).
_MARKERS = (
    ("v_pred", "says v-prediction", Claims(objective="v-prediction")),
    ("ztsnr", "says zero terminal SNR", Claims(zero_terminal_snr=True)),
    ("edm_vpred.sigma_max", "says v-prediction in EDM form", Claims(objective="edm-v-prediction")),
    ("edm_mean", "says EDM", Claims(objective="edm")),
)


class Identity(NamedTuple):
    """What is known about one model file; `as_dict` is the `identify --json` form.

    ok: the file is sound and of use with SDXL. certainty: of family and version, one of
    findings.CERTAINTIES or "none". kind, model: see architecture.Architecture; a diffusers folder
    is of kind FOLDER.
    """

    file: str
    ok: bool
    family: str = ""
    version: str = ""
    objective: str = ""
    zero_terminal_snr: bool = False
    hashes: Hashes = Hashes("")
    certainty: str = "none"
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""
    profile: str = ""
    kind: str = ""
    model: str = ""
    number_types: tuple[tuple[str, str], ...] = ()
    size: int = 0

    @property
    def evidence(self) -> list[str]:
        return [str(finding) for finding in self.findings]

    def as_dict(self) -> dict:
        fields = self._asdict()
        hashes = fields.pop("hashes")
        del fields["findings"]
        return fields | {
            "sha256": hashes.sha256,
            "autov2": hashes.autov2,
            "autov3": hashes.autov3,
            "evidence": self.evidence,
            "warnings": list(self.warnings),
            "number_types": dict(self.number_types),
        }


def identify(
    path: str,
    on_step: OnStep | None = None,
    hasher: Hasher | None = hash_file,
    profiles: Mapping[str, Profile] = PROFILES,
) -> Identity:
    """The identity of a file or diffusers folder; a bad one has `ok` False and a sentence.

    The hash of a folder is that of its U-Net. hasher: None leaves that layer out, for an answer at
    once. Files of another architecture are not hashed. profiles: with the user's own, which may
    name files by their hash.
    """
    try:
        folder = read_folder(path) if is_model_folder(path) else None
        file = folder.paths["unet"] if folder else path
        header = folder.headers["unet"] if folder else read_header(file)
        architecture = recognise(header)
        hashes = Hashes("")
        if hasher and architecture.fits_sdxl:
            addition = architecture.kind in ADDITIONS
            hashes = hasher(file, on_step, header.data_start if addition else 0)
    except UnusableFile as error:
        return Identity(path, False, problem=str(error))
    except OSError as error:
        return Identity(path, False, problem=unreadable(error))
    told, findings = _tell(path, header, architecture, hashes, folder)
    return _judge(told, findings, architecture, profiles)


def _tell(
    path: str,
    header: Header,
    architecture: Architecture,
    hashes: Hashes,
    folder: ModelFolder | None,
) -> tuple[Identity, list[Finding]]:
    """What needs no weighing, and the findings of the layers that know no profiles."""
    findings = [
        _by_header(header, folder),
        *_by_markers(header),
        *metadata.look_at_metadata(header.metadata, architecture.kind in ADDITIONS),
        *(folder.findings if folder else ()),
        _by_shape(architecture),
        *file_name.look_at_name(path),
    ]
    told = Identity(
        path, architecture.fits_sdxl, hashes=hashes, model=architecture.model,
        kind=FOLDER if folder else architecture.kind,
        size=folder.size if folder else header.size,
        number_types=tuple((folder.number_types() if folder else number_types(header)).items()),
    )  # fmt: skip
    return told._replace(warnings=(*architecture.notes, *_changed(header, hashes))), findings


def _judge(
    told: Identity,
    findings: list[Finding],
    architecture: Architecture,
    profiles: Mapping[str, Profile],
) -> Identity:
    known, own = _by_hash(told.hashes, profiles)
    findings[1:1] = known  # behind the header, where the strongest of the rest stand
    told = told._replace(findings=tuple(findings), warnings=(*told.warnings, *conflicts(findings)))
    if not architecture.fits_sdxl:
        return told._replace(
            family=architecture.model.lower(),
            certainty="likely" if architecture.model else "none",
            problem=_not_sdxl(architecture),
        )
    return _decide(told, own, profiles)


def _decide(told: Identity, own: str, profiles: Mapping[str, Profile]) -> Identity:
    """Weighs the findings of a file that fits SDXL."""
    findings = list(told.findings)
    family, certainty = strongest(findings, "family")
    same = [finding for finding in findings if finding.claims.family in (None, family)]
    version = strongest(same, "version")[0] if family else None
    objective, _ = strongest(findings, "objective")
    zero_snr, _ = strongest(findings, "zero_terminal_snr")
    profile = own or _profile_id(family, version, objective, profiles)
    model = told.model or SDXL
    return told._replace(
        family=family or model.lower(),
        version=version or "",
        certainty=certainty if family else ("likely" if told.model else "none"),
        objective=objective or "epsilon",
        # ComfyUI reads the marker beside v_pred alone; elsewhere it has no meaning
        zero_terminal_snr=bool(zero_snr) and objective == "v-prediction",
        profile=profile,
    )


def _profile_id(
    family: str | None, version: str | None, objective: str | None, profiles: Mapping[str, Profile]
) -> str:
    for profile in profiles.values():
        if (profile.family, profile.version) == (family, version):
            return profile.id
    if family == "noobai" and objective == "v-prediction":
        return "noobai-xl-vpred"
    return UNKNOWN_VERSION.get(family or "", "sdxl")


def _by_header(header: Header, folder: ModelFolder | None) -> Finding:
    if not folder:
        text = f"sound, {len(header.tensors)} tensors fill the file"
    else:
        count = sum(len(part.tensors) for part in folder.headers.values())
        text = f"sound, {count} tensors fill {len(folder.headers)} files"
    return Finding("header", "certain", text)


def _by_hash(hashes: Hashes, profiles: Mapping[str, Profile]) -> tuple[list[Finding], str]:
    """The findings of the layer "sha256", and the id of the profile that names this very file."""
    if not hashes.sha256:
        return [], ""
    official = OFFICIAL_FILES.get(hashes.sha256)
    if official:
        profile, what = PROFILES[official.profile], f"the official {official.name}"
    else:
        profile = next((p for p in profiles.values() if hashes.sha256 in p.files), None)
        what = f"a file that the profile {profile.id} names" if profile else ""
    if not profile:
        text = "that of no official Illustrious file: a merge, a fine-tune or another model"
        return [Finding("sha256", "certain", text)], ""
    claims = Claims(
        None, profile.family, profile.version, profile.objective, profile.zero_terminal_snr
    )
    return [Finding("sha256", "certain", f"that of {what}", claims)], profile.id


def _by_markers(header: Header) -> list[Finding]:
    return [
        Finding("tensors", "certain", f"the marker `{name}` {says}", claims)
        for name, says, claims in _MARKERS
        if name in header.tensors
    ]


def _by_shape(architecture: Architecture) -> Finding:
    sure = CERTAINTIES[0] if architecture.model and not architecture.notes else CERTAINTIES[1]
    claims = Claims(model=architecture.model or None)
    return Finding("architecture", sure, architecture.text, claims)


def _changed(header: Header, hashes: Hashes) -> list[str]:
    """Whether the file looks like one that it is not any more."""
    found = []
    for digest, official in OFFICIAL_FILES.items():
        if hashes.sha256 and digest != hashes.sha256 and official.size == header.size:
            found.append(
                f"The file is exactly as long as the official {official.name}, but its SHA-256 is "
                "another: it was changed or damaged. Download it again if you meant the original."
            )
    written = header.metadata.get("sshs_model_hash", "").lower()
    if hashes.data_sha256 and len(written) == 64 and written != hashes.data_sha256:
        found.append(
            "The weights are not those that the trainer wrote (sshs_model_hash): they were edited "
            "or resized later, or are damaged."
        )
    return found


def _not_sdxl(architecture: Architecture) -> str:
    what = {"lora": "LoRA", "controlnet": "ControlNet", "embedding": "embedding"}.get(
        architecture.kind
    )
    if what:
        return f"This {what} is for {architecture.model}, not for SDXL; choose one made for SDXL."
    return (
        f"The tensors are those of {architecture.model or 'no model that is known here'}, not of "
        "SDXL; choose an SDXL checkpoint."
    )


# What to do with a sound file that is of another kind than wanted.
_ELSEWHERE = {
    "checkpoint": "a whole checkpoint; put it into models/checkpoints and load it with Load "
    "Checkpoint (Illustrious)",
    FOLDER: "a diffusers folder; put it into models/diffusers and load it with Load Model Parts "
    "(Illustrious)",
    "lora": "a LoRA; load it with a LoRA loader, after the checkpoint",
    "controlnet": "a ControlNet or adapter; load it with its own loader, beside the checkpoint",
    "embedding": "a text embedding; put it into models/embeddings and name it in the prompt",
    "unet": "a U-Net without text encoders and VAE; put it into models/diffusion_models and load "
    "the other parts beside it",
    "vae": "a VAE alone; put it into models/vae and load it with a VAE loader",
    "text encoder": "a text encoder alone; put it into models/text_encoders and load it with a "
    "CLIP loader",
}


def check_kind(identity: Identity, *kinds: str) -> None:
    """Raises ValueError with one sentence unless the file is sound and of one of the kinds."""
    name = os.path.basename(os.path.normpath(identity.file))
    if not identity.ok:
        raise ValueError(f"{name}: {identity.problem}")
    if identity.kind not in kinds:
        raise ValueError(f"{name}: This is {_ELSEWHERE[identity.kind]}.")


def profile_of(identity: Identity, profiles: Mapping[str, Profile] = PROFILES) -> Profile:
    """The settings to use for a checkpoint, its own objective in them.

    Raises ValueError with one sentence for a bad file and for one that is no whole checkpoint.
    """
    check_kind(identity, "checkpoint")
    return with_objective(
        profiles[identity.profile], identity.objective, identity.zero_terminal_snr
    )
