"""The chunks of a PNG that hold metadata: read without the pixels, replaced without touching them.

Texts lie in tEXt (Latin-1), zTXt and iTXt (UTF-8), EXIF in eXIf, XMP in iTXt under its own name
(PNG specification, third edition; XMP specification part 3). Written are tEXt for ASCII and iTXt
for all else: ComfyUI's front end takes tEXt for UTF-8, A1111 for Latin-1. ComfyUI's `comf` chunk
is read as tEXt. A chunk is not refused for a wrong checksum; its text may be right.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from .found import MOST_TEXT, Found, UnreadablePicture, too_long

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = "XML:com.adobe.xmp"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"comf")
_WANTED = (b"IHDR", b"eXIf", *_TEXTS)
_CUT_OFF = "The PNG file is cut off; copy or download it again."


def read(file: BinaryIO) -> Found:
    """What a PNG file holds. Raises UnreadablePicture where it has no size."""
    file.seek(len(SIGNATURE))
    size, texts, exif, problems = (0, 0), {}, b"", []
    for kind, data in _chunks(file, problems):
        if kind == b"IHDR" and len(data) >= 8:
            size = struct.unpack_from(">II", data)
        elif kind == b"eXIf":
            exif = data
        elif kind in _TEXTS:
            name, text = _text(kind, data, problems)
            if text is not None:
                texts.setdefault(name, text)
    if not all(size):
        raise UnreadablePicture(_CUT_OFF)
    xmp = texts.pop(_XMP, "").encode("utf-8", "replace")
    return Found("png", *size, texts, exif, xmp, tuple(problems))


def _chunks(file: BinaryIO, problems: list[str]) -> Iterator[tuple[bytes, bytes]]:
    while True:
        head = file.read(8)
        if len(head) < 8:
            problems.append(_CUT_OFF)
            return
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        if kind in _WANTED and length <= MOST_TEXT:
            data = file.read(length)
            if len(data) < length:
                problems.append(_CUT_OFF)
                return
            yield kind, data
            file.seek(4, 1)
        else:
            if kind in _WANTED:
                problems.append(too_long(kind.decode("ascii", "replace"), length))
            file.seek(length + 4, 1)


def _text(kind: bytes, data: bytes, problems: list[str]) -> tuple[str, str | None]:
    name, _, rest = data.partition(b"\0")
    keyword = name.decode("latin-1")
    if kind in (b"tEXt", b"comf"):
        return keyword, rest.decode("latin-1")
    if kind == b"zTXt":
        unpacked = _unpack(keyword, rest[1:], problems)
        return keyword, None if unpacked is None else unpacked.decode("latin-1")
    packed, body = rest[:1] == b"\1", rest[2:]
    body = body.split(b"\0", 2)[-1] if body.count(b"\0") >= 2 else b""
    if packed:
        body = _unpack(keyword, body, problems)
    return keyword, None if body is None else body.decode("utf-8", "replace")


def _unpack(name: str, data: bytes, problems: list[str]) -> bytes | None:
    """The unpacked text; None, with a problem, where it is damaged or would be huge."""
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(data, MOST_TEXT)
    except zlib.error:
        problems.append(f"The text '{name[:40]}' is damaged.")
        return None
    if unpacker.unconsumed_tail:
        problems.append(too_long(name, MOST_TEXT + 1))
        return None
    return text


def replaced(
    data: bytes, drop: frozenset[str], texts: Mapping[str, str], exif: bytes, xmp: bytes
) -> bytes:
    """The file with new metadata before its pixels. drop: names of older texts to leave out.

    exif, xmp: all that there shall be of them.
    """
    added = [_text_chunk(name, text) for name, text in texts.items()]
    if exif:
        added.append(_chunk(b"eXIf", exif))
    if xmp:
        added.append(_chunk(b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + xmp))
    out, place = [data[: len(SIGNATURE)]], len(SIGNATURE)
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        old = data[place + 8 : place + 88].split(b"\0")[0].decode("latin-1")
        stale = kind in _TEXTS and (old in drop or old == _XMP)
        if not stale and kind != b"eXIf":
            out.append(data[place:end])
        if kind == b"IHDR":
            out += added
        place = end
        if kind == b"IEND":
            break
    else:
        raise UnreadablePicture(_CUT_OFF)
    return b"".join([*out, data[place:]])


def _text_chunk(name: str, text: str) -> bytes:
    if text.isascii() and "\0" not in text:
        return _chunk(b"tEXt", name.encode("latin-1", "replace") + b"\0" + text.encode())
    body = text.encode("utf-8", "replace")
    return _chunk(b"iTXt", name.encode("latin-1", "replace") + b"\0\0\0\0\0" + body)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
