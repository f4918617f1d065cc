"""Profiles: every value has a source, and ComfyUI's own names; files of users are checked."""

import json
import logging
import re

import pytest
from ixl.core.checkpoint.profiles import PROFILES, SOURCED, negative_of, with_objective
from ixl.core.checkpoint.sources import CITED, PAGES, pages_of, spelled_out
from ixl.core.checkpoint.user_profiles import load_profile, load_profiles
from ixl.core.prompt import profiles as prompt


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_value_has_a_source_and_fits_the_others(profile):
    assert all(profile.source_of(field) for field in SOURCED)
    low, high = profile.cfg_range
    assert low <= profile.cfg <= high
    assert profile.minimum_area < profile.native_area <= profile.maximum_area
    assert profile.licence_url.startswith("https://")
    assert profile.prompt_profile in prompt.PROFILES
    words = prompt.PROFILES[profile.prompt_profile].negative
    assert negative_of(profile) == ", ".join(words)


@pytest.mark.parametrize(
    ("profile", "sampler", "steps", "cfg_range", "objective"),
    [
        ("illustrious-v0.1", "euler_ancestral", (20, 28), (5.0, 7.5), "epsilon"),
        ("illustrious-v3.0-eps", "euler", (28, 28), (5.0, 7.5), "epsilon"),
        ("noobai-xl-eps", "euler_ancestral", (25, 30), (5.0, 6.0), "epsilon"),
        ("noobai-xl-vpred", "euler", (28, 35), (4.0, 5.0), "v-prediction"),
        ("animagine-xl-4", "euler_ancestral", (25, 28), (4.0, 7.0), "epsilon"),
    ],
)
def test_the_table_has_what_the_cards_say(profile, sampler, steps, cfg_range, objective):
    found = PROFILES[profile]
    assert (found.sampler, found.cfg_range, found.objective) == (sampler, cfg_range, objective)
    assert steps[0] <= found.steps <= steps[1]


def test_sources_are_cited_by_codes_that_are_explained():
    cited = " | ".join(said for p in PROFILES.values() for _, said in p.sources)
    for code, name in CITED.items():
        assert re.search(rf"\b{code}\b", cited), code
        assert spelled_out(f"{code} 3.1") == f"{name} 3.1"
    left = re.sub(r"\b(SDXL|CFG|MP|XL|SNR|DDIM|AI|V|ComfyUI)\b", "", spelled_out(cited))
    assert not re.search(r"\b[A-Z]{1,2}\d{0,2}\b(?!\.\d)", left), left


def test_samplers_and_schedulers_are_comfyuis(comfy):
    from comfy.samplers import KSampler

    for profile in PROFILES.values():
        assert profile.sampler in KSampler.SAMPLERS
        assert profile.scheduler in KSampler.SCHEDULERS


def test_an_objective_of_the_file_brings_its_settings():
    v01, noobai = PROFILES["illustrious-v0.1"], PROFILES["noobai-xl-vpred"]
    changed = with_objective(v01, "v-prediction", True)
    assert (changed.cfg_range, changed.sampler) == (noobai.cfg_range, noobai.sampler)
    assert changed.native_area == v01.native_area
    assert "file itself" in changed.source_of("objective")
    assert with_objective(v01, "epsilon", False) is v01


def test_a_profile_of_the_user(tmp_path):
    path = tmp_path / "mine.json"
    fields = {"id": "mine", "base": "noobai-xl-vpred", "cfg": 4, "cfg_range": [3, 4.5]}
    path.write_text(json.dumps({**fields, "files": ["AB"], "family": "mine"}))
    found = load_profiles(tmp_path)["mine"]
    assert (found.cfg, found.cfg_range, found.files) == (4.0, (3.0, 4.5), ("ab",))
    assert found.objective == "v-prediction"
    assert str(path) in found.source_of("cfg") and found.source_of("steps")
    assert list(load_profiles(tmp_path))[:-1] == list(PROFILES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "JSON"),
        ("[]", "object"),
        ("{}", "object"),
        ('{"id": "x", "base": "what"}', "base must be one of"),
        ('{"id": "x", "base": ["what"]}', "base must be one of"),
        ('{"id": "x", "ratings": []}', "fields allowed are base, id"),  # a prompt profile
        ('{"id": "x", "objective": "sample"}', "epsilon, v-prediction"),
        ('{"id": "x", "steps": 2.5}', "must be like 28"),
        ('{"id": "x", "steps": true}', "must be like 28"),
        ('{"id": "x", "cfg": -1}', "must be like"),
        ('{"id": "x", "cfg_range": [1]}', "must be like"),
        ('{"id": "x", "cfg_range": [1, "2"]}', "must be like"),
        ('{"id": "x", "sources": 1}', "must be like"),
        ('{"id": "x", "files": "abc"}', "must be like"),
        ('{"id": "x", "zero_terminal_snr": 1}', "must be like false"),
    ],
)
def test_a_bad_profile_is_one_sentence_and_left_out(tmp_path, text, said, caplog):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        load_profile(path)
    with caplog.at_level(logging.WARNING):
        assert load_profiles(tmp_path) == dict(PROFILES)
    assert "left out" in caplog.text


def test_an_id_that_is_taken_is_left_out(tmp_path, caplog):
    (tmp_path / "sdxl.json").write_text('{"id": "sdxl", "steps": 1}')
    assert load_profiles(tmp_path)["sdxl"].steps != 1
    assert "taken" in caplog.text


def test_a_prompt_folder_refuses_model_profiles(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{"id": "mine", "steps": 10}')
    with pytest.raises(ValueError, match="steps"):
        prompt.load_profile(path)


def test_a_source_comes_with_the_pages_that_it_names():
    cited = PROFILES["illustrious-v0.1"].source_of("sampler")
    assert pages_of(cited) == (PAGES["C0"], PAGES["P"])
    assert set(PAGES) <= set(CITED)
    assert pages_of("no tag training") == ()
