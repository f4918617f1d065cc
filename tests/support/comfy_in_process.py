"""ComfyUI inside this process, on the CPU, with the tiny model's shape registered.

`start` once, before anything imports ComfyUI. ComfyUI owns the top-level names `comfy`, `nodes`,
`server`, `execution`, `utils`: its folder goes to the front of sys.path and the pack root must not
be on it. No network, no server; models, input, output and user folders are those of the given base
directory.
"""

import asyncio
import importlib.util
import inspect
import sys
from pathlib import Path
from typing import Any, NamedTuple

PACK = Path(__file__).resolve().parents[2]
NODE = Path(__file__).resolve().parent / "tiny_model_node" / "__init__.py"


class Models(NamedTuple):
    """What a checkpoint loader gives: comfy ModelPatcher, CLIP and VAE."""

    model: Any
    clip: Any
    vae: Any


def start(comfyui: Path, base_directory: Path) -> None:
    """Make ComfyUI importable, on the CPU. Raises RuntimeError if it cannot be done cleanly."""
    if any(Path(entry or ".").resolve() == PACK for entry in sys.path):
        raise RuntimeError(f"{PACK} is on sys.path; its `nodes` would shadow ComfyUI's.")
    if "folder_paths" in sys.modules:
        raise RuntimeError("ComfyUI is already imported; start() must come first.")
    sys.path.insert(0, str(comfyui))
    from comfy.cli_args import args

    args.cpu = True
    args.base_directory = str(base_directory)
    args.database_url = "sqlite:///:memory:"
    args.disable_api_nodes = True
    register_tiny_model()


def register_tiny_model() -> None:
    """What ComfyUI does with the test-only custom node."""
    spec = importlib.util.spec_from_file_location("tiny_model_node", NODE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)


def load_checkpoint(path: Path) -> Models:
    """A checkpoint file as ComfyUI's own loader node loads it."""
    import comfy.sd

    return Models(*comfy.sd.load_checkpoint_guess_config(str(path))[:3])


def encode(clip, text: str) -> list:
    """CONDITIONING as CLIPTextEncode makes it."""
    import torch

    with torch.inference_mode():
        return clip.encode_from_tokens_scheduled(clip.tokenize(text))


def run_node(cls: type, **inputs):
    """Execute a node class as the host does, and return its outputs (V3: NodeOutput, V1: tuple).

    Widgets that are left out get their schema's default, as the front end would fill them in.
    Runs in inference mode, as ComfyUI's executor does. Does not validate the inputs.
    """
    import torch

    given = {**_defaults(cls), **inputs}
    node = cls.PREPARE_CLASS_CLONE(None) if hasattr(cls, "PREPARE_CLASS_CLONE") else cls()
    function = getattr(node, cls.FUNCTION)
    with torch.inference_mode():
        result = function(**given)
        return asyncio.run(_wait_for(result)) if inspect.isawaitable(result) else result


async def _wait_for(result):
    return await result


def _defaults(cls: type) -> dict[str, Any]:
    schema, defaults = cls.INPUT_TYPES(), {}
    for group in ("required", "optional"):
        for name, (kind, *options) in schema.get(group, {}).items():
            options = options[0] if options else {}
            choices = kind if isinstance(kind, list) else options.get("options")
            if "default" in options:
                defaults[name] = options["default"]
            elif choices:
                defaults[name] = choices[0]
    return defaults
