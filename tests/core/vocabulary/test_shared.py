"""One vocabulary for all threads: it never makes a caller wait who cannot, and ends up complete."""

import logging
import threading
import time

import pytest
from ixl.core.vocabulary.curated import CuratedVocabulary
from ixl.core.vocabulary.index import open_sources
from ixl.core.vocabulary.query import IndexedVocabulary
from ixl.core.vocabulary.shared import SharedVocabulary
from ixl.core.vocabulary.sources import list_sources
from tag_list import ROWS, write_tag_list

MIKU = 106_634  # posts of hatsune miku in the small list


class Cancelled(Exception):
    pass


@pytest.fixture
def directory(tmp_path):
    folder = tmp_path / "vocabulary"
    folder.mkdir()
    write_tag_list(folder / "danbooru.csv")
    return folder


@pytest.fixture
def shared(directory):
    return SharedVocabulary(lambda: directory, list_sources)


def nothing(done: int, total: int) -> None:
    pass


def wait_for_index(shared, seconds: float = 60.0):
    end = time.monotonic() + seconds
    while isinstance(opened := shared.now(), CuratedVocabulary) and time.monotonic() < end:
        time.sleep(0.05)
    return opened


def test_now_answers_at_once_and_the_index_follows(shared, caplog):
    begun = time.monotonic()
    first = shared.now()
    assert time.monotonic() - begun < 1  # a build starts an interpreter, which takes longer
    assert first.lookup("long hair").group == "hair" and first.search("long h")
    assert first.lookup("hatsune miku") is None
    assert wait_for_index(shared).lookup("hatsune miku").count == MIKU
    assert shared.now() is shared.now()
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


def test_complete_reports_progress_and_is_complete(shared):
    steps = []
    opened = shared.complete(lambda *step: steps.append(step))
    assert opened.lookup("hatsune miku").count == MIKU
    assert steps == sorted(steps) and steps[-1] == (100, 100)
    steps.clear()
    assert shared.complete(lambda *step: steps.append(step)) is opened and not steps


def test_an_index_that_is_there_is_used_without_a_build(shared, directory, caplog):
    open_sources(directory, list_sources(directory)).close()
    assert isinstance(shared.now(), IndexedVocabulary)
    assert not caplog.records


def test_cancel_ends_the_waiting_only(shared):
    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        shared.complete(cancel)
    assert wait_for_index(shared).lookup("hatsune miku").count == MIKU


def test_many_threads_cause_one_build(shared, caplog):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(shared.complete(nothing))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        shared.now()
        time.sleep(0.01)
    assert len(found) == 4 and len(set(map(id, found))) == 1
    assert len([r for r in caplog.records if "background" in r.message]) == 1


def test_a_new_list_is_noticed_and_the_old_index_answers_meanwhile(shared, directory):
    before = shared.complete(nothing)
    write_tag_list(directory / "more.csv", [("brand_new_name", 4, 12, "")])
    seen = []
    after = shared.complete(lambda *step: seen.append(shared.now()))
    assert seen and set(map(id, seen)) <= {id(before), id(after)} and seen[0] is before
    assert after.lookup("brand new name").count == 12


def test_a_damaged_index_is_compiled_again(shared):
    opened = shared.complete(nothing)
    stat = opened.path.stat()
    with opened.path.open("rb+") as file:
        file.seek(8192)
        file.write(b"\xff" * (stat.st_size - 8192))
    assert opened.lookup("white thighhighs").origin == "curated"  # the damage shows
    again = shared.complete(nothing)
    assert again is not opened and again.lookup("hatsune miku").count == MIKU


def test_no_place_to_write_is_said_once_and_not_tried_for_ever(tmp_path, caplog):
    (tmp_path / "file").write_text("not a directory")
    lists = list_sources(tmp_path, [write_tag_list(tmp_path / "danbooru.csv", ROWS)])
    shared = SharedVocabulary(lambda: tmp_path / "file" / "vocabulary", lambda folder: lists)
    for _ in range(3):
        assert isinstance(shared.complete(nothing), CuratedVocabulary)
        assert isinstance(shared.now(), CuratedVocabulary)
    said = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert len([text for text in said if "background" in text]) == 1
    assert len(said) <= 2
