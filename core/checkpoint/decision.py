"""How a checkpoint is sampled, and why: objective, zero terminal SNR, CFG rescale.

Decided from the identity of the file, the profile in use and the switches of a loader. A wrong
objective gives noise and a wrong zero terminal SNR burnt or black pictures, so that the latter
comes only from evidence that is certain or likely, or from its own switch. Changes no model: that
is what `nodes/` do with a Decision.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .choices import AUTOMATIC, OBJECTIVES, OFF, ON, PROFILES_RESCALE
from .findings import Finding, speaker
from .identity import Identity
from .profiles import Profile, with_objective
from .sources import spelled_out

STRONG = ("certain", "likely")


class Overrides(NamedTuple):
    """The switches of a loader; each works alone.

    objective: one of OBJECTIVE_CHOICES. zero_terminal_snr: one of SWITCH. cfg_rescale: 0 to 1, 0
    for none, below 0 for the profile's.
    """

    objective: str = AUTOMATIC
    zero_terminal_snr: str = AUTOMATIC
    cfg_rescale: float = PROFILES_RESCALE


class Decision(NamedTuple):
    """How to sample. reasons: a sentence for each value; warnings: what may spoil pictures."""

    objective: str
    zero_terminal_snr: bool
    cfg_rescale: float
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def decide(
    identity: Identity, profile: Profile, overrides: Overrides, chosen: bool = False
) -> Decision:
    """The decision for a file. chosen: the profile is the user's choice, not the recognised one.

    Raises ValueError with one sentence for switches that exclude each other.
    """
    objective, why = _objective(identity, profile, overrides.objective, chosen)
    zero_snr, why_zero = _zero_snr(identity, profile, overrides.zero_terminal_snr, objective)
    rescale, why_rescale = _rescale(profile, overrides.cfg_rescale, objective, zero_snr)
    reasons = (
        f"Objective {objective}: {why}.",
        f"Zero terminal SNR {ON if zero_snr else OFF}: {why_zero}.",
        f"CFG rescale {rescale:g}: {why_rescale}.",
    )
    warnings = _warnings(identity, overrides, objective, zero_snr)
    return Decision(objective, zero_snr, rescale, reasons, tuple(warnings))


def choose(
    identity: Identity,
    choice: str,
    profiles: Mapping[str, Profile],
    overrides: Overrides,
) -> tuple[Profile, Decision]:
    """The profile that a loader hands on, and the decision in it. choice: an id, or automatic."""
    chosen = choice != AUTOMATIC
    profile = profiles[choice if chosen else identity.profile]
    decision = decide(identity, profile, overrides, chosen)
    return settled(profile, decision), decision


def settled(profile: Profile, decision: Decision) -> Profile:
    """The profile with what was decided in it, for whoever samples with the model."""
    objective, zero_snr, rescale = decision[:3]
    why = " ".join(decision.reasons[:2])
    changed = with_objective(profile, objective, zero_snr, why)
    if changed.cfg_rescale == rescale:
        return changed
    sources = (("cfg_rescale", decision.reasons[2]), *changed.sources)
    return changed._replace(cfg_rescale=rescale, sources=sources)


def _objective(
    identity: Identity, profile: Profile, override: str, chosen: bool
) -> tuple[str, str]:
    """The objective and the reason: switch, evidence, choice of profile, name, in this order."""
    if override != AUTOMATIC:
        return override, "as set on the node"
    finding = speaker(identity.findings, "objective")
    if finding and (finding.certainty in STRONG or not chosen):
        return finding.claims.objective, _quoted(finding)
    if chosen:
        return profile.objective, f"that of the chosen profile, {profile.label}"
    return "epsilon", "nothing in the file says otherwise"


def _zero_snr(
    identity: Identity, profile: Profile, override: str, objective: str
) -> tuple[bool, str]:
    if override == OFF:
        return False, "as set on the node"
    if override == ON and objective not in OBJECTIVES:
        raise ValueError(
            f"zero_terminal_snr is on, but the model samples by {objective}, whose noise levels "
            "have no terminal SNR; set zero_terminal_snr to automatic, or the objective as well."
        )
    if override == ON:
        return True, "as set on the node"
    finding = speaker(identity.findings, "zero_terminal_snr")
    if not finding or finding.certainty not in STRONG:
        if profile.zero_terminal_snr and objective == profile.objective:
            return False, (
                f"nothing in the file says so, although {profile.label} was trained with it; where "
                "the darkest pictures stay grey, set zero_terminal_snr to on"
            )
        return False, "nothing in the file says so"
    if not finding.claims.zero_terminal_snr:
        return False, _quoted(finding)
    if objective != "v-prediction":
        return False, f"it needs v-prediction, although {_quoted(finding)}"
    return True, _quoted(finding)


def _rescale(
    profile: Profile, override: float, objective: str, zero_snr: bool
) -> tuple[float, str]:
    if override >= 0:
        return override, "as set on the node"
    usual = with_objective(profile, objective, zero_snr)
    why = spelled_out(usual.source_of("cfg_rescale")) or "no source"
    return usual.cfg_rescale, f"that of the profile {profile.label} ({why})"


def _warnings(
    identity: Identity, overrides: Overrides, objective: str, zero_snr: bool
) -> Iterator[str]:
    told = speaker(identity.findings, "objective")
    if told and told.certainty in STRONG and told.claims.objective != objective:
        yield (
            f"The objective is set to {objective}, but {_quoted(told)}: a wrong objective gives "
            "noise instead of a picture."
        )
    if overrides.zero_terminal_snr != ON:
        return
    told = speaker(identity.findings, "zero_terminal_snr")
    if not told or not told.claims.zero_terminal_snr:
        yield (
            "Zero terminal SNR is switched on, and nothing in the file says that it was trained "
            "so: if pictures come out burnt or black, it was not."
        )
    if zero_snr and objective == "epsilon":
        yield (
            "Zero terminal SNR is switched on for epsilon: the first step takes every error of the "
            "noise estimate some 4500 times; no picture comes of it."
        )


def _quoted(finding: Finding) -> str:
    return f"{finding.text} ({finding.layer}, {finding.certainty})"
