"""What the normalizer did, as lines for people."""

from .normalize import Normalized


def report(result: Normalized) -> str:
    """One line per change and per warning; says so when there is nothing to report."""
    found = result.as_dict()
    lines = [
        f"{change['kind']}: {change['from'] or '(nothing)'} -> {change['to'] or '(removed)'} "
        f"({change['why']})"
        for change in found["changes"]
    ]
    lines += [
        f"warning: {warning['tag']}: {warning['why']}; {warning['remedy']}"
        for warning in found["warnings"]
    ]
    return "\n".join(lines) or "Nothing to change, nothing to warn of."
