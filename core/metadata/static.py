"""Values that a graph states without being run: primitives, reroutes, joined texts, switches.

What a node computes is not known here; the texts that go into it are then joined, which is what a
reader of a file can still show.
"""

import re
from collections.abc import Iterator

from .walk import Graph, Link, Node, as_link

_VALUES = ("value", "text", "string", "int", "float", "number", "boolean", "Value", "Text")
_TEXTS = re.compile(
    r"(.*_)?(text|prompt|string|tags?|caption|positive|negative)(_[a-z]|_?\d+)?"
    r"|clip_[gl]|t5xxl|wildcard_text|populated_text",
    re.IGNORECASE,
)
_NO_TEXTS = re.compile(r"style|mode|format|encoder|name|type|weight|file|path|title|separator")
LONGEST = 1 << 20  # characters
_DEPTH = 64  # nodes in a row; longer chains of texts are not followed


def value_of(graph: Graph, link: Link, depth: int = _DEPTH) -> object:
    """The value of a link as far as the graph states it; None if it does not."""
    if link not in graph.stated and depth:
        graph.stated[link] = None  # a loop ends here
        node = graph.node(link.node)
        graph.stated[link] = _stated(graph, node, depth) if node else None
    return graph.stated.get(link)


def _stated(graph: Graph, node: Node, depth: int) -> object:
    if {"string_a", "string_b", "delimiter"} <= set(node.inputs):  # ComfyUI's StringConcatenate
        names = ("string_a", "string_b", "delimiter")
        first, second, between = (_input(graph, node, name, depth) for name in names)
        texts = [str(part) for part in (first, second) if part is not None]
        return _not_too_long(str(between or "").join(texts))
    if not any(as_link(value) for value in node.inputs.values()):
        return next((value for name, value in node.inputs.items() if name in _VALUES), None)
    branches = open_branches(graph, node)
    if len(branches) == 1 and (len(node.inputs) == 1 or "switch" in node.inputs):
        return value_of(graph, branches[0][1], depth - 1)
    texts = [_input(graph, node, name, depth) for name, _ in text_inputs(graph, node)]
    joined = ", ".join(text for text in texts if isinstance(text, str) and text.strip())
    return _not_too_long(joined) or None


def _not_too_long(text: str) -> str | None:
    """Nodes that double their text can be stacked: what is longer than any prompt is not one."""
    return text if len(text) <= LONGEST else None


def _input(graph: Graph, node: Node, name: str, depth: int = _DEPTH) -> object:
    value = node.inputs.get(name)
    link = as_link(value)
    return value_of(graph, link, depth - 1) if link else value


def text_inputs(graph: Graph, node: Node) -> Iterator[tuple[str, object]]:
    """(name, text or Link) of the inputs of a node that hold a text for people."""
    for name, value in node.inputs.items():
        if not _TEXTS.fullmatch(name) or _NO_TEXTS.search(name):
            continue
        link = as_link(value)
        if link and graph.kind(link, name) in ("STRING", ""):
            yield name, link
        elif isinstance(value, str):
            yield name, value


def open_branches(graph: Graph, node: Node) -> list[tuple[str, Link, str]]:
    """The links of a node that something can come through: of a switch the chosen one.

    A switch (ComfyUI's ComfySwitchNode) whose state the graph does not state is closed: what it
    hands on is not known.
    """
    if not {"on_true", "on_false"} <= set(node.inputs) or "switch" not in node.inputs:
        return list(graph.links(node))
    state = _input(graph, node, "switch")
    if not isinstance(state, bool):
        return []
    wanted = "on_true" if state else "on_false"
    return [branch for branch in graph.links(node) if branch[0] == wanted]
