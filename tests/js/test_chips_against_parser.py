"""Edits of chips in the browser, checked with the parser that reads the prompt afterwards.

The JavaScript gets the server's answer and gives texts; the Python parser must find the same tags
with the same weights, except for what the edit was about.
"""

import json
import random
import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from ixl.core.prompt.parse import parse
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.routes import explain

SCRIPT = Path(__file__).with_name("edit_chips.mjs")
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node on the PATH")

PROMPTS = [
    "1girl, solo, long hair",
    "1girl,solo ,long hair,",
    "(smile:1.2), blue eyes",
    "(smile, blue eyes:1.3), outdoors",
    "((smile)), [blue eyes], outdoors",
    "((smile, wink:1.2), blush:0.8), sky",
    "1girl\nsolo, smile,\nsky",
    "1girl, BREAK smile, sky BREAK cloud",
    "hatsune miku \\(cosplay\\), :d, >_<, smile",
    "(hatsune miku \\(cosplay\\):0.9), smile",
    "<lora:abc:0.8>, smile, embedding:good",
    "smile <lora:abc:0.8>",
    "{red|blue} dress, __colour__, [cat:dog:0.5], smile",
    "1girl, she walks along the shore. a red boat, sky",
    "😀 girl, 𠮷野家, (青い目:1.2), smile",
    "1girl、solo，smile",
    "a, a, (a:1.2), b",
    "  smile  ,  (  wink  :1.2)  ,  sky  ",
    "(smile:1.2), (wink:1.3), /* note */ sky",
    "(only:1.4)",
    "only",
]


def made_up(seed: int) -> str:
    """A random prompt of nested groups, seeds of which are the test's parameters."""
    rng = random.Random(seed)

    def items(depth: int) -> str:
        parts = []
        for _ in range(rng.randint(1, 4)):
            if depth < 3 and rng.random() < 0.3:
                weight = rng.choice(["", ":1.2", ":0.7", ":1.05"])
                parts.append(f"({items(depth + 1)}{weight})")
            else:
                parts.append(rng.choice("abcdefgh") + rng.choice(["x", "y y", "z\\(q\\)", "😀"]))
        return rng.choice([", ", ",", " , "]).join(parts)

    return rng.choice(["\n", ",", ", "]).join(items(0) for _ in range(2))


ALL = [*PROMPTS, *map(made_up, range(150))]


def tags(text: str) -> list[tuple[str, float]]:
    """(text, effective weight) of every atom in order."""
    prompt = parse(text)
    weights = prompt.weights()
    return [(a.text, round(weights[a.group], 2) if a.group >= 0 else 1.0) for a in prompt.atoms]


@cache
def answer_of(text: str) -> dict:
    return explain(text, "sdxl", curated_vocabulary(), {})


def run_edits(cases: list[tuple[str, list]]) -> list[dict]:
    lines = [json.dumps({"answer": answer_of(text), "edits": edits}) for text, edits in cases]
    done = subprocess.run(
        [NODE, str(SCRIPT)], input="\n".join(lines), capture_output=True, text=True, check=True,
        encoding="utf-8",
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def edited(name: str, *values) -> list[tuple[str, int, str]]:
    """(source, chip number, text after) of one kind of edit on every chip of every prompt."""
    numbers = {text: range(len(parse(text).atoms)) for text in ALL}
    answers = run_edits([(t, [[name, n, *values] for n in numbers[t]]) for t in ALL])
    return [
        (source, number, after)
        for source, answer in zip(ALL, answers, strict=True)
        for number, after in zip(numbers[source], answer["texts"], strict=True)
    ]


def fixed(source: str) -> bool:
    """Whether the parser may read a neighbour otherwise once a chip is gone (prose, schedules)."""
    kinds = {atom.kind for atom in parse(source).atoms}
    return "sentence" in kinds


def test_spans_are_the_parsers_atoms():
    for source, answer in zip(ALL, run_edits([(text, []) for text in ALL]), strict=True):
        assert answer["spans"] == [atom.text for atom in parse(source).atoms]


def test_removing_a_chip_leaves_all_others_with_their_weights():
    for source, number, after in edited("removeChip"):
        if fixed(source):
            continue
        before = tags(source)
        assert tags(after) == before[:number] + before[number + 1 :], (source, number, after)


def test_removing_leaves_no_doubled_or_dangling_separator():
    for source, number, after in edited("removeChip"):
        if ",," in source.replace(" ", "") or source.rstrip().endswith(","):
            continue
        flat = "".join(after.split())
        assert ",," not in flat and "(," not in flat and ",)" not in flat, (source, number, after)


@pytest.mark.parametrize("weight", [0.5, 1.0, 1.35])
def test_weighing_a_chip_changes_that_weight_alone(weight):
    for source, number, after in edited("weighChip", weight):
        before = tags(source)
        if parse(source).atoms[number].kind == "network" or fixed(source):
            continue
        wanted = [(text, weight if n == number else w) for n, (text, w) in enumerate(before)]
        assert [t for t, _ in tags(after)] == [t for t, _ in wanted], (source, number, after)
        for (_, got), (_, want) in zip(tags(after), wanted, strict=True):
            assert got == pytest.approx(want, abs=0.011), (source, number, after)


def test_editing_a_chip_changes_its_text_alone():
    for source, number, after in edited("editChip", "new tag"):
        if fixed(source):
            continue
        before = tags(source)
        before[number] = ("new tag", before[number][1])
        assert tags(after) == before, (source, number, after)


def test_editing_to_nothing_removes():
    assert edited("editChip", " ") == edited("removeChip")


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_moving_a_chip_keeps_every_weight_and_puts_it_there(share):
    texts = [text for text in ALL if not fixed(text) and "BREAK" not in text]
    counts = [len(parse(text).atoms) for text in texts]
    edits = [[["moveChip", n, round(c * share)] for n in range(c)] for c in counts]
    answers = run_edits(list(zip(texts, edits, strict=True)))
    for text, moves, answer in zip(texts, edits, answers, strict=True):
        for (_, number, place), after in zip(moves, answer["texts"], strict=True):
            before = tags(text)
            moved = before.pop(number)
            before.insert(place - (number < place), moved)
            got = tags(after)
            assert [t for t, _ in got] == [t for t, _ in before], (text, number, place, after)
            for (_, have), (_, want) in zip(got, before, strict=True):
                assert have == pytest.approx(want, abs=0.011), (text, number, place, after)


def test_moving_across_break_loses_nothing():
    source = "1girl, BREAK smile, sky BREAK cloud"
    count = len(parse(source).atoms)
    edits = [["moveChip", n, p] for n in range(count) for p in range(count + 1)]
    (answer,) = run_edits([(source, edits)])
    for after in answer["texts"]:
        assert Counter(tags(after)) == Counter(tags(source)), after
        assert after.count("BREAK") == 2


def test_inserting_adds_one_item():
    texts = [text for text in ALL if not fixed(text)]
    counts = [len(parse(text).atoms) for text in texts]
    edits = [[["insertPiece", p, "(new tag:1.5)"] for p in sorted({0, c // 2, c})] for c in counts]
    answers = run_edits(list(zip(texts, edits, strict=True)))
    for text, inserts, answer in zip(texts, edits, answers, strict=True):
        for (_, place, _), after in zip(inserts, answer["texts"], strict=True):
            names = [name for name, _ in tags(after)]
            before = [name for name, _ in tags(text)]
            assert names == before[:place] + ["new tag"] + before[place:], (text, place, after)
