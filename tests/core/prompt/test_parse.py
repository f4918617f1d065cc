"""Parts, kinds and weights of the parser, against documented rules and ComfyUI's own reading."""

import importlib
import time

import pytest
from ixl.core.prompt.normalize import normalize
from ixl.core.prompt.parse import parse
from prompt_strategies import FRAGMENTS
from prompt_vocabulary import VOCABULARY

# Text, and the weight of each tag as the AUTOMATIC1111 wiki ("Attention/emphasis") and the NovelAI
# documentation ("Strengthening and weakening") define it, worked out by hand.
WEIGHTS = [
    ("(a)", {"a": 1.1}),
    ("((a))", {"a": 1.21}),
    ("(((a)))", {"a": 1.331}),
    ("[a]", {"a": 0.9090909}),
    ("[[a]]", {"a": 0.8264463}),
    ("(a:1.5)", {"a": 1.5}),
    ("(a:0.25)", {"a": 0.25}),
    ("((a:1.5))", {"a": 1.65}),
    ("([a])", {"a": 1.0}),
    ("((a:1.2), b:1.1)", {"a": 1.32, "b": 1.1}),
    ("(a, (b, (c:2)):0.5)", {"a": 0.5, "b": 0.55, "c": 1.1}),
    (r"\(a\)", {r"\(a\)": 1.0}),
    (r"(a \(b\):1.3)", {r"a \(b\)": 1.3}),
    ("a:1.2, b", {"a:1.2": 1.0, "b": 1.0}),
    ("(a:b:1.2)", {"a:b": 1.2}),
    ("(a:1.2, b)", {"a:1.2": 1.1, "b": 1.1}),
    ("{a}", {"a": 1.05}),
    ("{{a}}", {"a": 1.1025}),
    ("{a}, [b]", {"a": 1.05, "b": 0.9523810}),
    ("1.5::a, b::, c", {"a": 1.5, "b": 1.5, "c": 1.0}),
    ("-1::a::", {"a": -1.0}),
    ("0.5::a::, {b}", {"a": 0.5, "b": 1.05}),
]


def weights_of(text: str) -> dict[str, float]:
    prompt = parse(text)
    weights = prompt.weights()
    return {a.text: weights[a.group] if a.group >= 0 else 1.0 for a in prompt.atoms}


@pytest.mark.parametrize(("text", "expected"), WEIGHTS, ids=[text for text, _ in WEIGHTS])
def test_effective_weights(text, expected):
    assert weights_of(text) == pytest.approx(expected)


KINDS = [
    ("1girl", "tag"),
    (":d", "tag"),
    ("(o)_(o)", "tag"),
    (r"hatsune miku \(append\)", "tag"),
    ("A girl stands in the rain.", "sentence"),
    ("<lora:a b:0.5>", "network"),
    ("<hypernet:x:1>", "network"),
    ("embedding:some_name", "embedding"),
    ("__color/dark_*__", "wildcard"),
    ("{a|b}", "choice"),
    ("{2$$a|b}", "choice"),
    ("[a:b:0.5]", "schedule"),
    ("[a|b]", "schedule"),
    ("[a:0.3]", "schedule"),
    ("[a::12]", "schedule"),
    ("[a:b:HR]", "schedule"),
    ("{red|blue} hair", "mixed"),
    ("a (b:1.2) c", "mixed"),
    ("(a BREAK b:1.2)", "mixed"),
]


@pytest.mark.parametrize(("text", "kind"), KINDS, ids=[text for text, _ in KINDS])
def test_kind_of_a_single_item(text, kind):
    prompt = parse(text)
    assert [(atom.kind, atom.text) for atom in prompt.atoms] == [(kind, text)]


KEYWORDS = [
    "BREAK",
    "AND",
    "CAT",
    "COUPLE",
    "COUPLE(0 0.5)",
    "MASK(0 0.5, 0 1)",
    "AREA(0 0.5, 0 1, 1)",
    "FEATHER(8)",
    "FILL()",
    "AVG(0.5)",
    "STYLE(A1111)",
    "NOISE(0.1, 42)",
    "SHIFT(0.1, 0)",
    "DEF(X=a, b)",
    "SEG(a, b)",
    "ADDCOL",
]


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_a_keyword_starts_a_new_segment(keyword):
    prompt = parse(f"a, b {keyword} c, d")
    assert [atom.segment for atom in prompt.atoms] == [0, 0, 1, 1]
    assert [part.text for part in prompt.parts if part.kind == "keyword"] == [keyword]


def test_the_json_form_has_spans_and_weights():
    data = parse("(a, b:1.2), c # note").as_dict()
    atoms = [part for part in data["parts"] if part["atom"]]
    assert [(p["text"], p["start"], p["end"], p["weight"]) for p in atoms] == [
        ("a", 1, 2, 1.2),
        ("b", 4, 5, 1.2),
        ("c", 12, 13, 1.0),
    ]
    assert data["groups"] == [{"parent": -1, "opening": "(", "closing": ":1.2)", "factor": 1.2}]
    assert "".join(part["text"] for part in data["parts"]) == data["text"]


def test_not_a_string_is_refused_in_one_sentence():
    with pytest.raises(TypeError, match="parse needs a string and got int"):
        parse(3)


# What breaks hand-written parsers: deep nesting, openers without an end, long runs of one mark.
HEAVY = {
    **{f"{mark!r} x 20000": mark * 20_000 for mark in "()[]{}<>|:\\/#\"_,.! \nA1a、。"},
    **{f"{unit!r} x {count}": unit * count for unit, count in (
        ("[a:", 5_000), ("{a|", 5_000), ("<lora:", 4_000), ("__a", 5_000), ("/* ", 6_000),
        ("1::", 6_000), ("A girl with a cat, ", 1_000), ("She is a cat. ", 1_000), ("a,(b ", 4_000),
        ("(a:1.2) ", 3_000), (":d, ", 5_000), ("\"0\": \"", 3_000), ("BREAK ", 3_000),
        ("MASK(", 3_000), ("(masterpiece:1.2) best quality ", 600), ("少女、", 5_000),
        ("and with her, ", 1_500), ("{ ", 10_000), ("x:1 ", 5_000), ("|||", 7_000),
    )},
    "nested brackets": "(" * 10_000 + "a" + ")" * 10_000,
    "nested weights": "(" * 5_000 + "a" + ":1.1)" * 5_000,
    "nested groups": "(a, " * 5_000 + "b" + ")" * 5_000,
    "nested squares": "[" * 10_000 + "a" + "]" * 10_000,
    "nested braces": "{a|" * 5_000 + "b" + "}" * 5_000,
    "mixed nesting": "([{" * 4_000 + "a" + "}])" * 4_000,
    "crossed brackets": "([" * 5_000 + ")]" * 5_000,
    "all shapes": ", ".join(FRAGMENTS * 20),
}  # fmt: skip


@pytest.mark.parametrize("name", HEAVY)
@pytest.mark.parametrize("vocabulary", [None, VOCABULARY], ids=["alone", "vocabulary"])
def test_no_input_takes_over_50_ms_per_kilobyte(name, vocabulary):
    text = HEAVY[name]
    times = []
    for _ in range(3):  # a busy machine can double the time of one run, not of the best of three
        start = time.process_time()
        assert str(parse(text)) == text
        normalize(text, "illustrious-v1.0", vocabulary).as_dict()
        times.append(time.process_time() - start)
    assert min(times) / (len(text.encode()) / 1024) < 0.050


@pytest.mark.comfy
@pytest.mark.parametrize(
    "text",
    [
        "(masterpiece, 1girl, smile:1.2), hatsune miku \\(append\\), (long hair:0.8)",
        "((masterpiece, 1girl)), ((smile)), newest",
        "((masterpiece:1.2), 1girl), (red dress, (hat:1.4), wlop:0.9)",
        "(masterpiece:1.2)(1girl:1.1), \\(x\\), general",
        "hatsune miku (append), 1girl, (smile, :3)",
    ],
)
def test_comfyui_reads_the_same_weights_before_and_after(comfy, text):
    """ComfyUI's own `token_weights` on both sides; the last text has brackets it would misread."""
    clip = importlib.import_module("comfy.sd1_clip")

    def read(prompt: str) -> dict[str, float]:
        runs = clip.token_weights(clip.escape_important(prompt), 1.0)
        return {
            name.strip(): weight
            for run, weight in runs
            for name in clip.unescape_important(run).split(",")
            if name.strip()
        }

    result = read(normalize(text, "illustrious-v1.0", VOCABULARY).text)
    if text.endswith(":3)"):
        assert result == pytest.approx(
            {"1girl": 1.0, "hatsune miku (append)": 1.0, "smile": 1.1, ":3": 1.1}
        )
    else:
        assert result == pytest.approx(read(text))
