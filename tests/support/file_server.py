"""A loopback HTTP server of one file, with the habits of good and of bad servers."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves `content` at every path that `files` has no other content for.

    Attributes may be changed between requests.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = b""
        self.files: dict[str, bytes] = {}  # path with query -> content
        self.etag = '"one"'
        self.ranges = True  # answers Range with 206
        self.wrong_range = False  # answers Range with another part
        self.break_after: list[int] = []  # bytes after which the next answers break off
        self.status = 200
        self.requests: list[dict] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tags/list.csv"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        server = self.server
        server.requests.append(dict(self.headers))
        server.paths.append(self.path)
        content = server.files.get(self.path, server.content)
        if server.status != 200:
            self.send_error(server.status)
            return
        first = self._first()
        if first is not None and first >= len(content):
            self.send_error(416)
            return
        body = content[first or 0 :]
        self.send_response(200 if first is None else 206)
        if first is not None:
            said = first + 1 if server.wrong_range else first
            total = len(content)
            self.send_header("Content-Range", f"bytes {said}-{total - 1}/{total}")
        if server.etag:
            self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = body[: server.break_after.pop(0)] if server.break_after else body
        self.wfile.write(sent)
        if len(sent) < len(body):
            self.close_connection = True

    def _first(self) -> int | None:
        """The first byte asked for, if ranges are served and the file is the one asked for."""
        asked = self.headers.get("Range", "")
        same = self.headers.get("If-Range") in (None, self.server.etag)
        if not (self.server.ranges and same and asked.startswith("bytes=")):
            return None
        return int(asked.removeprefix("bytes=").partition("-")[0])

    def log_message(self, *args: object) -> None:
        """Keep the test output quiet."""


@contextmanager
def file_server():
    """A running FileServer."""
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
