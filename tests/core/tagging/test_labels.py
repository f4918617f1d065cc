"""selected_tags.csv, and which of a picture's scores are tags."""

import pytest
from ixl.core.tagging.labels import choose, read_labels

HEAD = "tag_id,name,category,count\n"
# Names whose underscores stay, from the publisher's own demonstration (wd-tagger, app.py).
FACES = (
    "0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9",
    ">_o", "@_@", "^_^", "o_o", "u_u", "x_x", "|_|", "||_||",
)  # fmt: skip


def read(tmp_path, content):
    file = tmp_path / "selected_tags.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_labels(file)


def test_the_published_form_is_read_in_its_order(tmp_path):
    text = HEAD + "9999999,general,9,807858\n470575,1girl,0,4225150\n1,hatsune_miku,4,9\n"
    assert list(read(tmp_path, text).items()) == [("general", 9), ("1girl", 0), ("hatsune_miku", 4)]
    assert read(tmp_path, "\ufeff" + text.replace("\n", "\r\n")) == read(tmp_path, text)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no tags"),
        (HEAD, "no tags"),
        ("1girl\nsolo\n", "no name, or no number"),
        (HEAD + "1,1girl\n", "no name, or no number"),
        (HEAD + "1,1girl,zero,5\n", "no number"),
        (HEAD + "1,1girl,-1,5\n", "no number"),
        (HEAD + "1,1girl,\u0663,5\n", "no number"),
        (HEAD + f"1,1girl,{'9' * 5000},5\n", "is no tag"),
        (HEAD + "1,1girl,0,5\n1,1girl,0,5\n", "'1girl' twice"),
        (HEAD + '1,"a\n0 0 50 50: b",0,5\n', "is no tag"),
        (HEAD + '1,"a\u2028b",0,5\n', "is no tag"),
        (HEAD + '1,"a, b",0,5\n', "is no tag"),
        (HEAD + "1, ,0,5\n", "is no tag"),
        (HEAD + "1," + "x" * 200_000 + ",0,5\n", "cannot be read as CSV"),
        (HEAD.encode() + b"1,\xff\xfe,0,5\n", "not UTF-8"),
    ],
)
def test_hostile_lists_get_one_sentence(tmp_path, content, said):
    with pytest.raises(ValueError, match=said) as raised:
        read(tmp_path, content)
    assert len(str(raised.value)) < 300 + len(str(tmp_path))


def test_a_zero_byte_is_no_tag(tmp_path):
    with pytest.raises(ValueError, match="is not the list of a WD tagger"):
        read(tmp_path, HEAD + "1,a\0b,0,5\n")


def test_a_missing_list_gets_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="cannot be opened"):
        read_labels(tmp_path / "selected_tags.csv")


LABELS = {"general": 9, "explicit": 9, "1girl": 0, "hat": 0, "ribbon": 0, "miku_(a)": 4, "b": 4}
SCORES = {
    "general": 0.4, "explicit": 0.6, "1girl": 0.36, "hat": 0.9, "ribbon": 0.35, "miku_(a)": 0.9,
    "b": 0.8,
}  # fmt: skip


def test_each_category_has_its_threshold():
    seen = choose(LABELS, SCORES)
    assert seen.rating == ("explicit", 0.6)
    assert list(seen.general.items()) == [("hat", 0.9), ("1girl", 0.36)]
    assert seen.characters == {"miku (a)": 0.9}
    seen = choose(LABELS, SCORES, 0.89, 0.5)
    assert list(seen.general) == ["hat"] and list(seen.characters) == ["miku (a)", "b"]


def test_a_tagger_without_ratings():
    assert choose({"hat": 0}, {"hat": 1.0}).rating == ("", 0.0)


def test_faces_keep_their_underscores():
    seen = choose(dict.fromkeys(FACES, 0), dict.fromkeys(FACES, 0.5))
    assert list(seen.general) == list(FACES)
