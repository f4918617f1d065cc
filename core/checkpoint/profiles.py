"""What each version of the model family wants: objective, sizes, sampler, CFG. One data table.

Does not recognise files (identity.py) and holds no words: caption order and negative prompt belong
to the prompt profile named here (core/prompt/profiles.py). Profiles of the user are JSON files with
the same fields (user_profiles.py).

Sources, named with each value:
P   arXiv 2409.19946: sections 3.1.3 and A.1 (sizes), 3.2 (objective), B.2 (Euler a, over 20 steps,
    CFG 5-7.5)
C0  card of OnomaAIResearch/Illustrious-xl-early-release-v0: Euler a, 20-28 steps, CFG 5-7.5
HF  page of the model on Hugging Face: licence as listed
B2  official blog on v2.0, 2025-03-15: sample with Euler a, 28 steps, CFG 7.5, 1248x1824
B3  official blog on v3.0 to v3.5, 2025-03-22: objectives, 256 to 2048 px, Euler, normal, CFG 7.5
N1  card of Laxhar/noobai-XL-1.0: Euler a, 25-30 steps, CFG 5-6, sizes of 1 MP
NV  card of Laxhar/noobai-XL-Vpred-1.0: Euler alone, 28-35 steps, CFG 4-5, sizes of 1 MP, zero
    terminal SNR; its Civitai page: CFG rescale 0.2
A4  card of cagliostrolab/animagine-xl-4.0: Euler a, 25-28 steps, CFG 4-7, sizes of 1 MP
S   arXiv 2307.01952 (SDXL): 1 MP, epsilon; card of stabilityai/stable-diffusion-xl-base-1.0
"family" marks a value that no page of the version gives, taken from the one before it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..prompt import profiles as prompt

OBJECTIVES = ("epsilon", "v-prediction")
_FAIR = "Fair AI Public License 1.0-SD", "https://freedevproject.org/faipl-1.0-sd/"
_HUB = "https://huggingface.co/OnomaAIResearch"
_OPEN_RAIL = (
    "CreativeML Open RAIL++-M",
    "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
)


class Profile(NamedTuple):
    """Settings of one version.

    native_area, maximum_area: px; pictures are best at the first and still whole at the second.
    cfg, cfg_range: the one to start with, and those that the source calls good.
    cfg_rescale: of the rescaled guidance (arXiv 2305.08891, section 3.4), 0 for none.
    prompt_profile: id of the caption order and negative prompt in core/prompt/profiles.py.
    files: SHA-256 of files that are this version, for profiles of the user.
    sources: (fields, source) pairs; every field from objective to licence has one.
    """

    id: str
    label: str
    family: str
    version: str
    objective: str
    zero_terminal_snr: bool
    native_area: int
    maximum_area: int
    sampler: str
    scheduler: str
    steps: int
    cfg: float
    cfg_range: tuple[float, float]
    cfg_rescale: float
    prompt_profile: str
    licence: str
    licence_url: str
    sources: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = ()

    def source_of(self, field: str) -> str:
        """Where the value of a field comes from, "" when nobody says."""
        return next((said for fields, said in self.sources if field in fields.split()), "")


SOURCED = Profile._fields[Profile._fields.index("objective") : Profile._fields.index("sources")]
_LAW = "licence licence_url"
_TASTE = "sampler scheduler steps cfg cfg_range"

_V01 = Profile(
    id="illustrious-v0.1",
    label="Illustrious XL v0.1",
    family="illustrious",
    version="v0.1",
    objective="epsilon",
    zero_terminal_snr=False,
    native_area=1024**2,
    maximum_area=1536 * 1024,
    sampler="euler_ancestral",
    scheduler="normal",
    steps=28,
    cfg=6.0,
    cfg_range=(5.0, 7.5),
    cfg_rescale=0.0,
    prompt_profile="illustrious-v0.1",
    licence=_FAIR[0],
    licence_url=_FAIR[1],
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "P 3.2: epsilon, nothing else is said"),
        ("native_area", "P 3.1.3"),
        ("maximum_area", "B2: 1024x1536 is the edge of what v0.1 holds"),
        (_TASTE, "C0, P B.2; scheduler: B2 (automatic)"),
        ("prompt_profile", "P 3.1.2"),
        (_LAW, "C0"),
    ),
)
_V10 = _V01._replace(
    id="illustrious-v1.0",
    label="Illustrious XL v1.0",
    version="v1.0",
    native_area=1536**2,
    maximum_area=2048**2,
    cfg=7.0,
    prompt_profile="illustrious-v1.0",
    licence="as on its page",
    licence_url=f"{_HUB}/Illustrious-XL-v1.0",
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "P 3.2"),
        ("native_area maximum_area", "P 3.1.3, A.1"),
        (_TASTE, "P B.2; steps and scheduler: family"),
        ("prompt_profile", "P 3.1.2"),
        (_LAW, "HF"),
    ),
)
_V20 = _V10._replace(
    id="illustrious-v2.0",
    label="Illustrious XL v2.0",
    version="v2.0",
    cfg=7.5,
    prompt_profile="illustrious-v2.0",
    licence="CreativeML Open RAIL-M",
    licence_url=f"{_HUB}/Illustrious-XL-v2.0",
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "P 3.2"),
        ("native_area maximum_area", "P 3.1.3, A.1, B2"),
        (_TASTE, "B2; cfg_range: P B.2"),
        ("prompt_profile", "P 3.1.2, B2"),
        (_LAW, "HF"),
    ),
)
_V30 = _V20._replace(
    id="illustrious-v3.0-eps",
    label="Illustrious XL v3.0 epsilon",
    version="v3.0-eps",
    sampler="euler",
    licence="not published",
    licence_url=_HUB,
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "B3"),
        ("native_area", "family"),
        ("maximum_area", "B3"),
        (_TASTE, "B3; steps and cfg_range: family"),
        ("prompt_profile", "family: v2.0"),
        (_LAW, "HF: no weights of this version there"),
    ),
)
_V30_V = _V30._replace(
    id="illustrious-v3.0-vpred",
    label="Illustrious XL v3.0 v-prediction",
    version="v3.0-vpred",
    objective="v-prediction",
    zero_terminal_snr=True,
    cfg=4.5,
    cfg_range=(4.0, 5.0),
    cfg_rescale=0.2,
    sources=(
        ("objective zero_terminal_snr", "B3"),
        ("native_area", "family"),
        ("maximum_area", "B3"),
        ("sampler scheduler", "B3"),
        ("steps", "family"),
        ("cfg cfg_range cfg_rescale", "NV: no official value, those of another v-prediction model"),
        ("prompt_profile", "family: v2.0"),
        (_LAW, "HF: no weights of this version there"),
    ),
)
_NOOBAI = _V01._replace(
    id="noobai-xl-eps",
    label="NoobAI-XL epsilon",
    family="noobai",
    version="eps",
    cfg=5.5,
    cfg_range=(5.0, 6.0),
    prompt_profile="noobai-xl",
    sources=(
        ("objective zero_terminal_snr cfg_rescale native_area", "N1"),
        ("maximum_area", "family: v0.1, from which it was trained"),
        (_TASTE, "N1; scheduler: family"),
        ("prompt_profile", "N1"),
        (_LAW, "N1"),
    ),
)
_SDXL = _V01._replace(
    id="sdxl",
    label="SDXL",
    family="sdxl",
    version="",
    cfg=7.0,
    prompt_profile="sdxl",
    licence=_OPEN_RAIL[0],
    licence_url=_OPEN_RAIL[1],
    sources=(
        ("objective zero_terminal_snr native_area", "S"),
        ("maximum_area", "family: v0.1"),
        (f"{_TASTE} cfg_rescale", "family: v0.1"),
        ("prompt_profile", "no tag training"),
        (_LAW, "S"),
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        p.id: p
        for p in (
            _V01,
            _V01._replace(
                id="illustrious-v0.1-guided", label="Illustrious XL v0.1 GUIDED",
                version="v0.1-GUIDED",
            ),
            _V10,
            _V10._replace(
                id="illustrious-v1.1", label="Illustrious XL v1.1", version="v1.1",
                prompt_profile="illustrious-v1.1", licence="SDXL licence, as on its page",
                licence_url=f"{_HUB}/Illustrious-XL-v1.1",
            ),
            _V20,
            _V30,
            _V30_V,
            _V30_V._replace(
                id="illustrious-v3.5-vpred", label="Illustrious XL v3.5 v-prediction",
                version="v3.5-vpred",
            ),
            _NOOBAI,
            _NOOBAI._replace(
                id="noobai-xl-vpred", label="NoobAI-XL v-prediction", version="vpred",
                objective="v-prediction", zero_terminal_snr=True, sampler="euler", steps=28,
                cfg=4.5, cfg_range=(4.0, 5.0), cfg_rescale=0.2,
                sources=(
                    ("objective zero_terminal_snr native_area cfg_rescale", "NV"),
                    ("maximum_area", "family: v0.1, from which it was trained"),
                    (_TASTE, "NV; scheduler: family"),
                    ("prompt_profile", "N1"),
                    (_LAW, "NV"),
                ),
            ),
            _SDXL._replace(
                id="animagine-xl-4", label="Animagine XL 4.0", family="animagine", version="4.0",
                cfg=5.0, cfg_range=(4.0, 7.0), prompt_profile="animagine-xl-4",
                sources=(
                    ("objective zero_terminal_snr cfg_rescale", "A4: fine-tuned from SDXL 1.0"),
                    ("native_area", "A4"),
                    ("maximum_area", "family: v0.1"),
                    (_TASTE, "A4; scheduler: family"),
                    ("prompt_profile", "A4"),
                    (_LAW, "A4"),
                ),
            ),
            _SDXL,
        )
    }
)  # fmt: skip


def negative_of(
    profile: Profile, prompt_profiles: Mapping[str, prompt.Profile] = prompt.PROFILES
) -> str:
    """The negative prompt of a version, from its prompt profile; "" where none is known."""
    known = prompt_profiles.get(profile.prompt_profile)
    return ", ".join(known.negative) if known else ""


def with_objective(
    profile: Profile, objective: str, zero_terminal_snr: bool, source: str = "the file itself"
) -> Profile:
    """The profile for a file whose objective is not the version's own. source: who says so.

    Sampler and CFG follow those of NoobAI-XL of that objective: the only family with both.
    """
    if (objective, zero_terminal_snr) == (profile.objective, profile.zero_terminal_snr):
        return profile
    changed = profile._replace(
        objective=objective,
        zero_terminal_snr=zero_terminal_snr,
        sources=(("objective zero_terminal_snr", source), *profile.sources),
    )
    if objective == profile.objective:
        return changed
    like = PROFILES["noobai-xl-vpred" if objective != "epsilon" else "noobai-xl-eps"]
    fields = ("sampler", "cfg", "cfg_range", "cfg_rescale")
    return changed._replace(
        **{field: getattr(like, field) for field in fields},
        sources=((" ".join(fields), f"{like.label}, for the objective"), *changed.sources),
    )
