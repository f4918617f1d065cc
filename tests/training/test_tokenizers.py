"""The tokenizers made of ComfyUI's files, in sd-scripts' place and length."""

import json
import os
from pathlib import Path

import pytest
from ixl.training.tokenizers import FOLDERS, make_tokenizers, tokenizer_source

pytestmark = pytest.mark.skipif("IXL_COMFYUI" not in os.environ, reason="run by tools/dev.py")
PACK = Path(__file__).resolve().parents[2]


def test_both_are_clips_with_77_tokens(tmp_path):
    source = tokenizer_source(PACK)
    made = make_tokenizers(source, tmp_path / "tokenizers")
    assert sorted(p.name for p in made.iterdir()) == sorted(FOLDERS)
    for name in FOLDERS:
        told = json.loads((made / name / "tokenizer_config.json").read_text())
        assert told["model_max_length"] == 77
        assert (made / name / "vocab.json").read_bytes() == (source / "vocab.json").read_bytes()


def test_transformers_takes_them(tmp_path):
    transformers = pytest.importorskip("transformers")
    made = make_tokenizers(tokenizer_source(PACK), tmp_path / "tokenizers")
    tokenizer = transformers.CLIPTokenizer.from_pretrained(str(made / FOLDERS[0]))
    assert tokenizer.model_max_length == 77
    assert tokenizer("a photo").input_ids == [49406, 320, 1125, 49407]


def test_a_folder_without_them_is_refused(tmp_path):
    with pytest.raises(ValueError, match="lacks merges.txt"):
        make_tokenizers(tmp_path, tmp_path / "out")
