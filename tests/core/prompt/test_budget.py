"""Token budget against ComfyUI's tokenizer, and its rules on a tokenizer that counts words."""

import importlib
import random
from pathlib import Path

import pytest
from ixl.core.prompt.budget import CHUNK, lay_out, measure, with_breaks
from ixl.core.prompt.clip_tokens import counter, split_words
from ixl.core.prompt.parse import parse
from ixl.core.prompt.report import budget_report
from prompt_strategies import FRAGMENTS
from prompt_vocabulary import VOCABULARY


def count_words(text: str) -> int:
    """A tokenizer that anyone can check: one token per word and one per comma."""
    return len(text.replace(",", " , ").split())


def names(count: int, word: str = "tag") -> str:
    return ", ".join(f"{word}{n}" for n in range(count))


def test_sections_and_chunks_add_up():
    text = "1girl, hatsune miku, (smile, hat:1.2), wlop, masterpiece, newest"
    budget = measure(text, count_words, "illustrious-v1.0", VOCABULARY)
    assert budget.tokens == count_words(
        "1girl, hatsune miku, smile, hat, wlop, masterpiece, newest"
    )
    assert dict(budget.sections) == {
        "person count": 2,
        "character": 3,
        "general": 4,
        "artist": 2,
        "score": 2,
        "year": 1,
    }
    assert [chunk.tokens for chunk in budget.chunks] == [budget.tokens]
    assert not budget.cuts and not budget.breaks


def test_brackets_weights_networks_and_comments_cost_nothing():
    plain = measure("a, b, c", count_words).tokens
    assert measure("(a, (b:1.2)), c <lora:x:1> # note", count_words).tokens == plain


def test_break_starts_a_chunk():
    budget = measure(f"{names(10)} BREAK {names(3)}", count_words)
    assert [(chunk.segment, chunk.tokens) for chunk in budget.chunks] == [(0, 19), (1, 5)]


def test_breaks_beside_each_other_are_one():
    tokens = [chunk.tokens for chunk in measure("BREAK a BREAK BREAK b BREAK", count_words).chunks]
    assert tokens == [1, 1]
    for text in ("", "BREAK", "  "):
        assert [chunk.tokens for chunk in measure(text, count_words).chunks] == [0]


@pytest.mark.parametrize(("before", "cut"), [(73, ""), (74, "long hair"), (75, "")])
def test_a_tag_over_the_border_is_named_and_only_then(before, cut):
    """`before` tokens stand in front of the two words of `long hair`."""
    filler = "x " * (before - 1) + ","
    assert count_words(filler) == before
    budget = measure(f"{filler} long hair, smile", count_words)
    assert budget.chunks[0].tokens == 75
    assert [found.tag for found in budget.cuts if found.tag != filler[:-1]] == [cut] * bool(cut)


def test_the_tag_at_a_chunk_border_is_named():
    text = names(36) + ", one two three four five six, end"  # 72 tokens before the long tag
    budget = measure(text, count_words)
    assert [chunk.tokens for chunk in budget.chunks] == [75, 5]
    cut = budget.cuts[0]
    assert (cut.tag, cut.chunk, cut.before, cut.after) == ("one two three four five six", 0, 3, 3)
    assert text[cut.start : cut.end] == cut.tag


def test_a_comma_behind_the_border_cuts_no_tag():
    assert not measure(names(37) + ", one, two, three", count_words).cuts


def test_short_weighted_runs_move_whole():
    text = names(37) + ", (one two three:1.2), end"  # 74 tokens, then a run of three
    budget = measure(text, count_words)
    assert [chunk.tokens for chunk in budget.chunks] == [74, 5]
    assert not budget.cuts


def test_breaks_are_proposed_at_section_borders():
    text = f"1girl, {names(30)}, wlop, kantoku, masterpiece, " + names(10, "score") + ", newest"
    text = text.replace("score", "x")
    budget = measure(text, count_words, "illustrious-v1.0", VOCABULARY)
    assert len(budget.chunks) == 2
    broken = with_breaks(text, budget.breaks)
    after = measure(broken, count_words, "illustrious-v1.0", VOCABULARY)
    assert all(chunk.tokens <= CHUNK for chunk in after.chunks) and not after.cuts
    assert [place.section for place in budget.breaks] == ["general"]
    assert [a.text for a in parse(broken).atoms] == [a.text for a in parse(text).atoms]


def test_breaks_are_added_on_request_alone():
    text = f"1girl, {names(40)}, wlop, newest"
    asked = (count_words, "illustrious-v1.0", VOCABULARY)
    kept, budget, added = lay_out(text, *asked)
    assert (kept, budget, added) == (text, measure(text, *asked), ())
    broken, after, added = lay_out(text, *asked, add_breaks=True)
    assert broken == with_breaks(text, budget.breaks)
    assert added == budget.breaks and after == measure(broken, *asked)
    lines = budget_report(after, added).split("\n")
    assert "added: BREAK before general" in lines
    assert not any(line.startswith(("proposal", "chunk")) for line in lines)
    again, _, more = lay_out(broken, *asked, add_breaks=True)
    assert (again, more) == (broken, ())
    assert lay_out("1girl", *asked, add_breaks=True)[0] == "1girl"


def test_a_section_longer_than_a_chunk_breaks_between_tags():
    text = names(90)
    budget = measure(text, count_words)
    broken = measure(with_breaks(text, budget.breaks), count_words)
    assert len(broken.chunks) == 3 and not broken.cuts and not broken.breaks


def test_break_never_goes_inside_brackets():
    text = names(34) + ", (one, two, three, four, masterpiece:1.2), newest"
    budget = measure(text, count_words)
    before = parse(text)
    after = parse(with_breaks(text, budget.breaks))
    assert budget.breaks and "BREAK" in with_breaks(text, budget.breaks)
    assert len(after.groups) == len(before.groups)
    assert [a.text for a in after.atoms] == [a.text for a in before.atoms]


def test_a_nearly_empty_prompt_is_noted():
    assert measure("1girl", count_words).notes
    assert not measure(names(20), count_words).notes


def test_a_folder_without_merges_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="merges.txt"):
        counter(tmp_path)
    (tmp_path / "merges.txt").write_text("not a merges file at all")
    with pytest.raises(ValueError, match="no CLIP merges file"):
        counter(tmp_path)


def test_words_as_clip_splits_them():
    # "don't" and digits: examples of the pattern in OpenAI's simple_tokenizer.
    assert split_words("Don't  stop 2girls, (o)") == [
        *("don", "'t", "stop", "2", "girls", ",", "(", "o", ")")
    ]


@pytest.fixture
def tokenizer(comfy):
    return importlib.import_module("comfy.sd1_clip").SDTokenizer()


@pytest.fixture
def count(comfy):
    source = importlib.import_module("comfy.sd1_clip").__file__
    return counter(Path(source).with_name("sd1_tokenizer"))


@pytest.mark.comfy
def test_token_counts_equal_comfyui(tokenizer, count):
    dice = random.Random(0)
    extra = [", ", " ", "don't", "it's", "²½", "é", "a_b", "ｶﾅ", "😀", "long hair, blue eyes"]
    for _ in range(1_000):
        text = "".join(dice.choices(FRAGMENTS + extra, k=dice.randint(1, 8)))
        assert count(text) == len(tokenizer.tokenizer(text)["input_ids"]) - 2, text


@pytest.mark.comfy
def test_chunks_equal_comfyui(tokenizer, count):
    dice = random.Random(1)
    items = [
        *("long hair", "(blue eyes:1.2)", r"hatsune miku \(append\)", "1girl", "masterpiece"),
        *("looking at viewer", "(smile, red dress, open mouth:0.9)", "((a))", "newest"),
        "(a girl with a red umbrella standing in the pouring rain:1.1)",
    ]
    for _ in range(200):
        text = ", ".join(dice.choices(items, k=dice.randint(1, 80)))
        special = tokenizer.start_token, tokenizer.end_token
        expected = [
            sum(token[0] not in special for token in chunk)
            for chunk in tokenizer.tokenize_with_weights(text)
        ]
        assert [chunk.tokens for chunk in measure(text, count).chunks] == expected, text
