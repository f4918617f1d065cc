"""What lies in an AVIF file, through Pillow.

Its metadata can only be given when it is encoded (write.py): its boxes point at each other by their
positions in the file.
"""

from io import BytesIO
from typing import BinaryIO

from PIL import Image, features

from .exif import HEAD
from .found import Found, UnreadablePicture

MOST_BYTES = 256 << 20  # Pillow reads the whole file


def read(file: BinaryIO) -> Found:
    """What an AVIF file holds; its pixels are not decoded. Raises UnreadablePicture."""
    check_codec()
    file.seek(0)
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UnreadablePicture(
            f"The AVIF file has more than {MOST_BYTES >> 20} MB; none are read."
        )
    try:
        with Image.open(BytesIO(data), formats=("AVIF",)) as picture:
            told = picture.info
            found = Found("avif", *picture.size, {}, told.get("exif", b""), told.get("xmp", b""))
    except (Image.DecompressionBombError, OSError, ValueError, RuntimeError) as error:
        raise UnreadablePicture("The AVIF file is damaged; copy or download it again.") from error
    return found._replace(exif=found.exif.removeprefix(HEAD))


def check_codec() -> None:
    """Raises UnreadablePicture where Pillow has no AVIF codec."""
    if not features.check("avif"):
        raise UnreadablePicture(
            "This Pillow has no AVIF codec; install a newer one (pip install -U 'Pillow>=11.3') or "
            "use WebP."
        )
