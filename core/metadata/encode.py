"""A picture as the bytes of a file, with its metadata.

PNG, JPEG and WebP get their metadata after they are encoded, by the same code that `copy` uses;
AVIF while it is.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from .avif import check_codec
from .picture import exif_and_xmp, with_texts

LARGEST = {"webp": 16_383, "jpeg": 65_500, "avif": 65_536}  # px: libwebp, libjpeg, libavif
PNG_EFFORT = 4  # as ComfyUI's Save Image


class Encoding(NamedTuple):
    """format: a key of ENDINGS. quality: 1 - 100, of no effect on PNG. lossless: of WebP."""

    format: str = "png"
    quality: int = 95
    lossless: bool = False


def encode(pixels: np.ndarray, how: Encoding, texts: Mapping[str, str]) -> bytes:
    """A file of [H, W, C] bytes (C: 1 grey, 3 RGB, 4 RGBA) with these texts.

    JPEG has no transparency; it is left out. Raises ValueError for a picture that the format cannot
    hold or a Pillow without its codec.
    """
    height, width = pixels.shape[:2]
    most = LARGEST.get(how.format, 0)
    if most and max(width, height) > most:
        raise ValueError(
            f"The picture has {width} x {height} px; {how.format} allows {most} px on a side. "
            "Choose png."
        )
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if how.format == "jpeg" and picture.mode == "RGBA":
        picture = picture.convert("RGB")
    out = BytesIO()
    if how.format == "avif":
        check_codec()
        exif, xmp = exif_and_xmp(texts, "avif")
        picture.save(out, "AVIF", quality=how.quality, subsampling="4:4:4", exif=exif, xmp=xmp)
        return out.getvalue()
    options = {
        "png": {"compress_level": PNG_EFFORT},
        "jpeg": {"quality": how.quality, "subsampling": "4:4:4"},
        "webp": {"quality": how.quality, "lossless": how.lossless, "exact": how.lossless},
    }
    picture.save(out, how.format.upper(), **options[how.format])
    return with_texts(out.getvalue(), texts) if texts else out.getvalue()
