"""The header of a .safetensors file, read and checked without loading a tensor.

Format: 8 bytes little-endian header length, a JSON table {name: {dtype, shape, data_offsets}}, then
the data (github.com/huggingface/safetensors, README "Format"). Accepts nothing that the reference
implementation refuses; stricter than it about names that come twice. What is no .safetensors file
is named as far as its first bytes tell; a pickle is never opened.
"""

import json
import struct
from typing import BinaryIO, NamedTuple

from .files import UnusableFile, open_model

# Of a checkpoint's header it is about 0.3 MB, with a workflow and a preview inside some MB. The
# reference implementation allows 100 MB, which as Python objects would be gigabytes.
MAX_HEADER_BYTES = 32 << 20
LARGEST = 2**64 - 1  # of an offset or a number of elements: the reference counts in 64 bits

# Bits of one element. safetensors 0.8, `Dtype`.
BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
}  # fmt: skip

_CONVERT = (
    "opening one can run code, so it is never opened here. Use the .safetensors version of the "
    "model, or convert it with a tool that you trust."
)
_AGAIN = "Download it again."
# First bytes of what people have under the name of a model.
FOREIGN = (
    (b"PK\x03\x04", f"This is a PyTorch pickle file (.ckpt, .pt, .bin); {_CONVERT}"),
    (b"\x80\x02", f"This is a Python pickle file (.ckpt, .pt, .bin); {_CONVERT}"),
    (b"GGUF", "This is a GGUF file; load it with a GGUF loader, or use the .safetensors version."),
    (b"version http", f"This is a Git LFS pointer, not the model that it points to. {_AGAIN}"),
    (b"<!DOCTYP", f"This is a web page, saved under the name of a model. {_AGAIN}"),
    (b"<!doctyp", f"This is a web page, saved under the name of a model. {_AGAIN}"),
    (b"<html", f"This is a web page, saved under the name of a model. {_AGAIN}"),
    (b'{"', f"This is a JSON text such as an error message of a server, no model. {_AGAIN}"),
)


class Header(NamedTuple):
    """Tensor table {name: (dtype, shape)}, free-form metadata, where the data begins, file size.

    starts: where each tensor's bytes begin, counted from data_start.
    """

    tensors: dict[str, tuple[str, tuple[int, ...]]]
    metadata: dict[str, str]
    data_start: int
    size: int
    starts: dict[str, int]


class DamagedFile(UnusableFile):
    """The file is no complete .safetensors file; the text is one sentence for the user."""


def read_header(path: str) -> Header:
    """The checked header. Raises UnusableFile, or OSError when the file cannot be read at all."""
    with open_model(path) as (file, size):
        return parse_header(file, size)


def parse_header(file: BinaryIO, size: int) -> Header:
    """The checked header of a file of `size` bytes, read from its start. Raises DamagedFile."""
    raw = _raw_header(file, size)
    try:
        table = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_once,
            parse_int=_natural,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
        metadata = _check_metadata(table.pop("__metadata__", None))
        tensors, starts = _check_table(table, size - 8 - len(raw))
    except DamagedFile:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise DamagedFile(
            f"The header is not readable as a tensor table; the file is damaged. {_AGAIN}"
        ) from None
    return Header(tensors, metadata, 8 + len(raw), size, starts)


def _raw_header(file: BinaryIO, size: int) -> bytes:
    """The bytes of the JSON table; nothing is read before its length is known to be possible."""
    start = file.read(12)
    for magic, sentence in FOREIGN:
        if start.startswith(magic) and not _sound_length(start, size):
            raise DamagedFile(sentence)
    if size < 10 or len(start) < 10:
        raise DamagedFile(f"The file holds {size} bytes, too few for a .safetensors file. {_AGAIN}")
    (length,) = struct.unpack("<Q", start[:8])
    if length > size - 8:
        raise DamagedFile(
            f"The header claims {length} bytes but the file holds {size}; it is no .safetensors "
            f"file or it is cut off. {_AGAIN}"
        )
    if length > MAX_HEADER_BYTES:
        raise DamagedFile(
            f"The header claims {length} bytes; at most {MAX_HEADER_BYTES} are read and a "
            f"checkpoint has about 300,000. The file is damaged or no image model. {_AGAIN}"
        )
    if start[8:9] != b"{":
        raise DamagedFile(f"There is no tensor table at the start; the file is damaged. {_AGAIN}")
    file.seek(8)
    raw = file.read(length)
    if len(raw) != length:
        raise DamagedFile(f"The header ends after {len(raw)} of {length} bytes. {_AGAIN}")
    return raw


def _sound_length(start: bytes, size: int) -> bool:
    """Whether the first bytes can be a header length: a length may look like a foreign file."""
    length = int.from_bytes(start[:8], "little")
    return start[8:9] == b"{" and length <= min(size - 8, MAX_HEADER_BYTES)


def _once(pairs: list[tuple[str, object]]) -> dict:
    """A JSON object whose names are different and can be written down."""
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        name = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise DamagedFile(f"The name {_shown(name)} stands twice in the header. {_AGAIN}")
    for name in table:
        name.encode()  # lone surrogates: no text that could be printed
    return table


def _natural(text: str) -> int:
    number = int(text) if len(text) <= 20 and text[0] != "-" else LARGEST + 1
    if number > LARGEST:
        raise ValueError(text[:20])
    return number


def _no_number(text: str) -> None:
    raise ValueError(text[:20])


def _check_metadata(metadata: object) -> dict[str, str]:
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        raise TypeError
    for value in metadata.values():
        value.encode()  # AttributeError: no text
    return metadata


def _check_table(
    table: dict, data_bytes: int
) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, int]]:
    """The tensors and where they begin; they must fill the data without a gap or an overlap."""
    tensors, spans = {}, []
    for name, entry in table.items():
        dtype, shape = entry["dtype"], tuple(entry["shape"])
        first, last = entry["data_offsets"]
        _check_tensor(name, dtype, shape, first, last)
        tensors[name] = dtype, shape
        spans.append((first, last, name))
    end = 0
    for first, last, name in sorted(spans):
        if first != end:
            what = "overlaps the one before it" if first < end else "follows a gap"
            raise DamagedFile(
                f"Tensor {_shown(name)} {what} in the data; the file is damaged. {_AGAIN}"
            )
        end = last
    if end != data_bytes:
        what = "cut off" if end > data_bytes else "followed by foreign data"
        raise DamagedFile(
            f"The tensors need {end} bytes but the file holds {data_bytes}; it is {what}. {_AGAIN}"
        )
    return tensors, {name: first for first, _, name in spans}


def _check_tensor(name: str, dtype: str, shape: tuple, first: int, last: int) -> None:
    if dtype not in BITS:
        raise DamagedFile(
            f"Tensor {_shown(name)} has the unknown type {_shown(str(dtype))}; the file is damaged "
            f"or newer than this version of the pack. {_AGAIN}"
        )
    if any(type(n) is not int for n in (*shape, first, last)):
        raise TypeError
    elements = 1
    for n in shape:
        elements *= n
        if elements > LARGEST:
            break
    if first > last or elements > LARGEST or elements * BITS[dtype] != 8 * (last - first):
        raise DamagedFile(
            f"Tensor {_shown(name)} of shape {_shown(list(shape))} and type {dtype} does not fit "
            f"its {last - first} bytes; the file is damaged. {_AGAIN}"
        )


def _shown(value: object) -> str:
    """A name from the file, short and on one line."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
