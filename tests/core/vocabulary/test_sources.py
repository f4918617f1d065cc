"""Tag lists and tipo-kgen's names: formats, numbering of sites, bad files, rules of the merge."""

import csv
import gzip
import os
from importlib.metadata import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.core.vocabulary import merge as merging
from ixl.core.vocabulary import sources
from ixl.core.vocabulary.curated import general_groups
from ixl.core.vocabulary.names import canonical
from ixl.core.vocabulary.sources import Row, Source, list_rows

needs_kgen = pytest.mark.skipif(sources.kgen_source() is None, reason="tipo-kgen is not installed")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        (
            "danbooru.csv",
            'long_hair,0,4350743,"/lh,longhair"\nwlop,1,900,\n^_^,0,110141,\nhighres,5,12,hires\n',
            [
                Row("long hair", "general", 4350743, ("/lh", "longhair")),
                Row("wlop", "artist", 900, ()),
                Row("^_^", "general", 110141, ()),
                Row("highres", "meta", 12, ("hires",)),
            ],
        ),
        (
            "with header.csv",
            "tag,category,count,alias\r\nhakurei_reimu,4,81000,博麗霊夢\r\ntouhou,3,980000,\r\n",
            [
                Row("hakurei reimu", "character", 81000, ("博麗霊夢",)),
                Row("touhou", "copyright", 980000, ()),
            ],
        ),
        (
            "other columns.csv",
            "\ufeffname,post_count,type,aliases\nsmile,12,general,\nrem,3,character,remu\n",
            [Row("smile", "general", 12, ()), Row("rem", "character", 3, ("remu",))],
        ),
        (
            "e621.csv",
            "anthro,0,3,\ncanine,5,9,canid\nhi_res,7,8,\ntrueform,8,1,\nbad,6,1,\n",
            [
                Row("anthro", "general", 3, ()),
                Row("canine", "species", 9, ("canid",)),
                Row("hi res", "meta", 8, ()),
                Row("trueform", "meta", 1, ()),
            ],
        ),
        (
            "merged.csv",
            "1girl,0,9,\nhighres,5,8,\nanthro,7,7,\nfox,12,6,\nhi_res,14,5,\nlore_tag,15,4,\n",
            [
                Row("1girl", "general", 9, ()),
                Row("highres", "meta", 8, ()),
                Row("anthro", "general", 7, ()),
                Row("fox", "species", 6, ()),
                Row("hi res", "meta", 5, ()),
                Row("lore tag", "meta", 4, ()),
            ],
        ),
        ("short lines.csv", "smile,0\nfrown,0,7\n", [Row("smile", "general", None, ()),
                                                      Row("frown", "general", 7, ())]),
    ],
)  # fmt: skip
def test_formats(tmp_path, name, text, rows):
    assert list_rows(write(tmp_path / name, text)) == rows
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert list_rows(packed) == rows


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html>\n<body>not found</body>\n</html>\n",
        b"just\nsome\nlines\n",
        b"\xff\xfe\x00bad",
        b"\x1f\x8b\x08\x00broken gzip",
        b"name,category,count\n",
        bytes(range(256)) * 40,
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="list.csv") as refusal:
        list_rows(path)
    assert len(str(refusal.value).splitlines()) == 1


names = st.text("abcdefgh_()'-.:!09é初", min_size=1, max_size=12).filter(
    lambda name: canonical(name) and canonical(name) not in ("name", "tag")
)


@given(st.dictionaries(names, st.tuples(st.sampled_from([0, 1, 3, 4, 5]), st.integers(0, 10**7),
                                        st.lists(names, max_size=3)), min_size=1))  # fmt: skip
def test_written_rows_are_read_back(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("lists") / "danbooru.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        for name, (category, count, aliases) in table.items():
            csv.writer(file).writerow([name, category, count, ",".join(aliases)])
    rows = list_rows(path)
    assert [row.name for row in rows] == [canonical(name) for name in table]
    for row, (category, count, aliases) in zip(rows, table.values(), strict=True):
        assert (row.category, row.count) == (sources.DANBOORU[category], count)
        assert set(row.aliases) == {canonical(a) for a in aliases} - {row.name, ""}


def test_lists_of_a_folder_danbooru_before_e621(tmp_path):
    for name in ("a_e621.csv", "b.csv", "c.csv.gz", "note.txt", "b.csv.part"):
        (tmp_path / name).write_text("x,0,1\n")
    given_list = write(tmp_path / "elsewhere.txt", "x,0,1\n")
    found = sources.list_sources(tmp_path, [given_list, tmp_path / "b.csv"])
    assert [s.name for s in found] == ["elsewhere.txt", "b.csv", "c.csv.gz", "a_e621.csv"]


@needs_kgen
def test_kgen_names_are_those_of_the_package(tmp_path):
    """Against the package's own record of its files, read another way."""
    source = sources.kgen_source()
    recorded = {str(f.locate()) for f in files("tipo-kgen") if f.parent.name == "tag-list"}
    assert {str(path) for path in source.paths} <= {
        os.path.realpath(p) for p in recorded
    } | recorded
    names = {n: c for part, c in sources.kgen_names(source) for n in part}
    lines = sum(len(path.read_text(encoding="utf-8").split()) > 0 for path in source.paths)
    assert lines == 4
    assert len(names) > 900_000
    assert names["hatsune miku"] == "character"
    assert names["wlop"] == "artist"
    assert names["touhou"] == "copyright"
    assert names["highres"] == "meta"


def merged(*lists: list[Row]):
    named = [(Source(f"list {i}", "list", ()), rows) for i, rows in enumerate(lists)]
    return merging.merge(named, None)


def row(name, category="general", count=None, *aliases):
    return Row(name, category, count, aliases)


def test_curated_category_wins_and_the_count_is_added():
    tags = merged([row("portrait", "general", 82065), row("white thighhighs", "meta", 5)]).tags
    assert tags["portrait"] == ("framing", "camera", 82065, (0, 1))
    assert tags["white thighhighs"].category == "general"


def test_the_first_list_wins_on_category_and_count():
    tags = merged([row("xyzzy", "artist", 3)], [row("xyzzy", "character", 9)]).tags
    assert tags["xyzzy"] == ("artist", "", 3, (1, 2))


def test_a_word_with_meanings_is_decided_by_a_list():
    assert merged([]).tags["saber"].category == "general"
    assert merged([row("saber", "character", 7)]).tags["saber"].category == "character"


def test_an_alias_that_is_a_tag_is_no_alias():
    result = merged([row("abc", "general", 9, "def"), row("def", "artist", 1)])
    assert "def" not in result.aliases
    assert result.tags["def"].category == "artist"


def test_an_alias_with_two_targets_is_a_tag_with_meanings():
    result = merged([row("aaa (x)", "character", 9, "aaa"), row("aaa (y)", "copyright", 1, "aaa")])
    assert "aaa" not in result.aliases
    assert result.facts["aaa"].meanings == ("aaa (x) (character)", "aaa (y) (copyright)")


def test_a_curated_alias_is_not_overruled():
    result = merged([row("blonde (someone)", "character", 9, "blonde")])
    assert result.aliases["blonde"] == ("blonde hair",)


def test_most_used_first():
    tags = merged([row("a1", count=5), row("a2", count=50), row("a3")]).tags
    order = list(tags)
    assert order.index("a2") < order.index("a1") < order.index("a3")


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("holding lizard", "action"),
        ("mint coat", "clothing"),
        ("extremely pale skin", "body"),
        ("neon blue eyes", "eyes"),
        ("cat on keyboard", ""),
        ("flower (artist)", ""),
        ("zzyzx", ""),
    ],
)
def test_head_group(name, group):
    assert merging.head_group(name, general_groups()) == group
