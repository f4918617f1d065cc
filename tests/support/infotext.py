"""Readers of a picture's metadata that have no code of ours: A1111's grammar, PNG chunks, EXIF.

The grammar is that of AUTOMATIC1111 webui `modules/infotext_utils.py`
(`parse_generation_parameters`): its documented expression for a field, its rule for the last line.
"""

import json
import re
import struct
import zlib

FIELD = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def parse_a1111(text: str) -> dict[str, str]:
    """{"Prompt", "Negative prompt", and every field of the last line}."""
    *lines, last = text.strip().split("\n")
    if len(FIELD.findall(last)) < 3:
        lines.append(last)
        last = ""
    found = {"Prompt": "", "Negative prompt": ""}
    side = "Prompt"
    for line in lines:
        line = line.strip()
        if line.startswith("Negative prompt:"):
            side, line = "Negative prompt", line[16:].strip()
        found[side] += ("\n" if found[side] else "") + line
    for key, value in FIELD.findall(last):
        if value.startswith('"') and value.endswith('"'):
            value = json.loads(value)
        found[key] = value
    return found


def png_texts(data: bytes) -> dict[str, str]:
    """The text chunks of a PNG as its specification says; every checksum must be right."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, texts = 8, {}
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, place + 8 + length)
        assert checksum == zlib.crc32(kind + body), kind
        place += 12 + length
        if kind == b"tEXt":
            key, text = body.split(b"\0", 1)
            texts[key.decode("latin-1")] = text.decode("latin-1")
        if kind == b"iTXt":
            key, packed, method, _, _, text = body.split(b"\0", 1)[:1] + _international(body)
            assert (packed, method) == (0, 0)
            texts[key.decode("latin-1")] = text.decode("utf-8")
    return texts


def _international(body: bytes) -> list:
    rest = body.split(b"\0", 1)[1]
    language, keyword, text = rest[2:].split(b"\0", 2)
    return [rest[0], rest[1], language, keyword, text]


def user_comment(exif: dict) -> str:
    """A1111's text of EXIF as Pillow reads it: UTF-16BE behind "UNICODE" (piexif's helper)."""
    comment = exif[0x9286]
    assert comment[:8] == b"UNICODE\0"
    return comment[8:].decode("utf-16-be")
