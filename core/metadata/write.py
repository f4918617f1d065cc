"""A picture as a file: encoded with its metadata, written whole or not at all, never over another.

PNG, JPEG and WebP get their metadata after they are encoded, by the same code that `copy` uses;
AVIF while it is.
"""

import errno
import os
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from .picture import check_avif, exif_and_xmp, with_texts

ENDINGS = {"png": ".png", "webp": ".webp", "jpeg": ".jpg", "avif": ".avif"}
LARGEST = {"webp": 16_383, "jpeg": 65_500, "avif": 65_536}  # px of a side (libwebp, Pillow, libavif)
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
        check_avif()
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


def write_new(folder: Path, name: Callable[[int], str], data: bytes, first: int = 1) -> int:
    """Write a file under the first name that is free, from number `first` on; that number.

    Raises ValueError, one sentence, where the disk is full or does not let it.
    """
    part = folder / f".{uuid.uuid4().hex}.tmp"
    number = first
    try:
        part.write_bytes(data)
        while not _put(part, folder / name(number)):
            number += 1
    except OSError as error:
        raise ValueError(_not_written(folder / name(number), len(data), error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return number


def _put(part: Path, target: Path) -> bool:
    """Give the finished file its name; False where there is one of that name."""
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError:  # no hard links here (FAT, some network drives): take the name, then fill it
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        try:
            os.replace(part, target)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    return True


def replace_file(path: Path, data: bytes) -> None:
    """Put new content into a file: it is either the old one or the new one, whatever happens."""
    part = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        part.write_bytes(data)
        with suppress(OSError):
            part.chmod(path.stat().st_mode & 0o777)
        os.replace(part, path)
    except OSError as error:
        raise ValueError(_not_written(path, len(data), error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _not_written(path: Path, size: int, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"{path.name} ({size / 1e6:.1f} MB) was not written: the disk is full; free some of it."
    why = error.strerror or error
    return f"{path.name} was not written to {path.parent} ({why}); check the folder and its rights."
