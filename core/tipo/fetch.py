"""Fetches a TIPO model from the Hugging Face hub when the user asks for it.

Asks the hub which files the newest revision has, and fetches that revision: large files are checked
by the SHA-256, small ones by the git blob id (SHA-1) that the hub states for them, all by size.
That proves that what arrived is what the hub serves, not what it should serve: no hash of the
models is stored in this pack.
"""

import hashlib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from ..download import download

HUB = "https://huggingface.co"
LARGEST = 8 << 30  # bytes of one file; TIPO-500M has 2.03 GB
_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_WANTED = re.compile(
    r"config\.json|generation_config\.json|model(?:-\d+-of-\d+)?\.safetensors"
    r"|model\.safetensors\.index\.json|tokenizer\.(?:model|json)|tokenizer_config\.json"
    r"|special_tokens_map\.json|added_tokens\.json|LICENSE(?:\.\w+)?|README\.md"
)


class HubFile(NamedTuple):
    """A file as the hub lists it; `sha256` of large files, `blob` (git's SHA-1) of small ones."""

    name: str
    size: int
    sha256: str
    blob: str


def fetch_model(
    model: str,
    directory: Path,
    on_step: Callable[[str, int, int], None] = lambda name, done, total: None,
    hub: str = HUB,
) -> Path:
    """Fetch `model` (owner/name) to `directory`/name and return that folder.

    Files that are there and whole are kept, an interrupted one is gone on with. `on_step` gets file
    name, bytes done and in all. Raises ValueError for a model that is none, OSError when the
    network fails.
    """
    if not _ID.fullmatch(model):
        raise ValueError(f"The model is {model!r}; it must be OWNER/NAME. Try KBlueLeaf/TIPO-100M.")
    revision, files = _listing(model, hub)
    folder = directory / model.partition("/")[2]
    for file in sorted(files, key=lambda file: file.size):
        target = folder / file.name
        if target.is_file() and _is(target, file):
            continue
        download(
            f"{hub}/{model}/resolve/{revision}/{file.name}",
            target,
            file.sha256,
            lambda done, total, name=file.name: on_step(name, done, total),
            check=lambda path, file=file: _check(path, file),
            largest=LARGEST,
        )
    return folder


def _listing(model: str, hub: str) -> tuple[str, list[HubFile]]:
    """(revision, wanted files) of the newest revision."""
    url = f"{hub}/api/models/{model}?blobs=true"
    request = urllib.request.Request(url, headers={"User-Agent": "illustrious-xl-studio"})
    try:
        with urllib.request.urlopen(request, timeout=30.0) as answer:
            found = json.load(answer)
        revision = found["sha"]
        files = [
            _file(entry) for entry in found["siblings"] if _WANTED.fullmatch(entry["rfilename"])
        ]
    except urllib.error.HTTPError as error:
        if error.code in (401, 404):  # the hub says 401 for what does not exist
            raise ValueError(f"{hub} has no public model {model}; check its name.") from error
        raise OSError(f"{url} answered {error.code} {error.reason}.") from error
    except urllib.error.URLError as error:
        raise OSError(f"{hub} cannot be reached: {error.reason}.") from error
    except (HTTPException, OSError) as error:
        raise OSError(f"{hub} cannot be reached: {error}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{url} answered something that is no list of files.") from error
    names = {file.name for file in files}
    if "config.json" not in names or not any(name.endswith(".safetensors") for name in names):
        raise ValueError(f"{model} has no config.json and safetensors; take a TIPO model.")
    return revision, files


def _file(entry: dict) -> HubFile:
    large = entry.get("lfs") or {}
    size = int(large.get("size", entry["size"]))
    return HubFile(entry["rfilename"], size, large.get("sha256", ""), entry["blobId"])


def _check(path: Path, file: HubFile) -> None:
    """Raises ValueError unless the file is the one that the hub lists."""
    if not _is(path, file):
        raise ValueError(
            f"{file.name} is not what the hub lists ({path.stat().st_size} bytes came, {file.size} "
            "were stated, or their checksum differs); it was thrown away. Try again."
        )


def _is(path: Path, file: HubFile) -> bool:
    if path.stat().st_size != file.size:
        return False
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(b"blob %d\0" % file.size)
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest() == (file.sha256 or file.blob)
