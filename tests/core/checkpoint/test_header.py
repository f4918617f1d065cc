"""Header: the safetensors library is the oracle. What it refuses, we refuse."""

import io
import json
import os
import random
import struct
import threading
import tracemalloc

import model_files
import pytest
import safetensors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ixl.core.checkpoint.files import UnusableFile
from ixl.core.checkpoint.header import MAX_HEADER_BYTES, DamagedFile, parse_header, read_header

SMALL = {"a": (2, 3), "bc": (), "d.weight": (0, 5), "e": (4,)}
WHOLE = model_files.content(SMALL, "F16", {"modelspec.title": "x", "ü": "\u6f22"})


def header_of(content: bytes):
    return parse_header(io.BytesIO(content), len(content))


def verdict(content: bytes):
    """{name: (dtype, shape)}, or the sentence of the refusal."""
    try:
        return header_of(content).tensors
    except DamagedFile as error:
        text = str(error)
        assert text.endswith(".") and "\n" not in text and len(text) < 600, text
        return text


def reference(content: bytes):
    try:
        tensors = safetensors.deserialize(content)
    except (safetensors.SafetensorError, ValueError):  # ValueError: names that are no UTF-8
        return None
    return {name: (info["dtype"], tuple(info["shape"])) for name, info in tensors}


def agree(content: bytes) -> bool:
    """Whether the file was accepted; what we accept must be what the reference reads."""
    ours = verdict(content)
    if isinstance(ours, str):
        return False
    assert reference(content) == ours, content
    return True


def pack(table, data: bytes = b"") -> bytes:
    raw = table if isinstance(table, bytes) else json.dumps(table).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def entry(first, last, shape=None, dtype="U8"):
    shape = [last - first] if shape is None else shape
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


def test_a_sound_file_reads_as_the_reference_reads_it():
    assert agree(WHOLE)
    assert header_of(WHOLE).metadata == {"modelspec.title": "x", "ü": "\u6f22"}


def test_every_truncation_and_extension_is_damage():
    for cut in range(len(WHOLE)):
        assert not agree(WHOLE[:cut]), cut
    assert not agree(WHOLE + b"\0")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "too few"),
        (struct.pack("<Q", 2**63) + b"{}", "cut off"),
        (struct.pack("<Q", 2) + b"[]", "no tensor table"),
        (pack(b" {}"), "no tensor table"),
        (pack(b"{" + b" " * 20), "not readable"),
        (pack(b'{"a": "b"}'), "not readable"),
        (pack(b'{"\xff": 1}'), "not readable"),
        (pack(b'{"\\ud800": null}'), "not readable"),
        (pack(b'{"a":' * 100_000), "not readable"),
        (pack({"a": entry(-4, 0)}), "not readable"),
        (pack(b'{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}', b"1"), "not readable"),
        (pack(b'{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}', b"1"), "not readable"),
        (pack(b'{"a":{"dtype":"U8","shape":[%s],"data_offsets":[0,1]}}' % (b"9" * 9999)), "not re"),
        (pack({"__metadata__": {"a": 1}}), "not readable"),
        (pack(b'{"a":%s,"a":%s}' % ((json.dumps(entry(0, 1)).encode(),) * 2), b"1"), "twice"),
        (pack({"a": entry(0, 1), "b": entry(2, 3)}, b"123"), "gap"),
        (pack({"a": entry(0, 2), "b": entry(1, 3)}, b"123"), "overlaps"),
        (pack({"a": entry(1, 2)}, b"12"), "gap"),
        (pack({"a": entry(0, 2)}, b"1"), "cut off"),
        (pack({"a": entry(0, 2)}, b"123"), "foreign data"),
        (pack({"a": entry(0, 2, [1])}, b"12"), "does not fit"),
        (pack({"a": entry(0, 0, [2**40, 2**40, 0])}), "does not fit"),
        (pack({"a": entry(2, 0, [0])}, b"12"), "does not fit"),
        (pack({"a": entry(0, 2, [1], "F17")}, b"12"), "unknown type"),
        (b"PK\x03\x04" + bytes(99), "pickle"),
        (b"\x80\x02}q\x00" + bytes(99), "pickle"),
        (b"GGUF" + bytes(99), "GGUF"),
        (b"version https://git-lfs.github.com/spec/v1\n", "LFS"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'{"error": "unauthorized"}', "JSON"),
    ],
)
def test_damage_is_named(content, said):
    assert said in verdict(content)
    assert reference(content) is None or "twice" in said or content == pack(b" {}")


def test_a_length_that_looks_like_a_pickle_is_a_length():
    raw = json.dumps({"a": entry(0, 1)}).encode()
    raw += b" " * (0x0280 - len(raw))
    content = struct.pack("<Q", len(raw)) + raw + b"1"
    assert content.startswith(b"\x80\x02") and agree(content)


def test_huge_lengths_allocate_nothing(tmp_path):
    path = tmp_path / "huge.safetensors"
    with open(path, "wb") as file:  # sparse: takes no room
        file.write(struct.pack("<Q", MAX_HEADER_BYTES + 1) + b"{")
        file.truncate(1 << 30)
    tracemalloc.start()
    with pytest.raises(DamagedFile, match="at most"):
        read_header(str(path))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_what_is_no_file(tmp_path):
    with pytest.raises(UnusableFile, match="folder"):
        read_header(str(tmp_path))
    with pytest.raises(UnusableFile, match="zero character"):
        read_header("a\0b")
    with pytest.raises(FileNotFoundError):
        read_header(str(tmp_path / "nothing"))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(UnusableFile, match="pipe"):
            read_header(str(tmp_path / "pipe"))


def test_a_file_that_is_being_written(tmp_path):
    """A writer appends all the time: sound, damaged or changed, but never anything else."""
    path, stop = tmp_path / "growing.safetensors", threading.Event()
    path.write_bytes(WHOLE[:9])

    def grow():
        while not stop.is_set():
            with open(path, "wb", buffering=0) as file:
                for byte in range(9, len(WHOLE)):
                    file.write(WHOLE[: byte + 1] if byte == 9 else WHOLE[byte : byte + 1])

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        for _ in range(300):
            try:
                assert set(read_header(str(path)).tensors) == set(SMALL)
            except UnusableFile as error:
                assert str(error).endswith(".")
    finally:
        stop.set()
        writer.join()


def mutations(seed: int, number: int):
    """Sound headers with bits flipped, bytes changed, removed, doubled, numbers exchanged."""
    dice = random.Random(seed)
    length = struct.unpack("<Q", WHOLE[:8])[0] + 8
    for _ in range(number):
        content = bytearray(WHOLE)
        for _ in range(dice.choice((1, 1, 1, 2, 5))):
            at = dice.randrange(min(length, len(content)) if dice.random() < 0.95 else len(content))
            kind = dice.randrange(5)
            if kind == 0:
                content[at] ^= 1 << dice.randrange(8)
            elif kind == 1:
                content[at] = dice.randrange(256)
            elif kind == 2:
                content[at] = dice.choice(b'0123456789"{}[]:,\\ -.eEnt')
            elif kind == 3:
                content[at:at] = content[at : at + dice.randrange(40)]
            else:
                del content[at : at + dice.randrange(40)]
            if len(content) < 16:
                break
        if dice.random() < 0.5:  # keep the length right, so that the JSON is what is tested
            grown = len(content) - len(WHOLE)
            content[:8] = struct.pack("<Q", max(0, length - 8 + grown))
        yield bytes(content)


def fuzz(seed: int, number: int) -> int:
    return sum(agree(content) for content in mutations(seed, number))


def test_fuzz():
    assert 0 < fuzz(1, 5_000) < 4_000


@pytest.mark.prove
def test_fuzz_at_length():
    assert 0 < fuzz(2, 200_000) < 160_000


SIZES = st.integers(0, 4) | st.integers(0, 2**64)


@settings(suppress_health_check=[HealthCheck.too_slow])  # of the machine, not of the parser
@given(
    st.dictionaries(
        st.text(max_size=3),
        st.fixed_dictionaries(
            {
                "dtype": st.sampled_from(["U8", "F16", "F4", "F8_E4M3", "X", ""]),
                "shape": st.lists(SIZES, max_size=3),
                "data_offsets": st.lists(SIZES, min_size=2, max_size=2),
            }
        ),
        max_size=3,
    ),
    st.binary(max_size=8),
)
def test_any_table_is_judged_as_the_reference_judges_it(table, data):
    content = pack(table, data)
    assert agree(content) == (reference(content) is not None)
