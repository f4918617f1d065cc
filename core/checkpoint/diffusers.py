"""A model as a folder, in the layout of the diffusers library, checked part by part.

Layout: huggingface.co/docs/diffusers, "Model files and layouts": `model_index.json` beside one
folder for each part. Of each part the file is taken that ComfyUI takes (`comfy/diffusers_load.py`).
Loads no tensor; a pickle (`.bin`) is never opened.
"""

import json
import os
from typing import NamedTuple

from .architecture import number_types
from .files import UnusableFile, open_model, unreadable
from .findings import Claims, Finding
from .folders import INDEX
from .header import Header
from .parts import check_encoders, read_part

_LONGEST = 1 << 20  # bytes of a JSON file; the real ones have some hundred
_NETWORK = ("diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.safetensors")
_ENCODER = ("model.fp16.safetensors", "model.safetensors")
# folder -> kind of part, names of its file from the first choice
_FOLDERS = {
    "unet": ("unet", _NETWORK),
    "text_encoder": ("text encoder", _ENCODER),
    "text_encoder_2": ("text encoder", _ENCODER),
    "vae": ("vae", _NETWORK),
}
_OBJECTIVES = {"v_prediction": "v-prediction", "epsilon": "epsilon"}


class ModelFolder(NamedTuple):
    """The files of a model folder with their headers, by folder name, and what its scheduler says.

    paths has the keys unet, text_encoder, text_encoder_2, vae.
    """

    paths: dict[str, str]
    headers: dict[str, Header]
    findings: tuple[Finding, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(header.size for header in self.headers.values())

    def number_types(self) -> dict[str, str]:
        named = {"unet": "unet", "text encoders": "text_encoder", "vae": "vae"}
        return {
            part: kind
            for part, name in named.items()
            for kind in list(number_types(self.headers[name]).values())[:1]
        }


def read_folder(path: str) -> ModelFolder:
    """The checked parts of a folder. Raises UnusableFile with one sentence."""
    index = _json(path, INDEX)
    pipeline = str(index.get("_class_name"))
    if not pipeline.startswith("StableDiffusionXL"):
        raise UnusableFile(
            f"{INDEX} names the pipeline {pipeline[:60]}, not StableDiffusionXLPipeline; choose "
            "the folder of an SDXL model."
        )
    paths = {name: _file_of(path, name) for name in _FOLDERS}
    missing = [name for name, file in paths.items() if not file]
    if missing:
        raise UnusableFile(_missing(path, missing))
    headers = {
        name: read_part(paths[name], kind, f"{name}/{os.path.basename(paths[name])}")
        for name, (kind, _) in _FOLDERS.items()
    }
    check_encoders([headers["text_encoder"], headers["text_encoder_2"]])
    return ModelFolder(paths, headers, tuple(_by_scheduler(path)))


def _file_of(path: str, name: str) -> str:
    files = (os.path.join(path, name, file) for file in _FOLDERS[name][1])
    return next(filter(os.path.exists, files), "")


def _missing(path: str, names: list[str]) -> str:
    """What is not there, and of the first part what is there instead."""
    wanted = " and ".join(f"{name}/{_FOLDERS[name][1][-1]}" for name in names)
    there = os.path.join(path, names[0])
    files = os.listdir(there) if os.path.isdir(there) else []
    if any(file.endswith(".index.json") for file in files):
        remedy = "it is there in several pieces, which ComfyUI does not join; use one file"
    elif any(file.endswith(".bin") for file in files):
        remedy = "a .bin is a pickle, which can run code and is never opened; convert it"
    else:
        remedy = "download the folder completely"
    return f"The folder has no {wanted}: {remedy}."


def _by_scheduler(path: str) -> list[Finding]:
    """What the folder's own sampler settings say; a folder without them says nothing."""
    name = "scheduler/scheduler_config.json"
    if not os.path.isfile(os.path.join(path, name)):
        return []
    found, config = [], _json(path, name)
    objective = _OBJECTIVES.get(str(config.get("prediction_type")))
    if objective:
        text = f"prediction_type is {config['prediction_type']}"
        found.append(Finding("scheduler", "likely", text, Claims(objective=objective)))
    if config.get("rescale_betas_zero_snr") is True:
        claims = Claims(zero_terminal_snr=True)
        found.append(Finding("scheduler", "likely", "rescale_betas_zero_snr is true", claims))
    return found


def _json(folder: str, name: str) -> dict:
    try:
        with open_model(os.path.join(folder, name)) as (file, size):
            found = json.loads(file.read(_LONGEST)) if size <= _LONGEST else None
    except UnusableFile as error:
        raise UnusableFile(f"{name}: {error}") from None
    except OSError as error:
        raise UnusableFile(f"{name}: {unreadable(error)}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UnusableFile(f"{name} is not readable as JSON; download the folder again.")
    return found
