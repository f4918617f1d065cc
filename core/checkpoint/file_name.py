"""What a name says about a model: family, version, objective. The weakest evidence there is.

For names of files, titles and merge recipes. Names of the official files and of their Civitai
copies (`illustriousXL_v01`, `illustriousXLV20_v20Stable`) give a version; in other names a number
is that of a merge, not of Illustrious.
"""

import os
import re

from .findings import Claims, Finding

_FAMILIES = (
    ("noobai", re.compile(r"noob|(?<![a-z])nai[-_ ]?xl")),
    ("animagine", re.compile(r"animagine")),
    ("illustrious", re.compile(r"illustrious|(?<![a-z])(ilxl|illust)(?![a-z])")),
    ("pony", re.compile(r"pony|autismmix")),
    ("sdxl", re.compile(r"^sd[-_ ]?xl[-_ ]?base")),
)
_VERSION = re.compile(
    r"^illustrious[-_ ]?xl[-_ ]*(early[-_ ]release[-_ ]*)?v?(?P<major>\d)[._]?(?P<minor>\d)?"
)
_KNOWN = {"0": "v0.1", "01": "v0.1", "10": "v1.0", "11": "v1.1", "20": "v2.0"}
_ANIMAGINE_4 = re.compile(r"^animagine[-_ ]?xl[-_ ]?v?4")
_V_PREDICTION = re.compile(r"v[-_ ]?pred")
_EPSILON = re.compile(r"(?<![a-z])eps(ilon)?(?![a-z])")
_ZERO_SNR = re.compile(r"zt?snr")


def claims_of(name: str) -> Claims:
    """What a name claims; never zero terminal SNR, which breaks pictures where it is wrong."""
    stem = re.sub(r"\.(safetensors|ckpt|pt|pth)$", "", re.split(r"[/\\]", name.lower())[-1])
    family = next((family for family, pattern in _FAMILIES if pattern.search(stem)), None)
    objective = None
    if _V_PREDICTION.search(stem):
        objective = "v-prediction"
    elif _EPSILON.search(stem):
        objective = "epsilon"
    version = _version(family, stem, objective)
    return Claims(family=family, version=version, objective=objective)


def _version(family: str | None, stem: str, objective: str | None) -> str | None:
    if family == "animagine":
        return "4.0" if _ANIMAGINE_4.search(stem) else None
    if family == "noobai":
        return {"v-prediction": "vpred", "epsilon": "eps"}.get(objective)
    found = _VERSION.search(stem) if family == "illustrious" else None
    if not found:
        return None
    number = found["major"] + (found["minor"] or "")
    if number == "01" and "guided" in stem:
        return "v0.1-GUIDED"
    if number == "30":
        return "v3.0-vpred" if objective == "v-prediction" else "v3.0-eps"
    return "v3.5-vpred" if number == "35" else _KNOWN.get(number)


def look_at_name(path: str) -> list[Finding]:
    """The finding of the layer "file name", none when the name says nothing."""
    name = os.path.basename(os.path.normpath(path))
    claims = claims_of(name)
    said = [part for part in claims if part]
    found = []
    if said:
        found.append(Finding("file name", "guess", f"sounds like {', '.join(said)}", claims))
    if _ZERO_SNR.search(name.lower()):
        text = "speaks of zero terminal SNR; a name alone does not switch it on"
        found.append(Finding("file name", "guess", text))
    return found
