"""What nodes need from the host: progress that can be cancelled, and the pack's folders."""

import os

import comfy.model_management
import comfy.utils
import folder_paths


def check_cancel() -> None:
    """Raises ComfyUI's interrupt exception when the user pressed Cancel. Never catch it broadly."""
    comfy.model_management.throw_exception_if_processing_interrupted()


def progress():
    """An `on_step(done, total)` that moves the node's progress bar and raises on Cancel.

    preview: as a latent previewer of ComfyUI makes it.
    """
    bar = None

    def on_step(done: int, total: int, preview: tuple | None = None) -> None:
        nonlocal bar
        check_cancel()
        bar = bar or comfy.utils.ProgressBar(total)
        bar.update_absolute(done, total, preview)

    return on_step


def user_folder(name: str) -> str:
    """The pack's folder `name` in ComfyUI's user directory, created on first use."""
    path = os.path.join(folder_paths.get_user_directory(), "illustrious-xl-studio", name)
    os.makedirs(path, exist_ok=True)
    return path


def find_model(folder: str, name: str) -> str | None:
    """Path of a file by its name in ComfyUI's own list of a model folder, None if not listed.

    In "diffusers" the names are those of model folders, with a slash at the end.
    """
    if folder == "diffusers":
        from ..core.checkpoint.folders import find_folders

        found = find_folders(folder_paths.get_folder_paths(folder))
        return found.get(name.removesuffix("/"))
    listed = name in folder_paths.get_filename_list(folder)
    return folder_paths.get_full_path(folder, name) if listed else None


def output_folder(name: str) -> str:
    """The pack's folder `name` in ComfyUI's output directory, created on first use."""
    path = os.path.join(folder_paths.get_output_directory(), "illustrious-xl-studio", name)
    os.makedirs(path, exist_ok=True)
    return path


def model_folder(method: str) -> str:
    """Where a trained file belongs: the first folder of LoRAs, or of checkpoints."""
    return folder_paths.get_folder_paths("loras" if method == "lora" else "checkpoints")[0]


def model_roots(kind: str) -> list[str]:
    """The folders that a file of a link may lie in: those of the models, and what was made."""
    return [*folder_paths.get_folder_paths(kind), folder_paths.get_output_directory()]


def prompt_request(graph: dict, extra_pnginfo: dict | None) -> tuple[str, dict]:
    """(URL of this server, what its /prompt takes to queue a graph for the user's window)."""
    from comfy.cli_args import args
    from server import PromptServer

    server = PromptServer.instance
    address = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.address, server.address)
    scheme = "https" if args.tls_keyfile and args.tls_certfile else "http"
    body = {"prompt": graph, "extra_data": {"extra_pnginfo": extra_pnginfo or {}}}
    if server.client_id:
        body["client_id"] = server.client_id
    return f"{scheme}://{address}:{server.port}", body


def tokenizer_folder() -> str:
    """ComfyUI's own CLIP tokenizer files, wherever its base directory is."""
    return os.path.join(os.path.dirname(comfy.utils.__file__), "sd1_tokenizer")


def free_memory() -> None:
    """Give all memory of loaded models back, for another process on the same card."""
    comfy.model_management.unload_all_models()
    comfy.model_management.soft_empty_cache()
