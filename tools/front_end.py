"""The newest ComfyUI front end on PyPI, beside the one that ComfyUI pins.

Looks for a newer one at most once a day; without a network the last one found serves.
"""

import json
import re
import time
from pathlib import Path

from . import cache, process, uv
from .report import Problem, step

PACKAGE = "comfyui-frontend-package"
DAY = 24 * 60 * 60


def find() -> Path | None:
    """The `static` folder of the newest front end that was got before."""
    state = _state()
    folder = cache.existing("front-end", [PACKAGE, state["version"]]) if state else None
    return _static(folder) if folder else None


def newest() -> Path:
    """The `static` folder of the newest front end, for ComfyUI's `--front-end-root`."""
    state, found = _state(), find()
    if found and 0 <= time.time() - state["checked"] < DAY:
        return found
    version = _newest_version()
    if version is None:
        if found:
            step(f"Cannot look for a newer front end; using {state['version']}")
            return found
        raise Problem(
            f"The newest {PACKAGE} cannot be looked up; check the network connection and run the "
            "same command again."
        )
    folder = cache.entry("front-end", [PACKAGE, version], lambda path: _install(path, version))
    cache.write(_state_file(), json.dumps({"version": version, "checked": time.time()}))
    return _static(folder)


def _static(folder: Path) -> Path:
    return folder / "comfyui_frontend_package" / "static"


def _state_file() -> Path:
    return cache.folder() / "front-end-newest.json"


def _state() -> dict | None:
    try:
        return json.loads(_state_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def _newest_version() -> str | None:
    step("Looking for the newest ComfyUI front end")
    cache.folder().mkdir(parents=True, exist_ok=True)
    command = [uv.ensure(), "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--no-deps", "--refresh-package", PACKAGE, "-"]
    environment = {**uv.clean_environment(), "UV_HTTP_RETRIES": "1"}
    code, text, _ = process.capture(
        command, environment=environment, folder=cache.folder(), text=PACKAGE, timeout=120
    )
    found = re.search(rf"^{PACKAGE}==([0-9][^\s;]*)", text, re.MULTILINE)
    return found[1] if code == 0 and found else None


def _install(folder: Path, version: str) -> None:
    step(f"Getting the newest ComfyUI front end, {version}")
    cache.require_space(folder, 0.3, "the front end")
    package = f"{PACKAGE}=={version}"
    uv.run(
        ["pip", "install", "--quiet", "--no-deps", "--target", folder, package], f"get {package}"
    )
