"""One warning about a prompt, as the checks give it (see lint, unlisted)."""

from typing import NamedTuple


class PromptWarning(NamedTuple):
    """One likely mistake: what kind, at which tag, why it matters, what to do.

    Kinds: ambiguous, contradiction, untrained, unknown, rare, new, alias, renamed, deprecated,
    duplicate, weight, syntax, cancels.
    """

    kind: str
    tag: str
    why: str
    remedy: str

    def as_dict(self) -> dict:
        return self._asdict()
