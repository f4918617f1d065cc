"""What the metadata nodes need from the host: types of outputs, values of links, model files."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import comfyui_version
import folder_paths

import nodes

from ._host import progress, user_folder

if TYPE_CHECKING:
    from ..core.checkpoint.hashing import Hashes
    from ..core.metadata.executed import Files
    from ..core.metadata.save import Run, Target
    from ..core.metadata.walk import Graph


SAVER = "IXLSaveImage"
OVERRIDES = ("positive", "negative", "model")
MADE_WITH = f"ComfyUI {comfyui_version.__version__}"
_FOLDERS = {
    "model": ("checkpoints", "diffusion_models"),
    "lora": ("loras",),
    "vae": ("vae",),
    "embedding": ("embeddings",),
}


def output_types(class_type: str) -> tuple[str, ...]:
    """The types of a node's outputs; none for a class that is not installed."""
    types = getattr(nodes.NODE_CLASS_MAPPINGS.get(class_type), "RETURN_TYPES", None) or ()
    return tuple(kind if isinstance(kind, str) else "COMBO" for kind in types)


def link_savers(queued: dict) -> dict:
    """For PromptServer.add_on_prompt_handler: savers get the values that describe a picture."""
    from ..core.metadata.links import add_links

    add_links(queued.get("prompt"), SAVER, output_types)
    return queued


def run_of(hidden, linked: dict[str, list | None], with_hashes: bool) -> Run:
    """What is known of the run that a saver is part of. linked: its optional and added inputs."""
    from ..core.metadata.links import link_names, traced_for
    from ..core.metadata.save import Run
    from ..core.metadata.walk import Node

    graph = _graph(hidden.dynprompt)
    node = graph.node(str(hidden.unique_id)) or Node("", SAVER, {})
    values = {link: [_plain(v) for v in linked[name]] for name, link in link_names(node)}
    given = {name: [_plain(v) for v in linked.get(name) or ()] for name in OVERRIDES}
    files = _model_files(with_hashes)
    return Run(graph, traced_for(graph, node), values, given, files, _sections, MADE_WITH)


def workflow_texts(hidden) -> dict[str, str]:
    """The prompt as the user queued it, and what the front end sent for the file."""
    from ..core.metadata.links import without_links
    from ..core.metadata.texts import graph_texts

    return graph_texts(without_links(hidden.prompt or {}, SAVER), hidden.extra_pnginfo)


def _graph(dynprompt) -> Graph:
    """The graph of this run, with nodes that were made while it ran."""
    from ..core.metadata.walk import Graph

    found = {key: dynprompt.get_node(key) for key in dynprompt.all_node_ids()} if dynprompt else {}
    return Graph(found, output_types)


def _plain(value: object) -> object:
    """A link's value as core/metadata takes it."""
    from ..core.checkpoint.loaded import CHECKPOINT_KEY, LORAS_KEY
    from ..core.metadata.executed import OfModel

    if hasattr(value, "get_attachment"):
        return OfModel(value.get_attachment(CHECKPOINT_KEY), value.get_attachment(LORAS_KEY) or ())
    if isinstance(value, dict) and "samples" in value:
        height, width = value["samples"].shape[-2:]
        return width * 8, height * 8
    return value if isinstance(value, str | int | float | bool) else None


def _model_files(with_hashes: bool) -> Files:
    """The user's model files. Hashes are computed once for a file and remembered."""
    from ..core.checkpoint.files import UnusableFile
    from ..core.checkpoint.hashing import hash_file_cached
    from ..core.checkpoint.header import read_header
    from ..core.metadata.executed import Files

    @functools.cache
    def hashes(path: str, data: bool) -> Hashes:
        try:
            start = read_header(path).data_start if data else 0
        except UnusableFile:  # an older format than .safetensors: no header, no AutoV3
            start = 0
        return hash_file_cached(path, user_folder("hashes"), progress(), start)

    def path(kind: str, name: str) -> str | None:
        paths = (folder_paths.get_full_path(folder, name) for folder in _FOLDERS.get(kind, ()))
        return next(filter(None, paths), None) if with_hashes else None

    def names(kind: str) -> list[str]:
        return [n for folder in _FOLDERS[kind] for n in folder_paths.get_filename_list(folder)]

    return Files(names, path, hashes)


def _sections(text: str, profile: str) -> list[dict]:
    """The sections of a prompt, as the captions of that model profile have them."""
    from ..core.prompt.normalize import normalize
    from ..core.prompt.profiles import DEFAULT_PROFILE
    from ._profile import model_profiles, profiles
    from ._vocabulary import vocabulary

    model = model_profiles().get(profile)
    known = profiles()
    chosen = known.get(model.prompt_profile if model else "") or known[DEFAULT_PROFILE]
    return normalize(text, chosen, vocabulary()).sections


def output_target(prefix: str, width: int, height: int) -> Target:
    """A free place in the output folder, with ComfyUI's own replacements in the prefix."""
    from ..core.metadata.save import Target

    folder, name, number, subfolder, _ = folder_paths.get_save_image_path(
        prefix, folder_paths.get_output_directory(), width, height
    )
    return Target(folder, name, number, subfolder)
