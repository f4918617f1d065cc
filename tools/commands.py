"""What each command of dev.py does; dev.py's docstring is the manual."""

import contextlib
import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import browser, cache, comfyui, dev, environment, front_end, process, sd_scripts, uv
from .report import Problem, step

ROOT = Path(__file__).resolve().parents[1]
NO_TESTS = 5  # pytest's exit code
TEST_PATIENCE = 20.0  # seconds: an interrupted pytest stops its servers and browsers first
# `-m pytest` would put the pack root on sys.path, where our `nodes` hides ComfyUI's.
PYTEST = "import sys; sys.path.remove(''); import pytest; sys.exit(pytest.main())"

# The pack root is ComfyUI's package: as pytest's root, its __init__.py would be imported.
PYTEST_ROOT = ("-c", str(ROOT / "tests" / "pytest.ini"))
# One process has ComfyUI, one the servers and browsers (tests/conftest.py); more than four idle.
PARALLEL = ("-n", str(min(4, os.cpu_count() or 1)))


class Found(NamedTuple):
    comfyui: comfyui.ComfyUI
    python: Path
    browser: Path | None
    front_end: Path | None


def run(argv: list[str]) -> int:
    """Run one command; returns the exit code."""
    name, arguments = (argv[0], argv[1:]) if argv else ("help", [])
    if name in ("help", "-h", "--help"):
        print(dev.__doc__)
        return 0
    if name not in COMMANDS or (arguments and name not in TAKES_ARGUMENTS):
        known = ", ".join(COMMANDS)
        print(f"Not understood: {' '.join(argv)}. Commands: {known}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return COMMANDS[name](arguments)
    except Problem as problem:
        print(f"[ixl] {problem}", file=sys.stderr)
    except OSError as error:
        sentence = _expected(error)
        if not sentence:
            raise
        print(f"[ixl] {sentence}", file=sys.stderr)
    return 1


def _expected(error: OSError) -> str | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full ({error.filename or cache.folder()}): free some space, try again."
    if error.filename and Path(os.fsdecode(error.filename)).is_relative_to(cache.folder()):
        return (
            f"The cache folder {cache.folder()} cannot be used ({error.strerror}: "
            f"{error.filename}); set IXL_CACHE to a folder that can be written."
        )
    return None


def get_ready(for_browser_tests: bool) -> Found:
    """Find or get what a command needs. What tests can do without is not got for other commands."""
    host = comfyui.ensure()
    python = environment.ensure(host.folder)
    if not for_browser_tests:
        return Found(host, python, browser.find(python), front_end.find())
    uv.ensure()  # the tests of tools/ want it, even if nothing had to be installed
    return Found(host, python, browser.ensure(python), _newest_front_end())


def _newest_front_end() -> Path | None:
    try:
        return front_end.newest()
    except Problem as problem:
        if os.environ.get("CI"):
            raise
        step(f"TESTS WITH THE NEWEST FRONT END WILL BE SKIPPED: {problem}")
        return None


def child_environment(found: Found) -> dict[str, str]:
    """The variables that dev.py's docstring promises."""
    given = {
        "IXL_CACHE": cache.folder(),
        "IXL_COMFYUI": found.comfyui.folder,
        "IXL_BROWSER": found.browser,
        "IXL_FRONT_END_NEWEST": found.front_end,
        "IXL_VOCABULARY": os.environ.get("IXL_VOCABULARY", cache.folder() / "vocabulary"),
        "PYTHONPATH": ROOT / "python",
        "PYTHONNOUSERSITE": "1",
        # OpenMP threads that spin while they wait cost ten times the time on a busy machine
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
        "PYTHONPYCACHEPREFIX": cache.folder() / "pycache" if found.comfyui.own else None,
    }
    variables = {name: text for name, text in uv.clean_environment().items() if name not in given}
    return variables | {name: str(value) for name, value in given.items() if value is not None}


def setup(_: list[str]) -> int:
    found = get_ready(for_browser_tests=True)
    step(f"Ready: ComfyUI from {found.comfyui.origin}, everything in {cache.folder()}")
    return 0


def python(arguments: list[str]) -> int:
    found = get_ready(for_browser_tests=False)
    command = [found.python, *arguments]
    if os.name == "posix":  # one process less between the caller and its signals
        os.execve(found.python, [*map(str, command)], child_environment(found))
    return process.run(command, environment=child_environment(found), patience=TEST_PATIENCE)


def test(arguments: list[str]) -> int:
    elapsed = process.stopwatch()
    found = get_ready(for_browser_tests=True)
    failed = [] if arguments else _lint(found) + _javascript()
    before = elapsed()
    code = _pytest(found, ["-m", "not prove", *(arguments or PARALLEL)])
    inside = elapsed() - before
    if code:
        failed.append("pytest")
    step(f"pytest {inside:.1f} s, everything else {elapsed() - inside:.1f} s")
    return _verdict(failed)


def check(_: list[str]) -> int:
    found = get_ready(for_browser_tests=False)
    failed = _lint(found) + _javascript()
    if _pytest(found, ["-q", "tests/test_architecture.py"]):
        failed.append("architecture test")
    return _verdict(failed)


def prove(arguments: list[str]) -> int:
    found = get_ready(for_browser_tests=True)
    code = _pytest(found, ["-m", "prove", *arguments])
    if code == NO_TESTS and not arguments:
        step("No test is marked `prove` yet")
        return 0
    return _verdict(["pytest"] if code else [])


def bench(_: list[str]) -> int:
    found = get_ready(for_browser_tests=False)
    failed = []
    for path in sorted((ROOT / "benchmarks").glob("[!_]*.py")):
        if path.name.startswith("gpu_"):  # ends with an error where there is none
            continue
        step(f"benchmarks/{path.name}")
        if process.run([found.python, path], environment=child_environment(found), folder=ROOT):
            failed.append(path.name)
    return _verdict(failed)


def where(_: list[str]) -> int:
    found = comfyui.find()
    interpreter = environment.find(found.folder) if found else None
    rows = {
        "cache": cache.folder(),
        "uv": uv.find(),
        "ComfyUI": f"{found.folder} ({found.origin})" if found else None,
        "environment": interpreter,
        "browser": browser.find(interpreter),
        "newest front end": front_end.find(),
        "sd-scripts": sd_scripts.find(),
    }
    for name, value in rows.items():
        print(f"{name + ':':<18}{value or 'not there yet'}")
    return 0


def serve(_: list[str]) -> int:
    with contextlib.suppress(KeyboardInterrupt):  # the way to stop a server, and it has said so
        return _script("serve.py")([])
    return 0


def _script(name: str) -> Callable[[list[str]], int]:
    """A command that is a script beside this file, run by the environment's Python."""

    def command(arguments: list[str]) -> int:
        found = get_ready(for_browser_tests=False)
        return process.run(
            [found.python, ROOT / "tools" / name, *arguments],
            environment=child_environment(found),
            patience=TEST_PATIENCE,
        )

    return command


def _pytest(found: Found, arguments: list[str]) -> int:
    named = any((ROOT / argument.split("::")[0]).exists() for argument in arguments)
    return process.run(
        [found.python, "-c", PYTEST, *PYTEST_ROOT, *arguments, *([] if named else ["tests"])],
        environment=child_environment(found),
        folder=ROOT,
        patience=TEST_PATIENCE,
    )


def _lint(found: Found) -> list[str]:
    failed = []
    for arguments in (["format", "--check", "--quiet"], ["check", "--quiet"]):
        step(f"ruff {' '.join(arguments)}")
        if process.run([found.python, "-m", "ruff", *arguments, "."], folder=ROOT):
            failed.append(f"ruff {arguments[0]}")
    return failed


def _javascript() -> list[str]:
    tests = sorted((ROOT / "tests" / "js").rglob("*.test.*js"))
    if not tests:
        return []
    if not shutil.which("node"):
        step("JAVASCRIPT TESTS SKIPPED: there is no node on PATH")
        return []
    step("node --test tests/js")
    return ["JavaScript tests"] if process.run(["node", "--test", *tests], folder=ROOT) else []


def _verdict(failed: list[str]) -> int:
    if failed:
        step(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


COMMANDS = {
    "setup": setup,
    "demo": _script("demo.py"),
    "test": test,
    "check": check,
    "prove": prove,
    "bench": bench,
    "serve": serve,
    "python": python,
    "where": where,
}
TAKES_ARGUMENTS = ("demo", "test", "prove", "python")
