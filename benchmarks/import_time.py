"""What the pack adds to ComfyUI's start: time, and what it opens, connects to or starts.

Each run is a fresh process in which ComfyUI's own modules are loaded first, then the pack the way
ComfyUI's loader does it. Run: `python3 tools/dev.py python benchmarks/import_time.py`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 7
BAR_MS = 100.0

PROBE = """
import asyncio, importlib.util, json, os, sys, time
root, comfyui = sys.argv[1:3]
sys.argv = ["probe"]
sys.path.insert(0, comfyui)
from comfy.cli_args import args
args.cpu = True
import torch, nodes, server, comfy.samplers, comfy.sd, folder_paths
from comfy_api.latest import io
# ComfyUI loads its own extra nodes before any pack's; two of them serve our nodes
import comfy_extras.nodes_model_advanced, comfy_extras.nodes_upscale_model
# with the server there, the pack also registers its routes
server.PromptServer(asyncio.new_event_loop())
seen = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        seen.append([event, str(arguments)[:200]])
    path = arguments[0] if event == "open" and isinstance(arguments[0], str) else ""
    inside = path and os.path.realpath(path).startswith(os.path.realpath(root))
    if inside and not path.endswith((".py", ".pyc")):
        if "__pycache__" not in path:
            seen.append([event, path])
sys.addaudithook(watch)
start = time.perf_counter()
name = root.replace(".", "_x_")
spec = importlib.util.spec_from_file_location(name, os.path.join(root, "__init__.py"))
module = importlib.util.module_from_spec(spec)
sys.modules[name] = module
spec.loader.exec_module(module)
extension = asyncio.run(module.comfy_entrypoint())
found = asyncio.run(extension.get_node_list())
for node in found:
    node.GET_SCHEMA()  # as the loader does
took = (time.perf_counter() - start) * 1000
print(json.dumps({"ms": took, "nodes": len(found), "seen": seen}))
"""


def measure() -> dict:
    """One start: {"ms", "nodes", "seen"}; `seen` lists files, connections and processes."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(ROOT), os.environ["IXL_COMFYUI"]],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    measure()  # writes the byte code
    runs = [measure() for _ in range(RUNS)]
    times = sorted(run["ms"] for run in runs)
    names = ("median", "best", "worst", "bar", "nodes")
    print("pack import, ms", *(f"{name:>8}" for name in names), f"{'side effects':>14}")
    print(
        f"{'':<15} {times[RUNS // 2]:8.1f} {times[0]:8.1f} {times[-1]:8.1f} {BAR_MS:8.0f} "
        f"{runs[0]['nodes']:8} {len(runs[0]['seen']):14}"
    )
    for event in runs[0]["seen"]:
        print("  ", *event)
    return 0 if times[RUNS // 2] < BAR_MS and not runs[0]["seen"] else 1


if __name__ == "__main__":
    sys.exit(main())
