"""The canvas in another language: names of nodes, inputs, outputs and categories from locales/."""

import json
from pathlib import Path

import pytest
from browser import READY
from ixl.tools.workflow import load_workflow

pytestmark = pytest.mark.browser

LOCALES = Path(__file__).resolve().parents[2] / "locales"
LANGUAGE = "ja"
NODE = "IXLEncodePrompt"
SHOWN = """kind => {
    const node = LiteGraph.createNode(kind);
    app.graph.add(node);
    return {
        title: node.title,
        widgets: Object.fromEntries(node.widgets.map(w => [w.name, w.label])),
        inputs: Object.fromEntries(node.inputs.map(i => [i.name, i.label ?? i.localized_name])),
        outputs: node.outputs.map(o => o.label ?? o.localized_name),
        description: node.constructor.nodeData.description,
        category: node.constructor.category,
    };
}"""
LABELS = """kind => app.graph.nodes.find(n => n.type === kind).inputs.map(
    i => [i.name, i.label ?? i.localized_name])"""


@pytest.fixture
def japanese(canvas):
    """The canvas after a reload in Japanese; the language is put back for the tests behind."""
    canvas.server.post("/settings/Comfy.Locale", LANGUAGE)
    try:
        canvas.page.reload()
        canvas.page.wait_for_function(READY)
        yield canvas
    finally:
        canvas.server.post("/settings/Comfy.Locale", "en")


@pytest.mark.parametrize("front_end", ["pinned"], indirect=True)
@pytest.mark.parametrize("renderer", ["classic"], indirect=True)
def test_nodes_are_shown_in_the_language_of_the_interface(japanese):
    defs = json.loads((LOCALES / LANGUAGE / "nodeDefs.json").read_text(encoding="utf-8"))
    texts = defs[NODE]
    shown = japanese.page.evaluate(SHOWN, NODE)
    assert shown["title"] == texts["display_name"]
    assert shown["description"] == texts["description"]
    names = {name: entry["name"] for name, entry in texts["inputs"].items()}
    assert shown["inputs"] == names
    assert shown["widgets"] == {
        name: names.get(name, text)  # the panel of the tag editor has no name
        for name, text in shown["widgets"].items()
    }
    assert shown["widgets"]["target_width"] == "目標の幅"
    assert shown["outputs"][1] == texts["outputs"]["1"]["name"]
    assert shown["category"] == "Illustrious XL/プロンプト"

    shown = japanese.page.evaluate(SHOWN, "IXLTiledModel")
    assert shown["category"] == "Illustrious XL/高解像度"

    workflow = load_workflow("several-characters")
    japanese.load_workflow(workflow.canvas)
    shown = dict(japanese.page.evaluate(LABELS, "IXLCharacter"))
    names = defs["IXLCharacter"]["inputs"]
    assert shown == {name: entry["name"] for name, entry in names.items()}
    assert japanese.to_api() == workflow.api  # words on the canvas change nothing that is sent
