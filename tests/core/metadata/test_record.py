"""The pack's own block: exact for every text, harmless for every JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.metadata.record import (
    MARK,
    Pass,
    Record,
    Resource,
    UnreadableRecord,
    from_json,
    number,
    to_json,
    whole,
    without_halves,
)
from picture_strategies import records, texts

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(deadline=None)
@given(records)
def test_a_record_comes_back_as_it_was(record):
    text = to_json(record, more=1)
    assert text.isascii()
    assert from_json(text) == (record, json.loads(text))


@pytest.mark.parametrize("side", ["positive", "negative"])
def test_halves_of_characters_are_refused_by_name(side):
    with pytest.raises(
        ValueError, match=f"The {side} prompt holds half of a character .U.D83D. at"
    ):
        to_json(Record(**{side: "a\ud83d b"}))


@settings(deadline=None)
@given(texts)
def test_whole_characters_stay(text):
    assert without_halves(text) == text


def test_halves_that_belong_together_become_one_character():
    assert without_halves("\ud83d\ude42 \ud83d") == "🙂 \ufffd"


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*Record._fields, "x"]), _json))
def test_any_json_gives_a_record_of_right_types_or_a_sentence(fields):
    fields[MARK] = 1
    for name in ("passes", "resources", "sections"):
        fields.setdefault(name, [dict(fields)])
    record, _ = from_json(json.dumps(fields))
    assert from_json(to_json(record))[0] == record
    assert all(isinstance(step, Pass) for step in record.passes)
    assert all(isinstance(one, Resource) for one in record.resources)


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", "1", "[" * 100_000, '{"a": 1}'])
def test_other_json_is_no_record(text):
    with pytest.raises(UnreadableRecord, match="damaged|not of this pack"):
        from_json(text)


def test_a_huge_block_is_not_read(monkeypatch):
    monkeypatch.setattr("ixl.core.metadata.record.MAX_JSON", 10)
    with pytest.raises(UnreadableRecord, match="has 11 characters; more than 10 are not read"):
        from_json(" " * 11)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), ("7", 7), (" 7 ", 7), (7.0, 7), (2**64 - 1, 2**64 - 1), ("18446744073709551615",
     2**64 - 1), (True, None), (7.5, None), ("7.5", None), (2**64, None), (-(2**63), -(2**63)),
     ("९", None), ("1" * 5000, None), (None, None), ([7], None), (float("nan"), None)],
)  # fmt: skip
def test_whole_numbers(value, expected):
    assert whole(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), ("7.5", 7.5), (".5", 0.5), ("-1", -1), (float("nan"), None), (float("inf"), None),
     ("1e5", None), (True, None), ("", None), (None, None), ("1" * 400, None)],
)  # fmt: skip
def test_numbers(value, expected):
    assert number(value) == expected
