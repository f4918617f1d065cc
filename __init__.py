"""Illustrious XL Studio: ComfyUI nodes for Illustrious-XL. Wiring only; map in README.md."""

from comfy_api.latest import ComfyExtension, io

from .nodes import node_classes

WEB_DIRECTORY = "./js"


class IllustriousStudio(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return node_classes()


async def comfy_entrypoint() -> IllustriousStudio:
    return IllustriousStudio()
