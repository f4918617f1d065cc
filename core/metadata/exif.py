"""Texts in EXIF: A1111's parameters, ComfyUI's prompt and workflow, this pack's block.

Where they stand: parameters in UserComment as UTF-16BE behind "UNICODE" (AUTOMATIC1111 webui
`modules/images.py` by piexif; Civitai reads it so); `prompt:` and `workflow:` with their JSON in
Model and Make (ComfyUI `comfy_api/latest/_ui.py`; its front end reads them in WebP and AVIF); the
block in MakerNote, which no viewer shows as a caption. What else stands in IFD0, the Exif and the
GPS directory is kept as it is; thumbnails are dropped, they would be of another picture.

Own code, because Pillow 13 writes UserComment as BYTE, which piexif then reads as numbers. Format:
TIFF 6.0 and CIPA DC-008 (Exif 2.32). Damaged entries are as if they were not there.
"""

import struct
from collections.abc import Mapping
from typing import NamedTuple

HEAD = b"Exif\0\0"  # before the TIFF data in JPEG and, by some writers, in WebP
_MAKE, _MODEL, _EXIF_IFD, _GPS_IFD = 0x010F, 0x0110, 0x8769, 0x8825
_MAKER_NOTE, _USER_COMMENT = 0x927C, 0x9286
_INTEROP_IFD = 0xA005  # an offset into the old data: not kept
_ASCII, _LONG, _UNDEFINED = 2, 4, 7
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_UNICODE, _PLAIN, _UNSAID = b"UNICODE\0", b"ASCII\0\0\0", b"\0" * 8
_OURS = b"ixl\0"
GRAPHS = {"workflow": _MAKE, "prompt": _MODEL}


class Entry(NamedTuple):
    """A field: TIFF type, number of values, their bytes in the byte order of the file."""

    kind: int
    count: int
    data: bytes


class Directories(NamedTuple):
    """order: "<" or ">"."""

    order: str
    main: dict[int, Entry]
    exif: dict[int, Entry]
    gps: dict[int, Entry]


def texts_of(data: bytes) -> dict[str, str]:
    """The texts of EXIF data, by the names that they have in a PNG; what is damaged is left out."""
    found = read(data)
    texts: dict[str, str] = {}
    for entry in found.main.values():
        if entry.kind == _ASCII:
            name, colon, text = _string(entry).partition(":")
            if colon and name.lower() in GRAPHS and text.lstrip()[:1] == "{":
                texts.setdefault(name.lower(), text)
    comment, note = found.exif.get(_USER_COMMENT), found.exif.get(_MAKER_NOTE)
    if comment and (text := _comment(comment.data, found.order)):
        texts["parameters"] = text
    if note and note.data.startswith(_OURS):
        texts["ixl"] = note.data[len(_OURS) :].decode("ascii", "replace")
    return texts


def with_texts(data: bytes, texts: Mapping[str, str]) -> bytes:
    """EXIF data (without HEAD) with these texts in place of any older ones. data: may be empty."""
    found = read(data)
    for name, tag in GRAPHS.items():
        old = found.main.get(tag)
        if old and _string(old).lower().startswith(f"{name}:"):
            del found.main[tag]
        if texts.get(name):
            found.main[tag] = _ascii(f"{name}:{texts[name]}")
    for tag in (_USER_COMMENT, _MAKER_NOTE):
        found.exif.pop(tag, None)
    if texts.get("parameters"):
        comment = _UNICODE + texts["parameters"].encode("utf-16-be", "replace")
        found.exif[_USER_COMMENT] = Entry(_UNDEFINED, len(comment), comment)
    if texts.get("ixl"):
        note = _OURS + texts["ixl"].encode("ascii")
        found.exif[_MAKER_NOTE] = Entry(_UNDEFINED, len(note), note)
    return write(found) if found.main or found.exif or found.gps else b""


def _ascii(text: str) -> Entry:
    data = text.encode("utf-8", "replace").replace(b"\0", b"") + b"\0"
    return Entry(_ASCII, len(data), data)


def _string(entry: Entry) -> str:
    return entry.data.split(b"\0", 1)[0].decode("utf-8", "replace")


def _comment(data: bytes, order: str) -> str:
    """UserComment's text; of UTF-16 the byte order is guessed, because writers differ in it."""
    head, body = data[:8], data[8:]
    if head == _UNICODE:
        if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return body.decode("utf-16", "replace").rstrip("\0")
        low, high = body[1::2].count(0), body[::2].count(0)
        little = low > high or (low == high == 0 and order == "<" and len(body) > 2)
        return body.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
    if head in (_PLAIN, _UNSAID):
        return body.decode("utf-8", "replace").rstrip("\0 ")
    return data.decode("utf-8", "replace").rstrip("\0 ")


def read(data: bytes) -> Directories:
    """The directories of EXIF data; empty ones where it is none."""
    data = data.removeprefix(HEAD)
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order or len(data) < 8 or struct.unpack_from(f"{order}H", data, 2)[0] != 42:
        return Directories(">", {}, {}, {})
    main = _directory(data, order, struct.unpack_from(f"{order}I", data, 4)[0])
    inner = [_inner(data, order, main.pop(tag, None)) for tag in (_EXIF_IFD, _GPS_IFD)]
    inner[0].pop(_INTEROP_IFD, None)
    return Directories(order, main, *inner)


def _inner(data: bytes, order: str, pointer: Entry | None) -> dict[int, Entry]:
    if pointer is None or len(pointer.data) != 4:
        return {}
    return _directory(data, order, struct.unpack(f"{order}I", pointer.data)[0])


def _directory(data: bytes, order: str, start: int) -> dict[int, Entry]:
    entries: dict[int, Entry] = {}
    if start + 2 > len(data):
        return entries
    number = struct.unpack_from(f"{order}H", data, start)[0]
    for place in range(start + 2, min(start + 2 + 12 * number, len(data) - 11), 12):
        tag, kind, count = struct.unpack_from(f"{order}HHI", data, place)
        size = _BYTES.get(kind, 0) * count
        where = place + 8 if size <= 4 else struct.unpack_from(f"{order}I", data, place + 8)[0]
        if size and where + size <= len(data):
            entries[tag] = Entry(kind, count, data[where : where + size])
    return entries


def write(found: Directories) -> bytes:
    """EXIF data of these directories, without HEAD."""
    order, main = found.order, dict(found.main)
    inner = {_EXIF_IFD: found.exif, _GPS_IFD: found.gps}
    for tag, entries in inner.items():
        if entries:
            main[tag] = Entry(_LONG, 1, b"\0" * 4)  # room for the offset
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8))
    places = _append(out, order, main)
    for tag, entries in inner.items():
        if entries:
            struct.pack_into(f"{order}I", out, places[tag], len(out))
            _append(out, order, entries)
    return bytes(out)


def _append(out: bytearray, order: str, entries: dict[int, Entry]) -> dict[int, int]:
    """Write one directory; the place of each entry's value or offset."""
    start, places = len(out), {}
    values = start + 2 + 12 * len(entries) + 4
    table, data = bytearray(struct.pack(f"{order}H", len(entries))), bytearray()
    for tag, entry in sorted(entries.items()):
        places[tag] = start + len(table) + 8
        table += struct.pack(f"{order}HHI", tag, entry.kind, entry.count)
        if len(entry.data) <= 4:
            table += entry.data.ljust(4, b"\0")
        else:
            table += struct.pack(f"{order}I", values + len(data))
            data += entry.data + b"\0" * (len(entry.data) % 2)
    out += table + b"\0" * 4 + data
    return places
