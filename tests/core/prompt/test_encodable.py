"""What reaches the text encoder, against the documented grammars of ComfyUI and A1111."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.prompt.encodable import encodable
from ixl.core.prompt.parse import parse
from prompt_strategies import anything, weighted_prompts


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", [""]),
        ("1girl, (smile:1.2)", ["1girl, (smile:1.2)"]),
        ("a BREAK b", ["a", "b"]),
        ("a, BREAK , b", ["a,", ", b"]),
        ("a BREAK BREAK b BREAK", ["a", "b"]),  # empty chunks are no chunks
        ("(a BREAK b:1.2), c", ["(a:1.2)", "(b:1.2), c"]),  # the weight counts on both sides
        ("((a:1.3) BREAK b)", ["((a:1.3))", "(b)"]),
        ("a, <lora:x:0.8>, b", ["a, b"]),
        ("<lora:x:0.8>, a <lora:y:1>", ["a"]),
        ("a <lora:y:1> b", ["a b"]),
        ("a # remark\nb", ["a b"]),
        ("1girl ||| miku ||| ||| smile", ["1girl, miku, smile"]),
        ("embedding:easynegative, a", ["embedding:easynegative, a"]),
        (r"miku \(append\), :), (x", [r"miku \(append\), :), (x"]),
        ("BREAKFAST, breakdown", ["BREAKFAST, breakdown"]),
    ],
)
def test_segments_in_comfyuis_own_syntax(text, segments):
    assert list(encodable(text).segments) == segments


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("(a)", "(a:1.1)"),
        ("[a]", f"(a:{1 / 1.1!r})"),
        ("((a))", f"(a:{1.1 * 1.1!r})"),
        ("(a:1.5)", "(a:1.5)"),
        ("((a:1.5):1.2)", f"(a:{1.2 * 1.5!r})"),  # ComfyUI itself would take 1.5
        ("(a, [b]:1.1)", "(a, :1.1)b"),
        ("a, b", "a, b"),
        ("{a}, 1.2::b::", "{a}, 1.2::b::"),  # NovelAI's brackets are text to A1111
        (r"miku \(append\)", r"miku \(append\)"),
        (r"\[a\]", "[a]"),
        (":), (a:1.2)", r":\), (a:1.2)"),
        ("long (blonde:1.2) hair", "long (blonde:1.2) hair"),
        ("(a BREAK b:1.2)", "(a :1.2)"),
    ],
)
def test_a1111_weights_in_comfyuis_syntax(text, written):
    assert encodable(text, "a1111").segments[0] == written


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("<lora:x:1>, a", "<lora:x:1>: a network is not text"),
        ("a // remark", "// remark: a comment"),
        ("{a|b}", "{a|b}: encoded as written: no choice"),
        ("__hair__", "__hair__: encoded as written: no wildcard"),
        ("[a:b:0.5]", "[a:b:0.5]: encoded as written: a schedule"),
        ("a AND b", "AND: encoded as written"),
    ],
)
def test_what_is_no_text_is_noted(text, note):
    notes = encodable(text).notes
    assert len(notes) == 1
    assert notes[0].startswith(note)


def test_another_meaning_of_weights_is_refused():
    with pytest.raises(ValueError, match="comfyui, a1111"):
        encodable("a", "compel")


@given(weighted_prompts())
@settings(max_examples=1_000, deadline=None)
def test_comfyuis_grammar_reads_the_weights_that_a1111_would_give(drawn):
    text, weights = drawn
    written = encodable(text, "a1111").segments[0]
    # flat brackets only, read by the same oracle as ComfyUI reads them: one number each
    assert not re.search(r"\([^()]*\(", written)
    read = {}
    for run, weight, plain in re.findall(r"\(([^()]*):([\d.e-]+)\)|([^()]+)", written):
        for name in (run or plain).split(","):
            if name.strip():
                read[name.strip()] = float(weight or 1)
    assert read == pytest.approx(weights)


@given(anything, st.sampled_from(["comfyui", "a1111"]))
@settings(max_examples=1_000, deadline=None)
def test_every_word_of_a_tag_reaches_the_encoder_and_separators_do_not(text, weights):
    made = encodable(text, weights)
    joined = " ".join(made.segments)
    assert "|||" not in re.sub(r"\|\|?_\|\|?", "", joined)  # emoticons
    assert not re.search(r"<lora:[^<>\n]+:[\d.]+>", joined)
    words = set(re.findall(r"\w+", joined))
    for part in parse(text).atoms:
        if part.kind == "tag" and re.fullmatch(r"[a-z ]+", part.text):
            assert set(part.text.split()) <= words
