"""A live ComfyUI server for tests: own base directory, spoken to over HTTP, ended for sure.

Binds to 127.0.0.1. Polls rather than listening to the websocket. Knows nothing of pytest.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ATTACHED = Path(__file__).resolve().parent / "attached.py"
START_SECONDS = 180.0  # 15 s on two idle cores, most of it imports
POLL_SECONDS = 0.1
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NodeError(NamedTuple):
    """What ComfyUI shows on a node that failed."""

    node_id: str
    node_type: str
    exception: str
    message: str


class Refused(Exception):
    """ComfyUI did not take the prompt; `errors` maps node ids to its answer, `text` is all."""

    def __init__(self, answer: dict):
        self.text = json.dumps(answer)
        self.errors: dict[str, dict] = answer.get("node_errors") or {}
        super().__init__(self.text)


class Server(NamedTuple):
    """A running ComfyUI. Methods raise urllib.error.HTTPError where the server says no."""

    port: int
    base: Path
    child: subprocess.Popen

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.base / "comfyui.log"

    def request(self, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        """GET, or POST where there is a body."""
        headers = {"Content-Type": kind} if kind else {}
        request = urllib.request.Request(self.url + path, body, headers)
        with _DIRECT.open(request, timeout=60) as answer:
            return answer.read()

    def get(self, path: str) -> Any:
        return json.loads(self.request(path))

    def post(self, path: str, content: Any) -> Any:
        answer = self.request(path, json.dumps(content).encode(), "application/json")
        return json.loads(answer) if answer else None

    def queue(self, prompt: dict, extra_data: dict | None = None) -> str:
        """Queue a prompt in API format; its id. Raises Refused where it does not validate."""
        content = {"prompt": prompt, "client_id": "tests", "extra_data": extra_data or {}}
        try:
            return self.post("/prompt", content)["prompt_id"]
        except urllib.error.HTTPError as error:
            if error.code != 400:
                raise
            raise Refused(json.loads(error.read())) from None

    def history(self, prompt_id: str) -> dict | None:
        """The entry of a prompt that ended, in whatever way; None while it waits or runs."""
        return self.get(f"/history/{prompt_id}").get(prompt_id)

    def wait(self, prompt_id: str, seconds: float = 300.0) -> dict:
        """The history entry, once the prompt has ended. Raises TimeoutError, or RuntimeError if
        the server is gone."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.child.poll() is not None:
                raise RuntimeError(f"ComfyUI ended by itself.\n{self.log_tail()}")
            if entry := self.history(prompt_id):
                return entry
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"Prompt {prompt_id} runs for more than {seconds:.0f} s.")

    def run(self, prompt: dict, seconds: float = 300.0) -> dict:
        return self.wait(self.queue(prompt), seconds)

    def running(self) -> list[str]:
        """Ids of the prompts that run now."""
        return [entry[1] for entry in self.get("/queue")["queue_running"]]

    def interrupt(self) -> None:
        """What the Cancel button sends."""
        self.request("/interrupt", b"")

    def upload(self, path: Path) -> str:
        """Put a picture into the input folder; the name for LoadImage."""
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; '
            f'filename="{path.name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        )
        body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return json.loads(self.request("/upload/image", body, kind))["name"]

    def images(self, entry: dict) -> list[bytes]:
        """The files that the output nodes of a finished prompt wrote, in node order."""
        saved = [one for output in entry["outputs"].values() for one in output.get("images", [])]
        return [self.request("/view?" + urllib.parse.urlencode(one)) for one in saved]

    def log_tail(self, lines: int = 40) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def succeeded(entry: dict) -> bool:
    return entry["status"]["status_str"] == "success"


def interrupted(entry: dict) -> bool:
    return any(kind == "execution_interrupted" for kind, _ in entry["status"]["messages"])


def node_error(entry: dict) -> NodeError | None:
    """The error of the node that failed, None where none did."""
    for kind, data in entry["status"]["messages"]:
        if kind == "execution_error":
            names = ("node_id", "node_type", "exception_type", "exception_message")
            return NodeError(*(str(data[name]) for name in names))
    return None


@contextlib.contextmanager
def running_server(comfyui: Path, base: Path, front_end: Path | None = None) -> Iterator[Server]:
    """ComfyUI's real main.py on the CPU, on a base directory made by `make_base_directory`.

    front_end: the `static` folder of another comfyui-frontend-package. Raises RuntimeError, with
    the end of the log, if it does not come up. Ends the server's process group in all cases.
    """
    port = free_port()
    with open(base / "comfyui.log", "wb") as log:
        child = subprocess.Popen(
            _command(comfyui, base, port, front_end),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=base,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "NO_COLOR": "1"},
            start_new_session=True,
        )
    server = Server(port, base, child)
    try:
        _wait_until_up(server)
        yield server
    finally:
        end(child)


def _command(comfyui: Path, base: Path, port: int, front_end: Path | None) -> list[str]:
    database = (base / "user" / "comfyui.db").as_posix()
    command = [sys.executable, str(ATTACHED), str(comfyui / "main.py"), "--cpu"]
    command += ["--listen", "127.0.0.1", "--port", str(port), "--base-directory", str(base)]
    command += ["--database-url", f"sqlite:///{database}"]
    command += ["--disable-auto-launch", "--disable-api-nodes", "--use-pytorch-cross-attention"]
    return command + (["--front-end-root", str(front_end)] if front_end else [])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(server: Server) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        if server.child.poll() is not None:
            code = server.child.returncode
            raise RuntimeError(f"ComfyUI ended with exit code {code}.\n{server.log_tail()}")
        with contextlib.suppress(OSError):
            server.get("/system_stats")
            return
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"No answer from ComfyUI in {START_SECONDS:.0f} s.\n{server.log_tail()}")


def end(child: subprocess.Popen, patience: float = 10.0) -> None:
    """End the child and everything it started; politely first. Survives a second Ctrl-C."""
    try:
        if child.poll() is None:
            child.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(patience)
    finally:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        elif child.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(child.pid)], check=False)
        child.wait()
        child.stdin.close()
