"""What ComfyUI's start loads of the pack: the schemas and their tables, and no knowledge.

The time is measured by benchmarks/import_time.py; this says what keeps it short.
"""

import json
import os
import subprocess
import sys

# In a process of its own, with what ComfyUI has loaded before it looks for packs.
CODE = """
import asyncio, json, sys
sys.path.insert(0, sys.argv[1])
from comfy.cli_args import args
args.cpu = True
import comfy.sd, nodes, server
server.PromptServer(asyncio.new_event_loop())
import comfy_extras.nodes_model_advanced, comfy_extras.nodes_upscale_model
before = set(sys.modules)
import ixl.nodes, ixl.routes
for node in ixl.nodes.node_classes():
    node.GET_SCHEMA()
print(json.dumps(sorted(set(sys.modules) - before)))
"""
# Tables that schemas and routes are made of, and what they rest on.
TABLES = {
    *("choices", "formats", "folders", "form", "folder", "options", "profiles", "closed", "tag"),
    *("once", "user_profiles"),
}


def test_the_start_loads_schemas_and_their_tables_only():
    done = subprocess.run(
        [sys.executable, "-c", CODE, os.environ["IXL_COMFYUI"]], capture_output=True, text=True
    )
    loaded = json.loads(done.stdout or "[]")
    assert "ixl.nodes.load_checkpoint" in loaded, done.stderr
    own = [name.split(".") for name in loaded if name.startswith(("ixl.core.", "ixl.training."))]
    knowledge = [".".join(n) for n in own if len(n) > (2 if n[1] == "training" else 3)]
    assert [name for name in knowledge if name.rsplit(".", 1)[1] not in TABLES] == []
    assert [n for n in loaded if n.split(".")[0] in ("kgen", "sentencepiece", "llama_cpp")] == []
