"""Closed classes against the published tables (arXiv 2409.19946) and Danbooru's count tags."""

import pytest
from ixl.core.vocabulary import closed
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.core.vocabulary.tag import CATEGORIES

# Table 3, typed from the paper: word and upper percentile.
TABLE_3 = [
    ("worst quality", 8),
    ("bad quality", 20),
    ("average quality", 60),
    ("good quality", 82),
    ("best quality", 92),
    ("masterpiece", 100),
]
# Table 4, typed from the paper: word and last year.
TABLE_4 = [("oldest", 2017), ("old", 2019), ("modern", 2020), ("recent", 2022), ("newest", 2023)]


def test_score_words_are_table_3_in_order():
    assert list(closed.SCORE_PERCENTILES.items()) == TABLE_3
    assert closed.SCORE_WORDS["illustrious"] == tuple(word for word, _ in TABLE_3)


@pytest.mark.parametrize(("word", "last"), TABLE_4)
def test_year_words_are_table_4(word, last):
    assert closed.year_word(last) == word
    following = dict(zip([w for w, _ in TABLE_4], [w for w, _ in TABLE_4][1:], strict=False))
    assert closed.year_word(last + 1) == following.get(word, "newest")


@pytest.mark.parametrize(
    ("year", "family", "word"),
    [
        (2004, "illustrious", ""),
        (2005, "illustrious", "oldest"),
        (2012, "noobai-xl", "early"),
        (2016, "noobai-xl", "mid"),
        (2016, "illustrious", "oldest"),
        (2024, "animagine-xl-4", "year 2024"),
    ],
)
def test_year_word_per_family(year, family, word):
    assert closed.year_word(year, family) == word


@pytest.mark.parametrize(
    ("name", "canonical", "category"),
    [
        ("1girl", "1girl", "person count"),
        ("2 girls", "2girls", "person count"),
        ("two girls", "2girls", "person count"),
        ("9boys", "6+boys", "person count"),
        ("6+others", "6+others", "person count"),
        ("multiple girls", "multiple girls", "person count"),
        ("no humans", "no humans", "person count"),
        ("year 2023", "year 2023", "year"),
        ("newest", "newest", "year"),
        ("mid", "mid", "year"),
        ("masterpiece", "masterpiece", "score"),
        ("very awa", "very awa", "score"),
        ("high score", "high score", "score"),
        ("score_8_up", "score_8_up", "score"),
        ("amazing quality", "amazing quality", "score"),
        ("general", "general", "rating"),
        ("rating:g", "general", "rating"),
        ("rating: safe", "safe", "rating"),
        ("nsfw", "nsfw", "rating"),
        ("cowboy shot", "cowboy shot", "framing"),
        ("absurdres", "absurdres", "quality"),
    ],
)
def test_lookup(name, canonical, category):
    tag = curated_vocabulary().lookup(name)
    assert (tag.name, tag.category) == (canonical, category)


@pytest.mark.parametrize(
    "name", ["0girls", "year 1899", "year 2923", "girl", "", "year", "100girls"]
)
def test_what_no_pattern_means(name):
    assert curated_vocabulary().lookup(name) is None


def test_solo_is_general():
    assert curated_vocabulary().lookup("solo").category == "general"


@pytest.mark.parametrize("kind", ["girl", "boy", "other"])
@pytest.mark.parametrize("number", range(1, 9))
def test_counts_round_trip(kind, number):
    name = closed.person_count(kind, number)
    assert name in closed.PERSON_COUNTS
    assert closed.counted(name) == (kind, min(number, 6))


def test_person_count_of_nobody_is_refused():
    with pytest.raises(ValueError, match="use 1 or more"):
        closed.person_count("girl", 0)


def test_families_say_who_was_trained_on_a_word():
    assert closed.families_of("modern") == ("illustrious",)
    assert "illustrious" not in closed.families_of("very aesthetic")
    assert closed.families_of("amazing quality") == ()
    assert set(closed.families_of("masterpiece")) >= {"illustrious", "noobai-xl"}


def test_nearest_words_are_trained_words():
    assert set(closed.NEAREST_ILLUSTRIOUS_SCORE.values()) <= set(closed.SCORE_PERCENTILES)
    known = set(closed.RATING_WORDS["illustrious"])
    assert set(closed.NEAREST_ILLUSTRIOUS_RATING.values()) <= known
    for words in closed.SCORE_WORDS.values():
        for word in words:
            assert word in closed.SCORE_PERCENTILES or word in closed.NEAREST_ILLUSTRIOUS_SCORE


def test_every_closed_tag_has_a_known_category_and_is_canonical():
    from ixl.core.vocabulary.names import canonical

    for name, tag in closed.closed_tags().items():
        assert tag.category in CATEGORIES
        assert canonical(name) == name == tag.name
