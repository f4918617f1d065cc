"""Sampler settings: the profile's, those set by hand, and what is said of each."""

import pytest
from ixl.core.checkpoint.loaded import LoadedCheckpoint
from ixl.core.checkpoint.profiles import PROFILES
from ixl.core.checkpoint.sampling import Chosen, profile_in_use, settings

V01, NOOBAI_V = PROFILES["illustrious-v0.1"], PROFILES["noobai-xl-vpred"]
SAMPLERS, SCHEDULERS = ["euler", "euler_ancestral", "dpmpp_2m"], ["normal", "karras"]


def made(profile=V01, guided=False, **chosen):
    return settings(profile, Chosen(**chosen), SAMPLERS, SCHEDULERS, guided)


def line_of(found, field):
    return next(line for line in found.lines if line.startswith(f"{field} "))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_automatic_is_the_profile_with_its_sources_in_words(profile):
    found = made(profile)
    assert found[:5] == (
        profile.sampler, profile.scheduler, profile.steps, profile.cfg, profile.cfg_rescale
    )  # fmt: skip
    assert len(found.lines) == 5  # nothing to look at in what the table says
    assert "arXiv 2409.19946" in line_of(made(V01), "sampler_name")
    assert "karras" in line_of(made(NOOBAI_V), "scheduler")


def test_what_is_set_by_hand_wins_and_is_said():
    found = made(sampler="dpmpp_2m", scheduler="karras", steps=12, cfg=6.5, cfg_rescale=0.0)
    assert found[:5] == ("dpmpp_2m", "karras", 12, 6.5, 0.0)
    assert all("set here; the profile has" in line for line in found.lines[:5])
    assert "set here; the profile has 28 (card of Illustrious XL v0.1" in line_of(found, "steps")
    assert made(NOOBAI_V, cfg_rescale=0.0).cfg_rescale == 0.0
    assert made(NOOBAI_V, cfg_rescale=-0.5).cfg_rescale == 0.2


def test_a_cfg_outside_the_range_of_the_source_is_said():
    assert "look: cfg 9 is outside 5 to 7.5" in made(cfg=9.0).lines[-1]
    assert "look" not in made(cfg=7.5).lines[-1]


def test_a_guidance_that_is_there_is_kept_unless_set_by_hand():
    kept = made(NOOBAI_V, guided=True)
    assert kept.cfg_rescale == 0.0 and "which is kept" in line_of(kept, "cfg_rescale")
    assert made(NOOBAI_V, guided=True, cfg_rescale=0.5).cfg_rescale == 0.5


@pytest.mark.parametrize(
    ("profile", "chosen", "words"),
    [
        (V01._replace(id="mine", sampler="foo"), {}, "no sampler 'foo', which the profile mine"),
        (V01._replace(id="mine", scheduler="bar"), {}, "no scheduler 'bar', which the profile"),
        (V01, {"sampler": "foo"}, r"no sampler 'foo'\. Choose one in sampler_name"),
    ],
)
def test_names_that_are_not_there_get_one_sentence(profile, chosen, words):
    with pytest.raises(ValueError, match=words):
        made(profile, **chosen)


def loaded(profile):
    return LoadedCheckpoint("a.safetensors", "/a.safetensors", "", profile)


def test_which_profile_is_followed():
    assert profile_in_use(V01, loaded("sdxl"), PROFILES, ("epsilon", False))[0] is V01
    found, line = profile_in_use(None, loaded("noobai-xl-vpred"), PROFILES, ("v-prediction", True))
    assert found is NOOBAI_V and "of a.safetensors" in line and "zero terminal SNR" in line
    assert profile_in_use(None, loaded("gone"), PROFILES, None)[0].id == "sdxl"
    found, line = profile_in_use(None, None, PROFILES, ("epsilon", False))
    assert found.id == "sdxl" and "none connected" in line


def test_the_models_own_objective_wins_over_the_profiles():
    found, line = profile_in_use(V01, None, PROFILES, ("v-prediction", True))
    assert (found.sampler, found.cfg, found.cfg_rescale) == ("euler", 4.5, 0.2)
    assert found.native_area == V01.native_area and "v-prediction" in line
    assert profile_in_use(NOOBAI_V, None, PROFILES, ("epsilon", False))[0].cfg_rescale == 0.0
    assert profile_in_use(V01, None, PROFILES, None)[0] is V01
