"""The real ComfyUI canvas in a real Chromium: opens workflows, presses Run, notes script errors.

Works with the front end that ComfyUI 0.30.0 pins and with newer ones, in the classic canvas and in
Nodes 2.0. What a user does with the mouse is done with the mouse; what only reads the state of the
canvas asks its scripts. Knows nothing of pytest.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import ConsoleMessage, Error, Page, TimeoutError, sync_playwright
from server import Refused, Server

PACK_SCRIPTS = "/extensions/illustrious-xl-studio/"
RENDERERS = {"classic": False, "nodes2": True}  # value of the setting Comfy.VueNodes.Enabled
FLAGS = (
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
TIMEOUT = 60_000  # milliseconds; busy machines are slow
SIZE = {"width": 1600, "height": 1000}
# A point of bare canvas, the nearest to the middle: the front end takes no file that is dropped on
# a widget in the page. In Nodes 2.0 every point is one of the page's; there the middle does.
FREE_POINT = """([width, height]) => {
    const points = [];
    for (let x = 100; x < width; x += 20)
        for (let y = 100; y < height; y += 20) points.push({ x, y });
    const away = ({ x, y }) => Math.hypot(x - width / 2, y - height / 2);
    const inGraph = ({ x: clientX, y: clientY }) =>
        app.canvas.convertEventToCanvasOffset({ clientX, clientY });
    const bare = (point) => document.elementFromPoint(point.x, point.y)?.id === 'graph-canvas'
        && !app.graph.getNodeOnPos(...inGraph(point));
    points.sort((a, b) => away(a) - away(b));
    return points.find(bare) ?? { x: width / 2, y: height / 2 };
}"""

READY = "window.app?.extensionManager?.workflow?.activeWorkflow && window.app.graph"
OPEN_WORKFLOW = "app.extensionManager.workflow.activeWorkflow.path"
NODE = """title => {
    const found = app.graph.nodes.filter(n => n.title === title);
    if (found.length !== 1) throw new Error(`${found.length} nodes are titled ${title}`);
    return found[0];
}"""
PICTURES = """([title, inPage]) => {
    const node = (%s)(title);
    const found = inPage
        ? document.querySelectorAll(`[data-node-id="${node.id}"] img`) : node.imgs ?? [];
    return [...found].filter(i => i.complete && i.naturalWidth)
        .map(i => [i.src, i.naturalWidth, i.naturalHeight]);
}"""


class Picture(NamedTuple):
    """A picture that a node shows."""

    url: str
    width: int
    height: int


class Canvas:
    """One open page. `pack_errors` are the errors of this pack's scripts, `page_errors` all."""

    def __init__(self, page: Page, server: Server, renderer: str, folder: Path):
        self.page, self.server, self.folder = page, server, folder
        self.in_page = RENDERERS[renderer]
        self.page_errors: list[str] = []
        self.pack_errors: list[str] = []
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", self._on_page_error)
        page.on("console", self._on_console)

    def open(self) -> None:
        """An empty canvas in the chosen renderer, the first visit's template dialog closed."""
        self.server.post("/settings/Comfy.TutorialCompleted", False)
        self.server.post("/settings/Comfy.VueNodes.Enabled", self.in_page)
        self.page.goto(self.server.url)
        self.page.wait_for_function(READY)
        dialog = self.page.get_by_role("dialog").first
        dialog.wait_for()
        self.page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")

    def load_workflow(self, workflow: dict) -> None:
        """A canvas-format workflow, by script."""
        self.page.evaluate("workflow => app.loadGraphData(workflow)", workflow)
        self._wait_for_nodes()

    def drop_file(self, path: Path) -> None:
        """Drag a file (workflow, or picture with a workflow) from the desktop onto the canvas."""
        before = self.page.evaluate(OPEN_WORKFLOW)
        session = self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(Path(path).resolve())], "dragOperationsMask": 1}
        point = self.page.evaluate(FREE_POINT, [SIZE["width"], SIZE["height"]])
        for patience in (20_000, TIMEOUT):  # ms; a front end still starting up can miss a drop
            for kind in ("dragEnter", "dragOver", "drop"):
                session.send("Input.dispatchDragEvent", {"type": kind, **point, "data": data})
            with contextlib.suppress(TimeoutError):
                self._wait_for_another(before, patience)
                break
        session.detach()
        self._wait_for_another(before)

    def open_template(self, pack: str, name: str) -> None:
        """The workflow `name` of `pack`, through the template browser."""
        before = self.page.evaluate(OPEN_WORKFLOW)
        self.page.get_by_role("button", name="Templates").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button").filter(has_text=pack).click()
        dialog.get_by_test_id(f"template-workflow-{name}").click()
        self._wait_for_another(before)

    def set_widget(self, title: str, widget: str, value: Any) -> None:
        """Set a widget of the one node with that title, by script."""
        self.page.evaluate(
            f"""([title, name, value]) => {{
                const node = ({NODE})(title);
                const widget = node.widgets.find(w => w.name === name);
                if (!widget) throw new Error(`${{title}} has no widget ${{name}}`);
                widget.value = value;
                widget.callback?.(value);
            }}""",
            [title, widget, value],
        )

    def run(self, seconds: float = 300.0) -> dict:
        """Press Run and wait; the history entry. Raises Refused where ComfyUI does not take it."""
        with self.page.expect_response(_queues_a_prompt) as response:
            self.page.get_by_test_id("queue-button").click()
        answer = json.loads(response.value.text())
        if not response.value.ok:
            raise Refused(answer)
        return self.server.wait(answer["prompt_id"], seconds)

    def to_api(self) -> dict:
        """The canvas as a prompt in API format."""
        return self.page.evaluate("async () => (await app.graphToPrompt()).output")

    def node_types(self) -> list[str]:
        return self.page.evaluate("app.graph.nodes.map(n => n.type)")

    def pictures(self, title: str) -> list[Picture]:
        """What the one node with that title shows; waits until there is something."""
        script, argument = PICTURES % NODE, [title, self.in_page]
        self.page.wait_for_function(f"argument => ({script})(argument).length", arg=argument)
        return [Picture(*one) for one in self.page.evaluate(script, argument)]

    def screenshot(self, name: str) -> Path:
        path = self.folder / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def _wait_for_another(self, before: str, patience: float = TIMEOUT) -> None:
        changed = f"before => {OPEN_WORKFLOW} !== before"
        self.page.wait_for_function(changed, arg=before, timeout=patience)
        self._wait_for_nodes()

    def _wait_for_nodes(self) -> None:
        self.page.wait_for_function("app.graph.nodes.length")
        if self.in_page:
            self.page.locator("[data-node-id]").first.wait_for()

    def _on_page_error(self, error: Error) -> None:
        text = f"{error}\n{error.stack or ''}"
        self.page_errors.append(text)
        if PACK_SCRIPTS in text:
            self.pack_errors.append(text)

    def _on_console(self, message: ConsoleMessage) -> None:
        text = f"{message.text} ({message.location.get('url', '')})"
        if message.type == "error" and PACK_SCRIPTS in text:
            self.pack_errors.append(text)


def _queues_a_prompt(response) -> bool:
    return response.request.method == "POST" and response.url.endswith("/prompt")


@contextlib.contextmanager
def opened_canvas(
    browser: Path, server: Server, renderer: str, screenshots: Path
) -> Iterator[Canvas]:
    """A fresh browser profile with the canvas of `server`. `renderer`: classic or nodes2."""
    flags = list(FLAGS)
    if os.name == "posix" and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's sandbox does not start as root
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=flags)
        try:
            canvas = Canvas(chromium.new_page(viewport=SIZE), server, renderer, screenshots)
            canvas.open()
            yield canvas
        finally:
            chromium.close()
