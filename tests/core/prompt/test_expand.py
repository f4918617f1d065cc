"""Expanding a prompt: what is told to the model, what is taken from it, what stays as it was."""

import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ixl.core.prompt.additions import Wishes
from ixl.core.prompt.expand import banned_names, expand
from ixl.core.prompt.normalize import normalize
from ixl.core.prompt.profiles import PROFILES
from ixl.core.vocabulary.curated import curated_vocabulary
from prompt_strategies import FRAGMENTS, NAMES, bracket_weights, pasted, weighted_prompts
from prompt_vocabulary import VOCABULARY


def writer(tags: str = "", sentence: str = "", heard: list | None = None):
    """A model that always gives the same answers."""

    def ask(request: str, seed: int) -> str:
        if heard is not None:
            heard.append((request, seed))
        return sentence if request.endswith("long:") else tags

    return ask


def expanded(text, tags="", sentence="", vocabulary=VOCABULARY, **more):
    ask = writer(tags, sentence)
    return expand(text, ask, sentence=bool(sentence), vocabulary=vocabulary, **more)


def test_suggestions_are_placed_by_the_profile():
    made = expanded("masterpiece, 1girl", ", smile, long hair")
    assert made.text == "1girl, smile, long hair, masterpiece"
    assert made.added == "smile, long hair"
    assert made.report.startswith("added: smile, long hair")


def test_own_parts_are_untouched_and_additions_stand_before_the_break():
    text = "(red dress:1.3), [hat], hatsune miku \\(append\\) BREAK night <lora:a_b:0.7>"
    made = expanded(text, ", smile")
    assert made.text == (
        "hatsune miku \\(append\\), (red dress:1.3), [hat], smile BREAK night <lora:a_b:0.7>"
    )


def test_the_model_is_told_plain_names_by_field():
    heard = []
    text = "(wlop:1.2), 2girls, hatsune_miku, vocaloid, long hair BREAK night, masterpiece, lowres"
    expand(text, writer(", smile", heard=heard), "very short", seed=7, vocabulary=VOCABULARY)
    request, seed = heard[0]
    assert seed == 7
    assert request.split("\n") == [
        *("meta: lowres", "rating: safe", "artist: wlop", "characters: hatsune miku"),
        *("copyrights: vocaloid", "quality: masterpiece", "target: <|very_short|>"),
        "tag: 2girls, long hair, night",
    ]


def test_it_asks_again_with_what_came_until_there_is_enough():
    heard = []
    made = expand("1girl", writer(", smile", heard=heard), "short", vocabulary=VOCABULARY)
    assert [seed for _, seed in heard] == [0, 1, 2, 3]
    assert heard[1][0].endswith("tag: 1girl, smile")
    assert "2 tags after asking 4 times; 18 were aimed at" in made.report


def test_no_more_than_the_length_allows():
    many = ", " + ", ".join(f"thing {n}" for n in range(100))
    for length, most in (("very short", 17), ("short", 35), ("long", 53), ("very long", 72)):
        assert expanded("1girl", many, length=length).text.count(",") + 1 == most
    full = ", ".join(f"thing {n}" for n in range(80))
    assert "the prompt has 80" in expanded(full, ", smile", length="very long").report


@pytest.mark.parametrize(
    ("text", "suggested", "why"),
    [
        ("1girl", "2girls", "1girl says how many there are"),
        ("1girl", "1boy", "1girl says who is there"),
        ("1girl", "no humans", "it would empty the picture"),
        ("no humans", "1girl", "the prompt says no humans"),
        ("solo", "2girls", "the prompt says solo"),
        ("2girls", "solo", "2girls are more than one person"),
        ("hatsune miku, kagamine rin", "solo", "more than one person"),
        ("hatsune miku, kagamine rin", "1girl", "names 2 characters"),
        ("1girl, long hair", "short hair", "against long hair"),
        ("portrait", "upper body", "portrait frames the picture already"),
        ("1girl", "hatsune miku", "a character you did not ask for"),
        ("1girl", "vocaloid", "a series you did not ask for"),
        ("1girl", "wlop", "an artist you did not ask for"),
        ("1girl", "best quality", "quality is for you to choose"),
        ("1girl", "newest", "the period is for you to choose"),
        ("1girl", "absurdres", "about the file"),
        ("1girl", "explicit", "the rating is for you to choose"),
        ("1girl", "completely nude", "nude is questionable, and general is chosen"),
        ("1girl", "smile [x", "no plain tag"),
        ("1girl", "<lora:x:1>", "no plain tag"),
        ("1girl", "smile:1.2", "no plain tag"),
        ("1girl", "\\", "no plain tag"),
        ("1girl", "]", "no plain tag"),
    ],
)
def test_a_refusal_has_its_reason(text, suggested, why):
    made = expanded(text, f", {suggested}", vocabulary=VOCABULARY)
    assert made.text == normalize(text, vocabulary=VOCABULARY).text
    assert made.added == ""
    (line,) = [line for line in made.report.split("\n") if line.startswith("not added")]
    assert line.startswith(f"not added: {suggested} (") and why in line


@pytest.mark.parametrize(
    ("text", "suggested", "wishes"),
    [
        ("1girl", "hatsune miku, vocaloid", Wishes(characters=True)),
        ("1girl", "wlop", Wishes(artists=True)),
        ("1girl", "nude", Wishes("questionable")),
        ("1girl, questionable", "nude", Wishes()),
        ("smile", "1girl, 1boy", Wishes()),
        ("2girls", "multiple girls", Wishes()),
        ("2girls, long hair", "short hair", Wishes()),
        ("1girl, multiple views, sitting", "standing", Wishes()),
    ],
)
def test_what_is_allowed_is_taken(text, suggested, wishes):
    made = expanded(text, f", {suggested}", wishes=wishes)
    assert set(made.added.split(", ")) == set(suggested.split(", "))


@pytest.mark.parametrize(
    ("banned", "suggested", "why"),
    [
        ("smile", "smile", "banned"),
        ("Red_Dress", "red dress", "banned"),
        ("dress", "red dress", "it states dress, which is banned"),
        ("weapon", "holding sword", "it states weapon, which is banned"),
        ("thigh highs", "thighhighs", "banned"),
        ("* hair", "long hair", "banned"),
        ("smile,\nrain", "rain", "banned"),
        ("hatsune miku (append)", "hatsune miku (append)", "banned"),
    ],
)
def test_banned_tags_are_not_added(banned, suggested, why):
    wishes = Wishes(banned=banned_names(banned), characters=True)
    made = expanded("1girl", f", {suggested}", wishes=wishes)
    assert made.added == "" and f"not added: {suggested} ({why})" in made.report


def test_own_banned_tags_stay():
    assert expanded("1girl, smile", ", hat", wishes=Wishes(banned=("smile",))).text == (
        "1girl, smile, hat"
    )


def test_the_models_continuation_of_the_last_tag_is_a_tag_of_its_own():
    answers = iter([" sky, smile", "", "", ""])
    made = expand("1girl, night", lambda *asked: next(answers), vocabulary=VOCABULARY)
    assert made.text == "1girl, night, night sky, smile"


def test_a_sentence_stands_where_the_profile_has_sentences():
    made = expanded("1girl, hat, masterpiece", ", smile", "A girl stands in the rain. She smiles")
    assert made.text == "1girl, A girl stands in the rain. She smiles. hat, smile, masterpiece"
    assert made.added == "smile, A girl stands in the rain. She smiles."


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Two girls hold hands.", "it says two girls, and the prompt says 1girl"),
        ("A young man waits in the rain.", "it says a young man, and the prompt says 1girl"),
        ("She wears a red hat.", "it says hat, which is banned"),
        ("She is completely nude in the rain.", "nude is questionable"),
        ("She looks like Hatsune Miku in the rain.", "hatsune miku is a character you did not"),
        ("She stands in <lora:x:1> the rain.", "it holds signs that a prompt gives a meaning"),
    ],
)
def test_a_sentence_is_judged_too(sentence, why):
    made = expanded("1girl", "", sentence, wishes=Wishes(banned=("hat",)))
    assert made.added == "" and f"not added: {sentence} ({why}" in made.report


def test_a_sentence_may_speak_of_one_of_several():
    assert "She" in expanded("2girls", "", "A girl holds an umbrella. She smiles.").added


def test_a_comment_that_normalize_left_stays():
    assert expanded("#, # note, ", ", upper body").text == "upper body, #, # note, "


def test_where_additions_would_change_the_prompt_there_are_none():
    made = expanded('"0": "|', ", upper body")  # the head of a frame line
    assert (made.text, made.added) == ('"0": "|', "")
    assert made.report.startswith("nothing added: anything behind this prompt would be read")


def test_unknown_length_is_refused_with_what_is_allowed():
    with pytest.raises(ValueError, match="'tiny'; it must be one of very short, short, long"):
        expand("1girl", writer(), "tiny")


SUGGESTED = st.lists(
    st.sampled_from([*NAMES, *FRAGMENTS, "nude", "a, b", "(", "smile:1.2", "x BREAK y"]),
    max_size=12,
).map(lambda names: ", " + ", ".join(names))
SENTENCES = st.sampled_from(
    ["", "A girl stands in the rain.", "She (the girl) smiles. Two boys", "[x] is a {b|c}."]
)
ALLOWED = st.sampled_from([Wishes(), Wishes("explicit", ("hat",), True, True)])
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(weighted_prompts(), SUGGESTED, SENTENCES, ALLOWED, st.sampled_from(list(PROFILES)))
def test_own_tags_and_weights_are_conserved(prompt, tags, sentence, wishes, profile):
    """Brackets are read by an interpreter that shares no code with the parser."""
    text, weights = prompt
    made = expanded(text, tags, sentence, wishes=wishes, profile=profile)
    after = bracket_weights(made.text)
    for name, weight in weights.items():
        assert name in after or name in made.text
        if name in after:
            assert after[name] == pytest.approx(weight)
    for name in made.added.split(", ") if made.added and not sentence else ():
        assert after[name.replace("\\(", "(").replace("\\)", ")")] == pytest.approx(1.0)


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(pasted, SUGGESTED, SENTENCES, ALLOWED, st.sampled_from([VOCABULARY, curated_vocabulary()]))
def test_no_word_of_any_prompt_is_lost_and_nothing_comes_that_is_not_said(
    text, tags, sentence, wishes, vocabulary
):
    made = expanded(text, tags, sentence, vocabulary, wishes=wishes)
    words = re.compile(r"[^\W\d_]+")  # numbers of weights repeat where a group is torn apart
    before = Counter(words.findall(normalize(text, vocabulary=vocabulary).text))
    assert Counter(words.findall(made.text)) == before + Counter(words.findall(made.added))
    again = expanded(text, tags, sentence, vocabulary, wishes=wishes)
    assert again == made
