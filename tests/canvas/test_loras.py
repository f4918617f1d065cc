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
    const names = node.widgets.map(w => w.name).filter(n => /^(lora|strength)_/.test(n));
    if (!inPage) return names.filter(n => node.isWidgetVisible(node.widgets.find(w => w.name === n)));
    const text = document.querySelector(`[data-node-id="${{node.id}}"]`).innerText.split(/\\n+/);
    return names.filter(n => text.includes(n));
}}"""
REPORT = f"{NODE}.widgets.find(w => w.name === 'ixl_report').element"


def places(*numbers: int) -> list[str]:
    return [f"{what}_{n}" for n in numbers for what in ("lora", "strength_model", "strength_clip")]


def wait_for(canvas, numbers) -> None:
    shown = f"([wanted, inPage]) => JSON.stringify(({SHOWN})(inPage)) === JSON.stringify(wanted)"
    try:
        canvas.page.wait_for_function(shown, arg=[places(*numbers), canvas.in_page], timeout=10000)
    except Exception:
        print(canvas.page.evaluate(SHOWN, canvas.in_page), canvas.screenshot("x"))
        raise


@everywhere
def test_places_report_and_saved_workflow(canvas, renderer):
    page, strength = canvas.page, {"classic": 0.6, "nodes2": 0.7}[renderer]  # no two runs alike
    page.evaluate("prompt => app.loadApiJson(prompt, '')", PROMPT)
    wait_for(canvas, [1, 2])
    canvas.set_widget(page.evaluate(f"{NODE}.title"), "lora_3", tiny.WRONG_BASE_LORA)
    wait_for(canvas, [1, 2, 3, 4])
    canvas.set_widget(page.evaluate(f"{NODE}.title"), "lora_3", "none")
    wait_for(canvas, [1, 2])
    canvas.set_widget(page.evaluate(f"{NODE}.title"), "strength_model_1", strength)
    entry = canvas.run()
    assert server.succeeded(entry), server.node_error(entry)
    page.wait_for_function(f"{REPORT}.isConnected && {REPORT}.innerText.includes('rank 4')")
    import shutil; shutil.copy(canvas.screenshot("ran"), f"/tmp/w/fe/ran-{renderer}-{len(page.evaluate(chr(39)+chr(39)))}{id(canvas)}.png")
    sent = canvas.to_api()
    canvas.load_workflow(page.evaluate("app.graph.serialize()"))
    wait_for(canvas, [1, 2])
    assert canvas.to_api() == sent
    (loader,) = (node for node in sent.values() if node["class_type"] == "IXLLoadLora")
    assert loader["inputs"]["strength_model_1"] == strength
    assert loader["inputs"]["lora_2"] == loader["inputs"]["lora_6"] == "none"
