"""Where the vocabulary lies, and which lists a user has."""

import os
import sys

import pytest
from ixl.core.vocabulary import places
from tag_list import write_tag_list


def test_lists_of_the_environment_come_before_those_of_the_folder(monkeypatch, tmp_path):
    given = [write_tag_list(tmp_path / name) for name in ("z.csv", "y.csv")]
    folder = tmp_path / "vocabulary"
    (folder / "lists").mkdir(parents=True)
    own = [write_tag_list(folder / name) for name in ("a.csv", "b.csv.gz")]
    write_tag_list(folder / "lists" / "downloaded.csv")
    (folder / "notes.txt").write_text("no list")
    monkeypatch.setenv("IXL_TAG_CSV", os.pathsep.join(map(str, given)))
    assert places.user_lists(folder) == [*given, *own]
    monkeypatch.setenv("IXL_TAG_CSV", "")
    assert places.user_lists(folder) == own
    assert places.user_lists(tmp_path / "nowhere") == []


def test_a_list_that_is_not_there_is_left_out_with_one_warning(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("IXL_TAG_CSV", str(tmp_path / "gone.csv"))
    assert places.user_lists(tmp_path) == places.user_lists(tmp_path) == []
    assert len(caplog.records) == 1 and "gone.csv" in caplog.text


def test_the_folder_is_that_of_the_comfyui_around_the_pack(monkeypatch, tmp_path):
    monkeypatch.delenv("IXL_VOCABULARY", raising=False)
    inside = places.directory_without_host(tmp_path / "custom_nodes" / "illustrious-xl-studio")
    assert inside == tmp_path / "user" / "illustrious-xl-studio" / "vocabulary"
    monkeypatch.setenv("IXL_VOCABULARY", str(tmp_path / "mine"))
    assert places.directory_without_host(tmp_path / "custom_nodes" / "x") == tmp_path / "mine"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG folders are Linux'")
def test_elsewhere_it_is_the_folder_of_the_users_data(monkeypatch, tmp_path):
    monkeypatch.delenv("IXL_VOCABULARY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    expected = tmp_path / "illustrious-xl-studio" / "vocabulary"
    assert places.directory_without_host(tmp_path / "clone") == expected
