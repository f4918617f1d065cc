"""What must hold for every prompt: lossless, idempotent, nothing lost unsaid, weights conserved."""

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ixl.core.prompt import normalize as module
from ixl.core.prompt.normalize import normalize
from ixl.core.prompt.parse import parse
from ixl.core.prompt.profiles import PROFILES, get_profile
from prompt_strategies import anything, bracket_weights, pasted, plain_caption, weighted_prompts
from prompt_vocabulary import VOCABULARY

profiles = st.sampled_from(list(PROFILES))
vocabularies = st.sampled_from([None, VOCABULARY])
all_options = st.fixed_dictionaries(
    {},
    optional={
        "escape": st.booleans(),
        "underscores": st.booleans(),
        "aliases": st.booleans(),
        "words": st.booleans(),
        "implied": st.sampled_from(["keep", "drop", "add"]),
        "duplicates": st.sampled_from(["drop", "keep"]),
        "comments": st.sampled_from(["drop", "keep"]),
        "sentence": st.sampled_from(["profile", "first", "last"]),
        "weights": st.sampled_from(["keep", "numeric"]),
        "form": st.sampled_from(["prompt", "prompt", "caption"]),
    },
)
_LETTERS = re.compile(r"[^\W\d_]+")


def lossless(text):
    prompt = parse(text)
    assert str(prompt) == text
    position = 0
    for part in prompt.as_dict()["parts"]:
        assert part["start"] == position and text[position : part["end"]] == part["text"]
        position = part["end"]
    assert position == len(text)


def idempotent(text, profile, vocabulary, options):
    once = normalize(text, profile, vocabulary, **options)
    twice = normalize(once.text, profile, vocabulary, **options)
    assert twice.text == once.text
    assert normalize(text, profile, vocabulary, **options).as_dict() == once.as_dict()


def nothing_lost_unsaid(text, profile, vocabulary):
    result = normalize(text, profile, vocabulary)
    dropped = [change.before for change in result.changes if change.after == ""]
    before = Counter(_LETTERS.findall(text))
    after = Counter(_LETTERS.findall(result.text)) + Counter(_LETTERS.findall(" ".join(dropped)))
    assert after == before
    atoms = parse(text, None).atoms if vocabulary is None else None
    explanation = result.explanation
    if atoms is not None:
        assert [(p.start, p.end) for p in explanation] == [(a.start, a.end) for a in atoms]
    kept = [p for p in explanation if p.place_after >= 0]
    assert sorted(p.place_after for p in kept) == list(range(len(kept)))
    assert all(p.why for p in explanation)
    assert all(text[p.start : p.end] == p.text for p in explanation)


def weights_conserved(prompt, profile, vocabulary):
    text, weights = prompt
    assert bracket_weights(text) == pytest.approx(weights)
    result = normalize(text, profile, vocabulary)
    assert bracket_weights(result.text) == pytest.approx(weights)
    numeric = normalize(text, profile, vocabulary, weights="numeric").text
    assert bracket_weights(numeric) == pytest.approx(weights, abs=1e-4)
    assert "[" not in numeric and "((" not in numeric
    assert {p.text: p.weight for p in result.explanation} == pytest.approx(weights)


def quick_path_is_the_same(text, profile, vocabulary):
    table = module._table(get_profile(profile), vocabulary, ())
    quick = module._quick(text, table)
    assert quick is not None
    assert quick == module._normalize(text, table).text


PROPERTIES = {
    "lossless": (lossless, (anything,)),
    "idempotent": (idempotent, (anything, profiles, vocabularies, all_options)),
    "nothing lost unsaid": (nothing_lost_unsaid, (pasted, profiles, vocabularies)),
    "weights conserved": (weights_conserved, (weighted_prompts(), profiles, vocabularies)),
    "quick path": (quick_path_is_the_same, (plain_caption, profiles, vocabularies)),
}


def check(name, examples):
    body, strategies = PROPERTIES[name]
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    bounded = settings(max_examples=examples, deadline=None, suppress_health_check=slow)
    bounded(given(st.tuples(*strategies))(lambda arguments: body(*arguments)))()


@pytest.mark.parametrize("name", PROPERTIES)
def test_property(name):
    check(name, 1_000)


@pytest.mark.prove
@pytest.mark.parametrize("name", PROPERTIES)
def test_property_at_length(name):
    check(name, 20_000)
