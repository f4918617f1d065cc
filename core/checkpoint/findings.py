"""What a layer of the identity found, how sure it is, and how findings are weighed."""

from collections.abc import Iterable
from typing import NamedTuple

# From the strongest: the file is known by its hash or says it itself; its contents speak for it;
# somebody named it so.
CERTAINTIES = ("certain", "likely", "guess")


class Claims(NamedTuple):
    """What a finding says the file is; None where it says nothing.

    model: architecture, `architecture.Architecture.model`.
    """

    model: str | None = None
    family: str | None = None
    version: str | None = None
    objective: str | None = None
    zero_terminal_snr: bool | None = None


class Finding(NamedTuple):
    """One line of evidence: the layer it comes from, how sure it is, a sentence, its claims."""

    layer: str
    certainty: str
    text: str
    claims: Claims = Claims()

    def __str__(self) -> str:
        return f"{self.layer} ({self.certainty}): {self.text}"


def speaker(findings: Iterable[Finding], field: str) -> Finding | None:
    """The strongest finding that says something of a field."""
    said = (f for f in _by_strength(findings) if getattr(f.claims, field) is not None)
    return next(said, None)


def strongest(findings: Iterable[Finding], field: str) -> tuple[object, str]:
    """What the strongest finding says of a field, and its certainty; (None, "none") for silence."""
    finding = speaker(findings, field)
    return (getattr(finding.claims, field), finding.certainty) if finding else (None, "none")


def conflicts(findings: Iterable[Finding]) -> list[str]:
    """One sentence for each finding that a stronger one contradicts."""
    found = []
    for field in Claims._fields:
        claims = [
            (finding, value)
            for finding in _by_strength(findings)
            if (value := getattr(finding.claims, field)) is not None
        ]
        for finding, value in claims[1:]:
            stronger, kept = claims[0]
            if value != kept:
                name = field.replace("_", " ")
                found.append(
                    f"The {finding.layer} says {name} {_said(value)}, the {stronger.layer} says "
                    f"{_said(kept)}; the {stronger.layer} counts."
                )
    return found


def _by_strength(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: CERTAINTIES.index(finding.certainty))


def _said(value: object) -> str:
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else str(value)
