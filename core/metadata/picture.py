"""Picture files: what metadata lies in them, and the same file with other metadata.

PNG, JPEG and WebP are walked by their own modules and never decoded. AVIF is read through Pillow
and cannot be given metadata but when it is encoded: its boxes point at each other by position.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import BinaryIO

from . import exif, jpeg, png, webp, xmp
from .found import Found, UnreadablePicture

FORMATS = ("png", "webp", "jpeg", "avif")
# Texts that say how a picture was made; a new set takes the place of all of them.
OURS = ("parameters", "prompt", "workflow", "ixl")
FOREIGN = (  # NovelAI; InvokeAI; Fooocus; others
    *("Comment", "Description", "Software", "Source", "Title", "Generation time"),
    *("invokeai_metadata", "invokeai_graph", "invokeai_workflow", "sd-metadata", "Dream"),
    *("fooocus_scheme", "comment"),
)
_AVIF_BRANDS = (b"avif", b"avis")
_OTHERS = "Readable are PNG, JPEG, WebP and AVIF."


def read_file(path: str) -> Found:
    """What a picture file holds. Raises UnreadablePicture, OSError."""
    with open(path, "rb") as file:
        return read(file)


def read(file: BinaryIO) -> Found:
    """What a picture file holds: texts of EXIF and XMP are not yet among `texts` (see `texts`)."""
    start = file.read(16)
    if start.startswith(png.SIGNATURE):
        return png.read(file)
    if start.startswith(jpeg.SIGNATURE):
        return jpeg.read(file)
    if webp.is_webp(start):
        return webp.read(file)
    if start[4:8] == b"ftyp" and start[8:12] in _AVIF_BRANDS:
        return _read_avif(file)
    if not start:
        raise UnreadablePicture("The file is empty; copy or download it again.")
    raise UnreadablePicture(f"This is no picture of a known kind. {_OTHERS}")


def _read_avif(file: BinaryIO) -> Found:
    try:
        from . import avif  # the one format that takes a library to read
    except ImportError:
        raise UnreadablePicture("AVIF needs Pillow; install it (pip install Pillow).") from None
    return avif.read(file)


def texts(found: Found) -> dict[str, str]:
    """All texts of a file by their names in a PNG; text chunks win over EXIF, EXIF over XMP."""
    return {**xmp.texts_of(found.xmp), **exif.texts_of(found.exif), **found.texts}


def with_texts(data: bytes, new: Mapping[str, str]) -> bytes:
    """The file with `new` as all that it says of how it was made; nothing else is changed.

    Raises UnreadablePicture for damaged files, and for AVIF.
    """
    found = read(BytesIO(data))
    if found.format == "png":
        own = {name: new[name] for name in ("parameters", "ixl") if name in new}
        stale = frozenset((*OURS, *FOREIGN))
        packed = exif.with_texts(found.exif, own), xmp.with_texts(found.xmp, own)
        return png.replaced(data, stale, new, *packed)
    if found.format == "avif":
        raise UnreadablePicture(
            "An AVIF file cannot be given metadata without encoding its pixels anew; copy to PNG, "
            "WebP or JPEG."
        )
    packed = exif_and_xmp(new, found.format, found.exif, found.xmp)
    return (jpeg if found.format == "jpeg" else webp).replaced(data, *packed)


def exif_and_xmp(
    new: Mapping[str, str], kind: str, old_exif: bytes = b"", old_xmp: bytes = b""
) -> tuple[bytes, bytes]:
    """The texts for a file without text chunks. A JPEG's EXIF is small: what does not fit it
    stands in XMP alone."""
    named = {name: text for name, text in new.items() if name in OURS}
    own = {name: text for name, text in named.items() if name in ("parameters", "ixl")}
    in_exif = (named, own, {"parameters": own.get("parameters", "")}, {})
    for chosen in in_exif if kind == "jpeg" else in_exif[:1]:
        packed = exif.with_texts(old_exif, chosen)
        if kind != "jpeg" or jpeg.fits(packed):
            break
    left = {name: text for name, text in named.items() if name not in chosen}
    return packed, xmp.with_texts(old_xmp, {**own, **left})
