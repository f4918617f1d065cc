"""What was done to a prompt, as lines for people."""

from collections.abc import Iterable

from .budget import CHUNK, Break, Budget
from .changes import Change
from .normalize import Normalized
from .warning import PromptWarning


def report(result: Normalized) -> str:
    """One line per change and per warning; says so when there is nothing to report."""
    lines = [_change_line(change) for change in result.changes]
    lines += [warning_line(warning) for warning in result.warnings]
    return "\n".join(lines) or "Nothing to change, nothing to warn of."


def _change_line(change: Change) -> str:
    shown = change.before or "(nothing)"
    if change.after != change.before:
        shown += f" -> {change.after or '(removed)'}"
    return f"{change.kind}: {shown} ({change.why})"


def budget_report(budget: Budget, added: Iterable[Break] = ()) -> str:
    """Tokens per section, the tags that chunk borders cut, where BREAK was put or would help."""
    sections = ", ".join(f"{name} {tokens}" for name, tokens in budget.sections)
    lines = [f"tokens: {budget.tokens} in {_chunks(len(budget.chunks))} ({sections})"]
    lines += [f"added: BREAK before {place.section}" for place in added]
    lines += [
        f"chunk {cut.chunk + 1} ends inside {cut.tag}: {cut.before} of its tokens before the "
        f"border, {cut.after} behind"
        for cut in budget.cuts
    ]
    lines += [
        f"proposal: BREAK before {place.section} (character {place.position})"
        for place in budget.breaks
    ]
    return "\n".join([*lines, *budget.notes])


def _chunks(number: int) -> str:
    return f"{number} chunk{'s' if number > 1 else ''} of {CHUNK}"


def warning_line(warning: PromptWarning) -> str:
    return f"warning: {warning.tag}: {warning.why}; {warning.remedy}"


def encode_report(tokens: Iterable[int], notes: Iterable[str]) -> str:
    """Tokens per chunk, then what was not encoded as text."""
    lines = [f"chunk {n}: {count} of {CHUNK} tokens" for n, count in enumerate(tokens, 1)]
    return "\n".join([*lines, *notes])


def negative_report(dropped: Iterable[str], warnings: Iterable[PromptWarning]) -> str:
    lines = [f"left out: {tag} (the positive prompt asks for it)" for tag in dropped]
    lines += [warning_line(warning) for warning in warnings]
    return "\n".join(lines) or "Nothing cancels the positive prompt."
