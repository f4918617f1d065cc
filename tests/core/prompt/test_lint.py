"""Warnings: each with its reason and remedy, and none of them changes the text."""

import pytest
from ixl.core.prompt.normalize import check_negative, normalize
from ixl.core.prompt.profiles import PROFILES, get_profile
from ixl.core.prompt.words import counted, trained_word
from ixl.core.vocabulary.tag import Tag
from prompt_vocabulary import VOCABULARY, SmallVocabulary

# arXiv 2409.19946, Table 3: name and upper percentile; Table 4: name and last year.
TABLE_3 = [("worst quality", 8), ("bad quality", 20), ("average quality", 60),
           ("good quality", 82), ("best quality", 92), ("masterpiece", 100)]  # fmt: skip
TABLE_4 = [("oldest", 2017), ("old", 2019), ("modern", 2020), ("recent", 2022)]
ILLUSTRIOUS = [name for name in PROFILES if name.startswith("illustrious")]


@pytest.mark.parametrize("name", ILLUSTRIOUS)
def test_score_and_year_words_are_the_papers(name):
    profile = get_profile(name)
    assert [(word.name, word.high) for word in profile.scores] == TABLE_3
    assert [word.low for word in profile.scores] == [0] + [high for _, high in TABLE_3[:-1]]
    assert [(word.name, word.high) for word in profile.years[:-1]] == TABLE_4
    assert profile.years[-1].name == "newest" and profile.years[-1].low == 2023
    assert profile.ratings == ("general", "sensitive", "questionable", "explicit")


def test_cut_off_dates_are_the_cards():
    dates = {name: get_profile(name).cut_off for name in PROFILES}
    assert dates["illustrious-v0.1"] == "2023-12"
    assert dates["illustrious-v1.0"] == "2024-06"
    assert dates["illustrious-v1.1"] == "2024-07"
    assert dates["noobai-xl"] == "2024-10" and dates["animagine-xl-4"] == "2025-01"


@pytest.mark.parametrize(
    ("word", "category", "profile", "nearest"),
    [
        ("low quality", "score", "illustrious-v1.0", "bad quality"),
        ("amazing quality", "score", "illustrious-v1.0", "masterpiece"),
        ("normal quality", "score", "illustrious-v1.0", "average quality"),
        ("masterpiece", "score", "illustrious-v1.0", "masterpiece"),
        ("masterpiece (quality)", "score", "illustrious-v1.0", "masterpiece"),
        ("score_9", "score", "illustrious-v1.0", "masterpiece"),
        ("average quality", "score", "noobai-xl", "normal quality"),
        ("mid", "year", "illustrious-v1.0", "oldest"),
        ("early", "year", "illustrious-v1.0", "oldest"),
        ("modern", "year", "noobai-xl", "recent"),
        ("newest", "year", "animagine-xl-4", "year 2024"),
        ("year 2030", "year", "illustrious-v0.1", "year 2023"),
        ("safe", "rating", "illustrious-v1.0", "general"),
        ("nsfw", "rating", "illustrious-v1.0", "questionable"),
        ("questionable", "rating", "noobai-xl", "nsfw"),
        ("general", "rating", "animagine-xl-4", "safe"),
        ("masterpiece", "score", "sdxl", ""),
    ],
)
def test_nearest_trained_word(word, category, profile, nearest):
    assert trained_word(word, category, get_profile(profile)) == nearest


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1girl", ("girl", 1, False)),
        ("6+boys", ("boy", 6, True)),
        ("multiple others", ("other", 2, True)),
        ("two girls", ("girl", 2, False)),
        ("3 women", ("girl", 3, False)),
        ("girl", None),
        ("no humans", None),
    ],
)
def test_what_a_person_count_states(name, expected):
    assert counted(name) == expected


@pytest.mark.parametrize(
    ("text", "kind", "remedy"),
    [
        ("1girl, very aesthetic", "untrained", "use masterpiece"),
        ("1girl, mid", "untrained", "use oldest"),
        ("1girl, safe", "untrained", "use general"),
        ("1girl, year 2026", "new", "use year 2024"),
        ("1girl, kasane tetto", "unknown", "kasane teto"),
        ("1girl, zzzzzzzz", "unknown", "check the spelling"),
        ("1girl, thigh highs", "alias", "use thighhighs"),
        ("1girl, food", "renamed", "use meal"),
        ("1girl, translated", "deprecated", "other tags"),
        (r"1girl, ask \(askzy\)", "rare", "LoRA"),
        ("1boy, doctor", "ambiguous", "which one"),
        ("1girl, 2girls", "contradiction", "keep one of 1girl, 2girls"),
        ("2girls, solo", "contradiction", "drop solo"),
        ("no humans, 1boy", "contradiction", "drop no humans"),
        ("1girl, portrait, full body", "contradiction", "keep one of portrait, full body"),
        ("1girl, general, explicit", "contradiction", "keep one of general, explicit"),
        ("1girl, oldest, newest", "contradiction", "keep one of oldest, newest"),
        ("1girl, sitting, standing", "contradiction", "keep one of sitting, standing"),
        ("1girl, smile, (smile:1.2)", "duplicate", "keep one"),
        ("1girl, smile:1.2", "weight", "(smile:1.2)"),
    ],
)
def test_a_mistake_is_named_with_a_remedy_and_left_alone(text, kind, remedy):
    result = normalize(text, "illustrious-v1.0", VOCABULARY)
    found = [warning for warning in result.warnings if warning.kind == kind]
    assert len(found) == 1 and remedy in found[0].remedy and found[0].why
    words = sorted(text.replace(",", "").split())
    assert sorted(result.text.replace(",", "").split()) == words


@pytest.mark.parametrize(
    "text",
    [
        "1girl, solo, hatsune miku, smile, masterpiece, best quality, newest, year 2024",
        "multiple girls, 3girls, smile",
        "6+girls, multiple girls",
        "2girls, 1boy, portrait, portrait",
        "1girl, meal, masterpiece \\(quality\\)",
        "1girl, ^_^, !?, <lora:foo:1>, __wild__, {a|b}, embedding:bar",
        "1girl, solo BREAK 2girls",
        "2girls, long hair, short hair",
        "1girl, multiple views, sitting, standing",
        "1girl, night, sky",
    ],
)
def test_a_sound_prompt_has_no_warning(text):
    assert normalize(text, "illustrious-v1.0", VOCABULARY).warnings == []


def test_without_a_vocabulary_nothing_is_unknown():
    assert normalize("1girl, zzzzzzzz").warnings == []


def test_the_neutral_profile_knows_no_trained_words():
    assert normalize("1girl, very aesthetic, mid, safe, year 2030", "sdxl").warnings == []


class DatedVocabulary(SmallVocabulary):
    """With the optional look-up of dates."""

    def first_seen(self, name: str) -> str | None:
        return {"frieren": "2020-04", "kasane teto": "2025-03"}.get(name)


def test_a_name_newer_than_the_data_is_reported():
    vocabulary = DatedVocabulary()
    old, new = (normalize(f"1girl, {name}", "illustrious-v1.0", vocabulary).warnings
                for name in ("frieren", "kasane teto"))  # fmt: skip
    assert not old
    assert [(w.kind, "2025-03" in w.why and "2024-06" in w.why) for w in new] == [("new", True)]


class SlowVocabulary(SmallVocabulary):
    """Counts how often spelling is searched."""

    def __init__(self) -> None:
        super().__init__()
        self.searches = 0

    def nearest(self, name: str, limit: int = 3) -> list[Tag]:
        self.searches += 1
        return []


def test_spelling_is_searched_for_few_tags_of_one_prompt():
    vocabulary = SlowVocabulary()
    text = ", ".join(f"zz{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(200))
    assert len(normalize(text, "illustrious-v1.0", vocabulary).warnings) == 200
    assert vocabulary.searches <= 12


@pytest.mark.parametrize(
    ("positive", "negative", "tags"),
    [
        ("1girl, smile", "worst quality, lowres", []),
        ("1girl, smile", "smile, lowres", ["smile"]),
        ("1girl, red dress", "dress", ["dress"]),
        ("1girl, holding sword", "weapon", ["weapon"]),
        ("1girl, dress", "red dress", []),
        ("1girl, long_hair", "(long hair:1.3)", ["long hair"]),
        ("1girl, long hair", "longhair", ["longhair"]),
        ("1girl, masterpiece", "masterpiece, worst quality", ["masterpiece"]),
        ("1girl BREAK hat", "hat", ["hat"]),
    ],
)
def test_a_negative_that_cancels_a_positive(positive, negative, tags):
    found = check_negative(positive, negative, "illustrious-v1.0", VOCABULARY)
    assert [warning.tag for warning in found] == tags
    assert all(warning.kind == "cancels" and warning.remedy for warning in found)


def test_the_profiles_own_negatives_cancel_nothing_in_a_plain_prompt():
    positive = "1girl, hatsune miku, general, smile, wlop, masterpiece, newest"
    for name in PROFILES:
        negative = ", ".join(get_profile(name).negative)
        assert check_negative(positive, negative, name, VOCABULARY) == []
