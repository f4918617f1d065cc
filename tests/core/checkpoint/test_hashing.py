"""Hashes: hashlib over the whole file is the oracle."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import model_files
import pytest
from ixl.core.background import Stopped, in_background
from ixl.core.checkpoint.files import UnusableFile
from ixl.core.checkpoint.hashing import BLOCK, STEP, hash_file, hash_file_cached
from ixl.core.checkpoint.header import read_header

PYTHON = Path(__file__).resolve().parents[3] / "python"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 999, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
@pytest.mark.parametrize("start", [0, 1, 500, BLOCK, BLOCK + 3])
def test_both_hashes_equal_hashlibs(tmp_path, size, start):
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    found = hash_file(str(tmp_path / "file"), data_start=start)
    assert found.sha256 == digest(content)
    assert found.data_sha256 == (digest(content[start:]) if start else "")
    assert (found.autov2.lower(), len(found.autov2)) == (found.sha256[:10], 10)


def test_autov3_does_not_change_with_the_metadata(tmp_path):
    """`addnet_hash_safetensors` of sd-scripts: SHA-256 of what follows the header."""
    seen = set()
    for title in ("a", "longer"):
        path = model_files.write(tmp_path / title, {"x": (4, 4)}, metadata={"title": title})
        seen.add(hash_file(path, data_start=read_header(path).data_start))
    assert len({h.sha256 for h in seen}) == 2
    assert {h.autov3 for h in seen} == {digest(bytes(32))[:12].upper()}


def test_progress_ends_at_the_end_and_can_stop(tmp_path):
    path, steps = tmp_path / "file", []
    path.write_bytes(bytes(STEP + BLOCK))
    hash_file(str(path), lambda *step: steps.append(step))
    assert steps[-1] == (STEP + BLOCK, STEP + BLOCK) and len(steps) == 2

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_file(str(path), cancel)


def test_a_file_that_changes_meanwhile_has_no_hash(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(STEP + BLOCK))

    def grow(done, total):
        with open(path, "ab") as file:
            file.write(b"x")

    with pytest.raises(UnusableFile, match="written to"):
        hash_file_cached(str(path), tmp_path / "cache", grow)
    assert not list((tmp_path / "cache").glob("*"))


def test_a_second_look_reads_nothing(tmp_path):
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_bytes(b"a" * 1000)

    def fail(done, total):
        raise AssertionError("the file was read again")

    first = hash_file_cached(str(path), cache)
    assert hash_file_cached(str(path), cache, fail) == first
    both = hash_file_cached(str(path), cache, None, 10)  # the data hash was not there yet
    assert both.data_sha256 == digest(b"a" * 990)
    assert hash_file_cached(str(path), cache, fail, 10) == both
    path.write_bytes(b"b" * 1000)
    os.utime(path, ns=(1, 1))
    assert hash_file_cached(str(path), cache).sha256 == digest(b"b" * 1000)


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"\xff", b"[]", b"null", b'{"size": 1}', b'{"a":' * 9999]
)
def test_a_broken_entry_is_made_again(tmp_path, broken):
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_bytes(b"a")
    right = hash_file_cached(str(path), cache)
    (entry,) = cache.glob("*.json")
    entry.write_bytes(broken)
    assert hash_file_cached(str(path), cache) == right
    assert json.loads(entry.read_bytes())["sha256"] == digest(b"a")


def test_an_entry_with_another_hash_form_is_made_again(tmp_path):
    path, cache = tmp_path / "file", tmp_path / "cache"
    path.write_bytes(b"a")
    hash_file_cached(str(path), cache)
    (entry,) = cache.glob("*.json")
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "sha256": "abc"}))
    assert hash_file_cached(str(path), cache).sha256 == digest(b"a")


def test_a_folder_that_cannot_be_written_costs_the_memory_alone(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"a")
    (tmp_path / "cache").write_bytes(b"a file, no folder")
    assert hash_file_cached(str(path), tmp_path / "cache").sha256 == digest(b"a")


HASH_ALL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ixl.core.checkpoint.hashing import hash_file_cached
for path in sorted(Path(sys.argv[2]).glob("*.bin")):
    hash_file_cached(str(path), sys.argv[3])
"""


def test_two_processes_lose_nothing(tmp_path):
    for i in range(40):
        (tmp_path / f"{i}.bin").write_bytes(bytes([i]) * 100)
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", HASH_ALL, str(PYTHON), str(tmp_path), str(cache)]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    entries = [json.loads(entry.read_text()) for entry in cache.iterdir()]
    assert {e["sha256"] for e in entries} == {digest(bytes([i]) * 100) for i in range(40)}


def test_the_background_stops_with_its_caller(tmp_path):
    path, ended = tmp_path / "file", []
    path.write_bytes(bytes(1000))

    def work(on_step):
        try:
            for _ in range(1000):
                hash_file(str(path), on_step)
                time.sleep(0.001)
        except Stopped:
            ended.append("stopped")
            raise

    async def leave():
        task = asyncio.create_task(in_background(work))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())  # waits for the thread
    assert ended == ["stopped"]
