"""What a parsed prompt is: a flat list of parts that cover the text, and its weight brackets.

Parts with content are atoms (tags, sentences, networks, choices ...); the rest is glue (commas,
brackets, keywords, comments). Weight brackets form groups; an atom knows its innermost group, so
its weight is the product along the chain of parents.
"""

from typing import NamedTuple

# Kinds of parts that carry content and can be moved; everything else is glue.
ATOMS = frozenset(
    ("tag", "sentence", "network", "embedding", "wildcard", "choice", "schedule", "mixed")
)


class Part(NamedTuple):
    """A span of the source text.

    kind: one of ATOMS, or glue: comma, newline, space, bar (`|||`), open, close, keyword, comment,
    branch (the `:0.8` of an AND part). group: index into Prompt.groups, or -1. segment: counts the
    keywords before this part.
    """

    kind: str
    start: int
    end: int
    text: str
    group: int = -1
    segment: int = 0


class Group(NamedTuple):
    """A pair of weight brackets around whole items.

    opening and closing are the brackets as written ("(" and ":1.2)"), for printing. factor
    multiplies the weight of the content. parent: index of the enclosing group, or -1.
    """

    parent: int
    opening: str
    closing: str
    factor: float


class Prompt(NamedTuple):
    """A parsed prompt; `str()` gives the source back."""

    parts: tuple[Part, ...]
    groups: tuple[Group, ...]

    def __str__(self) -> str:
        return "".join([part.text for part in self.parts])

    @property
    def atoms(self) -> list[Part]:
        """The parts that carry content, in source order."""
        return [part for part in self.parts if part.kind in ATOMS]

    def weights(self) -> list[float]:
        """Weight of the content of each group: the product of its chain (A1111, NovelAI)."""
        weights: list[float] = []
        for group in self.groups:
            outer = weights[group.parent] if group.parent >= 0 else 1.0
            weights.append(outer * group.factor)
        return weights

    def as_dict(self) -> dict:
        """JSON-ready: every part with its kind, span, text, weight and segment."""
        weights = self.weights()
        return {
            "text": str(self),
            "parts": [
                {
                    "kind": part.kind,
                    "start": part.start,
                    "end": part.end,
                    "text": part.text,
                    "atom": part.kind in ATOMS,
                    "weight": weights[part.group] if part.group >= 0 else 1.0,
                    "group": part.group,
                    "segment": part.segment,
                }
                for part in self.parts
            ],
            "groups": [group._asdict() for group in self.groups],
        }
