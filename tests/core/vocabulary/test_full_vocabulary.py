"""The whole vocabulary (curated, a Danbooru list, tipo-kgen) against the list itself as oracle."""

import csv
import os
import random
from collections import defaultdict
from pathlib import Path

import pytest
from ixl.core.vocabulary import commands, index, places
from ixl.core.vocabulary.closed import closed_tags
from ixl.core.vocabulary.curated import alias_targets, curated_tags, general_groups
from ixl.core.vocabulary.names import canonical
from ixl.core.vocabulary.sources import DANBOORU, kgen_names, kgen_source

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("IXL_TAG_CSV"), reason="set IXL_TAG_CSV to a Danbooru tag list (CSV)"
    ),
    pytest.mark.skipif(kgen_source() is None, reason="tipo-kgen is not installed"),
]
SAMPLE = 4000


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    with open(os.environ["IXL_TAG_CSV"], encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("full")


@pytest.fixture(scope="module")
def vocabulary(directory):
    opened = index.open_vocabulary(directory, places.user_lists(directory))
    assert len(opened) > 900_000
    yield opened
    opened.close()


def test_counts_and_categories_are_those_of_the_list(vocabulary, table):
    ours = {**closed_tags(), **general_groups()}
    wrong = []
    for name, category, count, _ in random.Random(1).sample(table, SAMPLE):
        tag = vocabulary.lookup(canonical(name))
        assert tag.count == int(count), name
        if tag.category != DANBOORU[int(category)]:
            wrong.append(tag.name)
    assert [name for name in wrong if name not in ours and not curated_tags().get(name)] == []


def test_aliases_lead_to_the_tags_of_the_list(vocabulary, table):
    names = {canonical(row[0]) for row in table}
    targets = defaultdict(set)
    for row in table:
        for alias in filter(None, map(canonical, row[3].split(","))):
            targets[alias].add(canonical(row[0]))
    known = set(alias_targets()) | set(curated_tags())
    for alias in random.Random(2).sample(sorted(set(targets) - names - known), SAMPLE):
        tag = vocabulary.lookup(alias)
        if len(targets[alias]) == 1:
            (target,) = targets[alias]
            assert tag.name == target, alias
            assert alias in tag.aliases
        else:
            assert tag.name == alias
            assert {m.rpartition(" (")[0] for m in tag.meanings} == targets[alias]


def test_names_that_are_also_aliases_stay_tags(vocabulary, table):
    names = {canonical(row[0]): row for row in table}
    both = [
        alias
        for row in table
        for alias in map(canonical, row[3].split(","))
        if alias in names and alias != canonical(row[0])
    ]
    assert len(both) >= 100
    for name in both:
        assert vocabulary.lookup(name).name == name


def test_kgen_adds_the_names_that_the_list_lacks(vocabulary, table):
    listed = {canonical(row[0]) for row in table}
    listed |= {canonical(a) for row in table for a in row[3].split(",")}
    names = [(n, c) for part, c in kgen_names(kgen_source()) for n in part if n not in listed]
    assert len(names) > 800_000
    for name, category in random.Random(3).sample(names, SAMPLE):
        tag = vocabulary.lookup(name)
        if name not in curated_tags() and name not in alias_targets():
            assert (tag.name, tag.category, tag.count) == (name, category, None)
            assert tag.origin.startswith("tipo-kgen")


def test_prefix_search_finds_the_most_used(vocabulary, table):
    """Every name comes up under its own words, before less used ones."""
    for row in random.Random(4).sample(table[:20_000], 300):
        name = canonical(row[0])
        if len([c for c in name if c.isalnum()]) < 3 or not name.isascii():
            continue
        found = vocabulary.search(name, 100)
        assert found[0].name == name  # typed in full
        counts = [f.count or 0 for f in found[1:]]
        assert counts == sorted(counts, reverse=True)


def test_nearest_finds_characters_through_one_typo(vocabulary, table):
    rnd = random.Random(6)
    characters = [canonical(r[0]) for r in table if r[1] == "4" and int(r[2]) > 3000]
    missed = []
    for name in rnd.sample(characters, 200):
        at = rnd.randrange(1, len(name) - 1)
        typo = name[:at] + name[at + 1 :]
        if vocabulary.lookup(typo) is None and name not in [
            tag.name for tag in vocabulary.nearest(typo, 5)
        ]:
            missed.append(typo)
    assert len(missed) <= 4, missed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hair", "long hair"),
        ("woman", "1girl"),
        ("photo", "photo (medium)"),
        ("hatsune mikku", "hatsune miku"),
        ("ganyu genshin", "ganyu (genshin impact)"),
        ("beautiful", None),
        ("best", None),
        ("sexy", None),
        ("cute", None),
        ("red", None),
        ("wonderful", None),
        ("hdr", None),
        ("magical", None),
        ("gorgeous", None),
    ],
)
def test_suggestions_among_a_million_names(vocabulary, typed, meant):
    found = [tag.name for tag in vocabulary.nearest(typed)]
    assert found[:1] == ([meant] if meant else [])


def test_status(vocabulary, directory):
    report = index.status(directory, places.user_lists(directory))
    assert report["current"]
    assert report["index"]["tags"] == len(vocabulary)
    text = commands.status_text(report)
    assert "tipo-kgen" in text and f"{len(vocabulary):,} tags" in text
