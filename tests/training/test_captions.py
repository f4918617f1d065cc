"""Caption files, their plans on disk, and the caption that validation gets."""

import pytest
from ixl.training.captions import (
    deterministic,
    load_plans,
    pictures_of,
    place_of,
    plans_of,
    read_captions,
    write_plans,
)
from ixl.training.compose import compose, random_for
from ixl.training.plan import caption_reader
from ixl.training.presets import PRESETS

TAGS = "1girl, hatsune miku, smile, hat, sky, outdoors, blue eyes, long hair, sitting, dress, tree"


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.PNG", "c.webp", "notes.md"):
        (tmp_path / name).touch()
    (tmp_path / "a.txt").write_text(f"\ufeff{TAGS}\n\nA girl with a hat.\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("1boy", encoding="utf-8")
    return tmp_path


def test_captions_of_a_folder_and_of_a_file(folder, tmp_path):
    assert read_captions(folder) == [("a", [TAGS, "A girl with a hat."]), ("b", ["1boy"])]
    lines = tmp_path / "lines.log"
    lines.write_text("1girl\n\n1boy\n")
    assert read_captions(lines) == [("line 1", ["1girl"]), ("line 3", ["1boy"])]


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(ValueError, match="no captions"):
        read_captions(tmp_path)
    with pytest.raises(ValueError, match="no file or folder"):
        read_captions(tmp_path / "gone")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match="UTF-8"):
        read_captions(tmp_path)


def test_plans_come_back_as_they_were(folder, tmp_path):
    reader, target = caption_reader(), tmp_path / "plans.jsonl"
    assert write_plans(target, [str(folder)], ".txt", reader) == (3, 1)
    found = load_plans(target)
    expected = plans_of([(f"{folder.name}/a", [TAGS, "A girl with a hat."])], reader)
    assert found[place_of(str(folder / "a.PNG"))] == expected[0]
    assert found[place_of(str(folder / "c.webp"))].levels == ()
    assert [p.name for p in pictures_of(folder)] == ["a.PNG", "b.png", "c.webp"]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
def test_validation_has_one_caption_with_every_tag(preset):
    (plan,) = plans_of([("a", [TAGS])], caption_reader())
    policy = deterministic(preset.policy)
    made = {compose(plan, policy, random_for(0, "a", 0, visit)).text for visit in range(50)}
    assert len(made) == 1
    assert set(made.pop().split(", ")) == set(TAGS.split(", "))
