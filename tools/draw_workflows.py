"""Writes workflows/: canvas file, API twin and thumbnail of every layout, by the real front end.

    python3 tools/dev.py setup && python3 tools/dev.py python tools/draw_workflows.py [NAME...]

Starts its own ComfyUI with the pack on loopback and the tests' browser. With `--look FOLDER`
pictures of both renderers go there as well.
"""

import argparse
import io
import json
import os
import sys
import tempfile
from pathlib import Path

PACK = Path(__file__).resolve().parents[1]
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() not in (PACK, PACK / "tools")]
sys.path.append(str(PACK / "tests" / "support"))

import tiny  # noqa: E402
from base_directory import make_base_directory  # noqa: E402
from browser import RENDERERS, opened_canvas  # noqa: E402
from ixl.tools.layouts import CHECKPOINT, LAYOUTS, NOTE_COLORS  # noqa: E402
from ixl.tools.layouts_20mp import CONTROLNET, LAYOUTS_20MP, PICTURE  # noqa: E402
from ixl.tools.layouts_training import LAYOUTS_TRAINING  # noqa: E402
from ixl.tools.workflow import FOLDER  # noqa: E402
from PIL import Image  # noqa: E402
from server import running_server  # noqa: E402

ALL = {**LAYOUTS, **LAYOUTS_20MP, **LAYOUTS_TRAINING}
THUMBNAIL = (1024, 640)
DRAW = """([id, nodes, groups, noteColors]) => {
    app.graph.clear();
    const made = new Map();
    for (const [title, kind, [x, y, width, height], values] of nodes) {
        const node = LiteGraph.createNode(kind);
        if (!node) throw new Error(`no node is called ${kind}`);
        Object.assign(node, { title, pos: [x, y] });
        if (kind === 'MarkdownNote') Object.assign(node, noteColors);
        app.graph.add(node);
        for (const [name, value] of Object.entries(values)) {
            const widget = name ? node.widgets.find(w => w.name === name) : node.widgets[0];
            if (!widget) throw new Error(`${title} has no widget ${name}`);
            widget.value = value;
        }
        node.setSize([width, height]);
        made.set(title, node);
    }
    for (const [title, , , , links] of nodes) {
        for (const [input, [from, output]] of Object.entries(links)) {
            const source = made.get(from), target = made.get(title);
            const slot = source.outputs.findIndex(o => (o.label ?? o.name) === output
                || o.localized_name === output || o.name === output);
            const into = target.inputs.findIndex(i => i.name === input);
            if (slot < 0 || into < 0) throw new Error(`${from}.${output} -> ${title}.${input}`);
            source.connect(slot, target, into);
        }
    }
    for (const [title, [x, y, width, height], color] of groups) {
        const group = new LiteGraph.LGraphGroup(title);
        group.pos = [x, y];
        group.size = [width, height];
        group.color = color;
        app.graph.add(group);
    }
    app.graph.id = id;
}"""
FIT = """(box) => {
    const [x, y, w, h] = box, ds = app.canvas.ds, el = app.canvas.canvas.getBoundingClientRect();
    const left = 70, top = 110;  // what the side bar and the tool bar cover
    ds.scale = Math.min((el.width - left) / w, (el.height - top) / h);
    ds.offset = [left / ds.scale - x, top / ds.scale - y];
    app.canvas.setDirty(true, true);
}"""
OVERFLOW = """() => app.graph.nodes.map(n => [n.title, ...n.computeSize(), ...n.size])
    .filter(([, w, h, width, height]) => h > height + 1)"""


def draw(canvas, name: str) -> dict:
    """The layout on the canvas; its canvas file."""
    layout = ALL[name]()
    canvas.page.evaluate(DRAW, [layout.id, layout.nodes, layout.groups, NOTE_COLORS])
    for title, _, needed, _, height in canvas.page.evaluate(OVERFLOW):
        print(f"{name}: {title} needs {needed:.0f} px and has {height:.0f}", file=sys.stderr)
    workflow = canvas.page.evaluate("app.graph.serialize()")
    workflow["extra"] = {}
    return workflow


def picture(canvas, name: str) -> Image.Image:
    """The whole workflow as it looks."""
    groups = [group.box for group in ALL[name]().groups]
    left, top = min(b[0] for b in groups), min(b[1] for b in groups)
    right, bottom = (max(b[i] + b[i + 2] for b in groups) for i in (0, 1))
    canvas.page.evaluate(FIT, [left - 20, top - 20, right - left + 40, bottom - top + 40])
    canvas.page.wait_for_timeout(1500)  # the canvas draws on its own clock
    shot = canvas.page.locator("#graph-canvas").screenshot()
    return Image.open(io.BytesIO(shot)).convert("RGB")


def save(name: str, workflow: dict, api: dict, shot: Image.Image) -> None:
    files = ((FOLDER / f"{name}.json", workflow), (FOLDER / "api" / f"{name}.json", api))
    for path, content in files:
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shot.thumbnail(THUMBNAIL)
    shot.save(FOLDER / f"{name}.jpg", quality=85)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--look", type=Path, metavar="FOLDER")
    args = parser.parse_args()
    browser, comfyui = Path(os.environ["IXL_BROWSER"]), Path(os.environ["IXL_COMFYUI"])
    with tempfile.TemporaryDirectory() as folder:
        base = make_base_directory(Path(folder))
        for target, source in (  # sound files, so that the canvas finds nothing missing
            (base / "models" / "checkpoints" / CHECKPOINT, tiny.tiny_file(tiny.CHECKPOINT)),
            (base / "models" / "controlnet" / CONTROLNET, tiny.tiny_file(tiny.CONTROLNET)),
            (base / "input" / PICTURE, comfyui / "input" / PICTURE),
        ):
            target.symlink_to(source)
        with running_server(comfyui, base) as server:
            server.post("/settings/Comfy.Minimap.Visible", False)
            server.post("/settings/LiteGraph.Canvas.MinFontSizeForLOD", 0)  # text at any zoom
            for name in args.names or ALL:
                with opened_canvas(browser, server, "classic", Path(folder)) as canvas:
                    workflow = draw(canvas, name)
                    save(name, workflow, canvas.to_api(), picture(canvas, name))
                for renderer in RENDERERS if args.look else ():
                    with opened_canvas(browser, server, renderer, Path(folder)) as canvas:
                        canvas.load_workflow(workflow)
                        picture(canvas, name).save(args.look / f"{name}-{renderer}.png")


if __name__ == "__main__":
    main()
