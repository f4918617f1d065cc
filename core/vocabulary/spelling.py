"""Typos: names about one key away from a known one, found without comparing with all names.

Names are compared squashed (letters and digits only), so `twin tails` equals `twintails`. Two names
one edit apart share a key when one character is deleted from either (the symmetric delete idea of
SymSpell, Wolf Garbe 2012); candidates are then ranked by the true edit distance. Does not know the
vocabulary.
"""

import re
from collections.abc import Iterable

_SIGNS = re.compile(r"[\W_]+")
MAX_SQUASHED = 40  # longer names are not proposed for typos; keeps a look-up under 41 keys
SHORT, LONG = 5, 8  # letters: shorter than SHORT only the blanks may differ; see slips
# Place of each letter on the keyboard: column (rows are shifted by about half a key), and row.
_KEYS = {
    letter: (column + row / 2, row)
    for row, letters in enumerate(("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"))
    for column, letter in enumerate(letters)
}


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


def slips(typed: str, meant: str) -> int | None:
    """How many slips of the keyboard make one squashed name of another; None if they are no slips.

    Short names are near to many others, so a short one keeps its first letter, and a letter that
    stands for another is its neighbour on the keyboard: `simle` is smile, `plane` is no plant.
    """
    most = 0 if len(typed) < SHORT else 1 if len(typed) < LONG + 2 else 2
    edits = distance(typed, meant, most)
    if edits > most:
        return None
    if edits and len(typed) < LONG and (typed[0] != meant[0] or not _neighbours(typed, meant)):
        return None
    return edits


def _neighbours(typed: str, meant: str) -> bool:
    """Whether the one letter that differs between names of one length is next to the right one."""
    differ = [pair for pair in zip(typed, meant, strict=False) if pair[0] != pair[1]]
    if len(typed) != len(meant) or len(differ) != 1:
        return True  # a letter more or less, or two that changed places
    places = [_KEYS.get(letter) for letter in differ[0]]
    if None in places:
        return False
    (x, row), (other_x, other_row) = places
    return abs(row - other_row) <= 1 and abs(x - other_x) <= 1


def nearest(name: str, candidates: Iterable[str]) -> list[str]:
    """The candidates that the fewest slips turn into `name`, in their order."""
    wanted = squash(name)
    found: dict[int, list[str]] = {}
    for candidate in candidates:
        edits = slips(wanted, squash(candidate))
        if edits is not None:
            found.setdefault(edits, []).append(candidate)
    return found[min(found)] if found else []
