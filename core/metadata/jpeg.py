"""The segments of a JPEG that hold metadata: read and replaced without touching the pixels.

EXIF and XMP lie in APP1; XMP that is longer than a segment goes on in further ones (XMP
specification part 3, "ExtendedXMP"). Comments are read as A1111's parameters where there is nothing
else. Size from the frame header (ITU-T T.81).
"""

import hashlib
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from .exif import HEAD
from .found import MOST_TEXT, Found, UnreadablePicture, too_long
from .xmp import MOST_BYTES, NAMESPACE

SIGNATURE = b"\xff\xd8\xff"
MOST = 65_533  # bytes in a segment
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE = b"http://ns.adobe.com/xmp/extension/\0"
# Converters that take a WebP's EXIF as it is (Pillow) leave its head out.
_EXIF = (HEAD, b"II*\0", b"MM\0*")
_APP0, _APP1, _COMMENT, _SCAN, _END = 0xE0, 0xE1, 0xFE, 0xDA, 0xD9
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_HAS_MORE = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")
_STUB = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta '
    'xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
    'xmpNote:HasExtendedXMP="%s"/></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
)
_PART = 65_400  # bytes of extended XMP in a segment
_CUT_OFF = "The JPEG file is cut off; copy or download it again."


def read(file: BinaryIO) -> Found:
    """What a JPEG file holds. Raises UnreadablePicture where it has no size."""
    file.seek(2)
    size, exif, xmp, comment = (0, 0), b"", b"", b""
    more: dict[bytes, list[tuple[int, int, bytes]]] = {}
    for marker, data in _segments(file):
        if marker in _FRAMES and len(data) >= 5:
            size = struct.unpack_from(">HH", data, 1)[::-1]
        elif marker == _COMMENT:
            comment = comment or data
        elif marker == _APP1 and data.startswith(_EXIF):
            exif = exif or data.removeprefix(HEAD)
        elif data.startswith(_XMP):
            xmp = xmp or data[len(_XMP) :]
        elif data.startswith(_MORE) and len(data) >= len(_MORE) + 40:
            guid, total, offset = struct.unpack_from(">32sII", data, len(_MORE))
            more.setdefault(guid, []).append((offset, total, data[len(_MORE) + 40 :]))
    if not all(size):
        raise UnreadablePicture(_CUT_OFF)
    problems: list[str] = []
    texts = {"comment": comment.decode("utf-8", "replace")} if comment else {}
    return Found("jpeg", *size, texts, exif, _joined(xmp, more, problems), tuple(problems))


def _joined(xmp: bytes, more: dict, problems: list[str]) -> bytes:
    """The extended packet where there is a whole one of this pack, else the main one."""
    told = _HAS_MORE.search(xmp)
    parts = more.get(told.group(1), []) if told else []
    total = parts[0][1] if parts else 0
    if total > MOST_BYTES:
        problems.append(too_long("XMP", total))
        return xmp
    if not total or sum(len(part) for _, _, part in parts) < total:
        return xmp
    whole = bytearray(total)
    for offset, _, part in parts:
        if offset <= total:
            whole[offset : offset + len(part)] = part
    right = hashlib.md5(whole, usedforsecurity=False).hexdigest().encode()
    ours = NAMESPACE.encode() in whole and right == told.group(1).lower()
    return bytes(whole) if ours else xmp


def _segments(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(marker, content) up to the pixels."""
    read_bytes = 0
    while read_bytes <= MOST_BYTES + MOST_TEXT:
        byte = file.read(1)
        if byte != b"\xff":
            return
        while byte == b"\xff":
            byte = file.read(1)
        if not byte or byte[0] in (_SCAN, _END):
            return
        if byte[0] in _ALONE or byte == b"\0":
            continue
        length = int.from_bytes(file.read(2), "big")
        data = file.read(max(0, length - 2))
        if len(data) != length - 2:
            return
        read_bytes += length
        yield byte[0], data


def replaced(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    """The file with new EXIF and XMP behind its head; other segments as they were.

    exif, xmp: all that there shall be of them; exif must fit a segment (see `fits`).
    """
    added = []
    if exif:
        added.append(_segment(HEAD + exif))
    if xmp:
        added += [_segment(part) for part in _xmp_parts(xmp)]
    out, place, inserted = [data[:2]], 2, False
    while data[place : place + 1] == b"\xff" and len(data) >= place + 4:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xFF:
            place += 1
            continue
        if not inserted and marker != _APP0:
            out += added
            inserted = True
        if marker in (_SCAN, _END):
            return b"".join([*out, data[place:]])
        end = place + 2 if marker in _ALONE else place + 2 + length
        if marker != _APP1 or not _is_old(data[place + 4 : place + 104], xmp):
            out.append(data[place:end])
        place = end
    raise UnreadablePicture(_CUT_OFF)


def _is_old(content: bytes, xmp: bytes) -> bool:
    """Whether this segment goes. Further XMP stays where the new packet still points at it."""
    if content.startswith(_MORE):
        return content[len(_MORE) : len(_MORE) + 32] not in xmp
    return content.startswith((*_EXIF, _XMP))


def fits(exif: bytes) -> bool:
    """Whether EXIF data fits a JPEG."""
    return len(HEAD) + len(exif) <= MOST


def _xmp_parts(xmp: bytes) -> Iterator[bytes]:
    if len(_XMP) + len(xmp) <= MOST:
        yield _XMP + xmp
        return
    start, end = xmp.find(b"<x:xmpmeta"), xmp.rfind(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")
    xmp = xmp[start:end]  # an extended packet has no wrapper
    guid = hashlib.md5(xmp, usedforsecurity=False).hexdigest().upper()
    yield _XMP + (_STUB % guid).encode()
    for offset in range(0, len(xmp), _PART):
        head = struct.pack(">32sII", guid.encode(), len(xmp), offset)
        yield _MORE + head + xmp[offset : offset + _PART]


def _segment(content: bytes) -> bytes:
    return bytes([0xFF, _APP1]) + struct.pack(">H", len(content) + 2) + content
