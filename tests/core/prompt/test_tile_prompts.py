"""What each cut-out of a picture is told."""

import pytest
from ixl.core.prompt import tile_prompts as module
from ixl.core.prompt.build import Card
from ixl.core.prompt.locality import is_everywhere
from ixl.core.prompt.tile_boxes import Box, Marked, given_boxes, read_boxes
from ixl.core.prompt.tile_places import places_of
from ixl.core.prompt.tile_prompts import tile_prompts, tile_report
from ixl.core.vocabulary.curated import CuratedVocabulary

VOCABULARY = CuratedVocabulary()
SOLO = (
    "1girl, solo, long hair, (smile:1.2), white dress, sitting, upper body, cat, sword, "
    "outdoors, night, from above, watercolor (medium), masterpiece, newest"
)
SCENERY = r"outdoors, night, from above, watercolor \(medium\), masterpiece, newest"
TOP_RIGHT = Box(0.9, 0.0, 1.0, 0.1)


def made(prompt, lines="", cards=(), given=None, **more):
    places = places_of(cards, read_boxes(lines), given)
    return tile_prompts(prompt, places, vocabulary=VOCABULARY, **more)


def said(prompts, *percent):
    left, top, width, height = (value / 100 for value in percent)
    return prompts.texts[prompts.at(Box(left, top, left + width, top + height))]


@pytest.mark.parametrize(
    ("name", "category", "shared"),
    [
        ("masterpiece", "score", True),
        ("general", "rating", True),
        ("wlop", "artist", True),
        ("newest", "year", True),
        ("absurdres", "quality", True),
        ("embedding:lazypos", "unknown", True),
        ("oil painting (medium)", "unknown", True),
        *[
            (name, "general", True)
            for name in ("night", "rain", "sunlight", "pastel colors", "city", "blue sky",
                         "simple background", "depth of field", "sketch", "1980s (style)")
        ],
        ("1girl", "person count", False),
        ("hatsune miku", "character", False),
        ("vocaloid", "copyright", False),
        ("cowboy shot", "framing", False),
        ("my trigger", "unknown", False),
        *[
            (name, "general", False)
            for name in ("solo", "blue eyes", "long hair", "blush", "dress", "hat", "sitting",
                         "holding sword", "sword", "cat", "car", "cake", "cat ears", "smile",
                         "looking at viewer", "multiple views", "speech bubble", "light blush",
                         "glowing hair", "silhouette")
        ],
    ],
)  # fmt: skip
def test_what_is_true_of_every_cut_out(name, category, shared):
    assert is_everywhere(name, category, VOCABULARY) is shared
    if category != "general":  # closed classes need no list
        assert is_everywhere(name, category) is shared


def test_a_box_without_tags_holds_all_that_is_not_everywhere():
    prompts = made(SOLO, "30 20 40 60")
    assert prompts.texts[0] == said(prompts, 0, 0, 100, 100) == said(prompts, 40, 30, 5, 5) == SOLO
    assert said(prompts, 90, 0, 10, 10) == said(prompts, 0, 0, 33, 100) == SCENERY
    assert len(prompts.texts) == 2


def test_no_box_gets_the_background_words_and_chosen_tags():
    prompts = made(f"{SOLO}, trigger", "30 20 40 60", background="no humans", everywhere="trigger")
    assert said(prompts, 0, 0, 10, 10) == "no humans, " + SCENERY.replace(
        "from above,", "from above, trigger,"
    )
    assert prompts.texts[0] == f"{SOLO}, trigger"


TWO = "2girls, hatsune miku, vocaloid, long hair, hat, holding hands, night, masterpiece"


def test_boxes_with_tags_share_out_the_prompt():
    prompts = made(
        TWO, "10 10 30 80: 1girl, hatsune miku, long hair\n60 10 30 80: 1girl, hat, red scarf"
    )
    assert prompts.texts[0] == TWO.replace(", night", ", night, red scarf")
    assert said(prompts, 0, 0, 45, 100) == "1girl, hatsune miku, long hair, night, masterpiece"
    assert said(prompts, 55, 0, 45, 100) == "1girl, red scarf, hat, night, masterpiece"
    assert said(prompts, 42, 0, 10, 100) == "night, masterpiece"
    assert said(prompts, 35, 30, 35, 20) == prompts.texts[0]


def test_a_tag_that_a_box_names_is_only_there():
    prompts = made("1girl, night, full moon, smile", "0 0 100 20: full moon\n30 30 40 70")
    assert said(prompts, 0, 0, 10, 10) == "night, full moon"
    assert said(prompts, 0, 50, 20, 50) == "night"
    assert said(prompts, 40, 50, 20, 20) == "1girl, night, smile"


def test_persons_are_counted_anew():
    three = "0 0 20 100: 1girl, hat\n40 0 20 100: 1girl\n80 0 20 100"
    prompts = made("2girls, 1boy, sitting, night", three)
    assert said(prompts, 0, 0, 10, 100) == "1girl, hat, night"
    assert said(prompts, 0, 0, 55, 100) == "2girls, hat, night"
    assert said(prompts, 85, 0, 10, 100) == "1boy, sitting, night"
    assert said(prompts, 45, 0, 55, 100) == "1girl, 1boy, sitting, night"


def test_found_boxes_hold_one_person_each_where_that_is_certain():
    boxes = [{"x": x, "y": 0, "width": 20, "height": 50} for x in (0, 40, 80)]
    for prompt, one, two in (
        ("(3girls:1.1), smile", "1girl, smile", "2girls, smile"),
        ("2girls, 1boy, smile", "2girls, 1boy, smile", "2girls, 1boy, smile"),
    ):
        prompts = made(prompt, given=given_boxes([boxes], (100, 100)))
        assert said(prompts, 45, 5, 5, 5) == one
        assert said(prompts, 5, 5, 50, 5) == two
        assert said(prompts, 0, 0, 100, 100) == prompt
        assert said(prompts, 0, 60, 100, 40) == ""


def test_sentences_speak_of_the_whole_picture():
    text = "1girl, hat, night, A girl with a hat walks through the city and looks at the sky."
    prompts = made(text, "0 0 30 100\n70 0 30 100: cat")
    assert prompts.texts[0].count("walks through") == 1
    assert all("walks" not in one for one in prompts.texts[1:])
    assert said(prompts, 0, 0, 20, 100) == "1girl, hat, night"


CARDS = (
    Card("hatsune miku", "vocaloid", "girl", "long hair", "right", "waving"),
    Card("", "", "boy", "short hair, (hat:1.1)", "left"),
)
PROMPT = "1girl, 1boy, hatsune miku, vocaloid, long hair, waving, short hair, (hat:1.1), night"
GIRL, BOY = "1girl, vocaloid, hatsune miku, long hair, waving, night", "1boy, short hair, (hat:1.1)"


def tags(text):
    return sorted(text.split(", "))


def test_characters_are_where_their_position_says():
    prompts = made(PROMPT, cards=CARDS)
    assert prompts.texts[0] == PROMPT
    assert tags(said(prompts, 70, 0, 30, 30)) == tags(GIRL)
    assert tags(said(prompts, 0, 0, 30, 30)) == tags(BOY + ", night")


def test_characters_are_where_their_box_is():
    prompts = made(PROMPT, "60 50 20 40: Character 1, holding sword", cards=CARDS[:1] + CARDS[1:])
    assert tags(said(prompts, 65, 60, 5, 5)) == tags(GIRL + ", holding sword")
    assert said(prompts, 60, 0, 40, 30) == "night"
    assert prompts.texts[0] == PROMPT.replace(", night", ", night, holding sword")


def test_as_many_found_boxes_as_characters_are_theirs_from_left_to_right():
    found = [Marked(Box(0.7, 0.1, 0.8, 0.3)), Marked(Box(0.1, 0.1, 0.2, 0.3))]
    prompts = made(PROMPT, cards=CARDS, given=found)
    assert tags(said(prompts, 70, 20, 5, 5)) == tags(GIRL)
    assert tags(said(prompts, 10, 20, 5, 5)) == tags(BOY + ", night")
    assert said(prompts, 0, 50, 100, 50) == "night"


def test_characters_that_the_prompt_does_not_name_are_added():
    prompts = made("night, masterpiece", cards=CARDS)
    assert prompts.texts[0].startswith("1girl, 1boy, ")
    assert tags(prompts.texts[0]) == tags(f"{PROMPT}, masterpiece")


def test_nobody_was_found():
    prompts = made(SOLO, given=[])
    assert prompts.texts == (SOLO, SCENERY)
    assert prompts.at(TOP_RIGHT) == 1


def test_a_profile_without_an_order_keeps_that_of_the_prompt():
    prompts = tile_prompts(
        "night, 1girl, masterpiece, rain", places_of((), read_boxes("0 0 50 50"), None), "sdxl",
        VOCABULARY,
    )  # fmt: skip
    assert prompts.texts[prompts.at(TOP_RIGHT)] == "night, masterpiece, rain"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Nothing says where anybody is"),
        ({"lines": "0 0 9 9: character 3", "cards": CARDS}, "character 3 and 2 are connected"),
        ({"lines": "0 0 9 9: hat\n" * 25}, "There are 25 boxes; at most 24"),
    ],
)
def test_places_that_cannot_be_are_refused_in_one_sentence(given, message):
    with pytest.raises(ValueError, match=message):
        made(SOLO, **given)


def test_too_many_different_prompts_are_refused():
    grid = "\n".join(f"{x * 20} {y * 20} 18 18: thing {x}{y}" for x in range(4) for y in range(4))
    with pytest.raises(ValueError, match=f"at most {module.MOST_PROMPTS} are encoded"):
        made(SOLO, grid)
    bare = "\n".join(line.split(":")[0] for line in grid.splitlines())
    assert len(made(SOLO, bare).texts) == 2


def test_the_report_names_each_box_and_what_is_said_without_one():
    lines = "10 10 30 80: 1girl\n60 10 30 80: 1boy"
    places = places_of((), read_boxes(lines), None)
    report = tile_report(tile_prompts("1girl, 1boy, night", places, vocabulary=VOCABULARY), places)
    assert report.split("\n") == [
        "2 boxes, 4 prompts",
        "whole: 1girl, 1boy, night",
        "box 1 (10-40 % across, 10-90 % down): 1girl, night",
        "box 2 (60-90 % across, 10-90 % down): 1boy, night",
        "no box: night",
    ]
    places = places_of((), read_boxes("0 0 100 100\n20 20 10 10: cat"), None)
    report = tile_report(tile_prompts("1girl, night", places, vocabulary=VOCABULARY), places)
    assert "no box: every part of the picture is in one" in report
    assert "box 2 (20-30 % across, 20-30 % down): never seen alone" in report


@pytest.mark.parametrize(
    ("count", "both"),
    [
        ("1girl", "1girl"),
        ("2girls", "2girls"),
        ("multiple girls", "2girls"),
        ("6+girls", "2girls"),
        ("2girls, multiple girls", "2girls"),
        ("1girl, 1boy", "1girl"),
        ("1boy", "2girls"),
        ("smile", "2girls"),
    ],
)
def test_boxes_may_be_parts_of_one_person(count, both):
    boxes = "0 0 20 50: 1girl\n40 0 20 50: 1girl\n80 80 20 20: cat"
    prompts = made(f"{count}, night", boxes)
    assert said(prompts, 5, 5, 45, 5) == f"{both}, night"
