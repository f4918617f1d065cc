"""Illustrious XL Studio: ComfyUI nodes for Illustrious-XL. Wiring only; map in README.md."""

from comfy_api.latest import ComfyExtension, io
from server import PromptServer

from .nodes import node_classes
from .nodes._host import find_model, tokenizer_folder, user_folder
from .nodes._metadata import link_savers
from .nodes._profile import model_profiles, profiles
from .nodes._tokens import count
from .nodes._training import PACK, caption_folders, runs_home
from .nodes._vocabulary import vocabulary
from .routes import register, register_models
from .routes_training import register_training

WEB_DIRECTORY = "./js"


class IllustriousStudio(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return node_classes()


async def comfy_entrypoint() -> IllustriousStudio:
    if hasattr(PromptServer, "instance"):  # absent where ComfyUI runs without its server
        routes = PromptServer.instance.routes
        register(routes, vocabulary, count, profiles)
        register_models(routes, find_model, lambda: user_folder("hashes"), model_profiles, profiles)
        register_training(routes, runs_home, PACK, tokenizer_folder, vocabulary, caption_folders)
        PromptServer.instance.add_on_prompt_handler(link_savers)
    return IllustriousStudio()
