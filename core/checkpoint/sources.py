"""Where the values of the profile table come from: a code for each source, and what it stands for.

The table (profiles.py) cites by code; `spelled_out` makes a sentence of it for people. "family"
in a citation marks a value that no page of the version gives, taken from the version named behind
it; "chosen" one that we picked inside the range that the source gives.

How far to trust them: P, C0, C1, N1, NV, A4, N and S are the makers' own pages. B2 and B3 are the
developer's blog as reprinted at neverbiasu.github.io, R35 a release note as reposted on SeaArt, NC
the makers' description on Civitai as archived: the words are theirs, the copies are not.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

CITED: Mapping[str, str] = MappingProxyType(
    {
        "P": "arXiv 2409.19946",
        "C0": "card of Illustrious XL v0.1",
        "C1": "card of Illustrious XL v1.0",
        "HF": "its page on Hugging Face",
        "B2": "developer's blog on v2.0, 2025-03-15",
        "B3": "developer's blog on v3.0 to v3.5, 2025-03-22",
        "R35": "release note of v3.5, 2025-06-16",
        "N": "Onoma AI's own ComfyUI node",
        "N1": "card of NoobAI-XL 1.0",
        "NV": "card of NoobAI-XL V-Pred 1.0",
        "NC": "NoobAI-XL V-Pred 1.0 on Civitai",
        "A4": "card of Animagine XL 4.0",
        "S": "arXiv 2307.01952 (SDXL)",
    }
)
# Pages that can be linked to: the makers' own.
PAGES: Mapping[str, str] = MappingProxyType(
    {
        "P": "https://arxiv.org/abs/2409.19946",
        "C0": "https://huggingface.co/OnomaAIResearch/Illustrious-xl-early-release-v0",
        "C1": "https://huggingface.co/OnomaAIResearch/Illustrious-XL-v1.0",
        "N1": "https://huggingface.co/Laxhar/noobai-XL-1.0",
        "NV": "https://huggingface.co/Laxhar/noobai-XL-Vpred-1.0",
        "A4": "https://huggingface.co/cagliostrolab/animagine-xl-4.0",
        "S": "https://arxiv.org/abs/2307.01952",
    }
)
# Not inside a path: a user's profile cites its own file.
_CODE = re.compile(rf"(?<![\w/\\.-])({'|'.join(sorted(CITED, key=len, reverse=True))})(?![\w/\\-])")


def spelled_out(citation: str) -> str:
    """A citation of the table with its codes as words: "P B.2" -> "arXiv 2409.19946 B.2"."""
    return _CODE.sub(lambda code: CITED[code[0]], citation)


def pages_of(citation: str) -> tuple[str, ...]:
    """The addresses of the pages that a citation names, each once."""
    codes = dict.fromkeys(_CODE.findall(citation))
    return tuple(PAGES[code] for code in codes if code in PAGES)
