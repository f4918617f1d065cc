"""Finds or gets a Chromium for the browser tests.

Order: `IXL_BROWSER`; an installed Chromium or Chrome; Debian's `chromium` when root on Debian;
Playwright's own. Does not drive it (tests/support does).
"""

import os
import platform
import shutil
import sys
from pathlib import Path

from . import cache, process
from .report import Problem, step

ON_PATH = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as p: print(p.chromium.executable_path)"
)


def find(python: Path | None) -> Path | None:
    """A browser that is there already; python: the environment's, to know Playwright's own."""
    given = os.environ.get("IXL_BROWSER")
    if given:
        if not Path(given).is_file():
            raise Problem(f"IXL_BROWSER is {given}, which is no file; name a Chromium or Chrome.")
        return Path(given)
    for path in candidates():
        if path.is_file() and _works(path):
            return path
    folder = cache.existing("playwright-browser", _made_from(python)) if python else None
    return _downloaded(folder) if folder else None


def ensure(python: Path) -> Path | None:
    """A browser, got if need be. None if there is none to be had, except under CI: Problem."""
    found = find(python)
    if found:
        return found
    if "chromium" in _debian_packages():
        step("No Chromium or Chrome found: installing Debian's package")
        if process.apt_get_install("chromium") and (found := find(python)):
            return found
    try:
        folder = cache.entry(
            "playwright-browser", _made_from(python), lambda path: _download(path, python)
        )
        return _downloaded(folder)
    except Problem as problem:
        if os.environ.get("CI"):
            raise
        step(f"BROWSER TESTS WILL BE SKIPPED: {problem}")
        return None


def candidates() -> list[Path]:
    """Where an installed browser can be, best first."""
    paths = [Path(found) for name in ON_PATH if (found := shutil.which(name))]
    if sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            base = Path(os.environ.get(variable, "C:/"))
            paths += [base / "Google/Chrome/Application/chrome.exe"]
            paths += [base / "Chromium/Application/chrome.exe"]
    if sys.platform == "darwin":
        for base in (Path("/Applications"), Path.home() / "Applications"):
            paths += [base / "Google Chrome.app/Contents/MacOS/Google Chrome"]
            paths += [base / "Chromium.app/Contents/MacOS/Chromium"]
    return paths


def _works(path: Path) -> bool:
    """Ubuntu's `chromium-browser` can be a script that only says that a snap is needed."""
    if sys.platform != "linux":
        return True  # Chrome for Windows opens a window for --version
    code, text, _ = process.capture([path, "--version"], timeout=60)
    return code == 0 and "Chrom" in text


def _debian_packages() -> set[str]:
    """Packages worth trying here; Ubuntu's `chromium` is only a pointer to a snap."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return set()
    return {"chromium"} if "ID=debian" in text.splitlines() else set()


def _made_from(python: Path) -> object:
    environment = python.parents[2].name if python else ""
    return ["playwright", environment, sys.platform, platform.machine()]


def _downloaded(folder: Path) -> Path:
    return folder / (folder / "executable.txt").read_text(encoding="utf-8")


def _download(folder: Path, python: Path) -> None:
    step("Getting Playwright's Chromium")
    cache.require_space(folder, 1, "the browser")
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(folder)}
    system = ["--with-deps"] if os.name == "posix" and os.geteuid() == 0 else []
    command = [python, "-m", "playwright", "install", *system, "chromium"]
    code = process.run(command, environment=environment, quiet_stdout=True)
    failed, text, _ = process.capture([python, "-c", ASK_PLAYWRIGHT], environment=environment)
    executable = Path(text.strip() or "missing")
    if code or failed or not executable.is_file():
        raise Problem(
            "no Chromium or Chrome found, and Playwright could not get one; install Chromium or "
            "Chrome, or set IXL_BROWSER to its executable."
        )
    cache.write(folder / "executable.txt", os.path.relpath(executable, folder))
