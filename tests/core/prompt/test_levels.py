"""The multi-level builder: tags, composed English, placement, several characters, regions."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.prompt.build import (
    OWN_FIELDS,
    Card,
    Picture,
    build,
    person_count,
    tag_sections,
)
from ixl.core.prompt.choices import LEVELS
from ixl.core.prompt.deeds import action, emotion
from ixl.core.prompt.english import Whom, article, many, noun_phrase, people, title_name
from ixl.core.prompt.fields import split_items
from ixl.core.prompt.levels import compose
from ixl.core.prompt.loose import worded
from ixl.core.prompt.normalize import normalize
from ixl.core.prompt.parse import parse
from ixl.core.prompt.phrases import IMPLIED, position
from ixl.core.prompt.prose import description, one_sentence
from ixl.core.prompt.regions import make_regions, place_cards
from ixl.core.prompt.scenery import scene
from ixl.core.vocabulary.curated import curated_vocabulary, general_groups
from ixl.core.vocabulary.tag import Tag
from prompt_vocabulary import VOCABULARY

MIKU = Card(
    *("hatsune miku", "vocaloid", "girl", "long hair, aqua hair, twintails, aqua eyes", "left"),
    *("holding sword, looking at viewer", "smile", "school uniform, black thighhighs"),
)
RIN = Card(
    *("kagamine rin", "vocaloid", "girl", "short hair, blonde hair, blue eyes", "right"),
    *("waving", "smile", "school uniform, shorts"),
)
ALONE = Picture((MIKU,), "outdoors, night", "upper body", "watercolor (medium)", "wlop", "general",
                "masterpiece", "newest")  # fmt: skip
PAIR = Picture((MIKU, RIN), "outdoors, rain", artist="wlop", score="masterpiece")


@pytest.mark.parametrize(
    ("persons", "expected"),
    [
        ([], []),
        (["girl"], ["1girl"]),
        (["girl", "girl"], ["2girls"]),
        (["boy", "girl", "boy"], ["1girl", "2boys"]),
        (["other"], ["1other"]),
        (["girl"] * 5, ["5girls"]),
        (["girl"] * 6, ["6+girls"]),
        (["boy"] * 9 + ["other"] * 2, ["6+boys", "2others"]),
    ],
)
def test_person_counts_as_danbooru_counts(persons, expected):
    assert person_count(persons) == expected


def test_an_unknown_person_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="girl, boy, other"):
        person_count(["cat"])


def test_levels_of_one_character():
    tags = (
        "1girl, hatsune miku, vocaloid, {}general, solo, long hair, aqua hair, twintails, aqua "
        "eyes, "
        "school uniform, black thighhighs, holding sword, looking at viewer, smile, outdoors, "
        "night, "
        r"upper body, watercolor \(medium\), wlop, masterpiece, newest"
    )
    sentence = (
        "Hatsune Miku from Vocaloid with long aqua hair in twintails and aqua eyes, wearing a "
        "school "
        "uniform and black thighhighs, is holding a sword, looking at the viewer and smiling on "
        "the "
        "left outdoors at night, shown from the waist up and drawn in watercolor."
    )
    text = (
        "Hatsune Miku from Vocaloid is holding a sword, looking at the viewer and smiling on the "
        "left "
        "outdoors at night. She has long aqua hair in twintails and aqua eyes. She is wearing a "
        "school "
        "uniform and black thighhighs. She is shown from the waist up. The picture is drawn in "
        "watercolor, in the style of wlop."
    )
    profile = "illustrious-v1.0"
    assert compose(ALONE, "tags", profile).text == tags.format("")
    assert compose(ALONE, "sentence", profile).text == tags.format(sentence + " ")
    assert compose(ALONE, "description", profile).text == tags.format(text + " ")
    prose = compose(ALONE, "prose", profile)
    assert prose.text == text
    assert [note.split(":")[0] for note in prose.notes] == [
        "rating general",
        "score masterpiece",
        "year newest",
    ]


def test_two_characters_share_and_own():
    sections = tag_sections(PAIR)
    assert sections["person count"] == ["2girls"]
    assert sections["copyright"] == ["vocaloid"]
    general = sections["general"]
    assert general[:2] == ["school uniform", "smile"]  # said once, before what each has alone
    assert general.index("black thighhighs") < general.index("short hair") < general.index("shorts")
    assert len(general) == len(set(general)) and "solo" not in general


def test_description_of_two_characters():
    assert description(worded(PAIR)) == (
        "Two girls are outdoors in the rain. They are wearing school uniforms. They are smiling. "
        "On the left is Hatsune Miku from Vocaloid with long aqua hair in twintails and aqua eyes. "
        "She is wearing black thighhighs. She is holding a sword and looking at the viewer. On the "
        "right is Kagamine Rin with short blonde hair and blue eyes. She is wearing shorts. She is "
        "waving. The picture is drawn in the style of wlop."
    )


SENTENCES = [
    (Picture(), ""),
    (Picture((Card(),)), "This is a girl."),
    (Picture((Card(person="boy", tags="short hair"),)), "This is a boy with short hair."),
    (Picture((Card(person="other", clothing="hat"),)), "This is a person, wearing a hat."),
    (
        Picture((Card(action="reading book"),), "library"),
        "A girl is reading a book in a library.",
    ),
    (
        Picture((Card(tags="cat girl, cat tail", clothing="umbrella hat"),), "white background"),
        "A cat girl with a cat tail, wearing an umbrella hat, is shown against a white background.",
    ),
    (
        Picture((Card("frieren", "sousou no frieren", tags="elf, barefoot"),), "grass"),
        "Frieren from Sousou no Frieren, an elf girl, is barefoot on grass.",
    ),
    (
        Picture((Card(tags="long hair"), Card(person="boy", action="sitting")), "beach, sunset"),
        "The picture shows a girl with long hair and a boy sitting on a beach at sunset.",
    ),
    (
        Picture((Card(action="(holding umbrella:1.2)", emotion="closed eyes"),)),
        "A girl is holding an umbrella with closed eyes.",
    ),
    (
        Picture((), "beach, sunset, no humans", "wide shot"),
        "This is a scene on a beach at sunset, shown in a wide shot.",
    ),
]


@pytest.mark.parametrize(("picture", "expected"), SENTENCES, ids=[s for _, s in SENTENCES])
def test_one_sentence(picture, expected):
    assert one_sentence(worded(picture)) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("looking at viewer", "looking at the viewer"),
        ("holding umbrella", "holding an umbrella"),
        ("holding hands", "holding hands"),
        ("sitting on chair", "sitting on a chair"),
        ("standing on one leg", "standing on one leg"),
        ("looking back", "looking back"),
        ("arms up", "with her arms up"),
        ("arms behind back", "with her arms behind her back"),
        ("hand on own hip", "with a hand on her hip"),
        ("hands on own hips", "with hands on her hips"),
        ("drinking tea", "drinking tea"),
        ("playing guitar", "playing a guitar"),
        ("putting hat on table", "putting a hat on a table"),
        ("against wall", "leaning against a wall"),
        ("finger to mouth", "with a finger to her mouth"),
        ("on floor", "on the floor"),
        ("hand rest", ""),
        ("yoga", "doing yoga"),
        ("double w", ""),
    ],
)
def test_actions(tag, expected):
    assert action(tag, Whom("girl")) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("umbrella", "an umbrella"),
        ("school uniform", "a school uniform"),
        ("uniform", "a uniform"),
        ("hour glass", "an hour glass"),
        ("red dress", "a red dress"),
        ("glasses", "glasses"),
        ("armor", "armor"),
        ("cat ears", "cat ears"),
        ("ribbon on hat", "a ribbon on hat"),
        ("the sea", "the sea"),
        ("one-piece swimsuit", "a one-piece swimsuit"),
        ("eyepatch", "an eyepatch"),
        ("european castle", "a european castle"),
    ],
)
def test_articles(phrase, expected):
    assert noun_phrase(phrase) == expected


def test_small_grammar():
    assert article("apple") == "an" and article("pear") == "a"
    assert people({"girl": (2, False), "boy": (1, False)}) == "two girls and a boy"
    assert people({"other": (12, False), "girl": (6, True)}) == "12 people and six or more girls"
    assert (
        people({"girl": (2, True), "boy": (1, False)}, {"boy"}) == "several girls and another boy"
    )
    assert title_name("artoria pendragon (fate)") == "Artoria Pendragon"
    assert [many(w) for w in ("dress", "hat", "body", "armor", "boots", "ribbon on hat")] == [
        *("dresses", "hats", "bodies", "armor", "boots", "ribbons on hat")
    ]
    assert [position(p) for p in ("left", "top-left", "behind the tree", "")] == [
        *("on the left", "at the top left", "behind the tree", "")
    ]
    seen = scene(["night", "blue sky", "classroom", "cat", "in a box"], [])
    assert seen.where == ["in a classroom", "in a box", "under a blue sky", "at night"]
    assert seen.things == ["a cat"] and seen.unsaid == []
    moods = [emotion(m, Whom("girl")) for m in ("smile", "angry", "laughing", "wavy mouth")]
    assert moods == ["smiling", "looking angry", "laughing", "with a wavy mouth"]


def test_free_text_goes_where_it_belongs():
    picture = Picture((Card(),), text="A small dog runs past. lens flare, (rain:1.2)")
    composed = compose(picture, "tags", "illustrious-v1.0")
    assert composed.text == "1girl, A small dog runs past. solo, lens flare, (rain:1.2)"
    assert compose(picture, "sentence").natural_language == "This is a girl. A small dog runs past."


def test_names_are_escaped_and_weights_stay():
    card = Card("hatsune miku (append)", tags="(long hair:1.2), [smile]")
    text = compose(Picture((card,)), "tags").text
    assert text == r"1girl, hatsune miku \(append\), solo, (long hair:1.2), [smile]"


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_in_nothing_out(level):
    assert compose(Picture(), level).text == ""


def test_bad_input_says_what_is_allowed():
    with pytest.raises(ValueError, match="tags, sentence, description, prose"):
        compose(Picture(), "novel")
    with pytest.raises(ValueError, match="no section"):
        build({"colour": "red"})


@pytest.mark.parametrize(
    ("positions", "boxes"),
    [
        (["", ""], [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]),
        (["right", "left"], [(0.5, 0, 1, 1), (0, 0, 0.5, 1)]),
        (
            ["left", "center", "right"],
            [(0, 0, 0.3333, 1), (0.3333, 0, 0.6667, 1), (0.6667, 0, 1, 1)],
        ),
        (["top", "bottom"], [(0, 0, 1, 0.5), (0, 0.5, 1, 1)]),
        (
            ["top left", "bottom left", "right"],
            [(0, 0, 0.5, 0.5), (0, 0.5, 0.5, 1), (0.5, 0, 1, 1)],
        ),
        (["left", "left"], [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]),
        (["left", ""], [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]),
        ([""] * 4, [(0, 0, 0.25, 1), (0.25, 0, 0.5, 1), (0.5, 0, 0.75, 1), (0.75, 0, 1, 1)]),
        (["somewhere"], [(0, 0, 1, 1)]),
    ],
)
def test_rectangles_from_positions(positions, boxes):
    assert place_cards(tuple(Card(position=p) for p in positions)) == boxes


@given(st.lists(st.sampled_from(["", "left", "center", "right", "top", "bottom left"]), max_size=6))
@settings(max_examples=300, deadline=None)
def test_rectangles_cover_the_picture_once(positions):
    boxes = place_cards(tuple(Card(position=p) for p in positions))
    area = sum((right - left) * (bottom - top) for left, top, right, bottom in boxes)
    assert not positions or area == pytest.approx(1, abs=0.01)
    for one in boxes:
        for other in boxes:
            if one is not other and one != other:
                wide = min(one[2], other[2]) - max(one[0], other[0])
                high = min(one[3], other[3]) - max(one[1], other[1])
                assert wide < 0.001 or high < 0.001


def test_regions_and_prompt_control_text():
    made = make_regions(PAIR, "illustrious-v1.0")
    assert made.base == "2girls, vocaloid, school uniform, smile, outdoors, rain, wlop, masterpiece"
    assert [region.text for region in made.regions] == [
        "1girl, hatsune miku, vocaloid, long hair, aqua hair, twintails, aqua eyes, school "
        "uniform, black thighhighs, holding sword, looking at viewer, smile, wlop, masterpiece",
        "1girl, kagamine rin, vocaloid, short hair, blonde hair, blue eyes, school uniform, "
        "shorts, waving, smile, wlop, masterpiece",
    ]
    prompt = parse(made.prompt_control)
    keywords = [part.text for part in prompt.parts if part.kind == "keyword"]
    assert keywords == ["COUPLE", "MASK(0 0.5, 0 1)", "COUPLE", "MASK(0.5 1, 0 1)"]
    assert normalize(made.prompt_control, "illustrious-v1.0", VOCABULARY).text == (
        made.prompt_control
    )


TAGS = [name for name, tag in VOCABULARY.tags.items() if tag.category == "general"]
TAGS = [name for name in TAGS if name.replace(" ", "").isalpha()]
_fields = st.lists(st.sampled_from(TAGS), max_size=4, unique=True).map(", ".join)
_cards = st.builds(
    Card,
    name=st.sampled_from(["", "hatsune miku", "kagamine rin", "artoria pendragon (fate)"]),
    series=st.sampled_from(["", "vocaloid", "fate (series)"]),
    person=st.sampled_from(["girl", "boy", "other"]),
    tags=_fields,
    position=st.sampled_from(["", "left", "right", "in the back"]),
    action=_fields,
    emotion=_fields,
    clothing=_fields,
)
_pictures = st.builds(
    Picture,
    cards=st.lists(_cards, max_size=3).map(tuple),
    scene=_fields,
    camera=_fields,
    style=_fields,
    rating=st.sampled_from(["", "general"]),
    score=st.sampled_from(["", "masterpiece, best quality"]),
    year=st.sampled_from(["", "newest"]),
    artist=st.sampled_from(["", "wlop", "mika pikazo, kantoku"]),
    general=_fields,
    text=st.sampled_from(["", "The sky glows behind them."]),
    persons=st.sampled_from(["", "1girl", "2girls", "1girl, 2boys", "6+girls", "multiple others"]),
    character=st.sampled_from(["", "frieren", "kasane teto, 2b (nier:automata)"]),
    series=st.sampled_from(["", "vocaloid", "vocaloid, nier:automata"]),
)


@given(_pictures, st.sampled_from(LEVELS), st.sampled_from([None, curated_vocabulary()]))
@settings(max_examples=1_000, deadline=None)
def test_composed_prompts_are_in_order_and_read_as_sentences(picture, level, vocabulary):
    composed = compose(picture, level, "illustrious-v1.0", vocabulary)
    assert composed == compose(picture, level, "illustrious-v1.0", vocabulary)
    prose = composed.natural_language
    if prose:
        assert prose[0].isupper() and prose.endswith(".")
        assert not re.search(r"  |\b(a|an) (a|an|the)\b|\ba [aeio]|,,|\.\.| ,| \.|, is \.|_", prose)
        assert not re.search(r"(?:and|with|wearing|is|are|has|have)[.,]", prose)
    result = normalize(composed.text, "illustrious-v1.0", VOCABULARY)
    if prose:
        assert prose in result.text
    if level != "prose":
        assert result.text == composed.text


def test_what_cannot_be_worded_is_left_to_the_tags_and_noted_in_prose():
    picture = Picture((Card(tags="long hair, chonmage", action="double w"),), "surreal")
    assert one_sentence(worded(picture)) == "This is a girl with long hair."
    assert "chonmage, double w, surreal" in compose(picture, "sentence").text
    notes = compose(picture, "prose").notes
    assert notes == ("chonmage, double w, surreal: left out, there is no wording for it",)


LOOSE = Picture(
    persons="1girl",
    character="hatsune miku",
    series="vocaloid",
    general="(long hair:1.2), blue eyes, smile, school uniform, sitting, classroom, from above, "
    "book",
)


def test_sentences_are_made_of_loose_fields_too_and_the_tag_list_keeps_its_order():
    composed = compose(LOOSE, "sentence", vocabulary=curated_vocabulary())
    assert composed.natural_language == (
        "Hatsune Miku from Vocaloid with long hair and blue eyes, wearing a school uniform, is "
        "sitting and smiling in a classroom, with a book in view, seen from above."
    )
    assert composed.text.startswith("1girl, hatsune miku, vocaloid, Hatsune Miku from")
    assert composed.text.endswith(f"., {LOOSE.general}")


@pytest.mark.parametrize(
    ("cards", "persons", "expected"),
    [
        ((), "1girl, 2boys", ["1girl", "2boys"]),
        ((), "no humans", ["no humans"]),
        ((MIKU,), "1girl", ["1girl"]),  # the card is that girl
        ((MIKU, RIN), "1girl", ["2girls"]),  # more cards than stated: the cards count
        ((MIKU,), "3girls", ["3girls"]),  # and two who have no card
        ((MIKU,), "1boy", ["1girl", "1boy"]),
        ((MIKU,), "multiple girls", ["multiple girls"]),
        ((MIKU,), "(1girl:1.2), crowd", ["1girl", "crowd"]),
    ],
)
def test_person_count_of_cards_and_field(cards, persons, expected):
    sections = tag_sections(Picture(cards, persons=persons))
    assert sections["person count"] == expected
    assert ("solo" in sections.get("general", ())) == (expected == ["1girl"])


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (Picture(persons="2girls", cards=(Card(name="kagamine rin"),)),
         "Kagamine Rin and a girl are together."),
        (Picture(persons="1girl, 1boy", character="frieren, himmel", general="rain, city, smile"),
         "Frieren and Himmel are in a city in the rain."),  # whose smile it is nobody said
        (Picture(persons="6+girls", general="beach"), "Six or more girls are on a beach."),
        (Picture(persons="no humans", general="forest"), "This is a scene in a forest."),
        (Picture(character="frieren"), "This is Frieren."),
    ],
)  # fmt: skip
def test_who_is_named_in_the_sentence_of_loose_fields(picture, sentence):
    assert (
        compose(picture, "sentence", vocabulary=curated_vocabulary()).natural_language == sentence
    )


def test_a_picture_without_characters_has_no_regions():
    with pytest.raises(ValueError, match=r"connect Character"):
        make_regions(Picture(general="smile"))


@pytest.mark.parametrize(
    ("profile", "tail"),
    [
        ("illustrious-v2.0", "general, smile, masterpiece, newest"),
        # NoobAI has no "average quality" and no "modern"; Animagine writes years as numbers.
        ("noobai-xl", "newest, masterpiece, general"),
        ("animagine-xl-4", "safe, smile, year 2024, masterpiece"),
    ],
)
def test_words_of_illustrious_become_those_of_the_profile(profile, tail):
    picture = Picture(general="smile", rating="general", score="masterpiece", year="newest")
    made = compose(picture, "tags", profile)
    assert set(tail.split(", ")) <= set(made.text.split(", "))
    assert normalize(made.text, profile, VOCABULARY).warnings == []


def test_names_keep_their_weight_and_lose_it_in_sentences():
    cards = (Card("(hatsune miku:1.2)", "(vocaloid:0.9)"), Card("2b (nier:automata)"))
    made = compose(Picture(cards), "sentence")
    assert made.sections["character"] == ["(hatsune miku:1.2)", r"2b \(nier:automata\)"]
    assert made.natural_language == "Hatsune Miku from Vocaloid and 2B are together."


def test_regions_keep_the_names_that_have_no_card():
    made = make_regions(Picture((MIKU, RIN), character="frieren"))
    assert "frieren" in made.base
    assert "hatsune miku" not in made.base


@pytest.mark.parametrize("when", ["during the day", "at night"])
def test_nobody_is_at_night(when):
    picture = Picture(persons="2girls", general=when.split()[-1])
    made = compose(picture, "sentence", vocabulary=curated_vocabulary())
    assert made.natural_language == f"Two girls are shown {when}."


def test_a_field_with_break_stays_whole():
    picture = Picture(persons="1girl", general="smile, (rain, night:1.1) BREAK (city:1.2), {a|b}")
    assert compose(picture, "tags").text == f"1girl, {picture.general}"


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        (Card(r"ganyu \(genshin impact\)", "genshin impact"), "This is Ganyu from Genshin Impact."),
        (Card("ganyu (genshin impact)", action="sitting"), "Ganyu is sitting."),
        (Card(r"(ganyu \(genshin impact\):1.2)"), "This is Ganyu."),
        (Card("2b_(nier:automata)", "nier:automata"), "This is 2B from Nier:Automata."),
        (Card("  ", " "), "This is a girl."),
        (Card(",", "", "boy"), "This is a boy."),
        (Card("", "vocaloid"), "This is a girl from Vocaloid."),
    ],
)
def test_names_are_worded_however_they_are_written(card, sentence):
    assert compose(Picture((card,)), "sentence").natural_language == sentence


def test_a_series_that_the_name_states_is_said():
    picture = Picture((Card("ganyu (genshin impact)"),))
    assert compose(picture, "sentence", vocabulary=_Genshin()).natural_language == (
        "This is Ganyu from Genshin Impact."
    )


class _Genshin:
    """Knows one series."""

    def lookup(self, name):
        return Tag(name, "copyright") if name == "genshin impact" else None


@pytest.mark.parametrize("level", ["sentence", "description", "prose"])
def test_brackets_in_a_sentence_are_no_emphasis(level):
    picture = Picture((Card(action="sitting"),), artist="ask (askzy)", text="(bold:1.2)")
    made = compose(picture, level)
    weighted = [part for part in parse(made.text).atoms if part.group >= 0]
    assert [part.text for part in weighted] == ["bold"]
    assert ("ask \\(askzy\\)" in made.natural_language) == (level != "sentence")


CLOTHES = [
    ("knight", "a knight outfit"),
    ("gothic lolita", "a gothic lolita outfit"),
    ("lolita fashion", "a lolita outfit"),
    ("maid, apron", "a maid outfit and an apron"),
    ("school uniform, sleeves rolled up", "a school uniform and rolled-up sleeves"),
    ("goggles on head", "goggles on her head"),
    ("pajamas", "pajamas"),
    ("red dress, frills", "a red dress, with frills"),
    ("starlit mantle", "a starlit mantle"),  # no tag: taken at its word
]


@pytest.mark.parametrize(("clothing", "worn"), CLOTHES, ids=[c for c, _ in CLOTHES])
def test_what_is_worn(clothing, worn):
    text = description(worded(Picture((Card(clothing=clothing),))))
    assert text == f"This is a girl. She is wearing {worn}."


@pytest.mark.parametrize(
    ("clothing", "said"),
    [
        ("barefoot", "A girl is barefoot."),
        ("bare shoulders", "This is a girl with bare shoulders."),
        ("holding sword", "A girl is holding a sword."),
        ("umbrella", "A girl is carrying an umbrella."),
        ("unworn hat", "This is a girl."),
    ],
)
def test_what_is_not_worn_is_not_said_to_be(clothing, said):
    assert description(worded(Picture((Card(clothing=clothing),)))) == said


SCENES = [
    ("blue sky, cloud", "A girl is shown under a blue sky with clouds."),
    (
        "night sky, starry sky, full moon",
        "A girl is shown under a starry night sky with a full moon.",
    ),
    ("simple background, white background", "A girl is shown against a simple white background."),
    (
        "bedroom, on bed, window, morning",
        "A girl is on a bed by a window in a bedroom in the morning.",
    ),
    ("london, rain, night", "A girl is in London in the rain at night."),
    ("garden, fountain, lantern", "A girl is in a garden. The scene has a fountain and a lantern."),
]


@pytest.mark.parametrize(("scene", "said"), SCENES, ids=[s for s, _ in SCENES])
def test_a_place_is_said_once(scene, said):
    assert description(worded(Picture((Card(),), scene))) == said


GROUPS = [
    (
        Picture(persons="multiple girls", general="school uniform, smile, classroom"),
        "Several girls are smiling in a classroom. They are wearing school uniforms.",
    ),
    (
        Picture(persons="6+girls, 1boy", general="stage"),
        "Six or more girls and a boy are on a stage.",
    ),
    (
        Picture((Card("kagamine rin"),), persons="multiple girls", scene="beach"),
        "Several girls are on a beach. One of them is Kagamine Rin.",
    ),
    (
        Picture((Card(tags="red hair"), Card(tags="blue hair"))),
        "Two girls are together. One girl has red hair. The other girl has blue hair.",
    ),
    (
        Picture((Card(tags="elf, tall"), Card("himmel", person="boy", emotion="smile"))),
        "A tall elf girl and a boy are together. Himmel is smiling.",
    ),
    (
        Picture((Card(action="hug"), Card(action="hug", person="boy")), "rain"),
        "A girl and a boy are in the rain. They are hugging each other.",
    ),
]


@pytest.mark.parametrize(("picture", "said"), GROUPS, ids=[said for _, said in GROUPS])
def test_descriptions_of_several(picture, said):
    assert description(worded(picture, curated_vocabulary())) == said


PASTED = [
    (
        "masterpiece, 1girl, hatsune miku, vocaloid, (long hair:1.2), smile, wlop",
        "Hatsune Miku from Vocaloid is smiling. She has long hair. The picture is drawn in the "
        "style of wlop.",
    ),
    (
        "artist:ask (askzy), by wlop, 2girls, hatsune miku, kagamine rin, holding hands, outdoors",
        "Two girls are outdoors. They are holding hands. They are Hatsune Miku and Kagamine Rin. "
        r"The picture is drawn in the style of ask \(askzy\) and wlop.",
    ),
    (
        "1girl, k-on!, is the order a rabbit?, A dog sleeps beside her. rain",
        "A girl is in the rain. A dog sleeps beside her.",
    ),
    ("1girl, k-on!, hat", "This is a girl from K-On! She is wearing a hat."),
    ("no humans, night, city", "This is a scene in a city at night."),
]


@pytest.mark.parametrize(("general", "prose"), PASTED, ids=[text[:30] for text, _ in PASTED])
def test_a_whole_prompt_in_the_general_field_is_worded(general, prose):
    made = compose(Picture(general=general), "prose", vocabulary=_Both())
    assert made.natural_language == prose
    tags = compose(Picture(general=general), "tags", vocabulary=_Both())
    assert tags.text == general.replace("(askzy)", r"\(askzy\)")  # the tag list keeps its order


class _Both:
    """The small vocabulary with its names, and the curated groups."""

    def lookup(self, name):
        return curated_vocabulary().lookup(name) or VOCABULARY.lookup(name)

    def category(self, name):
        return tag.category if (tag := self.lookup(name)) else None


def test_phrases_that_are_words_already_stay_in_prose():
    picture = Picture(persons="1girl", general="hat, neon signs reflecting on the puddles, zzzz")
    made = compose(picture, "prose", vocabulary=curated_vocabulary())
    assert made.text == "This is a girl. She is wearing a hat. neon signs reflecting on the puddles"
    assert made.notes == (
        "zzzz: left out, there is no wording for it",
        "neon signs reflecting on the puddles: kept as written behind the sentences",
    )


def test_prose_keeps_what_is_no_words_and_notes_what_it_leaves_out():
    picture = Picture(
        persons="1girl",
        general="(smile:1.2), [hat], <lora:foo:0.8>, __colors__, {red|blue} dress, night BREAK "
        "rain, [cat:dog:0.5], embedding:soft /* note */",
        score="masterpiece",
    )
    made = compose(picture, "prose", vocabulary=curated_vocabulary())
    kept = "<lora:foo:0.8>, __colors__, {red|blue} dress, [cat:dog:0.5], embedding:soft"
    assert made.natural_language == "A girl is smiling in the rain at night. She is wearing a hat."
    assert made.text == f"{made.natural_language} {kept}"
    assert set(made.notes) == {
        "score masterpiece: left out, it has no natural wording",
        "(smile:1.2), [hat]: said without the weight, sentences have none",
        "BREAK: left out, the sentences are one text",
        f"{kept}: kept as written behind the sentences",
    }


def test_what_is_said_once_or_replaced_is_noted():
    cards = (Card(emotion="(smile:1.2)"), Card(emotion="smile"))
    made = compose(Picture(cards, persons="1girl", general="hat // mine"), "tags")
    assert made.text == "2girls, (smile:1.2), hat"
    assert made.notes == (
        "// mine: left out, a comment is no part of the picture",
        "1girl: left out, with the characters it is 2girls",
        "smile: said once, as (smile:1.2)",
    )


_some = st.lists(st.sampled_from(sorted(general_groups())), max_size=2).map(", ".join)
_people = st.builds(
    Card,
    name=st.sampled_from(["", "frieren", "hatsune miku (append)", "kasane teto, kagamine rin"]),
    person=st.sampled_from(["girl", "boy", "other"]),
    tags=_some,
    action=_some,
    emotion=_some,
    clothing=_some,
    series=st.just(""),
    position=st.just(""),
)
_told = st.builds(
    Picture,
    cards=st.lists(_people, max_size=4).map(tuple),
    scene=_some,
    camera=_some,
    style=_some,
    general=_some,
    persons=st.sampled_from(["", "1girl", "6+girls"]),
    character=st.sampled_from(["", "frieren"]),
    series=st.sampled_from(["", "vocaloid"]),
    **{name: st.just("") for name in ("artist", "rating", "score", "year", "text")},
)


@given(_told)
@settings(max_examples=120, deadline=None)
def test_prose_says_every_item_or_notes_it(picture):
    """Without an item that no note names the prose is another one, unless it stands twice."""
    made = compose(picture, "prose", vocabulary=curated_vocabulary())
    noted = "\n".join(made.notes)
    fields = [(None, name) for name in Picture._fields if name not in ("cards", "persons")]
    fields += [(card, name) for card in range(len(picture.cards)) for name in OWN_FIELDS]
    for card, field in fields:
        text = getattr(picture if card is None else picture.cards[card], field)
        for item, _ in split_items(text):
            if item in noted or item in IMPLIED or _spoken(picture).count(item) > 1:
                continue
            without = ", ".join(name for name, _ in split_items(text) if name != item)
            other = _with_field(picture, card, field, without)
            again = compose(other, "prose", vocabulary=curated_vocabulary())
            assert again.natural_language != made.natural_language, (item, field)


def _spoken(picture):
    texts = [getattr(card, name) for card in picture.cards for name in Card._fields]
    texts += [getattr(picture, name) for name in Picture._fields if name != "cards"]
    return [name for text in texts for name, _ in split_items(text)]


def _with_field(picture, card, field, text):
    if card is None:
        return picture._replace(**{field: text})
    cards = list(picture.cards)
    cards[card] = cards[card]._replace(**{field: text})
    return picture._replace(cards=tuple(cards))
