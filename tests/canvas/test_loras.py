"""The LoRA loader on the real canvas: places appear as they are used, a saved workflow comes back,
a run's report is shown on the node.
"""

import pytest
import server
import tiny

pytestmark = pytest.mark.browser

ELSEWHERE = [("pinned", "nodes2"), ("newest", "classic")]
everywhere = pytest.mark.parametrize(
    ("front_end", "renderer"),
    [
        ("pinned", "classic"),
        ("newest", "nodes2"),
        *(pytest.param(*pair, marks=pytest.mark.prove) for pair in ELSEWHERE),
    ],
    indirect=True,
)
PROMPT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": tiny.CHECKPOINT}},
    "2": {
        "class_type": "IXLLoadLora",
        "inputs": {"model": ["1", 0], "clip": ["1", 1], "lora_1": tiny.LORA},
    },
    "3": {"class_type": "PreviewAny", "inputs": {"source": ["2", 3]}},
}
NODE = "app.graph.nodes.find(n => n.type === 'IXLLoadLora')"
SHOWN = f"""inPage => {{
    const node = {NODE};
    const widgets = node.widgets.filter(w => /^(lora|strength)_/.test(w.name));
    if (!inPage) return widgets.filter(w => node.isWidgetVisible(w)).map(w => w.name);
    const text = document.querySelector(`[data-node-id="${{node.id}}"]`).innerText.split(/\\n+/);
    return widgets.map(w => w.name).filter(n => text.includes(n));
}}"""
REPORT = f"{NODE}.widgets.find(w => w.name === 'ixl_report').element"


def places(*numbers: int) -> list[str]:
    return [f"{what}_{n}" for n in numbers for what in ("lora", "strength_model", "strength_clip")]


def wait_for(canvas, numbers) -> None:
    """Wait until those places are shown and no others."""
    shown = f"([wanted, inPage]) => JSON.stringify(({SHOWN})(inPage)) === JSON.stringify(wanted)"
    canvas.page.wait_for_function(shown, arg=[places(*numbers), canvas.in_page])


@everywhere
def test_places_report_and_saved_workflow(canvas, renderer):
    page, strength = canvas.page, {"classic": 0.6, "nodes2": 0.7}[renderer]  # no two runs alike
    page.evaluate("prompt => app.loadApiJson(prompt, '')", PROMPT)
    wait_for(canvas, [1, 2])
    title = page.evaluate(f"{NODE}.title")
    canvas.set_widget(title, "lora_3", tiny.WRONG_BASE_LORA)
    wait_for(canvas, [1, 2, 3, 4])
    canvas.set_widget(title, "lora_3", "none")
    wait_for(canvas, [1, 2])
    canvas.set_widget(title, "strength_model_1", strength)
    entry = canvas.run()
    assert server.succeeded(entry), server.node_error(entry)
    page.wait_for_function(f"{REPORT}.isConnected && {REPORT}.innerText.includes('rank 4')")
    sent = canvas.to_api()
    canvas.load_workflow(page.evaluate("app.graph.serialize()"))
    wait_for(canvas, [1, 2])
    assert canvas.to_api() == sent
    (loader,) = (node for node in sent.values() if node["class_type"] == "IXLLoadLora")
    assert loader["inputs"]["strength_model_1"] == strength
    assert loader["inputs"]["lora_2"] == loader["inputs"]["lora_6"] == "none"
