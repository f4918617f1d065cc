"""Whether a LoRA belongs to a model: what speaks against applying it, and what one should know.

A LoRA that does not fit is named as such instead of being applied in part; one that fits but was
trained on another version or with another objective gets a warning with what is known about it.

Sources: P  arXiv 2409.19946, A.2.1 and A.7: LoRAs of v0.1 carry over up to v2.0
         B3 official blog on v3.0 to v3.5, 2025-03-22: LoRAs on v-prediction are unreliable
         N1 card of Laxhar/noobai-XL-1.0: trained on from Illustrious v0.1
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .findings import strongest
from .loaded import LoadedLora
from .lora import Lora
from .lora_keys import Match, group_of
from .profiles import PROFILES, Profile

# Of the modules that name a layer of the model, the part that may be of another size. A LoRA of
# SD 1.5 fits most layers of SDXL that have the same name: in each of its transformers 2 modules of
# 12 do not, those that read the text. A module of the first convolution alone is of another size
# for an inpainting model.
_STRAY = 0.05
_LEAST = 0.5  # of a LoRA's modules must fit; with fewer it is not what the author made
_EXAMPLES = 3
FAMILIES = {
    "illustrious": "Illustrious XL", "noobai": "NoobAI-XL", "animagine": "Animagine XL",
    "pony": "Pony Diffusion", "sdxl": "SDXL",
}  # fmt: skip
# The versions over which P found LoRAs to carry over, with their order.
_CARRIED = {"v0.1": 0, "v0.1-GUIDED": 0, "v1.0": 1, "v1.1": 2, "v2.0": 3}


class Base(NamedTuple):
    """The loaded model: family and version of its profile, the objective that it samples with.

    "" where it is not known.
    """

    family: str = ""
    version: str = ""
    objective: str = ""


def base_of(profile: Profile | None, objective: str) -> Base:
    """objective: that of the model itself, which a node may have changed; it wins."""
    if profile is None:
        return Base(objective=objective)
    return Base(profile.family, profile.version, objective or profile.objective)


def is_off(strength_model: float, strength_clip: float, with_clip: bool) -> bool:
    """Whether a LoRA would change nothing, so that it need not be loaded."""
    return not strength_model and not (strength_clip and with_clip)


def problem_of(lora: Lora, match: Match) -> str:
    """Why a LoRA must not be applied to a model, one sentence; "" when it may."""
    broken = next(((n, m.missing) for n, m in lora.modules.items() if m.missing), None)
    if broken:
        return (
            f"{lora.name}: The module {broken[0]} has no {broken[1]}; the file is incomplete. "
            "Download it again."
        )
    fitting, wrong = len(match.fitting), len(match.wrong)
    tried = fitting + wrong + len(match.unmatched)
    if not tried:
        return (
            f"{lora.name}: All its {len(match.unused)} modules are for text encoders and no CLIP "
            "is connected; connect the CLIP of the checkpoint."
        )
    if wrong <= _STRAY * (fitting + wrong) and fitting >= _LEAST * tried:
        return ""
    return f"{lora.name}: {_other_base(lora, match, tried)} It was not applied."


def _other_base(lora: Lora, match: Match, tried: int) -> str:
    made_for = lora.identity.model
    known = f"It was made for {made_for or 'another model'}: "
    if match.wrong:
        name, own, layer = match.wrong[0]
        return (
            f"{known}{len(match.wrong)} of its {tried} modules are of other sizes than the layers "
            f"of this model, for instance {name} for {_size(own)} where the model has "
            f"{_size(layer)}; choose a LoRA made for this model."
        )
    if lora.identity.ok and made_for:  # of SDXL like this model, it seems
        known = "It was made for another model, or its names are in a form unknown to ComfyUI: "
    return (
        f"{known}{len(match.unmatched)} of its {tried} modules name no layer of this model, for "
        f"instance {match.unmatched[0]}; choose a LoRA made for this model, in kohya's form."
    )


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def warnings_of(lora: Lora, match: Match, base: Base) -> list[str]:
    """What one should know about a LoRA that is applied, one sentence each."""
    return [*_left_out(match), *_version(lora, base), *_objective(lora, base)]


def _left_out(match: Match) -> Iterator[str]:
    if match.unmatched:
        groups = Counter(group_of(name) for name in match.unmatched)
        parts = ", ".join(f"{group} {n}" for group, n in sorted(groups.items()))
        yield (
            "Modules that name no layer of the model and have no effect: "
            f"{len(match.unmatched)} ({parts}), {_some(match.unmatched)}."
        )
    if match.wrong:
        yield (
            "Modules of another size than their layer, which were left out: "
            f"{len(match.wrong)}, {_some([name for name, _, _ in match.wrong])}."
        )


def _some(names: Sequence[str]) -> str:
    more = len(names) - _EXAMPLES
    listed = ", ".join(names[:_EXAMPLES])
    return f"for instance {listed}" if more > 0 else listed


def _version(lora: Lora, base: Base) -> Iterator[str]:
    """What is known of a LoRA of one family or version on another."""
    own = lora.identity
    if not base.family or not family_is_told(lora):
        return
    of, on = (FAMILIES.get(family, family) for family in (own.family, base.family))
    if own.family != base.family:
        related = {own.family, base.family} == {"illustrious", "noobai"}
        told = (
            "NoobAI-XL was trained on from Illustrious v0.1, so that it works in part."
            if related
            else "expect a weak or wrong effect."
        )
        yield f"It was trained on {of} and the model is {on}: {told}"
    elif own.family == "illustrious" and own.version and base.version:
        yield from _within_illustrious(own.version, base.version)


def family_is_told(lora: Lora) -> bool:
    """Whether something in the file names the family, rather than the shapes alone."""
    return strongest(list(lora.identity.findings), "family")[0] is not None


def objective_told(lora: Lora) -> str | None:
    """The objective that the file states, else that of the version that it was trained on."""
    own = lora.identity
    stated = strongest(list(own.findings), "objective")[0]
    profile = PROFILES.get(own.profile) if own.version else None
    return stated or (profile.objective if profile else None)


def _within_illustrious(own: str, model: str) -> Iterator[str]:
    if model not in _CARRIED or own not in _CARRIED:
        if own != model:
            yield (
                f"It was trained on {own} and the model is {model}: only of v0.1 to v2.0 it is "
                "known that LoRAs carry over."
            )
    elif _CARRIED[own] > _CARRIED[model]:
        yield (
            f"It was trained on {own} and the model is the older {model}: LoRAs of older versions "
            "carry over to newer ones, the other way is not known."
        )


def _objective(lora: Lora, base: Base) -> Iterator[str]:
    own = objective_told(lora)
    if base.objective == "epsilon" and own not in (None, "epsilon"):
        yield (
            f"It was trained with {own} and the model predicts noise (epsilon): colours and "
            "contrast may be off, and it may do nothing useful."
        )
    elif base.objective == "v-prediction" and own == "epsilon":
        yield (
            "It was trained on noise prediction (epsilon) and the model uses v-prediction: "
            "unreliable; try lower strengths."
        )
    elif base.objective == "v-prediction" and own is None:
        yield (
            "The file does not say that it was trained with v-prediction, which the model uses: "
            "LoRAs of epsilon models are unreliable on it."
        )


def repeated(wanted: Sequence[Lora], before: Iterable[LoadedLora]) -> list[str]:
    """One sentence for each LoRA that is applied more than once, here or by a node before."""
    found = []
    seen = [(lora.path, lora.data_sha256, lora.name) for lora in before]
    for lora in wanted:
        own = lora.identity.file, lora.identity.hashes.data_sha256
        twin = next((s for s in seen if s[0] == own[0] or (own[1] and s[1] == own[1])), None)
        if twin:
            same = "" if twin[0] == own[0] else f", which holds the same weights as {twin[2]}"
            found.append(f"{lora.name}{same} is applied more than once; the strengths add up.")
        seen.append((*own, lora.name))
    return found
