"""Graph signatures: equal for equal graphs, whatever their ids; different for anything else."""

import copy

import pytest
from ixl.core.graph import link_of, signature

GRAPH = {
    "1": {"class_type": "Load", "inputs": {"name": "a.safetensors"}},
    "2": {"class_type": "Text", "inputs": {"clip": ["1", 1], "text": "1girl"}},
    "3": {"class_type": "Text", "inputs": {"clip": ["1", 1], "text": "bad quality"}},
    "4": {"class_type": "Aside", "inputs": {"x": 1}},
}
ENDS = [("1", 0), ("2", 0), ("3", 0)]


def signed(graph, ends=ENDS):
    return signature(graph.__getitem__, ends)


@pytest.mark.parametrize(
    ("value", "link"),
    [
        (["1", 0], ("1", 0)), (["7:3", 2], ("7:3", 2)), ("1", None), (["1"], None),
        ([1, 0], None), (["a", True], None), (["a", "b"], None), (["a", 0, 1], None),
    ],
)  # fmt: skip
def test_links(value, link):
    assert link_of(value) == link


def test_ids_do_not_count():
    names = {"1": "17", "2": "5:2", "3": "b", "4": "c"}
    renamed = {}
    for node_id, node in copy.deepcopy(GRAPH).items():
        for name, value in node["inputs"].items():
            if link := link_of(value):
                node["inputs"][name] = [names[link[0]], link[1]]
        renamed[names[node_id]] = node
    assert signed(renamed, [(names[n], o) for n, o in ENDS]) == signed(GRAPH)


def test_nodes_aside_do_not_count():
    other = copy.deepcopy(GRAPH)
    other["4"]["inputs"]["x"] = 2
    assert signed(other) == signed(GRAPH)


@pytest.mark.parametrize(
    ("node", "change"),
    [
        ("1", {"inputs": {"name": "b.safetensors"}}), ("2", {"class_type": "Other"}),
        ("3", {"inputs": {"clip": ["1", 0], "text": "bad quality"}}),
    ],
)  # fmt: skip
def test_everything_above_counts(node, change):
    other = copy.deepcopy(GRAPH)
    other[node].update(change)
    assert signed(other) != signed(GRAPH)


def test_which_output_is_used_counts():
    assert signed(GRAPH, [("1", 0)]) != signed(GRAPH, [("1", 1)])
    assert signed(GRAPH, [("2", 0), ("3", 0)]) != signed(GRAPH, [("3", 0), ("2", 0)])
