"""The model files behind a MODEL: checkpoints, diffusion models, LoRAs with their strengths.

A file is known by the name of the input that it stands in: `ckpt_name`, `unet_name`, `lora_name`,
`lora_1`, ... The numbers beside it are its strengths. So loaders and LoRA stacks of any pack tell.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .static import open_branches
from .walk import PIPE, Graph, Link, Node, as_link

# Loaders of this pack say more on their MODEL than the graph does.
THIS_PACK = re.compile(r"IXLLoad\w+")
_MODEL_NAMES = re.compile(
    r"(base_|refiner_)?(ckpt|checkpoint|unet|diffusion_model|gguf|model)(_name)?[_ ]?\d*",
    re.IGNORECASE,
)
_LORA_NAMES = re.compile(r"(.*_)?lora(_name)?[_ ]?\d*", re.IGNORECASE)
_FILE = re.compile(r".+\.(safetensors|sft|ckpt|pt|pth|bin|gguf)", re.IGNORECASE)
_STRENGTH = re.compile(r"strength|str|weight|wt", re.IGNORECASE)
_NUMBER = re.compile(r"(\d+)\Z")
_NOTHING = {"none", "", "baked vae", "pixel_space"}
_OFF = ("off", False, "disable", "no")


class FileUse(NamedTuple):
    """A file as a graph names it. kind: model, lora or vae. ours: by a loader of this pack. Each
    other field: value or Link."""

    kind: str
    name: object
    strength_model: object = None
    strength_clip: object = None
    ours: bool = False


def files_of_model(graph: Graph, link: Link) -> list[FileUse]:
    """The files behind a MODEL, from the loader on."""
    return list(_files(graph, link, set()))


def _files(graph: Graph, link: Link, seen: set[str]) -> Iterator[FileUse]:
    node = graph.node(link.node)
    if node is None or node.id in seen:
        return
    seen.add(node.id)
    branches = open_branches(graph, node)
    loras = [link for _, link, kind in branches if "LORA" in kind]
    for _, source, kind in branches:
        if kind in ("MODEL", PIPE, ""):
            yield from _files(graph, source, seen)
    for source in loras:
        yield from _files(graph, source, seen)
    ours = bool(THIS_PACK.fullmatch(node.class_type))
    for use in _own_files(graph, node):
        yield use._replace(ours=ours)


def _own_files(graph: Graph, node: Node) -> Iterator[FileUse]:
    for name, value in node.inputs.items():
        if isinstance(value, dict):  # rgthree's Power Lora Loader
            yield from _row(value)
        elif _is_name(graph, name, value):
            source = as_link(value) or value
            if _LORA_NAMES.fullmatch(name):
                if _is_on(node, name):
                    yield FileUse("lora", source, *_strengths(node, name))
            elif _MODEL_NAMES.fullmatch(name) and (as_link(value) or _FILE.fullmatch(value)):
                yield FileUse("model", source)


def _is_name(graph: Graph, name: str, value: object) -> bool:
    """Whether the value of an input can be the name of a file, or a link to one."""
    link = as_link(value)
    if link:
        return graph.kind(link, name) in ("STRING", "COMBO", "")
    return isinstance(value, str) and value.strip().lower() not in _NOTHING


def _row(value: dict) -> Iterator[FileUse]:
    name, unet = value.get("lora"), value.get("strength")
    if isinstance(name, str) and value.get("on") and name.lower() not in _NOTHING:
        second = value.get("strengthTwo")
        yield FileUse("lora", name, unet, unet if second is None else second)


def _is_on(node: Node, name: str) -> bool:
    """Whether the LoRA of that name counts: stacks have a switch for each, or a count."""
    place = _place(name)
    count = node.inputs.get("lora_count")
    if place and isinstance(count, int) and int(place) > count:
        return False
    switch = node.inputs.get(f"switch_{place}", node.inputs.get(f"toggle_{place}"))
    return (switch.lower() if isinstance(switch, str) else switch) not in _OFF


def _place(name: str) -> str:
    found = _NUMBER.search(name)
    return found.group(1).lstrip("0") or "0" if found else ""


def _strengths(node: Node, name: str) -> tuple[object, object]:
    """(model, text encoder) strength of the LoRA in the input `name`."""
    place, simple = _place(name), node.inputs.get("input_mode") == "simple"
    found: dict[str, object] = {}
    for key, value in node.inputs.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not _STRENGTH.search(key) or _place(key) != place or not (number or as_link(value)):
            continue
        part = "model" if "model" in key else "clip" if "clip" in key else "both"
        if not (simple and part != "both"):
            found[part] = as_link(value) or value
    model = found.get("model", found.get("both"))
    only_model = "model" in found and "clip" not in found
    return model, None if only_model else found.get("clip", found.get("both"))


def files_of_vae(graph: Graph, picture: Link) -> list[FileUse]:
    """The VAE file that a picture was decoded with, if it is a file of its own."""
    node, seen = graph.node(picture.node), set()
    while node and node.id not in seen:
        seen.add(node.id)
        branches = open_branches(graph, node)
        loader = next((graph.node(link.node) for _, link, kind in branches if kind == "VAE"), None)
        if loader:
            name = loader.inputs.get("vae_name")
            known = _is_name(graph, "vae_name", name) and not loader.inputs.get("ckpt_name")
            return [FileUse("vae", as_link(name) or name)] if known else []
        pictures = (link for _, link, kind in branches if kind in ("IMAGE", "LATENT", ""))
        node = graph.node(next(pictures, Link("", 0)).node)
    return []


def loads_with_this_pack(graph: Graph, link: Link) -> bool:
    """Whether one of this pack's loaders stands behind a MODEL."""
    waiting, seen = [link], set()
    while waiting:
        node = graph.node(waiting.pop().node)
        if node is None or node.id in seen:
            continue
        seen.add(node.id)
        if THIS_PACK.fullmatch(node.class_type):
            return True
        waiting += [
            link for _, link, kind in open_branches(graph, node) if kind in ("MODEL", PIPE, "")
        ]
    return False
