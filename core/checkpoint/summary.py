"""An identity, and the settings of a version, as text for people."""

from collections.abc import Mapping

from ..prompt import profiles as prompt
from .facts import square_side
from .identity import Identity
from .profiles import PROFILES, Profile, negative_of
from .source_texts import source_text


def summary(identity: Identity) -> str:
    """Several lines: what the file is, its hashes, the evidence and the warnings."""
    name = f"{identity.family} {identity.version}".strip()
    what = identity.kind if identity.kind != "checkpoint" else "checkpoint, " + _objective(identity)
    lines = [f"{identity.file}: {name}, {what} ({identity.certainty})"]
    numbers = ", ".join(f"{part} {kind}" for part, kind in identity.number_types)
    lines.append(f"  {identity.size:,} bytes; numbers: {numbers.removeprefix('all ')}")
    hashes = identity.hashes
    if hashes.sha256:
        short = f"AutoV2 {hashes.autov2}" + (f", AutoV3 {hashes.autov3}" if hashes.autov3 else "")
        lines.append(f"  SHA-256 {hashes.sha256} ({short})")
    lines += [f"  {line}" for line in identity.evidence]
    lines += [f"  warning: {line}" for line in identity.warnings]
    profile = PROFILES.get(identity.profile)
    if profile and identity.certainty == "certain":
        lines.append(f"  licence: {profile.licence}, {profile.licence_url}")
    return "\n".join(lines)


def report(
    identity: Identity | None,
    settings: Profile,
    prompt_profiles: Mapping[str, prompt.Profile] = prompt.PROFILES,
) -> str:
    """The summary of a file, where there is one, and the settings in use with their sources."""
    about = [summary(identity)] if identity else []
    return "\n".join([*about, *_settings(settings, prompt_profiles)])


def _settings(profile: Profile, prompt_profiles: Mapping[str, prompt.Profile]) -> list[str]:
    low, high = profile.cfg_range
    negative = negative_of(profile, prompt_profiles)
    values = {
        "objective": profile.objective,
        "zero_terminal_snr": "yes" if profile.zero_terminal_snr else "no",
        "native_area": _size(profile.native_area),
        "maximum_area": _size(profile.maximum_area),
        "sampler": profile.sampler,
        "scheduler": profile.scheduler,
        "steps": profile.steps,
        "cfg": f"{profile.cfg:g}, good from {low:g} to {high:g}",
        "cfg_rescale": f"{profile.cfg_rescale:g}",
        "prompt_profile": f"{profile.prompt_profile}; negative: {negative or 'none known'}",
        "licence": f"{profile.licence}, {profile.licence_url}",
    }
    lines = [f"Settings of {profile.label}:"]
    for field, value in values.items():
        source = source_text(profile, field).text
        said = f" [{source}]" if source else ""
        lines.append(f"  {_NAMES.get(field, field.replace('_', ' '))}: {value}{said}")
    return lines


_NAMES = {
    "zero_terminal_snr": "zero terminal SNR",
    "native_area": "native size",
    "maximum_area": "largest size",
    "cfg": "CFG",
    "cfg_rescale": "CFG rescale",
    "prompt_profile": "prompt",
}


def _size(area: int) -> str:
    side = square_side(area)
    return f"{area / 1e6:.2f} MP, as a square {side}x{side}"


def _objective(identity: Identity) -> str:
    return identity.objective + (", zero terminal SNR" if identity.zero_terminal_snr else "")
