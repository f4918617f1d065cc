"""Child processes that end when we do. Does not use a shell."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

Command = Sequence[str | os.PathLike]


def run(
    command: Command,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    quiet_stdout: bool = False,
    patience: float = 2.0,
) -> int:
    """Run to the end and return the exit code; output passes through.

    quiet_stdout sends the child's stdout to our stderr. patience: seconds that an interrupted child
    gets to end by itself (a terminal's Ctrl-C reaches it as well) before it is told to.
    """
    stdout = sys.stderr if quiet_stdout else None
    child = subprocess.Popen([*map(os.fspath, command)], env=environment, cwd=folder, stdout=stdout)
    try:
        return child.wait()
    except KeyboardInterrupt:
        end(child, patience)
        raise
    except BaseException:
        end(child, 0)
        raise


def end(child: subprocess.Popen, patience: float, grace: float = 10.0) -> None:
    """Let the child end by itself, then interrupt, terminate and kill it, in this order.

    patience, grace: seconds to wait before the first and after each later step.
    """
    try:
        if _ended(child, patience):
            return
        if os.name == "posix":
            child.send_signal(signal.SIGINT)
            if _ended(child, max(grace, patience)):
                return
        child.terminate()
        if not _ended(child, grace):
            child.kill()
    except KeyboardInterrupt:
        child.kill()
    child.wait()


def _ended(child: subprocess.Popen, seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(seconds)
    return child.poll() is not None


def capture(
    command: Command,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    text: str | None = None,
    timeout: float | None = None,
) -> tuple[int, str, str]:
    """(exit code, stdout, stderr); a command that cannot start or takes too long has code 127."""
    try:
        done = subprocess.run(
            [*map(os.fspath, command)],
            env=environment,
            cwd=folder,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, "", str(error)
    return done.returncode, done.stdout, done.stderr


def apt_get_install(package: str) -> bool:
    """Install a Debian package; False where that is not ours to do (not root, not Debian)."""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (
        ["update", "-q"],
        ["install", "-q", "-y", "--no-install-recommends", package],
    ):
        if run(["apt-get", *arguments], environment=environment, quiet_stdout=True):
            return False
    return True


def stopwatch():
    """A function that returns the seconds since this call."""
    start = time.monotonic()
    return lambda: time.monotonic() - start
