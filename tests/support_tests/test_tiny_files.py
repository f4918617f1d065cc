"""The tiny model files by themselves: same bytes every time, sound numbers, built once."""

import hashlib
import json

import pytest
import tiny

torch = pytest.importorskip("torch")


def test_same_bytes_when_built_again(tmp_path, monkeypatch):
    first = hashlib.sha256(tiny.tiny_file(tiny.CHECKPOINT).read_bytes()).hexdigest()
    monkeypatch.setenv("IXL_CACHE", str(tmp_path))
    torch.manual_seed(7)  # the global generator must not matter
    again = tiny.tiny_file(tiny.CHECKPOINT)
    assert again.is_relative_to(tmp_path)
    assert hashlib.sha256(again.read_bytes()).hexdigest() == first
    assert [p.name for p in again.parent.iterdir()] == [tiny.CHECKPOINT]  # no part left


def test_built_once(tmp_path, monkeypatch):
    monkeypatch.setenv("IXL_CACHE", str(tmp_path))
    path = tiny.tiny_file(tiny.LORA)
    before = path.stat().st_mtime_ns
    assert tiny.tiny_file(tiny.LORA) == path
    assert path.stat().st_mtime_ns == before


def test_header_has_no_metadata():
    with tiny.tiny_file(tiny.CHECKPOINT).open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    assert "__metadata__" not in header
    assert {entry["dtype"] for entry in header.values()} == {"F32"}


@pytest.mark.parametrize(
    "name", [tiny.CHECKPOINT, tiny.CONTROLNET, tiny.LORA, tiny.WRONG_BASE_LORA]
)
def test_numbers_are_sound(name):
    for key, tensor in tiny.BUILDERS[name]().items():
        assert torch.isfinite(tensor).all(), key
        assert tensor.abs().max() < 30 or "time_embed.0" in key, key
        if key.endswith("weight"):
            assert tensor.abs().max() > 0, key


def test_half_precision_is_the_same_model():
    whole, half = tiny.checkpoint_weights(), tiny.BUILDERS[tiny.CHECKPOINT_FP16]()
    assert whole.keys() == half.keys()
    for key, tensor in half.items():
        assert tensor.dtype == torch.float16
        assert torch.isfinite(tensor).all(), key
        assert torch.allclose(tensor.float(), whole[key], rtol=1e-3, atol=1e-6), key
