"""What lies in a picture file, before anybody has asked what it means."""

from typing import NamedTuple

MOST_TEXT = 16 << 20  # bytes of one text, unpacked; the largest workflows seen have 2 MB


class Found(NamedTuple):
    """width, height: px. texts: by their names in a PNG. exif: TIFF data. problems: sentences."""

    format: str
    width: int
    height: int
    texts: dict[str, str]
    exif: bytes = b""
    xmp: bytes = b""
    problems: tuple[str, ...] = ()


class UnreadablePicture(ValueError):
    """The file is no picture that can be read; the text is one sentence."""


def too_long(name: str, size: int) -> str:
    """The sentence about a text that was left unread."""
    return (
        f"The text '{name[:40]}' has {size:,} bytes and was not read; more than {MOST_TEXT:,} are "
        "not."
    )
