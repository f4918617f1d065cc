"""The card on nodes that choose a checkpoint, its dialog, and the report of Checkpoint Info."""

import re

import model_files
import pytest
import server
import tiny
from ixl.core.checkpoint.hashing import hash_file
from ixl.core.checkpoint.header import read_header
from ixl.core.checkpoint.identity import identify
from ixl.core.checkpoint.profiles import PROFILES

pytestmark = pytest.mark.browser

PAIRS = [("pinned", "classic"), ("newest", "nodes2")]
OTHERS = [("pinned", "nodes2"), ("newest", "classic")]
everywhere = pytest.mark.parametrize(
    ("front_end", "renderer"),
    [*PAIRS, *(pytest.param(*pair, marks=pytest.mark.prove) for pair in OTHERS)],
    indirect=True,
)

V10 = "Illustrious-XL-v1.0.safetensors"
DAMAGED = "cut-off.safetensors"
UNET = "noobai-unet.safetensors"
LINE_OF_V10 = "epsilon · 1536×1536 · euler_ancestral · 28 steps · CFG 7"
EMPTY = """() => {
    document.querySelector('.ixl-dialog')?.close();
    app.graph.clear();
    app.canvas.ds.scale = 1;
    app.canvas.ds.offset = [0, 0];
}"""
ADD = """([type, title, x, y, w, h, file, name = 'checkpoint']) => {
    const node = LiteGraph.createNode(type);
    Object.assign(node, { title, pos: [x, y] });
    app.graph.add(node);
    node.setSize([w, h]);
    const widget = node.widgets.find(w => w.name === name);
    widget.value = file;
    widget.callback?.(file);
}"""
STORED = "title => app.graph.serialize().nodes.find(n => n.title === title)"
IN_DIALOG = "!!document.activeElement.closest('dialog[open]')"
BEHIND = """() => {
    const load = app.graph.nodes.find(n => n.title === 'Load');
    const sort = LiteGraph.createNode('IXLTagNormalizer');
    Object.assign(sort, { title: 'Sort', pos: [800, 150] });
    app.graph.add(sort);
    sort.widgets.find(w => w.name === 'text').value = '1girl';
    load.connect(3, sort, sort.inputs.findIndex(i => i.name === 'model_profile'));
}"""
TO_SUBGRAPH = """title => {
    const load = app.graph.nodes.find(n => n.title === title);
    window.host = app.graph.convertToSubgraph(new Set([load])).node;
    app.canvas.setGraph(host.subgraph);
}"""
PROMOTE = """() => {
    const inner = host.subgraph.nodes[0];
    const slot = inner.getSlotFromWidget(inner.widgets.find(w => w.name === 'checkpoint'));
    host.subgraph.addInput('file', 'COMBO');
    host.subgraph.inputs.at(-1).connect(slot, inner);
    host.widgets[0].value = inner.widgets[0].value;
}"""


@pytest.fixture
def files(servers, front_end):
    """A file with an official name, large enough to be seen being hashed, and a cut-off one."""
    folder = servers(front_end).base / "models" / "checkpoints"
    model_files.write_large(folder / V10, model_files.SDXL, 300 << 20)
    (folder / DAMAGED).write_bytes(model_files.content(model_files.SDXL)[:-100])
    unet = folder.parent / "diffusion_models" / UNET
    model_files.write(unet, model_files.SDXL_UNET)
    yield folder
    for path in (folder / V10, folder / DAMAGED, unet):
        path.unlink()


@pytest.fixture
def canvas(files, shared_canvas):
    shared_canvas.page.evaluate(EMPTY)
    return shared_canvas


@everywhere
def test_card_and_dialog(files, canvas):
    page = canvas.page
    page.evaluate(ADD, ["IXLLoadCheckpoint", "Load", 300, 150, 360, 220, tiny.CHECKPOINT])
    card, dialog = page.locator(".ixl-card"), page.get_by_role("dialog")
    card.get_by_text("Illustrious XL, version unknown").wait_for()
    stored, sent = page.evaluate(STORED, "Load"), canvas.to_api()

    # another file: name and settings at once, the hash when it is done
    canvas.set_widget("Load", "checkpoint", V10)
    card.get_by_text("Illustrious XL v1.0").wait_for()
    assert card.locator(".ixl-line").inner_text() == LINE_OF_V10
    card.get_by_text(re.compile(r"^guess · \d+ %$")).wait_for()
    card.get_by_text(re.compile("^guess$")).wait_for()
    canvas.set_widget("Load", "profile", "noobai-xl-vpred")
    card.get_by_text("→ NoobAI-XL v-prediction · v-prediction · 1024×1024").wait_for()
    canvas.set_widget("Load", "profile", "automatic")
    card.get_by_text(LINE_OF_V10).wait_for()
    canvas.set_widget("Load", "zero_terminal_snr", "on")  # a switch of the loader, with its warning
    card.get_by_text("epsilon, ZSNR").wait_for()
    assert card.locator(".ixl-warnings").inner_text() == "⚠ 2"
    canvas.set_widget("Load", "zero_terminal_snr", "automatic")
    card.get_by_text(LINE_OF_V10).wait_for()

    # the tag editor behind the loader knows the profile without a run
    page.evaluate(BEHIND)
    page.locator(".ixl-space").get_by_text("Tags: 1 · illustrious-v1.0").wait_for()
    page.evaluate("app.graph.remove(app.graph.nodes.find(n => n.title === 'Sort'))")

    # the dialog, by keyboard
    card.focus()
    page.keyboard.press("Enter")
    dialog.get_by_role("heading", name="Illustrious XL v1.0", exact=True).wait_for()
    expected = hash_file(str(files / V10))
    text = dialog.inner_text()
    assert expected.sha256 in text and expected.autov2 in text
    for finding in identify(str(files / V10), hasher=lambda *_: expected).findings:
        assert finding.text in text
    assert "arXiv 2409.19946 B.2" in text and "Objective epsilon: " in text
    assert "896×2624, " in text and "1280×1792, " in text  # of the sizes of its area
    assert "1536×1536 (2.36 MP)" in text
    licence = dialog.get_by_role("link", name="as on its page")
    shown = {name: licence.get_attribute(name) for name in ("href", "target", "rel")}
    v10 = PROFILES["illustrious-v1.0"]
    wanted = {"href": v10.licence_url, "target": "_blank", "rel": "noopener noreferrer"}
    assert shown == wanted
    stops = dialog.locator("a, button, [tabindex='0']").count()
    for key in ("Tab", "Shift+Tab"):
        for _ in range(stops + 2):
            page.keyboard.press(key)
            assert page.evaluate(IN_DIALOG)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog.get_by_role("button", name="Copy SHA-256").click()
    dialog.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == expected.sha256
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.evaluate("document.activeElement.matches('.ixl-card')")
    assert page.evaluate("app.graph.nodes.length") == 1

    # a damaged file, and one that is not there
    canvas.set_widget("Load", "checkpoint", DAMAGED)
    problem = identify(str(files / DAMAGED)).problem
    card.get_by_text(problem).wait_for()
    assert card.get_attribute("data-tone") == "bad"
    card.click()
    dialog.get_by_role("alert").get_by_text(problem).wait_for()
    page.get_by_label("Close", exact=True).last.click()
    dialog.wait_for(state="detached")
    canvas.set_widget("Load", "checkpoint", "gone.safetensors")
    card.get_by_text("gone.safetensors is not among the files").wait_for()

    # nothing of it is stored or sent
    canvas.set_widget("Load", "checkpoint", tiny.CHECKPOINT)
    card.get_by_text("version unknown").wait_for()
    assert canvas.to_api() == sent
    assert page.evaluate(STORED, "Load")["widgets_values"] == stored["widgets_values"]
    page.evaluate("app.extensionManager.setting.set('ixl.model.card', false)")
    try:
        page.evaluate(ADD, ["IXLLoadCheckpoint", "Plain", 300, 150, 360, 220, tiny.CHECKPOINT])
        plain = page.evaluate(STORED, "Plain")
        assert card.count() == 1
    finally:
        page.evaluate("app.extensionManager.setting.set('ixl.model.card', true)")
    for name in ("widgets_values", "inputs", "outputs", "properties"):
        assert stored.get(name) == plain.get(name), name


@everywhere
def test_in_a_subgraph_and_on_the_info_node(files, canvas):
    page = canvas.page
    page.evaluate(ADD, ["IXLCheckpointInfo", "Info", 900, 150, 420, 400, tiny.CHECKPOINT])
    report = page.locator(".ixl-told")
    report.get_by_text("The report is shown here after a run.").wait_for()
    entry = canvas.run()
    assert server.succeeded(entry), server.node_error(entry)
    report.get_by_text("Settings of Illustrious XL v0.1").wait_for()
    path = str(files / tiny.CHECKPOINT)
    both = hash_file(path, data_start=read_header(path).data_start)
    assert both.sha256 in report.inner_text() and both.autov3 in report.inner_text()
    (shown,) = [out["text"] for out in entry["outputs"].values() if "text" in out]
    assert shown == [report.inner_text()]

    page.evaluate(ADD, ["IXLLoadCheckpoint", "Load", 300, 150, 360, 220, V10])
    page.evaluate(ADD, ["IXLLoadParts", "Parts", 300, 500, 360, 300, UNET, "unet"])
    page.locator(".ixl-card").get_by_text("NoobAI-XL, version unknown").wait_for()
    page.evaluate(TO_SUBGRAPH, "Load")
    card = page.locator(".ixl-card").locator("visible=true")
    card.get_by_text("Illustrious XL v1.0").wait_for()
    page.evaluate(PROMOTE)
    page.evaluate("app.canvas.setGraph(app.rootGraph ?? host.graph)")
    report.get_by_text("Settings of").wait_for()  # still there
    page.evaluate(
        """name => {
            host.widgets[0].value = name;
            host.widgets[0].callback?.(name);
            app.canvas.setGraph(host.subgraph);
        }""",
        tiny.CHECKPOINT,
    )
    card.get_by_text("Illustrious XL, version unknown").wait_for()
