"""The tokenizer against sentencepiece and, where protobuf is installed, against transformers."""

import json

import pytest
from ixl.core.tipo.tokenizer import open_tokenizer

pytest.importorskip("sentencepiece")
tiny_tipo = pytest.importorskip("tiny_tipo")

TEXTS = [
    "rating: safe\ntarget: <|long|> <|tag_to_long|>\ntag: 1girl, long hair\nlong: A girl",
    "tag: 1girl, ^_^, é, 青い",
    "<|long|><|short|>x",
    "target: <|long|>\ntag:",
    "two  spaces",
]


@pytest.fixture(scope="module", params=[True, False])
def folder(request, tmp_path_factory):
    made = tmp_path_factory.mktemp("tokenizer")
    tiny_tipo.write_tokenizer(made, legacy=request.param)
    return made


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back(folder, text):
    tokenizer = open_tokenizer(folder)
    ids = tokenizer.encode(text)
    assert ids[0] == 1  # <s>
    read = tokenizer.decode(ids[1:])
    # the file's rule puts a space before texts, with `legacy` behind every added token too
    assert read.split() == text.replace("|>x", "|> x" if _legacy(folder) else "|>x").split()
    assert [line.strip() for line in read.split("\n")] == [
        line.strip().replace("|>x", "|> x" if _legacy(folder) else "|>x")
        for line in text.split("\n")
    ]


def test_added_tokens_are_one_id_each(folder):
    added = json.loads((folder / "added_tokens.json").read_text())
    tokenizer = open_tokenizer(folder)
    for text, number in added.items():
        assert tokenizer.encode(text) == [1, number]
        assert tokenizer.decode([number]) == text


def test_ids_beyond_the_vocabulary_say_nothing(folder):
    assert open_tokenizer(folder).decode([100_000]) == ""


@pytest.mark.parametrize("text", TEXTS)
def test_ids_are_those_of_transformers(folder, text):
    pytest.importorskip("google.protobuf")  # transformers needs it for this file, ComfyUI does not
    transformers = pytest.importorskip("transformers")
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    assert open_tokenizer(folder).encode(text) == theirs(text).input_ids


def test_tokenizer_json(tmp_path):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "</s>", "<|long|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(tiny_tipo.GENERAL * 5, trainer)
    made.save(str(tmp_path / "tokenizer.json"))
    tokenizer = open_tokenizer(tmp_path)
    assert tokenizer.end == 1
    assert tokenizer.decode(tokenizer.encode(TEXTS[1])) == TEXTS[1]


@pytest.mark.parametrize("content", [None, b"", b"<html>"])
def test_a_damaged_file_is_said(tmp_path, content):
    if content is not None:
        (tmp_path / "tokenizer.model").write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read .* download the model again"):
        open_tokenizer(tmp_path)


def _legacy(folder) -> bool:
    return json.loads((folder / "tokenizer_config.json").read_text())["legacy"]
