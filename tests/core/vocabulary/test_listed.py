"""Names of tipo-kgen's lists behind a vocabulary."""

import pytest
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.core.vocabulary.listed import with_lists
from ixl.core.vocabulary.sources import kgen_source

pytestmark = pytest.mark.skipif(kgen_source() is None, reason="tipo-kgen is not installed")


@pytest.mark.parametrize(
    ("name", "category"),
    [
        *(("hatsune miku", "character"), ("saber (fate)", "character"), ("wlop", "artist")),
        ("vocaloid", "copyright"),
    ],
)
def test_a_listed_name_has_the_category_of_its_list(name, category):
    assert curated_vocabulary().lookup(name) is None
    found = with_lists(curated_vocabulary()).lookup(name)
    assert (found.name, found.category, found.origin) == (name, category, "tipo-kgen")


@pytest.mark.parametrize("name", ["", "hatsune mik", "atsune miku", "hatsune miku\nwlop", "\n"])
def test_a_part_of_a_name_or_two_names_are_none(name):
    assert with_lists(curated_vocabulary()).lookup(name) is None


def test_what_is_known_already_stays():
    known = curated_vocabulary()
    assert with_lists(known).lookup("long hair") is known.lookup("long hair")
    assert with_lists(known) is with_lists(known)
