"""Finished passes on disk: found again, never half, and not for ever."""

import os

import pytest

torch = pytest.importorskip("torch")

from ixl.core.tiling import pass_store  # noqa: E402
from ixl.core.tiling.pass_store import first_key, load_pass, next_key, save_pass  # noqa: E402


def test_a_pass_comes_back_bit_for_bit(tmp_path):
    latent = torch.randn(2, 4, 24, 32)
    save_pass(tmp_path, "a" * 64, latent)
    assert torch.equal(load_pass(tmp_path, "a" * 64), latent)
    assert [path.name for path in tmp_path.iterdir()] == ["a" * 64 + ".safetensors"]


def test_what_is_not_there_is_none(tmp_path):
    assert load_pass(tmp_path, "b" * 64) is None


@pytest.mark.parametrize("content", [b"", b"\x00" * 7, b"not a tensor file", b"\xff" * 64])
def test_a_damaged_file_is_none(tmp_path, content):
    (tmp_path / "c.safetensors").write_bytes(content)
    assert load_pass(tmp_path, "c") is None
    save_pass(tmp_path, "c", torch.ones(1, 4, 8, 8))
    assert torch.equal(load_pass(tmp_path, "c"), torch.ones(1, 4, 8, 8))


def test_every_length_of_a_cut_file_is_none(tmp_path):
    save_pass(tmp_path, "d", torch.randn(1, 4, 8, 8))
    whole = (tmp_path / "d.safetensors").read_bytes()
    for length in range(0, len(whole), 37):
        (tmp_path / "d.safetensors").write_bytes(whole[:length])
        assert load_pass(tmp_path, "d") is None


def test_keys_depend_on_values_and_form_a_chain():
    start = torch.randn(1, 4, 8, 8)
    key = first_key("graph", start)
    assert key == first_key("graph", start.clone())
    assert key != first_key("graph", start + 1e-6)
    assert key != first_key("other graph", start)
    assert first_key("graph", start.reshape(1, 4, 4, 16)) != key
    assert next_key(key, 1024, 0.5) == next_key(key, 1024, 0.5)
    assert len({next_key(key, 1024, 0.5), next_key(key, 1024, 0.4), next_key("x", 1024, 0.5)}) == 3


def test_the_oldest_go_when_the_folder_is_full(tmp_path, monkeypatch):
    one = torch.randn(1, 4, 32, 32)
    save_pass(tmp_path, "first", one)
    size = (tmp_path / "first.safetensors").stat().st_size
    monkeypatch.setattr(pass_store, "KEEP_BYTES", 3 * size)
    os.utime(tmp_path / "first.safetensors", (1, 1))
    for age, name in enumerate(("second", "third", "fourth"), start=2):
        save_pass(tmp_path, name, one)
        os.utime(tmp_path / f"{name}.safetensors", (age, age))
    assert {path.stem for path in tmp_path.iterdir()} == {"second", "third", "fourth"}
    load_pass(tmp_path, "second")  # used again: the youngest now
    save_pass(tmp_path, "fifth", one)
    assert {path.stem for path in tmp_path.iterdir()} == {"second", "fourth", "fifth"}


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pass_store, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        save_pass(tmp_path, "e", torch.ones(1, 4, 8, 8))
    assert list(tmp_path.iterdir()) == []
