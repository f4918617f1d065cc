"""Warnings: each with its reason and remedy, and none of them changes the text."""

import pytest
from ixl.core.prompt.normalize import check_negative, normalize
from ixl.core.prompt.profiles import PROFILES, get_profile
from ixl.core.prompt.words import counted, trained_word
from ixl.core.vocabulary.curated import CuratedVocabulary, curated_vocabulary
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
        ("1girl, ((smile), hat", "syntax", r"close it, or write \("),
        ("1girl, smile], hat", "syntax", r"close it, or write \]"),
        ("1girl, 青い目, 長い髪", "unknown", "write it in English"),
        ("1girl, source_anime", "untrained", "leave it out"),
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


@pytest.mark.parametrize("name", PROFILES)
def test_the_negative_words_of_a_card_are_no_mistakes(name):
    profile = get_profile(name)
    for vocabulary in (VOCABULARY, curated_vocabulary()):
        assert normalize(", ".join(profile.negative), profile, vocabulary).warnings == []


def test_an_ambiguous_name_is_explained_without_signs_of_our_tables():
    warnings = normalize("1boy, crane, doctor, sakura", vocabulary=curated_vocabulary()).warnings
    assert [w.tag for w in warnings if w.kind == "ambiguous"] == ["crane", "doctor", "sakura"]
    assert not any("{" in warning.why for warning in warnings)
    assert '(write "crane (animal)"), or the machine' in warnings[0].why


def test_words_that_danbooru_uses_for_one_thing_are_not_called_ambiguous():
    text = "1girl, bow, glasses, maid, tears, heart, mask, ring, rose, angel, ghost, pool, v"
    assert normalize(text, vocabulary=curated_vocabulary()).warnings == []


def test_without_a_vocabulary_nothing_is_unknown():
    assert normalize("1girl, zzzzzzzz").warnings == []


def test_the_neutral_profile_knows_no_trained_words():
    assert normalize("1girl, very aesthetic, mid, safe, year 2030", "sdxl").warnings == []


class WithCharacters(CuratedVocabulary):
    """The curated tables, which hold no characters, and two characters."""

    def lookup(self, name: str) -> Tag | None:
        if name in ("hatsune miku", "kagamine rin"):
            return Tag(name, "character")
        return super().lookup(name)


def pairs(text: str, profile: str = "illustrious-v1.0") -> list[tuple[str, str]]:
    """Contradictions by the curated tables: (tag, remedy)."""
    warnings = normalize(text, profile, WithCharacters()).warnings
    return [(w.tag, w.remedy) for w in warnings if w.kind == "contradiction"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("1girl, open mouth, closed mouth", ["closed mouth"]),
        ("1girl, (open mouth:1.2), (closed mouth:0.8)", ["closed mouth"]),
        ("1girl, closed mouth, :d", [":d"]),
        ("1girl, solo, long hair, short hair", ["short hair"]),
        ("solo, long_hair, short_hair", ["short hair"]),
        ("1girl, sitting, standing, looking at viewer", ["standing"]),
        ("1girl, day, night sky", ["night sky"]),
        ("1girl, indoors, outdoors", ["outdoors"]),
        ("no humans, indoors, outdoors", ["outdoors"]),
        ("1girl, barefoot, sneakers", ["sneakers"]),
        ("1girl, pale skin, dark skin", ["dark skin"]),
        ("1girl, white background, black background", ["black background"]),
        ("1girl, simple background, scenery", ["scenery"]),
        ("1girl, monochrome, colorful", ["colorful"]),
        ("1girl, hatsune miku, ponytail, twintails", ["twintails"]),
        ("1girl, lowres, absurdres", ["absurdres"]),
        # told once, by the rule that knows the class
        ("1girl, portrait, full body", ["full body"]),
        ("1girl, general, explicit", ["explicit"]),
        ("1girl, masterpiece, worst quality", ["worst quality"]),
        ("1girl, 2girls", ["2girls"]),
        ("solo, 2girls", ["solo"]),
    ],
)
def test_tags_that_exclude_each_other_are_reported_once(text, tags):
    assert [tag for tag, _ in pairs(text)] == tags


@pytest.mark.parametrize(
    "text",
    [
        # several persons: each may have one of the two
        "2girls, long hair, short hair, standing, sitting",
        "1girl, 1boy, long hair, short hair, pale skin, dark skin",
        "multiple girls, open mouth, closed mouth",
        "6+girls, ponytail, twintails",
        "hatsune miku, kagamine rin, long hair, short hair",
        "couple, open mouth, closed mouth",
        "twins, standing, sitting",
        # one person in several views or states
        "1girl, multiple views, open mouth, closed mouth",
        "1girl, reference sheet, standing, sitting",
        "1girl, 4koma, day, night",
        "1girl, before and after, long hair, short hair",
        # apart by BREAK, AND or COUPLE
        "1girl, long hair BREAK 1girl, short hair",
        "1girl, standing AND 1girl, sitting",
        # weak pairs happen: no word about them
        "1girl, closed eyes, looking at viewer",
        "1girl, smile, crying, tears",
        "1girl, blue eyes, red eyes, heterochromia",
        "1girl, twintails, low ponytail",
        "1girl, sleeveless, detached sleeves, wide sleeves, long sleeves",
        "1girl, tongue out, closed mouth",
        "1girl, kneeling, sitting",
        "1girl, highres, blurry, blurry background",
        "1girl, upper body, thighhighs, masterpiece, best quality, highres, absurdres",
        # what makes the pair possible stands there
        "1girl, long sleeves, short sleeves, layered sleeves",
        "1girl, blue background, pink background, gradient background",
        "1girl, barefoot, shoes, unworn shoes",
        "1girl, greyscale, colorful, spot color",
        # wildcards and choices stand for one of their options
        "1girl, {long hair|short hair}, [day:night:0.5]",
    ],
)
def test_tags_that_can_go_together_are_not_reported(text):
    assert pairs(text) == []


def test_pairs_are_of_tags_that_the_caller_wrote():
    text = "1girl, long hair, short hair, day, night, sitting, standing"
    for tag, remedy in pairs(text):
        assert tag in text and remedy.removeprefix("keep one of ").split(", ")[1] == tag


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
