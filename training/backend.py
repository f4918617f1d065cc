"""Finds sd-scripts and the Python that runs it, and asks both whether they will do.

sd-scripts needs other libraries than ComfyUI (transformers below 5, pinned diffusers), so it has an
environment of its own. Never installs or downloads anything.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SETTING = "sd-scripts.json"  # in the folder of runs: {"path": ..., "python": ...}
ENTRY = Path(__file__).resolve().with_name("entry.py")
CARD_GB = 24.0  # assumed where the card cannot be asked
PROBE_SECONDS = 300  # importing torch and diffusers from a slow disk takes minutes
# Of another Python they would lead into the wrong libraries.
_PYTHON = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONNOUSERSITE", "VIRTUAL_ENV")
# Of a launcher around ComfyUI: they would make a single process wait for others.
_LAUNCHER = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "PYTHON_EXEC")
FOREIGN = (*_PYTHON, *_LAUNCHER)
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "TOKENIZERS_PARALLELISM": "false",  # it warns at every fork of a worker
}
HOW = (
    "Clone https://github.com/kohya-ss/sd-scripts, install its requirements.txt into an "
    "environment of its own, and set SD_SCRIPTS_PATH to the clone"
)


class Backend(NamedTuple):
    """folder: the sd-scripts checkout. python: the interpreter that has what it needs."""

    folder: Path
    python: Path


def find_backend(home: Path, path: str = "", python: str = "") -> Backend:
    """The given one; else SD_SCRIPTS_PATH and SD_SCRIPTS_PYTHON; else what `remember` wrote.

    Without an interpreter that of an environment in the checkout (venv, .venv). Raises ValueError.
    """
    told = _setting(home)
    folder = path or os.environ.get("SD_SCRIPTS_PATH") or told.get("path", "")
    if not folder:
        raise ValueError(f"sd-scripts was not found. {HOW} (or give --sd-scripts).")
    root = Path(folder).expanduser().absolute()
    if not (root / "sdxl_train_network.py").is_file():
        raise ValueError(f"{root} holds no sdxl_train_network.py. {HOW}.")
    chosen = python or os.environ.get("SD_SCRIPTS_PYTHON") or told.get("python", "")
    interpreter = Path(chosen).expanduser().absolute() if chosen else _own_python(root)
    if not interpreter.is_file():
        raise ValueError(
            f"There is no Python at {interpreter}; set SD_SCRIPTS_PYTHON to the one of sd-scripts' "
            "environment."
        )
    return Backend(root, interpreter)


def remember(home: Path, backend: Backend) -> None:
    """Keep a backend for later starts."""
    home.mkdir(parents=True, exist_ok=True)
    told = {"path": str(backend.folder), "python": str(backend.python)}
    (home / SETTING).write_text(json.dumps(told, indent=1), encoding="utf-8")


def _setting(home: Path) -> dict[str, str]:
    try:
        told = json.loads((home / SETTING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in told.items() if isinstance(v, str)} if isinstance(told, dict) else {}


def _own_python(root: Path) -> Path:
    """The interpreter of an environment in the checkout, else this one."""
    inner = Path("Scripts/python.exe") if os.name == "nt" else Path("bin/python")
    found = (root / name / inner for name in ("venv", ".venv"))
    return next((p for p in found if p.is_file()), Path(sys.executable))


def trainer_environment() -> dict[str, str]:
    """The environment of the trainer's process: offline, and nothing of our own Python's."""
    kept = {name: text for name, text in os.environ.items() if name not in FOREIGN}
    return kept | OFFLINE


def probe(backend: Backend) -> dict:
    """What entry.py's `probe` says: versions, options, seams, devices, problem ("" for none)."""
    command = [str(backend.python), str(ENTRY), "probe", str(backend.folder)]
    try:
        done = subprocess.run(
            command,
            env=trainer_environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"problem": f"{backend.python} could not be asked: {error}."}
    last = done.stdout.strip().splitlines()[-1:] or [""]
    try:
        return json.loads(last[0])
    except ValueError:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return {"problem": f"{backend.python} ended before it answered: {said[0]}"}


def require_package(python: Path, name: str, wanted: str) -> None:
    """Raises ValueError when this interpreter lacks a library that something needs."""
    code = f"import sys, importlib.util as u; sys.exit(u.find_spec({name!r}) is None)"
    try:
        done = subprocess.run(
            [str(python), "-c", code], env=trainer_environment(), capture_output=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"{python} could not be asked: {error}.") from None
    if done.returncode:
        raise ValueError(
            f"{wanted} needs the library {name}, and {python} has none; install it there "
            f"(pip install {name}) or leave {wanted} out."
        )


def card_gb() -> float:
    """Memory of the smallest NVIDIA card in GB (10^9 bytes); CARD_GB where there is none to ask."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return CARD_GB
    asked = [tool, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return CARD_GB
    sizes = [int(line) for line in done.stdout.split() if line.isdecimal()]
    return min(sizes) * 2**20 / 1e9 if sizes else CARD_GB


def commit_of(folder: Path) -> str:
    """The checkout's commit, "" where it is none of git's."""
    git = shutil.which("git")
    if not git or not (folder / ".git").exists():
        return ""
    done = subprocess.run(
        [git, "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def doctor(home: Path, pack: Path, path: str = "", python: str = "") -> dict:
    """Everything that a start needs, and what is wrong with it: {"ok", "problems", ...}."""
    from .tokenizers import tokenizer_source

    problems, report = [], {}
    try:
        backend = find_backend(home, path, python)
        report = {
            "sd_scripts": str(backend.folder),
            "python": str(backend.python),
            "commit": commit_of(backend.folder),
            **probe(backend),
        }
        if report.get("problem"):
            problems.append(report["problem"])
        elif not report["devices"]:
            report["note"] = "No GPU is seen: training would run on the CPU, far too slowly."
    except ValueError as error:
        problems.append(str(error))
    try:
        report["tokenizers"] = str(tokenizer_source(pack))
    except ValueError as error:
        problems.append(str(error))
    where = next(p for p in (home, *home.parents) if p.exists())
    report |= {"runs": str(home), "free_gb": round(shutil.disk_usage(where).free / 1e9, 1)}
    report.pop("problem", None)
    return {"ok": not problems, "problems": problems, **report}
