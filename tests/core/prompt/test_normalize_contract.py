"""The `normalize --json` contract of DESIGN.md section 8, and the paper's section order."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.prompt.normalize import normalize
from ixl.core.prompt.profiles import PROFILES, get_profile, load_profile
from ixl.core.prompt.report import report
from prompt_vocabulary import VOCABULARY

# arXiv 2409.19946, section 3.1.2.
PAPER_ORDER = ["person count", "character", "rating", "general", "artist", "score", "year"]


def test_the_json_form_has_exactly_the_agreed_keys():
    result = normalize("masterpiece, (1girl:1.2), 1girl, mid", "illustrious-v1.0", VOCABULARY)
    data = json.loads(json.dumps(result.as_dict()))
    assert list(data) == ["text", "sections", "changes", "warnings"]
    assert all(list(section) == ["name", "items"] for section in data["sections"])
    assert data["changes"] and data["warnings"]
    assert all(list(change) == ["kind", "from", "to", "why"] for change in data["changes"])
    assert all(list(warning) == ["kind", "tag", "why", "remedy"] for warning in data["warnings"])


@pytest.mark.parametrize("version", ["v0.1", "v1.0", "v1.1", "v2.0"])
def test_illustrious_profiles_follow_the_paper(version):
    text = "newest, masterpiece, wlop, smile, general, hatsune miku, 1girl"
    result = normalize(text, f"illustrious-{version}", VOCABULARY)
    assert [section["name"] for section in result.sections] == PAPER_ORDER
    assert result.text == "1girl, hatsune miku, general, smile, wlop, masterpiece, newest"


def test_profile_ids_are_the_contract():
    assert list(PROFILES) == [
        "illustrious-v0.1",
        "illustrious-v1.0",
        "illustrious-v1.1",
        "illustrious-v2.0",
        "noobai-xl",
        "animagine-xl-4",
        "sdxl",
    ]


def test_unknown_profile_and_option_say_what_is_allowed():
    with pytest.raises(ValueError, match="illustrious-v2.0"):
        normalize("1girl", "pony")
    with pytest.raises(ValueError, match="duplicates"):
        normalize("1girl", colour="red")
    with pytest.raises(ValueError, match="'drop', 'keep'"):
        normalize("1girl", duplicates="maybe")
    with pytest.raises(TypeError, match="string"):
        normalize(None)


def test_user_profile_from_a_file(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text('{"id": "mine", "base": "illustrious-v1.0", "ratings": ["safe", "nsfw"]}')
    profile = load_profile(file)
    assert profile.order == get_profile("illustrious-v1.0").order
    assert normalize("smile, safe, 1girl", profile).text == "1girl, safe, smile"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[]", '"id"'),
        ("{", "JSON"),
        ('{"id": "x", "order": ["artist"]}', "person count"),
        ('{"id": "x", "scores": [["a"]]}', "low, high"),
        ('{"id": "x", "colour": 1}', "fields allowed"),
        ('{"id": "x", "base": "nope"}', "illustrious-v2.0"),
        ('{"id": "x", "base": ["sdxl"]}', "illustrious-v2.0"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_bad_user_profiles_get_one_sentence(tmp_path, content, says):
    file = tmp_path / "bad.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=says):
        load_profile(file)


@given(
    st.permutations(
        ["1girl", "hatsune miku", "general", "smile", "night", "wlop", "kantoku", "newest"]
    )
)
@settings(max_examples=200, deadline=None)
def test_a_move_says_behind_what_a_tag_stands_now(tags):
    result = normalize(", ".join(tags), "illustrious-v1.0", VOCABULARY)
    placed = result.text.split(", ")
    moved = [change for change in result.changes if change.kind == "moved"]
    for change in moved:
        place = placed.index(change.after)
        now = f"now behind {placed[place - 1]}: " if place else "now first: "
        assert now in change.why, change
    left = [tag for tag in tags if tag not in [change.before for change in moved]]
    assert left == [tag for tag in placed if tag in left]  # the others kept their order
    assert bool(moved) == (placed != list(tags))


def test_a_report_names_a_moved_tag_once():
    lines = report(normalize("smile, 1Girl, night_sky", "illustrious-v1.0", VOCABULARY)).split("\n")
    assert lines[0].startswith("underscores: night_sky -> night sky (")
    assert lines[1].startswith("moved: 1Girl (a count of persons; now first: person count comes")
    assert report(normalize("1girl", "illustrious-v1.0", VOCABULARY)) == (
        "Nothing to change, nothing to warn of."
    )


def test_signs_that_cannot_be_seen_are_named():
    result = normalize("1girl,\u200b smi\u00adle", "illustrious-v1.0", VOCABULARY)
    assert result.text == "1girl, smile"
    named = [change.why for change in result.changes if change.kind == "invisible"]
    assert [why.split(" ")[0] for why in named] == ["U+00AD", "U+200B"]
    assert "soft hyphen" in named[0] and "between items" in named[1]
