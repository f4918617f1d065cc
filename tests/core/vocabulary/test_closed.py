"""Closed classes against Danbooru's count tags; the paper's tables are in prompt/test_lint.py."""

import pytest
from ixl.core.vocabulary import closed
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.core.vocabulary.tag import CATEGORIES


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
        ("feet out of frame", "feet out of frame", "general"),
        ("top quality", "top quality", "score"),
        ("score_9", "score_9", "score"),
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


def test_bands_are_within_their_scale():
    assert all(0 <= word.low < word.high <= 100 for word in closed.SCORES)
    assert all(2005 <= word.low <= word.high <= closed.LAST_YEAR for word in closed.YEARS)


def test_every_closed_tag_has_a_known_category_and_is_canonical():
    from ixl.core.vocabulary.names import canonical

    for name, tag in closed.closed_tags().items():
        assert tag.category in CATEGORIES
        assert canonical(name) == name == tag.name
