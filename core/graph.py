"""Questions about a ComfyUI graph in API form (nodes with `class_type` and `inputs`).

Values only; does not run, change or validate graphs.
"""

import json
from collections.abc import Callable

Link = tuple[str, int]


def link_of(value: object) -> Link | None:
    """(node id, output) if the input's value is a link, else None."""
    if not (isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)):
        return None
    return (value[0], value[1]) if type(value[1]) is int else None


def signature(node_of: Callable[[str], dict], links: list[Link]) -> str:
    """What the links' values are made from, as text: equal for equal graphs whatever their ids.

    node_of: gives the node of an id. Every ancestor counts with its class and its inputs.
    """
    numbers: dict[str, int] = {}
    lines: list[str] = []

    def visit(node_id: str) -> int:
        if node_id not in numbers:
            node = node_of(node_id)
            inputs = {}
            for name, value in sorted(node.get("inputs", {}).items()):
                link = link_of(value)
                inputs[name] = ["link", visit(link[0]), link[1]] if link else value
            numbers[node_id] = len(numbers)
            lines.append(json.dumps([node.get("class_type"), inputs], sort_keys=True, default=str))
        return numbers[node_id]

    ends = [(visit(node_id), output) for node_id, output in links]
    return "\n".join([*lines, json.dumps(ends)])
