"""The rules of DESIGN.md, section 3, read off the syntax trees; no module is imported.

Rule 1 direction of imports; rule 2 who may import ComfyUI; rule 4 node files; rule 6 no work at
import; rule 7 no broad `except`. Does not see imports by computed names.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {  # areas of the pack, by top-level folder or file
    "core": {"core"},
    "training": {"core", "training"},
    "nodes": {"core", "training", "nodes"},
    "routes": {"core", "training"},
    "routes_training": {"core", "training", "routes"},
    "commands": {"core", "training", "commands"},
    "__main__": {"commands"},
    "__init__": {"nodes", "routes", "routes_training"},
}
# Started by people or by the trainer, outside ComfyUI: there the pack is called `ixl`.
MAY_SAY_IXL = {"__main__", "training"}
MAY_IMPORT_COMFYUI = {"__init__", "nodes"}
COMFYUI = re.compile(
    r"(comfy(_\w+)?|comfyui_version|folder_paths|server|nodes|execution|latent_preview"
    r"|node_helpers|protocol|api_server|app|utils|middleware)$"
)
WORK = re.compile(  # calls that read, write, start or fetch
    r"(open|exec|eval|(subprocess|urllib|requests|socket|sqlite3|shutil|tempfile)\..+"
    r"|os\.(system|popen|spawn\w+|makedirs|mkdir|listdir|scandir|walk)"
    r"|.*\.(read_text|read_bytes|write_text|write_bytes|open|iterdir|glob|rglob|mkdir|urlopen)"
    r"|(json|np|numpy|torch|csv|tomllib|pickle)\.(load|loadtxt|genfromtxt|reader|DictReader))$"
)


def violations(root: Path) -> list[str]:
    """Every breach of the rules in the pack at `root`, one sentence each."""
    found = []
    for path in product_files(root):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        inner = path.relative_to(root)
        found += [f"{inner}:{line}: {text}" for line, text in _check(inner, tree, root)]
    found += [
        f"{path.relative_to(root)}: only js/host.js imports /scripts/*"
        for path in sorted((root / "js").rglob("*.js"))
        if path != root / "js" / "host.js"
        and re.search(r"(from|import)\s*\(?\s*[\"'`]/scripts/", path.read_text(encoding="utf-8"))
    ]
    return found


def product_files(root: Path) -> list[Path]:
    inner = [
        path
        for area in ("core", "training", "nodes", "commands")
        for path in (root / area).rglob("*.py")
    ]
    return sorted([*root.glob("*.py"), *inner])


def _check(inner: Path, tree: ast.Module, root: Path) -> Iterator[tuple[int, str]]:
    area = inner.parts[0].removesuffix(".py")
    yield from _imports(inner, area, tree)
    yield from _work_at_import(tree)
    if area in ("core", "nodes"):
        yield from _broad_excepts(tree)
    if area == "nodes" and len(inner.parts) == 2 and not inner.name.startswith("_"):
        yield from _node_file(tree, root)


def _imports(inner: Path, area: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    package = inner.parent.parts
    for node in ast.walk(tree):
        for level, name in _imported(node):
            if level:
                target = (*package[: len(package) - level + 1], *filter(None, name.split(".")))
                if level > len(package) + 1:
                    yield node.lineno, "imports from outside the pack"
                    continue
            elif name.split(".")[0] == "ixl":
                target = tuple(name.split(".")[1:])
                if area not in MAY_SAY_IXL:
                    yield node.lineno, f"imports {name}; inside ComfyUI there is no ixl: use dots"
            else:
                if COMFYUI.match(name.split(".")[0]) and area not in MAY_IMPORT_COMFYUI:
                    yield node.lineno, f"imports {name}; only nodes/ may import ComfyUI"
                continue
            yield from ((node.lineno, text) for text in _direction(inner, area, target))


def _imported(node: ast.AST) -> Iterator[tuple[int, str]]:
    """(level, dotted name) of what an import statement takes: with `from`, each name in turn."""
    if isinstance(node, ast.Import):
        yield from ((0, alias.name) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        prefix = f"{node.module}." if node.module else ""
        yield from ((node.level, prefix + alias.name) for alias in node.names)


def _direction(inner: Path, area: str, target: tuple[str, ...]) -> Iterator[str]:
    if not target or target[0] not in MAY_IMPORT.get(area, set()):
        yield f"{area} must not import {'.'.join(target) or 'the pack itself'}"
    elif area == "nodes" and target[0] == "nodes" and inner.name != "__init__.py":
        sibling = target[1] if len(target) > 1 else ""
        if not sibling.startswith("_") and sibling != inner.stem:
            yield f"node modules must not import each other ({sibling}); put it into core"


def _work_at_import(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for call in _run_at_import(tree.body):
        name = ast.unparse(call.func)
        if WORK.match(name):
            yield call.lineno, f"calls {name}() at import; load it on first use"


def _run_at_import(nodes: list[ast.AST]) -> Iterator[ast.Call]:
    for node in nodes:
        if isinstance(node, ast.If) and "__name__ == '__main__'" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            yield from _run_at_import([*defaults, *getattr(node, "decorator_list", [])])
            continue
        if isinstance(node, ast.Call):
            yield node
        yield from _run_at_import(list(ast.iter_child_nodes(node)))


def _broad_excepts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = ast.unparse(node.type) if node.type else "everything"
        broad = node.type is None or re.search(r"\b(Base)?Exception\b", caught)
        again = any(isinstance(x, ast.Raise) and x.exc is None for x in ast.walk(node))
        if broad and not again:
            yield node.lineno, f"catches {caught} and may swallow the user's Cancel"


def _node_file(tree: ast.Module, root: Path) -> Iterator[tuple[int, str]]:
    names = _nodes_list(tree.body[-1]) if tree.body else None
    if not names:
        yield 1, "must end with NODES = [...], a list of node classes"
        return
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for name in names:
        if name not in classes:
            yield tree.body[-1].lineno, f"NODES names {name}, which is not defined in this file"
            continue
        ids = [
            ast.unparse(keyword.value).strip("'\"")
            for call in ast.walk(classes[name])
            if isinstance(call, ast.Call)
            for keyword in call.keywords
            if keyword.arg == "node_id"
        ]
        if ids != [name] or not name.startswith("IXL"):
            yield classes[name].lineno, f"{name} has node_id {ids}; both must be the same IXL name"
        if not (root / "js" / "docs" / f"{name}.md").is_file():
            yield classes[name].lineno, f"{name} has no help page js/docs/{name}.md"


def _nodes_list(last: ast.stmt) -> list[str] | None:
    if not (isinstance(last, ast.Assign) and isinstance(last.value, ast.List)):
        return None
    if ast.unparse(last.targets[0]) != "NODES":
        return None
    return [ast.unparse(element) for element in last.value.elts]


def test_pack_obeys_its_rules():
    assert violations(ROOT) == []


def test_pack_is_seen():
    seen = {path.relative_to(ROOT).parts[0] for path in product_files(ROOT)}
    assert {"__init__.py", "core", "nodes"} <= seen


GOOD = {
    "__init__.py": "from comfy_api.latest import io\nfrom .nodes import node_classes\n",
    "__main__.py": "from ixl.commands.prompt import add_prompt\n",
    "core/prompt/parse.py": "import numpy as np\nfrom ..vocabulary.tag import Tag\n",
    "core/vocabulary/tag.py": "def load():\n    return open('tags.csv')\n",
    "training/presets.py": "from ..core.prompt.parse import x\nfrom .captions import y\n",
    "nodes/__init__.py": "from . import normalize\n",
    "nodes/_host.py": "import comfy.utils\n",
    "nodes/normalize.py": (
        "from comfy_api.latest import io\n"
        "from ..core.prompt import parse\n"
        "from ._host import step\n"
        "class IXLNormalize(io.ComfyNode):\n"
        "    @classmethod\n    def define_schema(cls):\n"
        "        return io.Schema(node_id='IXLNormalize')\n"
        "NODES = [IXLNormalize]\n"
    ),
    "js/docs/IXLNormalize.md": "help",
    "js/docs/Other.md": "help",
    "js/host.js": "export { app } from '/scripts/app.js'\n",
}


def plant(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in {**GOOD, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return violations(root)


def test_good_pack_has_no_violation(tmp_path):
    assert plant(tmp_path, {}) == []


NODE = GOOD["nodes/normalize.py"]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("core/a.py", "from ..training import presets\n", "core must not import training"),
        ("core/a.py", "from .. import nodes\n", "core must not import nodes"),
        ("core/a.py", "def f():\n    from ..nodes import x\n", "core must not import nodes.x"),
        ("core/a.py", "from ..tests.support import tiny\n", "core must not import tests"),
        ("core/a.py", "from ... import x\n", "outside the pack"),
        ("core/a.py", "import ixl.core.prompt\n", "no ixl"),
        ("training/a.py", "from ixl.nodes import x\n", "training must not import nodes.x"),
        ("routes.py", "from .nodes import x\n", "routes must not import nodes.x"),
        ("__init__.py", "from .core.prompt import x\n", "__init__ must not import core"),
        ("core/a.py", "import comfy.model_management\n", "only nodes/ may import ComfyUI"),
        ("training/a.py", "from folder_paths import models_dir\n", "only nodes/ may import"),
        ("routes.py", "from server import PromptServer\n", "only nodes/ may import ComfyUI"),
        ("nodes/a.py", f"from .normalize import x\n{NODE}", "import each other (normalize)"),
        ("nodes/a.py", f"from . import normalize\n{NODE}", "import each other (normalize)"),
        ("nodes/a.py", "x = 1\n", "must end with NODES"),
        ("nodes/a.py", f"{NODE}x = 1\n", "must end with NODES"),
        ("nodes/a.py", "NODES = []\n", "must end with NODES"),
        ("nodes/a.py", "NODES = [IXLGone]\n", "IXLGone, which is not defined"),
        ("nodes/a.py", NODE.replace("='IXLN", "='IXLM"), "node_id ['IXLMormalize']"),
        ("nodes/a.py", NODE.replace("IXLNormalize", "Other"), "both must be the same IXL name"),
        ("nodes/a.py", NODE.replace("IXLNormalize", "IXLNew"), "no help page js/docs/IXLNew.md"),
        ("nodes/_a.py", "try:\n    f()\nexcept Exception:\n    pass\n", "catches Exception"),
        ("nodes/_a.py", "try:\n    f()\nexcept:\n    pass\n", "catches everything"),
        (
            "core/a.py",
            "try:\n    f()\nexcept (OSError, BaseException) as e:\n    g(e)\n",
            "catches",
        ),
        ("core/a.py", "TAGS = open('tags.csv').read()\n", "calls open() at import"),
        ("core/a.py", "import json\nX = json.load(FILE)\n", "calls json.load() at import"),
        ("core/a.py", "class A:\n    x = Path('a').read_text()\n", "read_text() at import"),
        ("core/a.py", "def f(x=subprocess.run(['a'])):\n    pass\n", "calls subprocess.run()"),
        ("core/a.py", "X = [urllib.request.urlopen(u) for u in Y]\n", "calls urllib.request"),
        ("js/a.js", "import { app } from '/scripts/app.js'\n", "only js/host.js"),
    ],
)
def test_planted_violation_is_found(tmp_path, file, text, said):
    found = plant(tmp_path, {file: text})
    assert len(found) == 1, found
    assert found[0].startswith(file)
    assert said in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    f()\nexcept ValueError:\n    pass\n",
        "try:\n    f()\nexcept Exception:\n    log()\n    raise\n",
        "f = lambda: open('x')\n",
        "if __name__ == '__main__':\n    open('x')\n",
    ],
)
def test_allowed_forms_are_not_reported(tmp_path, text):
    assert plant(tmp_path, {"core/a.py": text}) == []
