"""What each version of the model family wants: objective, sizes, sampler, CFG. One data table.

Does not recognise files (identity.py) and holds no words: caption order and negative prompt belong
to the prompt profile named here (core/prompt/profiles.py). Profiles of the user are JSON files with
the same fields (user_profiles.py).

The sources, cited with each value by a code such as P or B2, are explained in sources.py.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..prompt import profiles as prompt

_FAIR = "Fair AI Public License 1.0-SD", "https://freedevproject.org/faipl-1.0-sd/"
_HUB = "https://huggingface.co/OnomaAIResearch"
_OPEN_RAIL = (
    "CreativeML Open RAIL++-M",
    "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
)


class Profile(NamedTuple):
    """Settings of one version.

    minimum_area, native_area, maximum_area: px; pictures are best at the native area, smaller than
    the minimum or larger than the maximum they fall apart.
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
    minimum_area: int
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
_SMALL_AS_V01 = "minimum_area", "family: v0.1"
_AS_NOOBAI = "no official value; NV, NC: those of another v-prediction model"

_V01 = Profile(
    id="illustrious-v0.1", label="Illustrious XL v0.1",
    family="illustrious", version="v0.1",
    objective="epsilon", zero_terminal_snr=False,
    minimum_area=768**2, native_area=1024**2, maximum_area=1536 * 1024,
    sampler="euler_ancestral", scheduler="normal",
    steps=28,
    cfg=6.0, cfg_range=(5.0, 7.5), cfg_rescale=0.0,
    prompt_profile="illustrious-v0.1",
    licence=_FAIR[0], licence_url=_FAIR[1],
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "P 3.2: epsilon, nothing else is said"),
        ("minimum_area", "P 3.1.2: training left out pictures below 768x768"),
        ("native_area", "P 3.1.3: trained around 1 MP"),
        ("maximum_area", "B2: 1024x1536 sometimes succeeded but was not stable"),
        ("sampler cfg_range", "C0, P B.2"),
        ("scheduler", "family: v2.0, whose schedule B2 leaves on automatic"),
        ("steps", "C0: 20 to 28"),
        ("cfg", "chosen within C0"),
        ("prompt_profile", "P 3.1.2"),
        (_LAW, "C0"),
    ),
)  # fmt: skip
_V10 = _V01._replace(
    id="illustrious-v1.0", label="Illustrious XL v1.0",
    version="v1.0",
    minimum_area=512**2, native_area=1536**2, maximum_area=2048**2,
    cfg=7.0,
    prompt_profile="illustrious-v1.0",
    licence="as on its page", licence_url=f"{_HUB}/Illustrious-XL-v1.0",
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "P 3.2: epsilon, nothing else is said"),
        ("minimum_area", "C1: 512x512 to 1536x1536"),
        ("native_area", "P 3.1.3, A.1: trained to 2.25 MP (1536x1536)"),
        ("maximum_area", "P A.1, B.2: to 2048x2048 with some loss"),
        ("sampler cfg_range", "P B.2"),
        ("scheduler", "family: v2.0, whose schedule B2 leaves on automatic"),
        ("steps", "N; P B.2: over 20"),
        ("cfg", "chosen within P B.2; N: 7.5"),
        ("prompt_profile", "P 3.1.2"),
        (_LAW, "HF"),
    ),
)  # fmt: skip
_V20 = _V10._replace(
    id="illustrious-v2.0", label="Illustrious XL v2.0",
    version="v2.0",
    minimum_area=384**2,
    cfg=7.5,
    prompt_profile="illustrious-v2.0",
    licence="CreativeML Open RAIL-M", licence_url=f"{_HUB}/Illustrious-XL-v2.0",
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "P 3.2: epsilon, nothing else is said"),
        ("minimum_area", "P 3.1.3: trained with pictures of 0.15 MP too"),
        ("native_area", "P 3.1.3, A.1; B2: made for 1536 px"),
        ("maximum_area", "P A.1, B.2: to 2048x2048 with some loss"),
        ("sampler steps cfg", "B2: its example"),
        ("scheduler", "B2: automatic, which is normal for Euler a"),
        ("cfg_range", "P B.2"),
        ("prompt_profile", "P 3.1.2, B2"),
        (_LAW, "HF"),
    ),
)  # fmt: skip
_V30 = _V20._replace(
    id="illustrious-v3.0-eps", label="Illustrious XL v3.0 epsilon",
    version="v3.0-eps",
    minimum_area=256**2,
    sampler="euler",
    licence="not published", licence_url=_HUB,
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "B3: epsilon, nothing else is said"),
        ("minimum_area maximum_area", "B3: 256 to 2048 px a side"),
        ("native_area", "family: v2.0"),
        ("sampler scheduler cfg", "B3: its test"),
        ("steps cfg_range", "family: v2.0"),
        ("prompt_profile", "family: v2.0"),
        (_LAW, "HF: no weights of this version there"),
    ),
)  # fmt: skip
_V30_V = _V30._replace(
    id="illustrious-v3.0-vpred", label="Illustrious XL v3.0 v-prediction",
    version="v3.0-vpred",
    objective="v-prediction", zero_terminal_snr=True,
    cfg=4.5, cfg_range=(4.0, 5.0), cfg_rescale=0.2,
    sources=(
        ("objective", "B3"),
        ("zero_terminal_snr", "B3: trained with it, with a flaw that oversaturates"),
        ("minimum_area maximum_area", "B3: 256 to 2048 px a side"),
        ("native_area", "family: v2.0"),
        ("sampler cfg cfg_range cfg_rescale", _AS_NOOBAI),
        ("scheduler", "family: v3.0 epsilon; NC: v-prediction does not go with karras"),
        ("steps", "family: v2.0"),
        ("prompt_profile", "family: v2.0"),
        (_LAW, "HF: no weights of this version there"),
    ),
)  # fmt: skip
_NOOBAI = _V01._replace(
    id="noobai-xl-eps", label="NoobAI-XL epsilon",
    family="noobai", version="eps",
    cfg=5.5, cfg_range=(5.0, 6.0),
    prompt_profile="noobai-xl",
    sources=(
        ("objective zero_terminal_snr cfg_rescale", "N1: nothing unusual is said"),
        _SMALL_AS_V01,
        ("native_area", "N1: around 1024x1024"),
        ("maximum_area", "family: v0.1, from which it was trained"),
        ("sampler cfg_range", "N1"),
        ("scheduler", "family: v0.1"),
        ("steps", "N1: 25 to 30"),
        ("cfg", "the middle of N1"),
        ("prompt_profile", "N1"),
        (_LAW, "N1"),
    ),
)  # fmt: skip
_SDXL = _V01._replace(
    id="sdxl", label="SDXL",
    family="sdxl", version="",
    cfg=7.0,
    prompt_profile="sdxl",
    licence=_OPEN_RAIL[0], licence_url=_OPEN_RAIL[1],
    sources=(
        ("objective zero_terminal_snr native_area", "S"),
        _SMALL_AS_V01,
        ("maximum_area", "family: v0.1"),
        ("sampler scheduler steps cfg_range cfg_rescale", "family: v0.1"),
        ("cfg", "chosen"),
        ("prompt_profile", "no tag training"),
        (_LAW, "HF"),
    ),
)  # fmt: skip

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
                sources=(
                    ("zero_terminal_snr", "R35"),
                    ("cfg", f"{_AS_NOOBAI} (third parties: 1 to 1.5 at 8 steps)"),
                    *_V30_V.sources,
                ),
            ),
            _NOOBAI,
            _NOOBAI._replace(
                id="noobai-xl-vpred", label="NoobAI-XL v-prediction", version="vpred",
                objective="v-prediction", zero_terminal_snr=True, sampler="euler", steps=28,
                cfg=4.5, cfg_range=(4.0, 5.0), cfg_rescale=0.2,
                sources=(
                    ("objective zero_terminal_snr", "NV"),
                    _SMALL_AS_V01,
                    ("native_area", "NV: around 1024x1024"),
                    ("maximum_area", "family: v0.1, from which it was trained"),
                    ("sampler", "NV: other samplers do not work properly (NC: or DDIM)"),
                    ("scheduler", "family: v0.1; NC: v-prediction does not go with karras"),
                    ("steps", "NV: 28 to 35"),
                    ("cfg", "the middle of NV"),
                    ("cfg_range", "NV"),
                    ("cfg_rescale", "NC: against oversaturated and grey pictures"),
                    ("prompt_profile", "NV"),
                    (_LAW, "NV"),
                ),
            ),
            _SDXL._replace(
                id="animagine-xl-4", label="Animagine XL 4.0", family="animagine", version="4.0",
                cfg=5.0, cfg_range=(4.0, 7.0), prompt_profile="animagine-xl-4",
                sources=(
                    ("objective zero_terminal_snr cfg_rescale", "A4: fine-tuned from SDXL 1.0"),
                    _SMALL_AS_V01,
                    ("native_area", "A4: trained at SDXL's sizes"),
                    ("maximum_area", "family: v0.1; A4: 1536x1536 may degrade"),
                    ("sampler cfg cfg_range", "A4"),
                    ("scheduler", "family: v0.1"),
                    ("steps", "A4: 25 to 28"),
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
