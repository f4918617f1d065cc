"""A1111's text: what we write is read by A1111's own grammar; what others write is read by us."""

import time

import infotext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.metadata.parameters import Parameters, parse, parse_fields, write
from picture_strategies import prompts, texts

A1111 = """1girl, solo, (hat:1.2), <lora:style v2:0.8>
<lora:other:1:0.5>, outdoors
Negative prompt: lowres, "text",
bad hands
Steps: 28, Sampler: Euler a, Schedule type: Karras, CFG scale: 5.5, Seed: 965400086, Size: 832x1216, Model hash: 45dee52bff, Model: illustriousXL_v01, VAE hash: 235745af8d, VAE: sdxl_vae.safetensors, Denoising strength: 0.4, Clip skip: 2, Hires upscale: 1.5, Hires steps: 10, Hires upscaler: 4x-UltraSharp, Lora hashes: "style v2: 1a2b3c4d5e6f, other: aabbccddeeff", TI hashes: "bad: 0011223344", Version: v1.10.1, Hashes: {"model": "45dee52bff", "lora:style v2": "9988776655", "embed:bad": "0011223344"}"""  # noqa: E501


def test_a_text_of_a1111():
    found = parse(A1111)
    assert (
        found.positive
        == "1girl, solo, (hat:1.2), <lora:style v2:0.8>\n<lora:other:1:0.5>, outdoors"
    )
    assert found.negative == 'lowres, "text",\nbad hands'
    assert found.fields["Sampler"] == "Euler a"
    assert found.fields["Lora hashes"] == "style v2: 1a2b3c4d5e6f, other: aabbccddeeff"
    assert found.fields["Hashes"].endswith('"embed:bad": "0011223344"}')
    assert list(found.fields)[:3] == ["Steps", "Sampler", "Schedule type"]


@pytest.mark.parametrize(
    ("text", "positive", "negative", "fields"),
    [
        ("", "", "", {}),
        ("a cat, a dog", "a cat, a dog", "", {}),
        ("Negative prompt: x", "", "x", {}),
        ("a\r\nNegative prompt: b\r\nSteps: 1, Seed: 2, Size: 3x4", "a", "b",
         {"Steps": "1", "Seed": "2", "Size": "3x4"}),
        # a prompt whose last line only looks like fields
        ("(a:1.1), (b:1.2), (c:1.3)", "(a:1.1), (b:1.2), (c:1.3)", "", {}),
        ("artist:wlop, series:x, rating:safe", "artist:wlop, series:x, rating:safe", "", {}),
        # one field is enough where it says Steps; Dynamic Prompts writes behind the fields
        ("a\nSteps: 20", "a", "", {"Steps": "20"}),
        ("a\nSteps: 2, Seed: 1\nTemplate: {a|b}\nNegative Template: c", "a", "",
         {"Steps": "2", "Seed": "1", "Template": "{a|b}", "Negative Template": "c"}),
        # Civitai's own generator
        ('a\nSteps: 2, Seed: 1, Created Date: 2024-11-05T12:00:00Z, Civitai resources: '
         '[{"type":"checkpoint","modelVersionId":1,"modelName":"a, b"}], Civitai metadata: {}',
         "a", "",
         {"Steps": "2", "Seed": "1", "Created Date": "2024-11-05T12:00:00Z",
          "Civitai resources": '[{"type":"checkpoint","modelVersionId":1,"modelName":"a, b"}]',
          "Civitai metadata": "{}"}),
        # quotes that do not end, JSON that is none
        ('a\nSteps: 2, Model: "x, Seed: 1', "a", "", {"Steps": "2", "Model": '"x', "Seed": "1"}),
        ("a\nSteps: 2, Hashes: {x, Seed: 1", "a", "", {"Steps": "2", "Hashes": "{x", "Seed": "1"}),
    ],
)  # fmt: skip
def test_texts_of_many_writers(text, positive, negative, fields):
    assert parse(text) == Parameters(positive, negative, fields)


def expected(text: str) -> str:
    """What the format keeps of a prompt: not its line ends nor spaces at the ends of lines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
    return "\n".join(line.strip() for line in plain.split("\n"))


simple = prompts.filter(
    lambda text: (
        not any(line.startswith("Negative prompt:") for line in expected(text).split("\n"))
        and not any(mark in text for mark in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    )
)


@settings(deadline=None)
@given(simple, simple, texts)
def test_what_is_written_is_what_a1111_reads(positive, negative, model):
    fields = {
        "Steps": 20,
        "Sampler": "Euler a",
        "Seed": 2**64 - 1,
        "Model": model,
        "CFG scale": 5.5,
    }
    text = write(positive, negative, fields | {"Hashes": {"model": "ab"}})
    theirs, ours = infotext.parse_a1111(text), parse(text)
    # A1111 leaves out empty lines at the start of a prompt
    assert theirs["Prompt"] == expected(positive).lstrip("\n") == ours.positive
    assert theirs["Negative prompt"] == expected(negative).lstrip("\n") == ours.negative
    for key, value in fields.items():
        if value != "":
            assert theirs[key] == ours.fields[key] == (str(value) if key != "CFG scale" else "5.5")
    assert ours.fields["Hashes"] == '{"model": "ab"}'


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_parsed(text):
    found = parse(text)
    assert all(isinstance(value, str) for value in (*found.fields, *found.fields.values()))
    assert parse_fields(text) is not None


@pytest.mark.parametrize("unit", ["a", " ", ":", ",", '"', "{", "a:", "[[", "Steps: 1, ", "\n"])
def test_parsing_takes_linear_time(unit):
    start = time.process_time()
    parse(unit * 50_000)
    parse("a\nSteps: 1, Seed: 2, Model: " + unit * 50_000)
    assert time.process_time() - start < 3
