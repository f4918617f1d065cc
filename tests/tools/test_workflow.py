"""Shared workflows: canvas file and API twin say the same, and stay so when values are set."""

import copy

import pytest
from ixl.core.tiling.stages import plan_stages
from ixl.tools.workflow import FOLDER, load_workflow, node_titled, set_input, widget_names

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_twins_hold_the_same_values(name):
    workflow = load_workflow(name)
    for node in workflow.canvas["nodes"]:
        if str(node["id"]) not in workflow.api:
            assert node["type"] == "MarkdownNote"
            continue
        twin = workflow.api[str(node["id"])]
        assert node["type"] == twin["class_type"]
        linked = {s["name"] for s in node["inputs"] if s.get("link") is not None}
        values = dict(zip(widget_names(node), node.get("widgets_values", []), strict=False))
        for key, value in twin["inputs"].items():
            assert isinstance(value, list) == (key in linked)
            if key not in linked:
                assert values[key] == value


@pytest.mark.parametrize("name", NAMES)
def test_every_workflow_explains_itself(name):
    workflow = load_workflow(name)
    notes = [n for n in workflow.canvas["nodes"] if n["type"] == "MarkdownNote"]
    assert notes and len(workflow.canvas["groups"]) >= 3
    assert (FOLDER / f"{name}.jpg").stat().st_size < 300_000


def test_values_are_set_in_both_formats():
    workflow = copy.deepcopy(load_workflow("text-to-high-resolution"))
    sampler = node_titled(workflow, "Stage 2")
    set_input(workflow, sampler, "denoise", 0.123)
    set_input(workflow, sampler, "seed", 77)
    canvas = next(n for n in workflow.canvas["nodes"] if str(n["id"]) == sampler)
    assert workflow.api[sampler]["inputs"]["denoise"] == 0.123
    assert canvas["widgets_values"][widget_names(canvas).index("denoise")] == 0.123
    assert canvas["widgets_values"][0] == 77
    with pytest.raises(KeyError, match="no value 'nothing'"):
        set_input(workflow, sampler, "nothing", 1)
    with pytest.raises(KeyError, match="0 nodes"):
        node_titled(workflow, "No such title")


def test_the_shipped_sizes_keep_to_the_rules_of_stages():
    api = load_workflow("text-to-high-resolution").api
    sizes = [
        (node["inputs"]["width"], node["inputs"]["height"])
        for node in api.values()
        if node["class_type"] in ("EmptyLatentImage", "ImageScale")
    ]
    sizes.sort()
    for (w0, h0), (w1, h1) in zip(sizes, sizes[1:], strict=False):
        assert w1 / w0 <= 2 and h1 / h0 <= 2
    assert plan_stages(*sizes[-1], base=sizes[0])
