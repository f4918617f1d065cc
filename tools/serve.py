"""ComfyUI with the pack, on its own base directory in the cache, opened in the user's browser.

A script for the environment's Python (`python3 tools/dev.py serve`). Binds to 127.0.0.1 alone.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from ixl.tools import cache, process
from ixl.tools.report import Problem, step

ROOT = Path(__file__).resolve().parents[1]
FIRST_PORT, PORTS = 8188, 100  # 8188 is ComfyUI's own default
START_LIMIT = 300.0  # seconds


def choose_port(wanted: str | None) -> int:
    """The port that was asked for, else the first free one. Raises Problem if there is none."""
    if wanted:
        if not wanted.isdecimal() or not 1 <= int(wanted) <= 65535:
            raise Problem(f"PORT is {wanted}; it must be a number from 1 to 65535.")
        if not port_is_free(int(wanted)):
            raise Problem(
                f"Port {wanted} is taken by another program; stop that or choose another with PORT."
            )
        return int(wanted)
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if port_is_free(port):
            return port
    raise Problem(
        f"All ports from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} are taken; choose one with PORT."
    )


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # on Windows this option would share a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def server_command(comfyui: Path, base: Path, port: int, cpu: bool) -> list[str]:
    """ComfyUI that reads and writes in `base` alone (its database would go to its own folder)."""
    database = (base / "user" / "comfyui.db").as_posix()
    command = [sys.executable, str(comfyui / "main.py"), "--listen", "127.0.0.1"]
    command += ["--port", str(port), "--base-directory", str(base), "--disable-auto-launch"]
    command += ["--database-url", f"sqlite:///{database}"]
    return [*command, "--cpu", *cpu_precision()] if cpu else command


def cpu_precision() -> list[str]:
    """bfloat16 where the processor computes in it, which takes half of the time of float32."""
    import torch

    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # since torch 2.6
    fast = supported is not None and supported()
    return ["--bf16-unet", "--bf16-vae"] if fast else []


def wait_until_up(child: subprocess.Popen, port: int) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    elapsed = process.stopwatch()
    while elapsed() < START_LIMIT:
        if child.poll() is not None:
            raise Problem(f"ComfyUI ended with exit code {child.returncode}; its log is above.")
        try:
            with opener.open(f"http://127.0.0.1:{port}/system_stats", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise Problem(f"ComfyUI did not answer within {START_LIMIT:.0f} s; its log is above.")


def has_screen() -> bool:
    if os.environ.get("CI"):
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def serve() -> int:
    port = choose_port(os.environ.get("PORT"))
    comfyui = Path(os.environ["IXL_COMFYUI"])
    sys.path.append(str(ROOT / "tests" / "support"))
    from base_directory import make_base_directory

    base = make_base_directory(cache.folder() / f"serve-{cache.key(str(ROOT))}")
    (base / "user").mkdir(exist_ok=True)
    step(f"Starting ComfyUI from {comfyui} on {base}")
    child = subprocess.Popen(server_command(comfyui, base, port, not has_accelerator()))
    try:
        wait_until_up(child, port)
        step(f"The canvas is at http://127.0.0.1:{port}/ (Ctrl-C stops it)")
        if has_screen():
            webbrowser.open(f"http://127.0.0.1:{port}/")
        return child.wait()
    except KeyboardInterrupt:
        process.end(child, 10)
        step("Stopped")
        return 0
    finally:
        if child.poll() is None:
            process.end(child, 0)


def has_accelerator() -> bool:
    import torch

    return (
        torch.cuda.is_available() or torch.backends.mps.is_available() or torch.xpu.is_available()
    )


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with us
    try:
        return serve()
    except Problem as problem:
        step(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
