"""Workflow files: the canvas format people open, and its API twin that a server runs.

A value is always set in both, so that the picture made from the twin carries a canvas workflow that
says the same. Does not convert one into the other: only the real front end does that.
"""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[1] / "workflows"
RANDOMIZE = "control_after_generate"  # an extra canvas value behind a seed, with one of these:
CONTROL = ("fixed", "increment", "decrement", "randomize")


class Workflow(NamedTuple):
    """`canvas` as in workflows/NAME.json, `api` as in workflows/api/NAME.json."""

    canvas: dict
    api: dict


def load_workflow(name: str) -> Workflow:
    canvas, api = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (FOLDER / f"{name}.json", FOLDER / "api" / f"{name}.json")
    )
    return Workflow(canvas, api)


def node_titled(workflow: Workflow, title: str) -> str:
    """The id of the only node with this title. Raises KeyError when there is no such node."""
    found = [str(n["id"]) for n in workflow.canvas["nodes"] if n.get("title") == title]
    if len(found) != 1:
        raise KeyError(f"{len(found)} nodes have the title '{title}'.")
    return found[0]


def set_input(workflow: Workflow, node: str, name: str, value) -> None:
    """Sets a widget value in both formats. Raises KeyError when the node has no such widget."""
    api = workflow.api[node]["inputs"]
    if name not in api:
        raise KeyError(f"Node {node} has no value '{name}'; it has {', '.join(api)}.")
    api[name] = value
    canvas = next(n for n in workflow.canvas["nodes"] if str(n["id"]) == node)
    canvas["widgets_values"][widget_names(canvas).index(name)] = value


def widget_names(node: dict) -> list[str]:
    """Names in the order of `widgets_values`."""
    names: list[str] = []
    values = node.get("widgets_values", [])
    for slot in node["inputs"]:
        if "widget" in slot:
            names.append(slot["widget"]["name"])
            if "seed" in names[-1] and values[len(names) : len(names) + 1] in (
                [c] for c in CONTROL
            ):
                names.append(RANDOMIZE)
    return names
