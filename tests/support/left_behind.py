"""What a run could leave behind: patched attributes of ComfyUI, tensors that are still alive."""

import gc
import sys

import torch


def live_tensors() -> int:
    gc.collect()
    return sum(type(found) is torch.Tensor for found in gc.get_objects())


def host_attributes() -> dict:
    """Every attribute of ComfyUI's modules and classes, by identity."""
    modules = [m for name, m in sys.modules.items() if name.split(".")[0] in ("comfy", "nodes")]
    found = {}
    for module in modules:
        for name, value in vars(module).items():
            found[module.__name__, name] = id(value)
            if isinstance(value, type):
                for inner, attribute in vars(value).items():
                    found[module.__name__, name, inner] = id(attribute)
    return found
