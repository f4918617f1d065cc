"""The texts behind a sampler's conditioning, in the order in which they were put together.

ConditioningConcat is what BREAK means in a prompt and ConditioningCombine what AND means; so they
are written. Masks, areas, control nets and the like are passed through.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .static import open_branches, text_inputs
from .walk import PIPE, Graph, Link, Node, as_link

CONDITIONING = "CONDITIONING"
SIDES = {
    "positive": ("positive", "conditioning", "cond1", "base_positive"),
    "negative": ("negative", "base_negative"),
}
# Nodes of this pack whose outputs say what their inputs do not: class, name, output.
TEXT_OUTPUTS = {"IXLCharacterRegions": 2}
SETTING_OUTPUTS = {
    "IXLSamplerDefaults": {"sampler_name": 1, "scheduler": 2, "steps": 3, "cfg": 4},
}
_JOINERS = (("concat", " BREAK "), ("combine", " AND "), ("average", " AND "))
_EMPTY = "ConditioningZeroOut"
_BETTER = {"populated_text": "wildcard_text"}  # Impact Pack: the first is resolved from the second
_CLIP_SKIPS = ("stop_at_clip_layer", "clip_skip")


class Piece(NamedTuple):
    """A text and what stands between it and the one before. text: str or Link."""

    joiner: str
    text: object


def join(pieces: Sequence[Piece]) -> str:
    """The whole text; pieces whose text is not known are left out."""
    made = ""
    for joiner, text in pieces:
        if isinstance(text, str) and text.strip():
            made = f"{made}{joiner}{text}" if made else text
    return made


def texts_of(graph: Graph, node: Node, side: str, helpers: tuple[str, ...]) -> tuple[Piece, ...]:
    """The texts of one side ("positive" or "negative") of a sampler."""
    value = find_input(graph, node, SIDES[side], helpers)
    if isinstance(value, str):
        return (Piece("", value),)
    return tuple(_pieces(graph, value, side, set())) if isinstance(value, Link) else ()


def find_input(
    graph: Graph,
    node: Node,
    names: Sequence[str],
    through: Sequence[str],
    seen: set[str] | None = None,
) -> object:
    """The first input of these names, of the node or of those behind links of the given kinds."""
    said = SETTING_OUTPUTS.get(node.class_type, {})
    for name in names:
        if name in said:
            return Link(node.id, said[name])
        value = node.inputs.get(name)
        if value is not None:
            return as_link(value) or value
    seen = {node.id} if seen is None else seen
    for _, link, kind in graph.links(node):
        source = graph.node(link.node)
        if source and kind in through and source.id not in seen:
            seen.add(source.id)
            found = find_input(graph, source, names, through, seen)
            if found is not None:
                return found
    return None


def _pieces(graph: Graph, link: Link, side: str, seen: set[Link]) -> list[Piece]:
    node = graph.node(link.node)
    if node is None or link in seen or node.class_type == _EMPTY:
        return []
    seen.add(link)
    if graph.kind(link) == "STRING":
        return [Piece("", link)]
    if node.class_type in TEXT_OUTPUTS:
        return [Piece("", Link(node.id, TEXT_OUTPUTS[node.class_type]))]
    texts = [Piece(", ", text) for text in _own_texts(graph, node, side)]
    joiner = next((text for word, text in _JOINERS if word in node.class_type.lower()), ", ")
    made: list[Piece] = []
    for source in _sources(graph, node, link, side, bool(texts)):
        found = _pieces(graph, source, side, seen)
        made += [found[0]._replace(joiner=joiner), *found[1:]] if found else []
    return made + texts


def _own_texts(graph: Graph, node: Node, side: str) -> list[object]:
    """The texts of an encoder, each once: SDXL's two encoders mostly get the same."""
    found = dict(text_inputs(graph, node))
    for better, worse in _BETTER.items():
        if found.get(better):
            found.pop(worse, None)
    other = "negative" if side == "positive" else "positive"
    if any(side in name for name in found):
        found = {name: text for name, text in found.items() if other not in name}
        found = {name: text for name, text in found.items() if side in name} or found
    return list(dict.fromkeys(found.values()))


def _sources(graph: Graph, node: Node, link: Link, side: str, has_text: bool) -> list[Link]:
    """The links that the conditioning of an output comes from; any links, where nothing tells."""
    branches = open_branches(graph, node)
    given = {name: source for name, source, kind in branches if kind == CONDITIONING}
    if "positive" in given and "negative" in given:  # two in, two out: a control net
        return [given[_side_of_output(graph, link, side)]]
    if given:
        return list(given.values())
    pipes = [source for _, source, kind in branches if kind == PIPE]
    for source in pipes:
        behind = graph.node(source.node)
        found = find_input(graph, behind, SIDES[side], (PIPE,)) if behind else None
        if isinstance(found, Link):
            return [found]
    return [] if has_text else [source for _, source, kind in branches if not kind]


def _side_of_output(graph: Graph, link: Link, side: str) -> str:
    """By the place among the outputs, where there is a second one; else the side asked for."""
    second = graph.kind(Link(link.node, 1))
    known = graph.kind(Link(link.node, 0))
    if known == CONDITIONING and second != CONDITIONING:
        return side
    return ("positive", "negative")[link.slot] if link.slot < 2 else side


def clip_skip(graph: Graph, link: Link) -> object:
    """How many layers from its end the text encoder is left (1: not at all), or a Link, or None."""
    behind = (CONDITIONING, "CLIP", PIPE, "")
    node = graph.node(link.node)
    return find_input(graph, node, _CLIP_SKIPS, behind) if node else None
