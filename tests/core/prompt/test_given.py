"""What nodes, files and untyped links give to the builder: taken, or refused in one sentence."""

import pytest
from ixl.core.checkpoint.profiles import PROFILES
from ixl.core.prompt.build import Card, Picture
from ixl.core.prompt.given import cards_of, model_profile_id, picture_of, text_of, with_card


def test_pictures_come_from_json_and_from_nodes():
    data = {"cards": [{"name": "hatsune miku"}], "scene": "night"}
    made = picture_of(data)
    assert made == Picture((Card("hatsune miku"),), "night")
    assert picture_of(made) is made
    assert picture_of({"cards": None, "scene": None}) == Picture()


def test_cards_are_chained():
    first = with_card(None, name="frieren")
    assert with_card(first, name="himmel", person="boy") == (
        Card("frieren"),
        Card("himmel", person="boy"),
    )
    assert cards_of(first[0]) == first  # one card without a list around it


@pytest.mark.parametrize("value", [3, 1.5, True, ["1girl"], {"a": 1}, b"1girl", object()])
def test_what_is_no_text(value):
    with pytest.raises(
        ValueError, match=r"^text is .+; it must be text\. Connect a STRING output\.$"
    ):
        text_of("text", value)
    assert (text_of("text", None), text_of("text", "1girl")) == ("", "1girl")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"cards": [{"hair": "red"}]}, "A card has no field 'hair'; use name, series, "),
        ({"scene": 3}, "The field scene of a picture is 3; it must be text."),
        ({"colour": "red"}, "A picture has no field 'colour'"),
        ({"cards": {}}, "The characters are of the kind dict; they must be a list of cards."),
        ({"cards": "miku"}, "The characters are 'miku'; they must be"),
        ({"cards": ["miku"]}, "A card is 'miku'; it must be an object"),
        ({"cards": [{"person": "cat"}]}, "girl, boy, other"),
        (None, "The picture is empty; it must come from Build Prompt"),
        ("x" * 500, "The picture is 'xxx"),
        ([1], "The picture is of the kind list"),
    ],
)
def test_bad_pictures_are_refused_in_one_sentence(data, said):
    with pytest.raises(ValueError) as raised:
        picture_of(data)
    text = str(raised.value)
    assert said in text and text.endswith(".") and len(text) < 250 and "\n" not in text


def test_the_profile_of_a_model():
    profile = next(iter(PROFILES.values()))
    assert model_profile_id(profile) == profile.prompt_profile
    assert model_profile_id(None) == ""
    with pytest.raises(ValueError, match="model_profile is 'v1.0'; it must come from the profile"):
        model_profile_id("v1.0")
