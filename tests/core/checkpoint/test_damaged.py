"""Every kind of damage, seen by `identify`: the right answer or one clear sentence, nothing else.

The header's own tests compare its verdicts with the reference implementation; these see to it that
no layer behind it falls over what the header lets through.
"""

import json
import os
import random
import struct
import threading

import model_files
import pytest
from ixl.core.checkpoint.identity import Identity, identify
from model_files import SDXL, UNET, cross_attention

METADATA = {"modelspec.title": "x", "ss_base_model_version": "sdxl_base_v1-0"}
WHOLE = model_files.content(SDXL, metadata=METADATA)
HEADER = 8 + struct.unpack("<Q", WHOLE[:8])[0]
BITS_FLIPPED = 400


@pytest.fixture
def look(tmp_path):
    path = tmp_path / "some.safetensors"

    def looked(content: bytes) -> Identity:
        path.write_bytes(content)
        return sound(identify(str(path)))

    return looked


def sound(found: Identity) -> Identity:
    """Whatever is found, it is said in one line and can be written down."""
    json.dumps(found.as_dict()).encode()
    for text in (found.problem, *found.warnings):
        assert "\n" not in text and len(text) < 800
    assert found.ok != bool(found.problem)
    assert found.ok or found.problem.endswith(".")
    return found


def test_the_right_file_is_recognised(look):
    found = look(WHOLE)
    assert (found.ok, found.kind, found.model) == (True, "checkpoint", "SDXL")


def test_truncated_at_many_offsets(look):
    offsets = {*range(0, 40), *range(40, len(WHOLE), 97), HEADER - 1, HEADER, HEADER + 1}
    for cut in sorted(offsets):
        found = look(WHOLE[:cut])
        assert not found.ok and found.hashes.sha256 == "", cut


def test_a_flipped_bit_in_the_header(look):
    """Where it is still a sound table, it is of another name or text, and the file is judged so."""
    dice, accepted = random.Random(1), 0
    for _ in range(BITS_FLIPPED):
        content = bytearray(WHOLE)
        content[dice.randrange(HEADER)] ^= 1 << dice.randrange(8)
        accepted += look(bytes(content)).ok
    assert 0 < accepted < BITS_FLIPPED / 2


@pytest.mark.parametrize("length", [0, 1, HEADER, len(WHOLE), 1 << 25, 1 << 40, 2**63, 2**64 - 1])
def test_a_wrong_header_length(look, length):
    assert not look(struct.pack("<Q", length) + WHOLE[8:]).ok


@pytest.mark.parametrize(
    ("dtype", "ok", "said"),
    [
        ("BF16", True, ""),
        ("F32", False, "does not fit"),
        ("F17", False, "unknown type 'F17'"),
        ("", False, "unknown type"),
        (7, False, "unknown type '7'"),
        (None, False, "unknown type 'None'"),
        ([], False, "not readable"),
        ("I16", True, "of type i16: quantised"),
    ],
)
def test_a_wrong_number_type(look, dtype, ok, said):
    table = json.loads(WHOLE[8:HEADER])
    for name in table.keys() - {"__metadata__"}:
        table[name]["dtype"] = dtype
    raw = json.dumps(table).encode()
    found = look(struct.pack("<Q", len(raw)) + raw + WHOLE[HEADER:])
    assert found.ok == ok and said in " ".join((found.problem, *found.warnings))


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"x": (1,)},
        {UNET + "joint_blocks.0.x": (2,)},
        cross_attention({1: 1, 4: 1, 7: 1}, 768) | model_files.OUTER,
        cross_attention({4: 2, 7: 10}, 0) | model_files.OUTER,
        {name: (shape[0],) for name, shape in SDXL.items()},
        {name: () for name in SDXL},
        {name + ".bias": shape for name, shape in SDXL.items()},
    ],
)
def test_another_architecture(look, shapes):
    found = look(model_files.content(shapes))
    assert not found.ok and found.model != "SDXL"


@pytest.mark.parametrize(
    "what", ["empty", "folder", "missing", "circle", "device", "error", "name"]
)
def test_what_cannot_be_read(tmp_path, what):
    path = tmp_path / "some.safetensors"
    if what == "empty":
        path.write_bytes(b"")
    elif what == "folder":
        path.mkdir()
    elif what == "circle":
        path.symlink_to(path)
    elif what in ("device", "error"):
        path = {"device": "/dev/zero", "error": "/proc/self/mem"}[what]
        if not os.path.exists(path):
            pytest.skip(f"there is no {path} here")
    elif what == "name":
        path = tmp_path / ("x" * 5000)
    assert not sound(identify(str(path))).ok


def test_a_file_that_is_written_while_it_is_read(tmp_path):
    """Header and hash see different states of it: all right, damaged or changed, nothing else."""
    path, stop, seen = tmp_path / "some.safetensors", threading.Event(), set()

    def write():
        while not stop.is_set():
            with open(path, "wb", buffering=0) as file:
                for start in range(0, len(WHOLE), 4096):
                    file.write(WHOLE[start : start + 4096])

    path.write_bytes(WHOLE)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(300):
            seen.add(sound(identify(str(path))).ok)
    finally:
        stop.set()
        writer.join()
    assert False in seen
