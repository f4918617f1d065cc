"""Facts as JSON and text: against the identity and the profiles that they are made from."""

import json

import model_files
import pytest
from ixl.core.checkpoint.choices import PROFILE_ALONE
from ixl.core.checkpoint.decision import Overrides, choose
from ixl.core.checkpoint.facts import facts, in_use, name_of, settings_as_dict
from ixl.core.checkpoint.hashing import Hashes, hash_file
from ixl.core.checkpoint.header import read_header
from ixl.core.checkpoint.identity import identify
from ixl.core.checkpoint.info import inform
from ixl.core.checkpoint.official import OFFICIAL_FILES
from ixl.core.checkpoint.profiles import PROFILES, SOURCED
from ixl.core.prompt.profiles import PROFILES as PROMPT_PROFILES
from model_files import SDXL

V20 = next(digest for digest, file in OFFICIAL_FILES.items() if file.version == "v2.0")
UNET = {name: shape for name, shape in SDXL.items() if name.startswith("model.")}


@pytest.fixture
def make(tmp_path):
    def made(name="some.safetensors", shapes=SDXL, **more):
        return model_files.write(tmp_path / name, shapes, **more)

    return made


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Illustrious-XL-v1.0.safetensors", "Illustrious XL v1.0"),
        ("myIllustriousMerge_v7.safetensors", "Illustrious XL"),
        ("NoobAI-XL-Vpred-v1.0.safetensors", "NoobAI-XL v-prediction"),
        ("noobaiMerge.safetensors", "NoobAI-XL"),
        ("animagine-xl-4.0.safetensors", "Animagine XL 4.0"),
        ("other.safetensors", "SDXL"),
    ],
)
def test_the_name_in_words(make, file, name):
    assert name_of(identify(make(file))) == name


def test_a_profile_of_the_user_gives_its_name(make):
    path = make()
    mine = PROFILES["noobai-xl-vpred"]._replace(
        id="mine", label="My Merge 3", files=(hash_file(path).sha256,)
    )
    known = {**PROFILES, "mine": mine}
    identity = identify(path, profiles=known)
    assert (name_of(identity, known), identity.profile) == ("My Merge 3", "mine")


def test_everything_is_json_and_every_value_has_its_source(make):
    path = make("Illustrious-XL-v2.0.safetensors", metadata={"modelspec.title": "x"})
    identity = identify(path, hasher=lambda *_: Hashes(V20))
    found = json.loads(json.dumps(facts(identity, *in_use(identity))))
    assert {key: found[key] for key in identity.as_dict()} == identity.as_dict()
    said = [f"{f['layer']} ({f['certainty']}): {f['text']}" for f in found["findings"]]
    assert said == identity.evidence
    v20 = PROFILES["illustrious-v2.0"]
    assert {name: found["settings"][name] for name in SOURCED} == json.loads(
        json.dumps({name: getattr(v20, name) for name in SOURCED})
    )
    assert all(found["settings"]["sources"][name]["text"] for name in SOURCED)
    assert "worst quality" in found["settings"]["negative"]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_sizes_have_the_area_and_sources_their_pages(profile):
    found = settings_as_dict(profile)
    for kind in ("native", "maximum"):
        side, area = found[f"{kind}_side"], found[f"{kind}_area"]
        assert side % 64 == 0 and side**2 <= area < (side + 64) ** 2
    assert [found["native_side"]] * 2 in found["native_sizes"]
    for field, source in found["sources"].items():
        if "arXiv 2409.19946" in source["text"] and field != "negative":
            assert "https://arxiv.org/abs/2409.19946" in source["links"], field


def test_a_profile_file_of_the_user_is_cited_as_it_is_called():
    mine = PROFILES["sdxl"]._replace(sources=(("cfg", "profile file /home/P/S/N1.json"),))
    source = settings_as_dict(mine)["sources"]["cfg"]
    assert source == {"text": "profile file /home/P/S/N1.json", "links": ()}


def test_the_settings_are_those_that_a_loader_hands_on(make):
    identity = identify(make(shapes={**SDXL, "v_pred": (0,)}))
    overrides = Overrides(objective="epsilon", cfg_rescale=0.5)
    for choice in ("automatic", "illustrious-v1.0"):
        for switches in (Overrides(), overrides):
            expected = choose(identity, choice, PROFILES, switches)
            assert in_use(identity, choice=choice, overrides=switches) == expected
    found = facts(identity, *in_use(identity, overrides=overrides))
    assert found["reasons"] == list(expected[1].reasons)
    assert any("gives noise" in warning for warning in found["warnings"])
    with pytest.raises(ValueError, match="must be one of automatic, illustrious-v0.1"):
        in_use(identity, choice="pony")


def test_a_bad_file_has_a_problem_and_no_settings(make, tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"<html>")
    identity = identify(str(tmp_path / "bad.safetensors"))
    found = facts(identity, *in_use(identity))
    assert found["settings"] is None and "web page" in found["problem"]
    identity = identify(make(shapes=UNET))
    found = facts(identity, *in_use(identity))
    assert found["ok"] and found["not_loadable"].startswith("This is a U-Net")
    assert facts(identity, *in_use(identity), folder="diffusion_models")["not_loadable"] == ""


def ask(path, name=PROFILE_ALONE, profile=None, hasher=hash_file, **more):
    return inform(path, name, profile, hasher, PROFILES, PROMPT_PROFILES, **more)


def test_info_of_a_file_has_all_three_hashes_and_all_settings(make):
    path, steps = make("Illustrious-XL-v1.0.safetensors"), []
    text, values = ask(
        path, "x/Illustrious-XL-v1.0.safetensors", on_step=lambda *s: steps.append(s)
    )
    expected = hash_file(path, data_start=read_header(path).data_start)
    assert (values["sha256"], values["autov3"]) == (expected.sha256, expected.autov3)
    for part in (
        expected.sha256,
        expected.autov2,
        expected.autov3,
        "Settings of Illustrious XL v1.0",
    ):
        assert part in text
    assert "CFG: 7, good from 5 to 7.5 [chosen within arXiv 2409.19946 B.2" in text
    assert "native size: 1536x1536" in text and "Objective epsilon: " in text
    assert text.startswith("x/Illustrious") and str(path) not in text + json.dumps(values)
    assert steps and steps[-1][0] == steps[-1][1]


def test_info_with_a_profile_of_another_version(make):
    v20 = PROFILES["illustrious-v2.0"]
    text, values = ask(make("Illustrious-XL-v0.1.safetensors"), "a", v20)
    assert values["profile"] == "illustrious-v0.1" and values["settings"]["id"] == v20.id
    assert "illustrious v0.1" in text and "Settings of Illustrious XL v2.0" in text


def test_info_of_a_profile_alone():
    text, values = ask(None, profile=PROFILES["noobai-xl-vpred"])
    assert set(values) == {"settings"} and "zero terminal SNR: yes" in text


def test_info_of_nothing_or_of_a_bad_file_is_a_sentence(make, tmp_path):
    with pytest.raises(ValueError, match="choose a checkpoint, or connect"):
        ask(None)
    (tmp_path / "bad.safetensors").write_bytes(b"<html>")
    for path in (str(tmp_path / "bad.safetensors"), make(shapes=UNET)):
        with pytest.raises(ValueError, match="web page|U-Net"):
            ask(path, "x", PROFILES["sdxl"])
