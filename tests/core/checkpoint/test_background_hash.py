"""Hashing behind the scenes: one at a time, shared, given up when another file is wanted."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import model_files
import pytest
from ixl.core.checkpoint import background_hash, hashing
from ixl.core.checkpoint.background_hash import BackgroundHasher, look
from ixl.core.checkpoint.hashing import STEP, hash_file_cached, remembered_hashes
from ixl.core.checkpoint.profiles import PROFILES

PYTHON = Path(__file__).resolve().parents[3] / "python"


@pytest.fixture
def large(tmp_path):
    """A function that makes a file of so many steps of progress, sparse."""

    def made(name: str, steps: int) -> str:
        path = tmp_path / name
        with open(path, "wb") as file:
            file.truncate(steps * STEP)
        return str(path)

    return made


@pytest.fixture
def cache(tmp_path):
    return str(tmp_path / "hashes")


def until(reached, seconds=60.0):
    limit = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < limit, "not reached in time"
        time.sleep(0.005)
    return found


def test_a_hash_is_waited_for_runs_and_is_known(large, cache):
    path, hasher, seen = large("a", 8), BackgroundHasher(lambda: cache), []
    while not hasher.known(path):
        seen.append(hasher.want(path))
        time.sleep(0.002)
    assert {progress.state for progress in seen} <= {"waiting", "running"}
    done = [progress.done for progress in seen if progress.state == "running"]
    assert done == sorted(done) and done[-1] > 0
    assert {progress.total for progress in seen if progress.done} == {8 * STEP}
    expected = hashlib.sha256(bytes(8 * STEP)).hexdigest()
    assert hasher.known(path).sha256 == expected == remembered_hashes(path, cache).sha256


def test_one_at_a_time_in_the_order_of_asking(large, cache):
    paths = [large(name, 4) for name in "abc"]
    hasher, ended = BackgroundHasher(lambda: cache), []
    while len(ended) < len(paths):
        left = [path for path in paths if path not in ended]
        running = [path for path in left if hasher.want(path).state == "running"]
        assert all(hasher.known(path) for path in running[:-1])  # ended between two questions
        ended += [path for path in left if hasher.known(path)]
        assert len([thread for thread in threading.enumerate() if thread.name == "ixl-hash"]) <= 1
    assert ended == paths
    until(lambda: all(thread.name != "ixl-hash" for thread in threading.enumerate()))


def test_a_file_that_nobody_asks_about_gives_way(large, cache):
    left, wanted = large("left", 200), large("wanted", 1)
    hasher = BackgroundHasher(lambda: cache, patience=0.05)
    until(lambda: hasher.want(left).done > 0)
    until(lambda: hasher.known(wanted) or not hasher.want(wanted))
    assert remembered_hashes(left, cache) is None


def test_without_another_file_it_is_hashed_to_its_end(large, cache):
    path, hasher = large("a", 12), BackgroundHasher(lambda: cache, patience=0.05)
    until(lambda: hasher.want(path).done > 0)
    until(lambda: remembered_hashes(path, cache))


def test_a_file_that_changes_has_no_hash_until_it_rests(large, cache):
    path, hasher = large("a", 6), BackgroundHasher(lambda: cache)
    until(lambda: hasher.want(path).done > 0)
    before = Path(path).stat()
    with open(path, "r+b") as file:
        file.write(b"x")
    assert Path(path).stat().st_mtime_ns != before.st_mtime_ns
    until(lambda: hasher.known(path) or not hasher.want(path))
    assert hasher.known(path).sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_file_that_cannot_be_read_has_a_reason(tmp_path, cache):
    hasher = BackgroundHasher(lambda: cache)
    found = until(lambda: (p := hasher.want(str(tmp_path))).state == "none" and p)
    assert "folder" in found.why
    assert hasher.want(str(tmp_path)) == found  # and is not tried again


def test_a_cache_that_cannot_be_written_costs_nothing_but_the_memory(large, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    path, hasher = large("a", 1), BackgroundHasher(lambda: str(tmp_path / "file"))
    until(lambda: hasher.known(path) or not hasher.want(path))


def test_a_loader_joins_a_hash_that_runs(large, cache):
    path, hasher, steps = large("a", 16), BackgroundHasher(lambda: cache), []
    far = until(lambda: (p := hasher.want(path)).done > 4 * STEP and p)
    found = hash_file_cached(path, cache, lambda *step: steps.append(step))
    assert steps[0][0] >= far.done and steps[0][1] == 16 * STEP
    assert found == remembered_hashes(path, cache)


def test_who_waits_takes_over_from_one_that_was_stopped(large, cache):
    path, started, done = large("a", 8), threading.Event(), []

    def stopped(*_):
        started.set()
        if done:
            raise KeyboardInterrupt

    def first():
        with pytest.raises(KeyboardInterrupt):
            hash_file_cached(path, cache, stopped)

    thread = threading.Thread(target=first)
    thread.start()
    started.wait()
    found = hash_file_cached(path, cache, lambda *step: done.append(step))
    thread.join()
    assert found.sha256 == hashlib.sha256(bytes(8 * STEP)).hexdigest()
    assert not [key for key in hashing._running if key[0] == path]


def test_who_waits_can_stop(large, cache):
    path, hasher = large("a", 16), BackgroundHasher(lambda: cache)
    until(lambda: hasher.want(path).done > 0)

    def cancel(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_file_cached(path, cache, cancel)
    assert hasher.want(path).state == "running"


END = """
import sys, time
sys.path.insert(0, sys.argv[1])
from ixl.core.checkpoint.background_hash import BackgroundHasher
hasher = BackgroundHasher(lambda: sys.argv[3])
while not hasher.want(sys.argv[2]).done:
    time.sleep(0.01)
print("ended", flush=True)
"""


def test_the_thread_ends_with_the_process(large, cache):
    path = large("a", 2000)  # 64 GB, far more than can be hashed meanwhile
    command = [sys.executable, "-c", END, str(PYTHON), path, cache]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_a_look_is_at_once_and_then_has_the_hash(tmp_path, cache):
    path = model_files.write(tmp_path / "Illustrious-XL-v1.0.safetensors", model_files.SDXL)
    hasher = BackgroundHasher(lambda: cache)
    identity, progress = look(path, hasher)
    assert (identity.version, identity.hashes.sha256) == ("v1.0", "")
    assert progress.state in ("waiting", "running")
    identity, progress = until(lambda: (f := look(path, hasher))[1].state == "known" and f)
    assert identity.hashes.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_a_look_that_waits_for_its_hash_is_renewed_when_the_file_changes(large, tmp_path, cache):
    """A hash that takes long runs before, so that this file waits all the time."""
    hasher = BackgroundHasher(lambda: cache)
    path = model_files.write(tmp_path / "Illustrious-XL-v1.0.safetensors", model_files.SDXL)
    busy = large("busy", 400)
    until(lambda: hasher.want(busy).done > 0)
    first, progress = look(path, hasher)
    assert progress.state == "waiting" and look(path, hasher) == (first, progress)
    model_files.write(path := Path(path), {**model_files.SDXL, "v_pred": (0,)}, "F32")
    hasher.want(busy)
    assert look(str(path), hasher)[0].objective == "v-prediction"
    mine = {"sdxl": PROFILES["sdxl"]._replace(family="illustrious", version="v1.0")}
    mine |= {name: profile for name, profile in PROFILES.items() if name != "sdxl"}
    hasher.want(busy)
    assert look(str(path), hasher, mine)[0].profile == "sdxl"
    path.write_bytes(b"<html>")
    assert "web page" in look(str(path), hasher)[0].problem
    path.unlink()
    assert "cannot be read" in look(str(path), hasher)[0].problem
    os.truncate(busy, 0)  # ends its hash


def test_a_look_at_a_lora_wants_both_hashes(tmp_path, cache):
    shapes = {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 2048)
    }
    path = model_files.write(tmp_path / "lora.safetensors", shapes)
    hash_file_cached(path, cache)  # the whole file alone
    hasher = BackgroundHasher(lambda: cache)
    identity, _ = until(lambda: (f := look(path, hasher))[1].state == "known" and f)
    assert identity.kind == "lora" and identity.hashes.autov3


@pytest.mark.parametrize("content", [b"", b"<html>nothing</html>"])
def test_nothing_is_hashed_of_a_bad_file(tmp_path, cache, content):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    identity, progress = look(str(path), BackgroundHasher(lambda: cache))
    assert not identity.ok and progress == background_hash.HashProgress("none")
