"""What the user sees: one line per step on stderr, and expected failures as one sentence.

stdout belongs to the command that the user asked for.
"""

import sys


class Problem(Exception):
    """An expected failure; its text says what happened and what to do."""


def step(text: str) -> None:
    print(f"[ixl] {text}", file=sys.stderr, flush=True)
