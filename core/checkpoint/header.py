"""The header of a .safetensors file, read and checked without loading a tensor.

Format: 8 bytes little-endian header length, a JSON table {name: {dtype, shape, data_offsets}}, then
the data (github.com/huggingface/safetensors, README "Format").
"""

import json
import os
import struct
from typing import NamedTuple

# The reference implementation refuses longer headers; a checkpoint's is about 0.3 MB.
MAX_HEADER_BYTES = 100_000_000


class Header(NamedTuple):
    """Tensor table {name: (dtype, shape)} and the free-form metadata."""

    tensors: dict[str, tuple[str, tuple[int, ...]]]
    metadata: dict[str, str]


class DamagedFile(ValueError):
    """The file is no complete .safetensors file; the text is one sentence for the user."""


def read_header(path: str) -> Header:
    """The checked header. Raises DamagedFile, or OSError when the file cannot be read at all."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        start = file.read(8)
        if len(start) < 8:
            raise DamagedFile(
                f"The file holds {size} bytes, too few for a .safetensors file; download it again."
            )
        (length,) = struct.unpack("<Q", start)
        if length > MAX_HEADER_BYTES or length + 8 > size:
            raise DamagedFile(
                f"The header claims {length} bytes but the file holds {size}; it is no "
                ".safetensors file or it is cut off. Download it again."
            )
        raw = file.read(length)
    try:
        table = json.loads(raw)
        return _check_table(table, size - 8 - length)
    except DamagedFile:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DamagedFile(
            "The header is not readable as a tensor table; the file is damaged. Download it again."
        ) from None


def _check_table(table: dict, data_bytes: int) -> Header:
    metadata = table.pop("__metadata__", {})
    tensors, end = {}, 0
    for name, entry in table.items():
        first, last = entry["data_offsets"]
        if not 0 <= first <= last:
            raise DamagedFile(f"Tensor '{name}' has a negative size; the file is damaged.")
        end = max(end, last)
        tensors[name] = str(entry["dtype"]), tuple(int(n) for n in entry["shape"])
    if end != data_bytes:
        what = "cut off" if end > data_bytes else "followed by foreign data"
        raise DamagedFile(
            f"The tensors need {end} bytes but the file holds {data_bytes}; it is {what}. "
            "Download it again."
        )
    return Header(tensors, {str(k): str(v) for k, v in metadata.items()})
