"""Runs whose trainer cannot be started, for tests of their folders."""

import pytest
from ixl.training.backend import Backend
from ixl.training.making import make_run
from ixl.training.settings import read_settings
from training_runs import tiny_settings, write_pictures


@pytest.fixture
def make(tmp_path):
    """A function that makes runs; their trainer cannot be started."""
    pictures = write_pictures(tmp_path / "pictures")
    checkpoint = tmp_path / "a.safetensors"
    checkpoint.write_bytes(b"x" * 1000)
    backend = Backend(tmp_path / "sd-scripts", tmp_path / "no python")
    tokenizers = tmp_path / "tokenizers"
    tokenizers.mkdir()
    for name in ("merges.txt", "vocab.json", "special_tokens_map.json", "tokenizer_config.json"):
        (tokenizers / name).write_text("{}")

    def make(name="run", home=tmp_path / "runs", **changes):
        settings = read_settings({**tiny_settings(name, checkpoint, pictures), **changes})
        return make_run(home, settings, backend, tokenizers)

    return make
