"""A prompt in ComfyUI's API format as a graph: nodes, links, and what kind of thing a link carries.

The kind comes from the output types of the node that the link starts at (`outputs`), which the
running ComfyUI knows for every pack. Without them, as when a file is read, or where the type is
"anything", the name of the input that the link ends in tells. Takes any JSON: what is no node or
no link is as if it were not there.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

Outputs = Callable[[str], Sequence[str]]  # class_type to the types of its outputs; () if not known
ANY = ("*", "ANY", "COMFY_MATCHTYPE_V3", "")
PIPE = "pipe"  # several things in one link, as packs have it
_BY_NAME = (
    ("MODEL", r"(base_|refiner_)?(model|unet)(_opt|[_ ]?\d+|_[ab])?"),
    ("CONDITIONING", r"(base_|refiner_)?(positive|negative|conditioning|cond)(_\w+|[ _]?\d+)?"),
    ("LATENT", r"(latents?|samples)(_image|_\w+|\d+)?"),
    ("IMAGE", r"(images?|pixels|destination|source)(_\w+|\d+)?"),
    ("NOISE", "noise"),
    ("GUIDER", "guider"),
    ("SAMPLER", "sampler"),
    ("SIGMAS", "sigmas"),
    ("CLIP", r"clip\d?"),
    ("VAE", r"vae(_opt)?"),
    ("MASK", r"masks?(_\w+)?"),
    (PIPE, r".*(pipe|context|tuple|bundle).*|ctx|bus"),
)
_NAMED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _BY_NAME)
_PIPES = re.compile(r".*(PIPE|CONTEXT|TUPLE|BUS).*")


class Link(NamedTuple):
    """An output of a node."""

    node: str
    slot: int


class Node(NamedTuple):
    id: str
    class_type: str
    inputs: Mapping[str, object]


def as_link(value: object) -> Link | None:
    """The link that a value of the API format is, else None."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    node, slot = value
    if isinstance(node, bool) or not isinstance(node, str | int):
        return None
    if isinstance(slot, bool) or not isinstance(slot, int) or slot < 0:
        return None
    return Link(str(node), slot)


class Graph:
    """The nodes of a prompt. Kinds of links are upper-case type names, PIPE, or "" (not known)."""

    def __init__(self, prompt: object, outputs: Outputs = lambda class_type: ()):
        self._prompt = prompt if isinstance(prompt, Mapping) else {}
        self._outputs = outputs
        self.stated: dict[Link, object] = {}  # what static.py found out

    def node(self, node_id: str) -> Node | None:
        found = self._prompt.get(node_id)
        if not isinstance(found, Mapping) or not isinstance(found.get("inputs"), Mapping):
            return None
        inputs = {name: value for name, value in found["inputs"].items() if isinstance(name, str)}
        return Node(node_id, str(found.get("class_type", "")), inputs)

    def nodes(self) -> Iterator[Node]:
        found = (self.node(node_id) for node_id in self._prompt if isinstance(node_id, str))
        return (node for node in found if node)

    def title(self, node_id: str) -> str:
        """The title that the user sees."""
        meta = self._prompt.get(node_id, {}).get("_meta")
        return str(meta.get("title", "")) if isinstance(meta, Mapping) else ""

    def links(self, node: Node) -> Iterator[tuple[str, Link, str]]:
        """(input name, link, kind) of each linked input, in their order."""
        for name, value in node.inputs.items():
            if link := as_link(value):
                yield name, link, self.kind(link, str(name))

    def kind(self, link: Link, name: str = "") -> str:
        source = self.node(link.node)
        types = self._outputs(source.class_type) if source else ()
        kind = str(types[link.slot]) if link.slot < len(types) else ""
        if kind in ANY or "," in kind:
            return next((kind for kind, pattern in _NAMED if pattern.fullmatch(name)), "")
        return PIPE if _PIPES.fullmatch(kind) else kind.rstrip("+-")
