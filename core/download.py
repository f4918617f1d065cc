"""Fetch one file when the user asks for it: resumable, checked, atomic. Knows nothing of contents.

Goes on where an interrupted download stopped if the server can (HTTP ranges, RFC 9110 section 14)
and the file there is still the same one (If-Range); starts over otherwise. The target appears only
when it is whole.
"""

import hashlib
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import NamedTuple

BLOCK = 1 << 16
ATTEMPTS = 3
_HEADERS = {"User-Agent": "illustrious-xl-studio", "Accept-Encoding": "identity"}


class Download(NamedTuple):
    """A finished download."""

    path: Path
    bytes: int
    sha256: str


class Interrupted(OSError):
    """The connection ended early; what came is kept, and the next attempt goes on from there."""


def download(
    url: str,
    target: Path,
    sha256: str = "",
    on_step: Callable[[int, int], None] = lambda done, total: None,
    check: Callable[[Path], object] = lambda path: None,
    timeout: float = 30.0,
    largest: int = 1 << 30,
) -> Download:
    """Fetch `url` to `target`; `on_step` gets bytes done and in all (0 when unknown) and may raise.

    `check` looks at the complete file before it gets its name, and raises ValueError to refuse it.
    `largest` in bytes: more than this is a wrong address. Raises ValueError for a bad address,
    checksum or content, OSError when the network fails.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"the address {url!r} is not http or https; give the URL of a file.")
    if sha256 and (len(sha256) != 64 or set(sha256.lower()) - set("0123456789abcdef")):
        raise ValueError(f"{sha256!r} is no SHA-256 checksum; it has 64 hexadecimal digits.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _fetch(url, part, on_step, timeout, largest)
            break
        except Interrupted:
            if attempt == ATTEMPTS:
                raise
    return _finish(part, target, sha256, check)


def _finish(part: Path, target: Path, sha256: str, check: Callable[[Path], object]) -> Download:
    """Check the complete file and give it its name; a refused file is removed."""
    digest = hashlib.sha256()
    try:
        with part.open("rb+") as file:
            while block := file.read(1 << 20):
                digest.update(block)
            os.fsync(file.fileno())
        found = digest.hexdigest()
        if sha256 and found != sha256.lower():
            raise ValueError(
                f"{target.name} has the checksum {found}, not {sha256.lower()}; it was thrown away."
                " Try again, or check the checksum that was given."
            )
        check(part)
    except ValueError:
        part.unlink(missing_ok=True)
        raise
    finally:
        _notes(part).unlink(missing_ok=True)
    size = part.stat().st_size
    os.replace(part, target)
    return Download(target, size, found)


def _notes(part: Path) -> Path:
    """What is known of the file that a part belongs to: address, version, size."""
    return part.with_name(part.name + ".json")


def _resume_point(url: str, part: Path) -> tuple[int, str]:
    """(bytes already here, the server's mark of that version), (0, "") to start over."""
    with suppress(OSError, ValueError):
        notes = json.loads(_notes(part).read_text(encoding="utf-8"))
        if notes["url"] == url and notes["version"]:
            return part.stat().st_size, notes["version"]
    return 0, ""


def _fetch(
    url: str, part: Path, on_step: Callable[[int, int], None], timeout: float, largest: int
) -> None:
    """Bring `part` to full length."""
    have, version = _resume_point(url, part)
    headers = dict(_HEADERS)
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    try:
        response = urllib.request.urlopen(  # the scheme was checked by download()
            urllib.request.Request(url, headers=headers), timeout=timeout
        )
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing after what we have: whole, or another file
            part.unlink(missing_ok=True)
            raise Interrupted(f"{url} cannot be resumed; starting over.") from error
        raise OSError(f"{url} answered {error.code} {error.reason}.") from error
    except urllib.error.URLError as error:
        raise Interrupted(f"{url} cannot be reached: {error.reason}.") from error
    except (OSError, HTTPException) as error:
        raise Interrupted(f"{url} cannot be reached: {error}.") from error
    with response:
        if response.status != 206 or _first_byte(response) != have:
            if response.status == 206:  # a part that was not asked for is of no use
                part.unlink(missing_ok=True)
                raise Interrupted(f"{url} sent another part than was asked for; starting over.")
            have = 0
        _receive(response, url, part, have, on_step, largest)


def _first_byte(response: HTTPResponse) -> int:
    """Where a partial answer starts (`Content-Range: bytes 100-199/200`), -1 when not said."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdecimal() else -1


def _receive(
    response: HTTPResponse,
    url: str,
    part: Path,
    have: int,
    on_step: Callable[[int, int], None],
    largest: int,
) -> None:
    """Append the body to `part` after `have` bytes."""
    length = response.headers.get("Content-Length", "")
    total = have + int(length) if length.isdecimal() else 0
    version = response.headers.get("ETag", "")
    if not version or version.startswith("W/"):  # weak marks are not allowed in If-Range
        version = response.headers.get("Last-Modified", "")
    notes = json.dumps({"url": url, "version": version, "total": total})
    _notes(part).write_text(notes, encoding="utf-8")
    with part.open("rb+" if have else "wb") as file:
        file.seek(have)
        on_step(have, total)
        try:
            while block := response.read(BLOCK):
                file.write(block)
                have += len(block)
                if have > largest:
                    raise ValueError(
                        f"{url} is larger than {largest >> 20} MB, the most that is expected here;"
                        " check the address."
                    )
                on_step(have, total)
        except (HTTPException, ConnectionError, TimeoutError) as error:
            raise Interrupted(f"{url} broke off after {have} bytes: {error}.") from error
    if total and have < total:
        raise Interrupted(f"{url} broke off after {have} of {total} bytes; run it again to go on.")
