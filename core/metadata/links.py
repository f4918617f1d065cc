"""How the saver learns the values that nodes computed: links of its own to where they come from.

When a prompt is queued, `add_links` traces every saver's picture and gives the saver one more input
for each link that feeds a text, a seed or another setting. ComfyUI then resolves them like any
other input, from whatever pack they come, once, in every kind of cache. `without_links` is the
prompt as the user made it, for the file.
"""

from collections.abc import Iterator, Mapping

from .graph import Traced, links, trace
from .walk import Graph, Link, Node, Outputs, as_link

PREFIX = "resolved_"  # of the names of the added inputs


def add_links(prompt: object, saver: str, outputs: Outputs) -> None:
    """Give each node of class `saver` its links, in place of any that are there."""
    graph = Graph(prompt, outputs)
    for node in list(graph.nodes()):
        if node.class_type == saver:
            inputs = prompt[node.id]["inputs"]
            for name in [name for name in inputs if name.startswith(PREFIX)]:
                del inputs[name]
            wanted = dict.fromkeys(links(traced_for(graph, node)))
            inputs.update({f"{PREFIX}{n}": list(link) for n, link in enumerate(wanted)})


def traced_for(graph: Graph, saver: Node) -> Traced:
    """What the graph says of a saver's picture, without what the user connected by hand."""
    picture = as_link(saver.inputs.get("images"))
    if picture is None:
        return Traced()
    traced = trace(graph, picture, as_link(saver.inputs.get("model")))
    given = {side: () for side in ("positive", "negative") if as_link(saver.inputs.get(side))}
    if as_link(saver.inputs.get("model")):
        given["model"] = None
    return traced._replace(passes=tuple(step._replace(**given) for step in traced.passes))


def link_names(saver: Node) -> Iterator[tuple[str, Link]]:
    """(input name, link) of the added inputs."""
    for name, value in saver.inputs.items():
        if name.startswith(PREFIX) and (link := as_link(value)):
            yield name, link


def without_links(prompt: Mapping, saver: str) -> dict:
    """A copy without the added inputs, and without what ComfyUI's cache notes in nodes."""
    made = {}
    for node_id, node in prompt.items():
        kept = {key: value for key, value in node.items() if key != "is_changed"}
        if node.get("class_type") == saver:
            own = {key: v for key, v in node["inputs"].items() if not key.startswith(PREFIX)}
            kept["inputs"] = own
        made[node_id] = kept
    return made
