"""Caption policies as files: read back, and refused with one sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.training.policy import (
    NO_DROPOUT_TAGS,
    Policy,
    Rule,
    check_policy,
    load_policy,
    read_policy,
    with_reading,
)

FULL = with_reading(
    Policy(
        rates=(("general", 0.1), ("artist", 0.02)),
        rules=(Rule("character", ("hair", "eyes"), 0.5),),
        joiners=((", ", 0.5), (" ", 0.5)),
        no_dropout=("text",),
    ),
    "paper",
)


def test_a_policy_is_read_back_from_its_json():
    assert read_policy(json.loads(json.dumps(FULL.as_dict()))) == FULL
    assert read_policy({}) == Policy()


def test_a_part_changes_a_base():
    assert read_policy({"caption_dropout": 1}, FULL) == FULL._replace(caption_dropout=1.0)


def test_no_sexual_vocabulary_and_no_score_words_are_forgotten():
    assert {"masterpiece", "worst quality", "general", "explicit", "watermark"} <= set(
        NO_DROPOUT_TAGS
    )
    assert {"ai-generated", "bad anatomy", "scan artifacts", "sketch"} <= set(NO_DROPOUT_TAGS)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "must be an object"),
        ({"caption_drop": 1}, "no field 'caption_drop'"),
        ({"caption_dropout": 1.5}, "caption_dropout is 1.5"),
        ({"caption_dropout": "0.1"}, "caption_dropout"),
        ({"caption_dropout": True}, "caption_dropout"),
        ({"rates": {"genral": 0.1}}, "the category 'genral'"),
        ({"rates": {"general": 2}}, r"rates\[general\] is 2"),
        ({"rates": 3}, "'rates'"),
        ({"levels": {"tags": 0}}, "no weight above 0"),
        ({"levels": {"tagz": 1}}, "tagz"),
        ({"joiners": {}}, "joiners"),
        ({"reading": "both"}, "reading is 'both'"),
        ({"token_limit": 77}, "token_limit is 77"),
        ({"weak": "tag"}, "'weak'"),
        ({"weak": [1]}, "'weak'"),
        ({"stages": [{"name": "keep-30"}]}, "'stages'"),
        ({"stages": [{"name": "mine", "probability": 0.1}]}, "called 'mine'"),
        ({"stages": [{"name": "keep-4", "probability": 0.1, "fewest": 9, "most": 5}]}, "keep-4"),
        ({"rules": [{"when": "character"}]}, "'rules'"),
        ({"rules": [{"when": "x", "drop": ["y"], "probability": 7}]}, "rule for x"),
    ],
)
def test_what_cannot_be_is_one_sentence(data, said):
    with pytest.raises(ValueError, match=said) as caught:
        read_policy(data)
    assert "\n" not in str(caught.value)


def test_absolute_shares_cannot_exceed_everything():
    stages = tuple(s._replace(probability=0.5) for s in FULL.stages)
    with pytest.raises(ValueError, match="more than 1"):
        check_policy(FULL._replace(stages=stages))
    check_policy(FULL._replace(stages=stages, reading="authors-code"))


def test_an_unknown_reading_is_named():
    with pytest.raises(ValueError, match="authors-code, paper"):
        with_reading(Policy(), "mine")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_json(tmp_path, content):
    path = tmp_path / "policy.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as JSON"):
        load_policy(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(Policy._fields), json_values, max_size=4))
def test_any_json_is_a_policy_or_one_sentence(data):
    try:
        policy = read_policy(data)
    except ValueError:
        return
    assert check_policy(policy) is policy


def test_policy_of_a_windows_editor_is_read(tmp_path):
    """Notepad writes a byte order mark."""
    path = tmp_path / "policy.json"
    path.write_text('{"caption_dropout": 0.25}', encoding="utf-8-sig")
    assert load_policy(path).caption_dropout == 0.25
