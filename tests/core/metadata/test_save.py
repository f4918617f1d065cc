"""From a run's values to files: which value belongs to which picture, hashes, names, full disks."""

import errno
import os
from datetime import datetime
from pathlib import Path

import graphs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.checkpoint.files import UnusableFile
from ixl.core.checkpoint.hashing import Hashes
from ixl.core.checkpoint.loaded import LoadedCheckpoint, LoadedLora
from ixl.core.metadata.encode import Encoding, encode
from ixl.core.metadata.executed import (
    Files,
    OfModel,
    Place,
    pick,
    places,
    record_at,
    with_files,
)
from ixl.core.metadata.formats import ENDINGS
from ixl.core.metadata.graph import trace
from ixl.core.metadata.names import fill_prefix, format_date
from ixl.core.metadata.read import read_picture
from ixl.core.metadata.record import Pass, Record, Resource
from ixl.core.metadata.save import Run, Target, Wish, save_all
from ixl.core.metadata.walk import Graph, Link
from ixl.core.metadata.write import replace_file, write_new

SHA, DATA = "ab" * 32, "cd" * 32
NOW = datetime(2026, 3, 4, 15, 6, 7)


def no_files(**hashes) -> Files:
    return Files(lambda kind: [], lambda kind, name: None, lambda path, data: Hashes(SHA))


def linked_run(texts: list, seeds: list, given: dict | None = None) -> Run:
    prompt = graphs.text_to_image()
    prompt["2"]["inputs"]["text"] = ["8", 0]
    prompt["5"]["inputs"]["seed"] = ["9", 0]
    prompt["8"] = {"class_type": "SomePacksWildcards", "inputs": {"text": "{a|b}"}}
    prompt["9"] = {"class_type": "SomePacksSeed", "inputs": {}}
    graph = Graph(prompt)
    values = {Link("8", 0): texts, Link("9", 0): seeds}
    found = trace(graph, Link("6", 0))
    return Run(graph, found, values, given or {}, no_files(), lambda text, profile: [], "Test")


def save(folder: Path, sizes: list[int], run: Run, kind: str = "png", **wish) -> list:
    """Save grey pictures; what is read back from each, in order."""
    batches = [np.full((size, 8, 12, 3), 0.5) for size in sizes]
    how = Encoding(kind, 90)
    wished = Wish(
        how, wish.get("metadata", True), wish.get("texts", {}), wish.get("sidecar", False)
    )

    def target(prefix: str, width: int, height: int) -> Target:
        assert (width, height) == (12, 8)
        return Target(str(folder), prefix, 1, "sub")

    done = list(save_all(batches, ["p"], run, wished, target))
    assert {one.subfolder for one in done} == {"sub"}
    return [read_picture(str(folder / one.name))[1] for one in done]


@pytest.mark.parametrize(
    ("sizes", "texts", "expected"),
    [
        ([2], ["a"], ["a", "a"]),  # one batch, one text
        ([1, 1], ["a", "b"], ["a", "b"]),  # a list of batches, a text for each
        ([2, 1], ["a", "b"], ["a", "a", "b"]),
        ([3], ["a", "b", "c"], ["a", "b", "c"]),  # drawn one by one, joined to a batch
        ([3], ["a", "b"], ["", "", ""]),  # nobody can tell
        ([3], ["a", "a"], ["a", "a", "a"]),
    ],
)
def test_each_picture_gets_the_text_that_made_it(tmp_path, sizes, texts, expected):
    found = save(tmp_path, sizes, linked_run(texts, list(range(len(texts)))))
    assert [one.record.positive for one in found] == expected
    assert [one.record.batch for one in found] == [(i, n) for n in sizes for i in range(n)]
    assert [one.record.made_with for one in found] == ["Test"] * len(expected)


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), max_size=5))
def test_places_count_every_picture_once(sizes):
    found = places(sizes)
    assert [place.number for place in found] == list(range(sum(sizes)))
    assert [(place.batch, place.index) for place in found] == [
        (batch, i) for batch, size in enumerate(sizes) for i in range(size)
    ]


def test_values_that_no_number_tells():
    place = Place(0, 1, 0, 3, 0, 3)
    assert pick([], place) is None and pick([1, 2], place) is None and pick([7, 7], place) == 7


def test_what_the_user_connects_wins(tmp_path):
    run = linked_run(["a"], [1], {"positive": ["mine"], "negative": ["not mine"]})
    (found,) = save(tmp_path, [1], run)
    assert (found.record.positive, found.record.negative) == ("mine", "not mine")


@pytest.mark.parametrize("kind", ENDINGS)
def test_files_of_every_format(tmp_path, kind):
    (found,) = save(tmp_path, [1], linked_run(["a"], [5]), kind, sidecar=True)
    assert [path.name for path in sorted(tmp_path.iterdir())] == sorted(
        [f"p_00001_{ENDINGS[kind]}", "p_00001_.json"]
    )
    assert (found.record.first.seed, found.record.picture) == (5, (12, 8))


def test_without_metadata_there_is_none(tmp_path):
    (found,) = save(tmp_path, [1], linked_run(["a"], [5]), metadata=False, sidecar=True)
    assert found.source == "" and len(list(tmp_path.iterdir())) == 1


FOUND = {
    ("model", "base.safetensors"): "/m/base", ("lora", "sub/style.safetensors"): "/m/style",
    ("embedding", "bad-hands.pt"): "/m/bad",
}  # fmt: skip


def listed(hashes=lambda path, data: Hashes(SHA, DATA if data else "")) -> Files:
    def names(kind: str) -> list[str]:
        return [name for one, name in FOUND if one == kind]

    return Files(names, lambda kind, name: FOUND.get((kind, name)), hashes)


def test_files_are_hashed_and_texts_name_files_too():
    record = Record(
        positive="a <lora:STYLE:0.5:0.7>, <lora:gone:1>, embedding:bad-hands",
        resources=(Resource("model", "base.safetensors"), Resource("model", "gone.safetensors")),
    )
    found, problems = with_files(record, OfModel(), listed())
    assert found.resources == (
        Resource("model", "base.safetensors", SHA),
        Resource("model", "gone.safetensors"),
        Resource("lora", "sub/style.safetensors", SHA, DATA, 0.7, 0.5),
        Resource("embedding", "bad-hands.pt", SHA),
    )
    assert problems == []


def test_what_a_model_says_of_itself_wins():
    said = OfModel(
        LoadedCheckpoint("base.safetensors", "/m/base", "ef" * 32, "illustrious-v1.0"),
        (LoadedLora("sub/style.safetensors", "/m/style", 0.3, 0.2, "12" * 32, "34" * 32),),
    )
    record = Record(
        positive="<lora:style:1>",
        resources=(
            Resource("model", "base.safetensors"),
            Resource("lora", "sub/style.safetensors", "", "", 1.0, 1.0),
            Resource("lora", "more.safetensors", SHA, DATA, 1.0, 1.0),
        ),
    )
    found, _ = with_files(record, said, listed())
    assert found.profile == "illustrious-v1.0"
    assert found.resources == (
        Resource("model", "base.safetensors", "ef" * 32),
        Resource("lora", "sub/style.safetensors", "12" * 32, "34" * 32, 0.3, 0.2),
        Resource("lora", "more.safetensors", SHA, DATA, 1.0, 1.0),
    )


def test_of_this_packs_lora_loader_only_what_was_applied():
    prompt = graphs.text_to_image()
    loras = {"lora_1": "refused.safetensors", "strength_model_1": 1.0, "strength_clip_1": 1.0,
             "lora_2": "off.safetensors", "strength_model_2": 0.0, "strength_clip_2": 0.0,
             "lora_3": "none", "strength_model_3": 1.0, "strength_clip_3": 1.0}  # fmt: skip
    prompt["8"] = {"class_type": "IXLLoadLora", "inputs": {"model": ["1", 0], **loras}}
    prompt["5"]["inputs"]["model"] = ["8", 0]
    graph = Graph(prompt)
    traced = trace(graph, Link("6", 0))
    applied = OfModel(None, (LoadedLora("used.safetensors", "", 0.5, 0.5, SHA, DATA),))
    place = places([1])[0]
    record, said = record_at(graph, traced, {Link("8", 0): [applied]}, {}, place)
    record, _ = with_files(record, said, no_files())
    assert [one.name for one in record.of_kind("lora")] == ["used.safetensors"]
    record, _ = record_at(graph, traced, {}, {}, place)  # a file that is read later
    assert [one.name for one in record.of_kind("lora")] == ["refused.safetensors"]


@pytest.mark.parametrize("error", [OSError("gone"), UnusableFile("Written to meanwhile.")])
def test_a_file_that_cannot_be_hashed_is_named_and_does_not_stop_the_picture(error):
    def hashes(path, data):
        raise error

    record = Record(resources=(Resource("model", "base.safetensors"),))
    found, problems = with_files(record, OfModel(), listed(hashes))
    assert found.resources == record.resources
    assert problems == [f"base.safetensors has no hash in the picture's metadata: {error}"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("yyyy-MM-dd", "2026-03-04"), ("yy", "26"), ("d.M.", "4.3."), ("hhmmss", "150607"),
     ("h-m-s", "15-6-7"), ("x", "x")],
)  # fmt: skip
def test_dates_as_the_front_end_writes_them(pattern, expected):
    assert format_date(pattern, NOW) == expected


def test_prefixes():
    prompt = graphs.text_to_image()
    prompt["4"]["_meta"] = {"title": "Base size"}
    record = Record(
        passes=(Pass(7, 20, 5.5, "euler", "normal"),),
        resources=(Resource("model", "sub/base v1.safetensors"),),
    )
    prefix = ("%date:yyyy%/%Base size.width%-%KSampler.sampler_name%-%KSampler.model%-%seed%-"
              "%model%-%cfg%-%year%-%nothing%-50%")  # fmt: skip
    assert fill_prefix(prefix, Graph(prompt), record, NOW) == (
        "2026/128-euler-%KSampler.model%-7-base v1-5.5-%year%-%nothing%-50%"
    )
    prompt["4"]["inputs"]["width"] = "../../x:1"
    assert fill_prefix("%Base size.width%", Graph(prompt), record, NOW) == ".._.._x_1"
    assert fill_prefix("%seed%", Graph({}), Record(), NOW) == ""


def test_a_file_is_never_written_over(tmp_path):
    for content in (b"a", b"b", b"c"):
        number = write_new(tmp_path, lambda n: f"x_{n}", content)
        assert (tmp_path / f"x_{number}").read_bytes() == content
    assert write_new(tmp_path, lambda n: f"x_{n}", b"d", 7) == 7
    assert len(list(tmp_path.iterdir())) == 4


def test_folders_without_hard_links(tmp_path, monkeypatch):
    def no_link(source, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_link)
    test_a_file_is_never_written_over(tmp_path)


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ValueError, match=r"x_1 \(3.0 MB\) was not written: the disk is full"):
        write_new(tmp_path, lambda n: f"x_{n}", bytes(3_000_000))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"was not written to .*gone \(No such file"):
        write_new(tmp_path / "gone", lambda n: "x", b"a")


def test_a_replaced_file_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == 0o640

    def failing(source, target):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(ValueError, match="Permission denied"):
        replace_file(path, b"third")
    assert path.read_bytes() == b"new" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("kind", "side"), [("webp", 16_384), ("jpeg", 65_501), ("avif", 65_537)])
def test_a_side_that_the_format_does_not_allow(kind, side):
    with pytest.raises(
        ValueError, match=f"The picture has {side} x 1 px; {kind} allows .* Choose png"
    ):
        encode(np.zeros((1, side, 3), np.uint8), Encoding(kind), {})


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", ENDINGS)
def test_grey_rgb_and_transparency(tmp_path, kind, channels):
    data = encode(np.zeros((8, 8, channels), np.uint8), Encoding(kind), {"parameters": "x"})
    (tmp_path / "x").write_bytes(data)
    assert read_picture(str(tmp_path / "x"))[0].width == 8
