"""The labels of a WD tagger: selected_tags.csv, one row per value of the model's output.

Columns tag_id, name, category and count as SmilingWolf publishes them. Does not read models.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..vocabulary.names import canonical

GENERAL, CHARACTER, RATING = 0, 4, 9  # in the column `category`
GENERAL_THRESHOLD, CHARACTER_THRESHOLD = 0.35, 0.85  # of the publisher's own demonstration


class Seen(NamedTuple):
    """What a tagger sees in a picture: canonical names with scores, the surest first.

    characters and general are without each other. rating: the likeliest and its score, ("", 0.0)
    where the tagger has none.
    """

    rating: tuple[str, float]
    characters: dict[str, float]
    general: dict[str, float]


def read_labels(file: Path) -> dict[str, int]:
    """Name -> category in the order of the model's output. Raises ValueError with one sentence."""
    labels: dict[str, int] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                name = _name(row, file)
                if name in labels:
                    raise ValueError(_wrong(file, f"it has {name!r} twice"))
                labels[name] = int(row["category"])
    except UnicodeDecodeError as problem:
        raise ValueError(_wrong(file, "it is not UTF-8 text")) from problem
    except csv.Error as problem:
        raise ValueError(_wrong(file, f"it cannot be read as CSV ({problem})")) from problem
    except OSError as problem:
        raise ValueError(_wrong(file, f"it cannot be opened ({problem.strerror})")) from problem
    if not labels:
        raise ValueError(_wrong(file, "it has no tags"))
    return labels


def _name(row: Mapping, file: Path) -> str:
    name, category = row.get("name"), row.get("category")
    if not name or not category or not (category.isascii() and category.isdigit()):
        raise ValueError(_wrong(file, "a row has no name, or no number as its category"))
    if len(category) > 3 or not name.isprintable() or not name.strip() or "," in name:
        raise ValueError(_wrong(file, f"{name[:40]!r} is no tag"))
    return name


def _wrong(file: Path, why: str) -> str:
    return (
        f"{file} is not the list of a WD tagger: {why}; get {file.name} from where model.onnx "
        "came from."
    )


def choose(
    labels: Mapping[str, int],
    scores: Mapping[str, float],
    general: float = GENERAL_THRESHOLD,
    character: float = CHARACTER_THRESHOLD,
) -> Seen:
    """The tags whose scores are over the threshold of their category, and the likeliest rating."""
    ratings = [name for name in scores if labels[name] == RATING]
    rating = max(ratings, key=lambda name: scores[name], default="")
    return Seen(
        (rating, scores[rating] if rating else 0.0),
        _over(labels, scores, CHARACTER, character),
        _over(labels, scores, GENERAL, general),
    )


def _over(labels: Mapping, scores: Mapping, category: int, least: float) -> dict[str, float]:
    sure = [name for name in scores if labels[name] == category and scores[name] > least]
    return {canonical(name): scores[name] for name in sorted(sure, key=lambda n: -scores[n])}
