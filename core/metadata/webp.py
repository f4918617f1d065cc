"""The chunks of a WebP that hold metadata: read and replaced without touching the pixels.

EXIF and XMP need the extended form of the file (VP8X chunk, which says the canvas size and what
there is); a simple file is made one. Format: RFC 9649.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from .found import Found, UnreadablePicture, too_long
from .xmp import MOST_BYTES

_EXIF_FLAG, _XMP_FLAG, _ALPHA_FLAG = 0x08, 0x04, 0x10
_HEADERS = (b"VP8X", b"VP8 ", b"VP8L")
_CUT_OFF = "The WebP file is cut off; copy or download it again."


def is_webp(start: bytes) -> bool:
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def read(file: BinaryIO) -> Found:
    """What a WebP file holds. Raises UnreadablePicture where it has no size."""
    file.seek(12)
    size, exif, xmp, problems = (0, 0), b"", b"", []
    while len(head := file.read(8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        end = file.tell() + length + length % 2
        if kind in _HEADERS and not all(size):
            size = _size(kind, file.read(min(length, 10)))[:2]
        elif kind in (b"EXIF", b"XMP "):
            if length > MOST_BYTES:
                problems.append(too_long(kind.decode().strip(), length))
            elif kind == b"EXIF":
                exif = file.read(length)
            else:
                xmp = file.read(length)
        file.seek(end)
    if not all(size):
        raise UnreadablePicture(_CUT_OFF)
    return Found("webp", *size, {}, exif, xmp, tuple(problems))


def _size(kind: bytes, data: bytes) -> tuple[int, int, bool]:
    """(width, height, whether there is transparency) from the first bytes of the first chunk."""
    if len(data) < (5 if kind == b"VP8L" else 10):
        return 0, 0, False
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
        return width, height, bool(data[0] & _ALPHA_FLAG)
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    width, height = struct.unpack_from("<HH", data, 6)
    return width & 0x3FFF, height & 0x3FFF, False


def replaced(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    """The file with new EXIF and XMP behind its pixels; other chunks as they were.

    exif, xmp: all that there shall be of them.
    """
    chunks = list(_chunks(data))
    if not chunks or chunks[0][0] not in _HEADERS:
        raise UnreadablePicture(_CUT_OFF)
    kind, first = chunks[0]
    width, height, alpha = _size(kind, first[:10])
    if kind == b"VP8X":
        flags, rest = first[0], chunks[1:]
    else:
        flags, rest = _ALPHA_FLAG if alpha else 0, chunks
    kept = [chunk for chunk in rest if chunk[0] not in (b"EXIF", b"XMP ")]
    added = [chunk for chunk in ((b"EXIF", exif), (b"XMP ", xmp)) if chunk[1]]
    flags = (
        flags & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if exif else 0) | (_XMP_FLAG if xmp else 0)
    )
    sides = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    body = [(b"VP8X", bytes([flags, 0, 0, 0]) + sides), *kept, *added]
    content = b"WEBP" + b"".join(_chunk(*chunk) for chunk in body)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if place + 8 + length > len(data):
            raise UnreadablePicture(_CUT_OFF)
        yield kind, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
