"""The index on disk: answers, rebuilding, two processes, kills, damage, and the fallback."""

import json
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ixl.core.vocabulary import completion, index
from ixl.core.vocabulary.compile import write_index
from ixl.core.vocabulary.curated import CuratedVocabulary
from ixl.core.vocabulary.index import open_sources, open_vocabulary
from ixl.core.vocabulary.merge import merge
from ixl.core.vocabulary.query import IndexedVocabulary
from ixl.core.vocabulary.sources import Row, Source
from tag_list import ROWS, write_tag_list

ROOT = Path(__file__).parents[3]

# Opens the index of directory argv[1] from list argv[2] as a user's process would.
OPEN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from ixl.core.vocabulary.index import open_sources
from ixl.core.vocabulary.sources import Source
path = Path(sys.argv[2])
vocabulary = open_sources(Path(sys.argv[1]), [Source(path.name, "list", (path,))])
print(type(vocabulary).__name__, vocabulary.lookup("hatsune miku"), flush=True)
"""


def sources(path: Path) -> list[Source]:
    return [Source(path.name, "list", (path,))]


def opening(directory: Path, path: Path) -> subprocess.Popen:
    """A process that opens the vocabulary, in a group of its own."""
    command = [sys.executable, "-c", OPEN, str(directory), str(path), str(ROOT / "python")]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, text=True
    )


@pytest.fixture
def tag_list(tmp_path) -> Path:
    return write_tag_list(tmp_path / "danbooru.csv")


@pytest.fixture
def directory(tmp_path) -> Path:
    return tmp_path / "vocabulary"


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("read only")
    opened = open_sources(folder / "vocabulary", sources(write_tag_list(folder / "danbooru.csv")))
    yield opened
    opened.close()


def test_lookup(vocabulary):
    miku = vocabulary.lookup("hatsune miku")
    assert (miku.category, miku.count, miku.origin) == ("character", 106_634, "danbooru.csv")
    assert miku.aliases == ("/hm", "miku hatsune")
    assert vocabulary.lookup("miku hatsune") == miku
    hair = vocabulary.lookup("long hair")
    assert (hair.group, hair.count, hair.origin) == ("hair", 4_350_743, "curated, danbooru.csv")
    assert vocabulary.lookup("2 girls").implies == ("multiple girls",)
    assert vocabulary.lookup("year 2023").category == "year"
    assert vocabulary.lookup("mint coat").group == "clothing"
    assert vocabulary.lookup("black headwear").trained_as == "black headwear"
    assert vocabulary.lookup("bangs").deprecated
    assert vocabulary.lookup("doctor").meanings[0] == "the profession, a physician"
    assert vocabulary.lookup("no such tag") is None


def test_an_alias_of_two_tags_answers_with_both(vocabulary):
    reimu = vocabulary.lookup("reimu")
    assert (reimu.name, reimu.category) == ("reimu", "character")
    assert set(reimu.meanings) == {"hakurei reimu (character)", "reimu (other) (character)"}


@pytest.mark.parametrize(
    ("text", "categories", "names"),
    [
        ("miku", (), ["hatsune miku", "yuki miku"]),
        ("hat mi", (), ["hatsune miku"]),
        ("yellow h", (), ["blonde hair"]),
        ("MIKU", ("character",), ["hatsune miku", "yuki miku"]),
        ("miku", ("artist",), []),
        ("^_", (), ["^_^"]),
        ("artoria (f", (), ["artoria pendragon (fate)"]),
        ("初音", (), ["初音ミク (曲)"]),
        ("はつ", (), ["初音ミク (曲)"]),
        ("", (), []),
        ("   ", (), []),
        ('"', (), []),
        ("zzyzx", (), []),
    ],
)
def test_search(vocabulary, text, categories, names):
    found = [f.name for f in vocabulary.search(text, 3, categories)]
    assert [name for name in found if name in names] == names
    assert bool(found) == bool(names)


def test_search_says_through_which_alias(vocabulary):
    assert vocabulary.search("longh", 1)[0] == completion.Found(
        "long hair", "general", "hair", 4_350_743, "longhair"
    )
    assert vocabulary.search("long h", 1)[0].alias == ""


def test_search_ranks_by_count_and_a_space_ends_a_word(vocabulary):
    counts = [f.count or 0 for f in vocabulary.search("h", 100)]
    assert counts == sorted(counts, reverse=True)
    assert "hatsune miku" not in [f.name for f in vocabulary.search("hat ", 100)]
    assert "hatsune miku" in [f.name for f in vocabulary.search("hat", 100)]
    assert len(vocabulary.search("a", 10_000)) == 100
    assert vocabulary.search("a", -1) == []


def test_a_name_typed_in_full_stands_before_aliases(tmp_path):
    rows = [
        Row("lai dou", "artist", 61, ("oldestyukari", "masterpiecegold")),
        Row("dream (oldest)", "character", 90, ()),
        *(Row(f"wlop fan {n}", "artist", 1000 - n, ()) for n in range(30)),
        Row("wlop", "artist", 3, ()),
        Row("ghost town", "general", 5, ()),
    ]
    merged = merge([(Source("list", "list", ()), rows)], None)
    write_index(tmp_path / "index", merged, {"origins": merged.origins, "tags": len(merged.tags)})
    opened = IndexedVocabulary(tmp_path / "index")
    for name in ("oldest", "Oldest", "masterpiece", "wlop", "old", "safe"):
        assert opened.search(name, 20)[0].name == name.lower()
    assert [f.name for f in opened.search("oldest")] == ["oldest", "dream (oldest)", "lai dou"]
    assert len(opened.search("wlop", 20)) == 20
    assert opened.search("wlop", 20, ["general"]) == []
    assert opened.search("wlop", 0) == []
    opened.close()


def test_search_refuses_an_unknown_category(vocabulary):
    with pytest.raises(ValueError, match="no tag category 'species'"):
        vocabulary.search("a", 5, ["species"])


def test_search_does_not_offer_ambiguous_words(vocabulary):
    assert "reimu" not in [f.name for f in vocabulary.search("reimu")]
    assert "rap" not in [f.name for f in vocabulary.search("rap")]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hatsune mikku", "hatsune miku"),
        ("hatsunemiku", "hatsune miku"),
        ("hakurei riemu", "hakurei reimu"),
        ("vocalod", "vocaloid"),
        ("lnog hair", "long hair"),
        ("woman", "1girl"),
        ("beautiful long blonde hair", "blonde hair"),
        ("artoria pendragon", "artoria pendragon (fate)"),
        ("qqqqqqqq", None),
        ("x" * 500, None),
    ],
)
def test_nearest(vocabulary, typed, meant):
    assert [tag.name for tag in vocabulary.nearest(typed)][:1] == ([meant] if meant else [])


@pytest.fixture(scope="module")
def invented(tmp_path_factory):
    """An index of short random names and aliases, so that every prefix is crowded; and its tags."""
    rnd = random.Random(11)

    def name() -> str:
        return " ".join("".join(rnd.choices("abc", k=rnd.randint(1, 3))) for _ in range(2))

    rows = [
        Row(name(), rnd.choice(["artist", "character"]), rnd.choice([None, rnd.randint(0, 99)]),
            tuple(name() for _ in range(rnd.randint(0, 2))))
        for _ in range(1500)
    ]  # fmt: skip
    merged = merge([(Source("list", "list", ()), rows)], None)
    path = tmp_path_factory.mktemp("invented") / "index.sqlite"
    write_index(path, merged, {"origins": merged.origins, "tags": len(merged.tags)})
    opened = IndexedVocabulary(path)
    tags = [opened.lookup(name) for name in merged.tags]
    offered = completion.is_offered
    yield opened, [t for t in tags if offered(t.category, t.group, t.count, t.meanings)]
    opened.close()


@given(
    query=st.text("abcsl", min_size=1, max_size=4),
    categories=st.sampled_from([(), ("artist",), ("character", "year"), ("general",)]),
)
@settings(deadline=None)
def test_prefix_search_equals_looking_at_every_tag(invented, query, categories):
    opened, tags = invented
    expected = [
        tag.name
        for tag in tags
        if tag.category in (categories or (tag.category,))
        and any(completion.starts(n, (query,)) for n in (tag.name, *tag.aliases))
    ]
    assert [f.name for f in opened.search(query, 100, categories)] == expected[:100]


@given(name=st.text("abc ", min_size=1, max_size=8))
@settings(deadline=None)
def test_lookup_equals_the_table(invented, name):
    opened, tags = invented
    named = {tag.name: tag for tag in tags}
    by_alias = {alias: tag for tag in tags for alias in tag.aliases}
    expected = named.get(name) or by_alias.get(name)
    answer = opened.lookup(name)
    assert answer == expected or (answer and answer.meanings)


def test_category_is_that_of_the_tag(invented):
    """Before and after the most used names are kept in memory; names, aliases, patterns, others."""
    opened, tags = invented
    names = [
        *(name for tag in tags for name in (tag.name, *tag.aliases)),
        "longhair",
        "miku hatsune",
        "2 girls",
        "year 2023",
        "reimu",
        "no such tag",
    ]
    for _ in range(2):
        for name in names:
            tag = opened.lookup(name)
            assert opened.category(name) == (tag.category if tag else None), name


def test_nothing_is_compiled_twice(directory, tag_list):
    first = open_sources(directory, sources(tag_list))
    steps = []
    again = open_sources(directory, sources(tag_list), lambda *step: steps.append(step))
    assert again.path == first.path
    assert steps == []


def test_progress_reaches_its_end(directory, tag_list):
    steps = []
    open_sources(directory, sources(tag_list), lambda *step: steps.append(step))
    assert steps == sorted(steps)
    assert steps[-1] == (100, 100)


def test_a_changed_list_is_compiled_again_and_the_old_index_goes(directory, tag_list):
    before = open_sources(directory, sources(tag_list))
    write_tag_list(tag_list, [*ROWS, ("brand_new_tag", 0, 5, "")])
    after = open_sources(directory, sources(tag_list))
    assert before.lookup("brand new tag") is None
    assert after.lookup("brand new tag").count == 5
    assert [p.name for p in directory.glob("index-*.sqlite")] == [after.path.name]


def test_a_touched_list_with_the_same_content_is_not_compiled_again(directory, tag_list):
    before = open_sources(directory, sources(tag_list))
    os.utime(tag_list, ns=(1, 1))
    steps = []
    after = open_sources(directory, sources(tag_list), lambda *step: steps.append(step))
    assert (after.path, steps) == (before.path, [])


def test_without_building_the_curated_tables_answer(directory, tag_list):
    assert isinstance(open_sources(directory, sources(tag_list), build=False), CuratedVocabulary)
    open_sources(directory, sources(tag_list)).close()
    assert isinstance(open_sources(directory, sources(tag_list), build=False), IndexedVocabulary)


def test_cancel_leaves_nothing_behind(directory, tag_list):
    class Cancel(InterruptedError):
        pass

    def on_step(done, total):
        if done >= 10:
            raise Cancel

    with pytest.raises(Cancel):
        open_sources(directory, sources(tag_list), on_step)
    assert {p.name for p in directory.iterdir()} <= {"build.lock", "sources.json"}


def test_a_missing_list_is_refused(directory, tmp_path):
    with pytest.raises(ValueError, match=r"there is no tag list .*nowhere\.csv"):
        open_vocabulary(directory, [tmp_path / "nowhere.csv"])


def test_a_bad_list_is_left_out_with_a_warning(directory, tag_list, tmp_path, caplog):
    bad = tmp_path / "bad.csv"
    bad.write_text("<html>\n")
    both = [*sources(tag_list), *sources(bad)]
    opened = open_sources(directory, both)
    assert opened.lookup("hatsune miku")
    assert opened.info["skipped"][0]["name"] == "bad.csv"
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


def test_two_processes_at_once(directory, tmp_path):
    """Both wait for one build: the file that the first made stays in place."""
    tag_list = write_tag_list(tmp_path / "danbooru.csv", more=40_000)
    children = [opening(directory, tag_list) for _ in range(2)]
    said = [child.communicate(timeout=120)[0] for child in children]
    assert all("IndexedVocabulary Tag(name='hatsune miku'" in text for text in said), said
    assert len(list(directory.glob("index-*.sqlite"))) == 1
    assert not list(directory.glob("*.tmp"))


def test_the_second_builder_finds_the_work_done(directory, tag_list):
    waiting = opening(directory, tag_list)
    with index._alone(mkdir(directory), lambda d, t: None):
        time.sleep(0.5)
        assert waiting.poll() is None
    assert "IndexedVocabulary" in waiting.communicate(timeout=60)[0]


def mkdir(directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    return directory


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs POSIX process groups")
@pytest.mark.parametrize("whole_group", [True, False])
def test_killed_at_any_moment(directory, tmp_path, whole_group):
    """SIGKILL the opener (and its compiler, or not) at many moments; the next opening is right."""
    tag_list = write_tag_list(tmp_path / "danbooru.csv", more=20_000)
    begun = time.monotonic()
    opening(tmp_path / "undisturbed", tag_list).communicate(timeout=120)
    needed = time.monotonic() - begun
    rnd = random.Random(5)
    for moment in [rnd.uniform(0.0, needed) for _ in range(8)]:
        child = opening(directory, tag_list)
        time.sleep(moment)
        if whole_group:
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
        child.wait()
        for path in directory.glob("index-*.sqlite"):  # whatever is visible is whole
            assert index._whole(path)
            IndexedVocabulary(path).close()
    opened = open_sources(directory, sources(tag_list))
    assert isinstance(opened, IndexedVocabulary)
    assert opened.lookup("hatsune miku").count == 106_634
    assert opened.lookup("artist 000007 7").category == "artist"
    assert len(list(directory.glob("index-*.sqlite"))) == 1
    patience = time.monotonic() + 30  # a compiler whose opener died stops at its next report
    while list(directory.glob("*.tmp")) and time.monotonic() < patience:
        time.sleep(0.1)
    assert not list(directory.glob("*.tmp"))


def test_what_the_dead_left_is_removed(directory, tag_list):
    mkdir(directory)
    for name in ("index-0123.aa.tmp", "index-0123.sqlite", "index-0123.json"):
        (directory / name).write_bytes(b"left")
    opened = open_sources(directory, sources(tag_list))
    assert {p.stem for p in directory.glob("index-*")} == {opened.path.stem}


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 3])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "noise":
        path.write_bytes(random.Random(0).randbytes(len(content)))
    elif how == "one bit":
        at = len(content) // 2
        path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
    elif how == "gone":
        path.unlink()
    elif how == "no record":
        path.with_suffix(".json").unlink()
    elif how == "bad record":
        path.with_suffix(".json").write_text("{")


@pytest.mark.parametrize(
    "how", ["cut", "empty", "noise", "one bit", "gone", "no record", "bad record"]
)
def test_a_damaged_index_is_compiled_again(directory, tag_list, how):
    first = open_sources(directory, sources(tag_list))
    first.close()
    damage(first.path, how)
    again = open_sources(directory, sources(tag_list))
    assert isinstance(again, IndexedVocabulary)
    assert again.lookup("hatsune miku").count == 106_634


def test_damage_while_open_falls_back_with_one_warning(directory, tag_list, caplog):
    """The file is overwritten under the reader; the built-in tags answer, then it is rebuilt."""
    opened = open_sources(directory, sources(tag_list))
    stat = opened.path.stat()
    with opened.path.open("rb+") as file:
        file.seek(8192)
        file.write(b"\xff" * (stat.st_size - 8192))
    os.utime(opened.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert opened.lookup("long hair").group == "hair"
    assert opened.lookup("white thighhighs").origin == "curated"
    assert opened.nearest("thighighs")[0].name == "thighhighs"
    assert opened.search("thighh")[0].name == "thighhighs"
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    again = open_sources(directory, sources(tag_list))
    assert again.lookup("hatsune miku").count == 106_634


def test_no_place_to_write_falls_back_with_one_warning(tmp_path, tag_list, caplog):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory")
    index._warn.cache_clear()
    for _ in range(3):
        opened = open_sources(in_the_way / "vocabulary", sources(tag_list))
        assert isinstance(opened, CuratedVocabulary)
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


def test_a_killed_compiler_falls_back_with_a_warning(directory, tmp_path, caplog):
    tag_list = write_tag_list(tmp_path / "danbooru.csv", more=30_000)
    killed = []

    def children() -> set[int]:
        path = Path(f"/proc/self/task/{os.getpid()}/children")
        return set(map(int, path.read_text().split())) if path.exists() else set()

    others = children()  # servers and browsers of other tests

    def on_step(done, total):
        if not killed:
            killed.extend(children() - others)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    opened = open_sources(directory, sources(tag_list), on_step)
    if not killed:
        pytest.skip("needs /proc to find the compiler")
    assert isinstance(opened, CuratedVocabulary)
    assert "could not be compiled" in caplog.text
    assert not list(directory.glob("*.tmp"))
    assert isinstance(open_sources(directory, sources(tag_list)), IndexedVocabulary)


def test_another_sqlite_file_is_refused(tmp_path):
    path = tmp_path / "index-0.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (x)")
    database.close()
    with pytest.raises(sqlite3.DatabaseError, match="no vocabulary index"):
        IndexedVocabulary(path)


def test_threads_share_one_vocabulary(vocabulary):
    from concurrent.futures import ThreadPoolExecutor

    asked = ["hatsune miku", "long hair", "no such tag", "^_^"] * 50
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(vocabulary._lookup, asked))
    assert answers == [vocabulary.lookup(name) for name in asked]


def test_status(directory, tag_list):
    folder = directory / "lists"
    folder.mkdir(parents=True)
    before = index.status(directory)
    assert not before["current"]
    assert "index" not in before
    json.dumps(before)
