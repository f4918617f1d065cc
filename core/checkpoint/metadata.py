"""What the metadata of a file says about it: ModelSpec, training keys, merge recipes.

Keys: `modelspec.*` (github.com/Stability-AI/ModelSpec; ComfyUI writes `predict_key` for
`prediction_type`), `ss_*` (kohya-ss/sd-scripts, docs of the training metadata), `sd_merge_recipe`
and `sd_merge_models` (AUTOMATIC1111 webui, checkpoint merger), `prompt` (ComfyUI's ModelSave).
Metadata can be edited and copied: nothing here is certain.
"""

import re

from .file_name import claims_of
from .findings import Claims, Finding, one_line
from .official import OFFICIAL_FILES
from .profiles import PROFILES

# Prefixes of ModelSpec architectures and of ss_base_model_version, the longer ones first.
_MODELS = (
    ("stable-diffusion-xl-v1-refiner", "SDXL refiner"),
    ("stable-diffusion-xl", "SDXL"),
    ("sdxl", "SDXL"),
    ("stable-diffusion-v1", "Stable Diffusion 1.x"),
    ("sd_v1", "Stable Diffusion 1.x"),
    ("stable-diffusion-v2", "Stable Diffusion 2.x"),
    ("sd_v2", "Stable Diffusion 2.x"),
    ("stable-diffusion-v3", "Stable Diffusion 3"),
    ("sd3", "Stable Diffusion 3"),
    ("flux", "Flux"),
)
_OBJECTIVES = {
    "v": "v-prediction", "v_prediction": "v-prediction", "v-prediction": "v-prediction",
    "vpred": "v-prediction", "epsilon": "epsilon", "eps": "epsilon",
}  # fmt: skip
_NAMES = ("modelspec.title", "ss_sd_model_name", "ss_output_name")
_RECIPES = ("modelspec.merged_from", "sd_merge_recipe", "sd_merge_models", "prompt")
_HASHES = ("ss_new_sd_model_hash", "ss_sd_model_hash")
_HEX = re.compile(r"\b[0-9a-f]{64}\b")
_EXTENSION = re.compile(r"\.(?:safetensors|ckpt)\b")
_BETWEEN_NAMES = re.compile(r"[\"'\\/,;:+|<>*?\n]")
_LONGEST = 1 << 20  # characters of a recipe that are searched


def look_at_metadata(metadata: dict[str, str], of_part: bool) -> list[Finding]:
    """The findings of the layer "metadata".

    of_part: the file is a LoRA or another addition, so that the model named is its base, whose
    version is then claimed too; a checkpoint made from v1.0 is not v1.0.
    """
    return [
        *_architecture(metadata),
        *_objective(metadata),
        *_names(metadata, of_part),
        *_recipes(metadata),
        *_base_hash(metadata, of_part),
    ]


def _finding(text: str, claims: Claims) -> Finding:
    return Finding("metadata", "likely", text, claims)


def _architecture(metadata: dict[str, str]) -> list[Finding]:
    found = []
    for key in ("modelspec.architecture", "ss_base_model_version"):
        value = metadata.get(key, "").lower()
        model = next((model for prefix, model in _MODELS if value.startswith(prefix)), None)
        if model:
            found.append(_finding(f"{key} is {one_line(value)}", Claims(model=model)))
    return found


def _objective(metadata: dict[str, str]) -> list[Finding]:
    found = []
    for key in ("modelspec.prediction_type", "modelspec.predict_key"):
        objective = _OBJECTIVES.get(metadata.get(key, "").lower())
        if objective:
            found.append(_finding(f"{key} is {metadata[key]}", Claims(objective=objective)))
    if metadata.get("ss_v_parameterization", "").lower() == "true":
        text = "ss_v_parameterization is True"
        found.append(_finding(text, Claims(objective="v-prediction")))
    if metadata.get("ss_zero_terminal_snr", "").lower() == "true":
        found.append(_finding("ss_zero_terminal_snr is True", Claims(zero_terminal_snr=True)))
    return found


def _names(metadata: dict[str, str], of_part: bool) -> list[Finding]:
    found = []
    for key in _NAMES:
        claims = claims_of(metadata.get(key, "")[:500])
        base = of_part and key == "ss_sd_model_name"
        if claims.family:
            claimed = claims if base else Claims(family=claims.family)
            text = f"{key} is {one_line(metadata[key])}"
            found.append(Finding("metadata", "likely" if base else "guess", text, claimed))
    return found


def _recipes(metadata: dict[str, str]) -> list[Finding]:
    """Merges: the models named. A merge of two families is claimed to be neither."""
    found = []
    for key in _RECIPES:
        text = metadata.get(key, "")[:_LONGEST]
        names = [OFFICIAL_FILES[h].name for h in _HEX.findall(text) if h in OFFICIAL_FILES]
        names += _file_names(text)
        if key == "modelspec.merged_from":
            names += [name.strip() for name in text.split(",")]
        named = [name for name in dict.fromkeys(names) if claims_of(name).family]
        families = {claims_of(name).family for name in named}
        if families:
            family = families.pop() if len(families) == 1 else None
            said = f"{key} names {one_line(', '.join(named))}"
            found.append(Finding("metadata", "guess", said, Claims(family=family)))
    return found


def _file_names(text: str) -> list[str]:
    """The names of model files in a text of any form, without their extension."""
    starts = [found.start() for found in _EXTENSION.finditer(text)]
    return [_BETWEEN_NAMES.split(text[max(0, at - 200) : at])[-1].strip() for at in starts]


def _base_hash(metadata: dict[str, str], of_part: bool) -> list[Finding]:
    for key in _HASHES:
        official = OFFICIAL_FILES.get(metadata.get(key, "").lower())
        if official:
            profile = PROFILES[official.profile]
            claims = Claims(family=profile.family)
            if of_part:
                claims = claims._replace(version=official.version, objective=profile.objective)
            return [_finding(f"{key} is that of the official {official.name}", claims)]
    return []
