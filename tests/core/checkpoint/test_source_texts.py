"""Sources in words: every value of every profile, and the ones that several fields share."""

import re

import pytest
from ixl.core.checkpoint.profiles import PROFILES, SOURCED, with_objective
from ixl.core.checkpoint.source_texts import MARKS, source_text


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_no_mark_is_left_and_every_value_has_a_source(profile):
    marks = [mark for mark in MARKS if mark != "family"]
    for field in SOURCED:
        text, links = source_text(profile, field)
        assert text and not text.startswith("family")
        assert not re.search(rf"(^|[,;] )({'|'.join(marks)})($|[ ,;:])", text), text
        assert all(link.startswith("https://") for link in links)


@pytest.mark.parametrize(
    ("profile", "field", "text"),
    [
        ("illustrious-v1.0", "cfg", "paper arXiv 2409.19946, section B.2"),
        ("illustrious-v1.0", "steps", "as of the version before"),
        ("illustrious-v1.0", "scheduler", "as of the version before"),
        ("illustrious-v2.0", "cfg_range", "paper arXiv 2409.19946, section B.2"),
        ("illustrious-v2.0", "cfg", "official blog of 2025-03-15 on v2.0"),
        ("illustrious-v0.1", "sampler", "card of v0.1, paper arXiv 2409.19946, section B.2"),
        ("illustrious-v0.1", "scheduler", "official blog of 2025-03-15 on v2.0 (automatic)"),
        ("illustrious-v3.0-eps", "prompt_profile", "as of v2.0"),
        ("noobai-xl-eps", "maximum_area", "as of v0.1, from which it was trained"),
        ("sdxl", "prompt_profile", "no tag training"),
    ],
)
def test_the_part_about_the_field(profile, field, text):
    assert source_text(PROFILES[profile], field).text == text


def test_links_are_those_of_the_pages_named():
    links = source_text(PROFILES["illustrious-v0.1"], "sampler").links
    assert [link.rsplit("/", 1)[1] for link in links] == [
        "Illustrious-xl-early-release-v0",
        "2409.19946",
    ]


def test_other_sources_are_left_as_they_are():
    profile = PROFILES["sdxl"]._replace(sources=(("cfg steps", "profile file /home/P/S, B2.json"),))
    assert source_text(profile, "cfg").text.startswith("profile file /home/P/S, ")
    assert source_text(profile, "sampler") == ("", ())
    changed = with_objective(PROFILES["illustrious-v0.1"], "v-prediction", False)
    assert source_text(changed, "objective").text == "the file itself"
