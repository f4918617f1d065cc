"""Finished passes on disk, so that a run goes on after a crash, a cancel or a changed later pass.

A pass is found again by the key of everything that it was made from; the keys form a chain, so a
changed setting forgets the passes after it and no other. One safetensors file each, written
whole or not at all. Latents are small (5.3 MB in float32 at 21 megapixels).
"""

import hashlib
import json
import logging
import os
import tempfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

log = logging.getLogger(__name__)
# What the folder may hold; the oldest files go first. Some 90 passes of 21 megapixels.
KEEP_BYTES = 512 * 1024**2
VERSION = 1  # raise it when the same settings begin to give another picture


def first_key(*parts: object) -> str:
    """The key of the start: texts, numbers and tensors that the whole run depends on."""
    digest = hashlib.sha256(f"ixl passes {VERSION}".encode())
    for part in parts:
        if isinstance(part, torch.Tensor):
            flat = part.detach().to("cpu", torch.float32).contiguous()
            digest.update(str(tuple(flat.shape)).encode() + flat.numpy().tobytes())
        else:
            digest.update(json.dumps(part, sort_keys=True, default=str).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def next_key(key: str, *settings: object) -> str:
    """The key of a pass that follows `key` with these settings."""
    return hashlib.sha256(f"{key}{json.dumps(settings)}".encode()).hexdigest()


def load_pass(folder: Path, key: str) -> torch.Tensor | None:
    """The latent [B, 4, H, W] of a finished pass, or None. A damaged file counts as none."""
    path = folder / f"{key}.safetensors"
    if not path.is_file():
        return None
    try:
        latent = load_file(path)["latent"]
    except (OSError, SafetensorError, KeyError) as error:
        log.warning("The finished pass %s cannot be read (%s); it is made again.", path, error)
        return None
    os.utime(path)
    return latent


def save_pass(folder: Path, key: str, latent: torch.Tensor) -> None:
    """Keep a finished pass; what is oldest goes when the folder gets too large."""
    tensors = {"latent": latent.detach().to("cpu").contiguous()}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-") as writing:
        part = Path(writing) / "pass.safetensors"
        save_file(tensors, part)
        os.replace(part, folder / f"{key}.safetensors")
    _forget_oldest(folder, key)


def _forget_oldest(folder: Path, key: str) -> None:
    files = [(path.stat(), path) for path in folder.glob("*.safetensors") if path.stem != key]
    room = KEEP_BYTES - (folder / f"{key}.safetensors").stat().st_size
    for stat, path in sorted(files, key=lambda entry: -entry[0].st_mtime):
        room -= stat.st_size
        if room < 0:
            path.unlink(missing_ok=True)
