"""An identity, and what was made of it, as text for people."""

from .decision import Decision
from .identity import FOLDER, Identity
from .lora import lora_of
from .lora_report import describe
from .profiles import PROFILES, Profile


def as_dict(identity: Identity) -> dict:
    """The `identify --json` form; of a LoRA with how it was trained."""
    more = {"lora": lora_of(identity).as_dict()} if identity.kind == "lora" else {}
    return identity.as_dict() | more


def summary(identity: Identity) -> str:
    """Several lines: what the file is, its hashes, the evidence and the warnings."""
    name = f"{identity.family} {identity.version}".strip()
    what = identity.kind
    if identity.kind in ("checkpoint", FOLDER):
        what += ", " + _objective(identity)
    lines = [f"{identity.file}: {name}, {what} ({identity.certainty})"]
    numbers = ", ".join(f"{part} {kind}" for part, kind in identity.number_types)
    lines.append(f"  {identity.size:,} bytes; numbers: {numbers.removeprefix('all ')}")
    hashes = identity.hashes
    if hashes.sha256:
        short = f"AutoV2 {hashes.autov2}" + (f", AutoV3 {hashes.autov3}" if hashes.autov3 else "")
        lines.append(f"  SHA-256 {hashes.sha256} ({short})")
    if identity.kind == "lora":
        lines += [f"  {line}" for line in describe(lora_of(identity))]
    lines += [f"  {line}" for line in identity.evidence]
    lines += [f"  warning: {line}" for line in identity.warnings]
    profile = PROFILES.get(identity.profile)
    if profile and identity.certainty == "certain":
        lines.append(f"  licence: {profile.licence}, {profile.licence_url}")
    return "\n".join(lines)


def report(name: str, identity: Identity, profile: Profile, decision: Decision) -> str:
    """What a loader did with a file: profile, how it is sampled and why, evidence, warnings."""
    lines = [
        f"{name}: {profile.label}",
        *decision.reasons,
        *(f"Evidence: {line}" for line in identity.evidence),
        *(f"Warning: {line}" for line in (*decision.warnings, *identity.warnings)),
    ]
    return "\n".join(lines)


def _objective(identity: Identity) -> str:
    return identity.objective + (", zero terminal SNR" if identity.zero_terminal_snr else "")
