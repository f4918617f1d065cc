"""What each version of the model family wants: objective, sizes, sampler, CFG. One data table.

Sources: P = arXiv 2409.19946, C0 = model card of v0.1, B2 = official v2.0 blog post (2025-03-15),
N = defaults of the official API node. Where a card gives no value, the family's is used and the
source says "family".
"""

from typing import NamedTuple

V01_NEGATIVE = (
    "worst quality, comic, multiple views, bad quality, low quality, lowres, displeasing, "
    "very displeasing, bad anatomy, bad hands, scan artifacts, monochrome, greyscale, (signature), "
    "twitter username, jpeg artifacts, 2koma, 4koma, extra digits, fewer digits, "
    "(jaggy lines, unclear)"
)
V20_NEGATIVE = (
    "worst quality, low quality, lowres, low details, bad quality, poorly drawn, bad anatomy, "
    "multiple views, bad hands, blurry, artist sign"
)


class Profile(NamedTuple):
    """Settings of one version. Areas in px; `prompt_profile` names the caption order to use."""

    id: str
    label: str
    objective: str  # "epsilon" or "v-prediction"
    zero_terminal_snr: bool
    native_area: int
    maximum_area: int
    sampler: str
    scheduler: str
    steps: int
    cfg: float
    negative: str
    prompt_profile: str
    source: str


PROFILES: dict[str, Profile] = {
    p.id: p
    for p in (
        Profile(
            "illustrious-v0.1", "Illustrious XL v0.1", "epsilon", False, 1024**2, 1536 * 1024,
            "euler_ancestral", "normal", 28, 6.0, V01_NEGATIVE, "illustrious-v0.1",
            "P 3.1.3 (1 MP), C0 (Euler a, 20-28 steps, CFG 5-7.5, negative)",
        ),
        Profile(
            "illustrious-v1.0", "Illustrious XL v1.0", "epsilon", False, 1536**2, 2048**2,
            "euler_ancestral", "normal", 28, 7.0, V01_NEGATIVE, "illustrious-v1.0",
            "P 3.1.3, A.1 (1536 px, up to 2048 px), B.2 (Euler a, CFG 5-7.5); negative: family",
        ),
        Profile(
            "illustrious-v1.1", "Illustrious XL v1.1", "epsilon", False, 1536**2, 2048**2,
            "euler_ancestral", "normal", 28, 7.0, V01_NEGATIVE, "illustrious-v1.1",
            "P 3.1.3, B.2; negative: family",
        ),
        Profile(
            "illustrious-v2.0", "Illustrious XL v2.0", "epsilon", False, 1536**2, 2048**2,
            "euler_ancestral", "normal", 28, 7.5, V20_NEGATIVE, "illustrious-v2.0",
            "B2 (Euler a, 28 steps, CFG 7.5, 1248x1824, negative)",
        ),
        Profile(
            "sdxl", "SDXL", "epsilon", False, 1024**2, 1536 * 1024,
            "euler_ancestral", "normal", 28, 7.0, V01_NEGATIVE, "sdxl",
            "SDXL (arXiv 2307.01952): 1 MP, epsilon; the rest: family",
        ),
    )
}  # fmt: skip
