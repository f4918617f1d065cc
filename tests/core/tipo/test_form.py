"""TIPO's request form; the expected texts are those that KGen 0.3.1 sends for the same input."""

import pytest
from ixl.core.tipo.form import (
    LENGTHS,
    Fields,
    read_sentence,
    read_tags,
    sentence_request,
    tags_request,
)

FULL = Fields(
    rating="explicit",
    artist=("a b",),
    characters=("c (d)", "e"),
    copyrights=("f",),
    quality=("masterpiece", "bad quality", "newest"),
    meta=("highres",),
    tags=("1girl", "solo"),
)
HEAD = (
    "meta: highres\nrating: nsfw, explicit\nartist: a b\ncharacters: c (d), e\ncopyrights: f\n"
    "quality: masterpiece, newest\n"
)


def test_requests():
    long = LENGTHS["very long"]
    assert tags_request(FULL, long) == f"{HEAD}target: <|very_long|>\ntag: 1girl, solo"
    assert sentence_request(FULL, long) == (
        f"{HEAD}target: <|very_long|> <|tag_to_long|>\ntag: 1girl, solo\nlong:"
    )
    said = Fields(tags=("1girl",), sentence="She\n smiles.")
    assert tags_request(said, LENGTHS["short"]) == (
        "rating: safe\ntarget: <|short|> <|short_to_tag|>\nshort: She smiles.\ntag: 1girl"
    )
    assert sentence_request(said, LENGTHS["short"]) == (
        "rating: safe\ntarget: <|short|> <|short_to_tag_to_long|>\nshort: She smiles.\n"
        "tag: 1girl\nlong:"
    )
    assert tags_request(Fields(), LENGTHS["long"]) == "rating: safe\ntarget: <|long|>\ntag:"


@pytest.mark.parametrize(
    ("answer", "last", "names"),
    [
        (", smile, long hair", "solo", ["smile", "long hair"]),
        (" focus, smile", "solo", ["solo focus", "smile"]),
        ("s", "1girl", ["1girls"]),
        (" 1girl, smile", "", ["1girl", "smile"]),
        (", smile,, \nlong: x, y", "solo", ["smile"]),
        (", <|empty|>", "solo", []),
        ("", "solo", []),
    ],
)
def test_read_tags(answer, last, names):
    assert read_tags(answer, last) == names


@pytest.mark.parametrize(
    ("answer", "text"),
    [(" A girl.  She\nx: y", "A girl. She"), (" <|empty|>", ""), ("", "")],
)
def test_read_sentence(answer, text):
    assert read_sentence(answer) == text
