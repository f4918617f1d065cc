"""Typos: names about one key away from a known one, found without comparing with all names.

Names are compared squashed (letters and digits only), so `twin tails` equals `twintails`. Two names
one edit apart share a key when one character is deleted from either (the symmetric delete idea of
SymSpell, Wolf Garbe 2012); candidates are then ranked by the true edit distance. Does not know the
vocabulary.
"""

import re

_SIGNS = re.compile(r"[\W_]+")
MAX_SQUASHED = 40  # longer names are not proposed for typos; keeps a look-up under 41 keys


def squash(name: str) -> str:
    """Letters and digits of a name, lower case: `looking-at viewer` -> `lookingatviewer`."""
    return _SIGNS.sub("", name.lower())


def deletions(squashed: str) -> list[str]:
    """The squashed name and every string that is one character shorter, without repeats."""
    keys = [squashed]
    for i in range(len(squashed)):
        if i == 0 or squashed[i] != squashed[i - 1]:  # the same letter twice gives the same key
            keys.append(squashed[:i] + squashed[i + 1 :])
    return keys


def distance(a: str, b: str, most: int) -> int:
    """Edit distance with swaps of neighbours (optimal string alignment), at most `most` + 1."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before, row = [], list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def rank(name: str, candidates: dict[str, int | None], limit: int) -> list[str]:
    """The candidates within two edits of `name`, closest first, then by post count."""
    wanted = squash(name)
    scored = []
    for candidate, count in candidates.items():
        if (edits := distance(wanted, squash(candidate), 2)) <= 2 and candidate != name:
            scored.append((edits, -(count or 0), candidate))
    return [candidate for *_, candidate in sorted(scored)[:limit]]
