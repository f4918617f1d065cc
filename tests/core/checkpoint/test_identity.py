"""Identity: a table over generated files for every layer; the format is written by hand."""

import hashlib
import json
import os
from pathlib import Path

import model_files
import pytest
from ixl.core.checkpoint.hashing import Hashes, hash_file
from ixl.core.checkpoint.header import read_header
from ixl.core.checkpoint.identity import identify, profile_of
from ixl.core.checkpoint.official import OFFICIAL_FILES
from ixl.core.checkpoint.profiles import PROFILES
from ixl.core.checkpoint.summary import summary
from model_files import CLIP_G, CLIP_L, OUTER, SDXL, SDXL_UNET, VAE, cross_attention

V01 = next(digest for digest, file in OFFICIAL_FILES.items() if file.version == "v0.1")
LORA = {
    "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 8),
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 2048),
}


@pytest.fixture
def make(tmp_path):
    def made(shapes=SDXL, name="some.safetensors", metadata=None, dtype="F16"):
        return model_files.write(tmp_path / name, shapes, dtype, metadata)

    return made


def hashed_as(digest):
    return lambda *_: Hashes(digest)


@pytest.mark.parametrize(
    ("shapes", "kind", "model", "ok"),
    [
        (SDXL, "checkpoint", "SDXL", True),
        (cross_attention({4: 2, 5: 2, 7: 4, 8: 4}, 2048) | OUTER, "checkpoint", "SSD-1B", True),
        (cross_attention({4: 1, 7: 2}, 2048) | OUTER, "checkpoint", "Segmind Vega", True),
        (cross_attention({4: 4, 7: 4}, 1280) | OUTER, "checkpoint", "SDXL refiner", False),
        (cross_attention({1: 1, 4: 1, 7: 1}, 768), "unet", "Stable Diffusion 1.x", False),
        (cross_attention({1: 1, 4: 1, 7: 1}, 1024), "unet", "Stable Diffusion 2.x", False),
        ({"double_blocks.0.img_attn.qkv.weight": (2, 2)}, "", "Flux", False),
        ({"model.diffusion_model.joint_blocks.0.x": (2,)}, "", "Stable Diffusion 3", False),
        ({"encoder.block.0.layer.0.SelfAttention.q.weight": (2,)}, "", "a T5 text encoder", False),
        (SDXL_UNET, "unet", "SDXL", True),
        (model_files.diffusers_attention({1: 2, 2: 10}, 2048), "unet", "SDXL", True),
        (model_files.diffusers_attention({1: 2, 2: 6}, 2048), "unet", "KOALA 1B", True),
        ({CLIP_L: (2, 768)}, "text encoder", "SDXL", True),
        ({CLIP_G: (2, 1280)}, "text encoder", "SDXL", True),
        ({"text_model.embeddings.token_embedding.weight": (2, 1024)}, "text encoder", "another "
         "model", False),
        ({VAE: (8, 4, 3, 3)}, "vae", "", True),
        ({"decoder.conv_in.weight": (8, 16, 3, 3)}, "vae", "another model", False),
        (LORA, "lora", "SDXL", True),
        ({"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight":
          (4, 768)}, "lora", "Stable Diffusion 1.x", False),
        ({"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight":
          (4, 2048)}, "lora", "SDXL", True),
        ({"lora_unet_output_blocks_3_1_transformer_blocks_0_attn2_to_k.hada_w1_b": (4, 2048)},
         "lora", "SDXL", True),
        ({"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": (4, 9)}, "lora",
         "Flux", False),
        ({"input_hint_block.0.weight": (2,), **cross_attention({4: 2, 7: 10}, 2048, "")},
         "controlnet", "SDXL", True),
        ({"control_model.x": (2,), **cross_attention({1: 1}, 768, "control_model.")},
         "controlnet", "Stable Diffusion 1.x", False),
        ({"clip_l": (3, 768), "clip_g": (3, 1280)}, "embedding", "SDXL", True),
        ({"emb_params": (3, 768)}, "embedding", "Stable Diffusion 1.x", False),
        ({"x": (2, 2)}, "", "", False),
        ({}, "", "", False),
    ],
)  # fmt: skip
def test_architecture(make, shapes, kind, model, ok):
    found = identify(make(shapes))
    assert (found.kind, found.model, found.ok) == (kind, model, ok)
    assert found.ok != bool(found.problem)
    if not ok:
        assert found.problem.endswith(".") and found.hashes.sha256 == ""
    if ok and kind != "checkpoint":
        with pytest.raises(ValueError, match="alone|without|LoRA|ControlNet|embedding"):
            profile_of(found)
    assert not ok or summary(found)


@pytest.mark.parametrize("digest", OFFICIAL_FILES)
def test_an_official_hash_is_certain(make, digest):
    found = identify(make(), hasher=hashed_as(digest))
    official = OFFICIAL_FILES[digest]
    assert (found.certainty, found.family) == ("certain", "illustrious")
    assert (found.version, found.objective) == (official.version, "epsilon")
    assert PROFILES[found.profile].version == official.version
    assert found.warnings == ()


def test_an_unknown_file_is_plain_sdxl(make):
    path = make()
    found = identify(path)
    assert (found.family, found.version, found.certainty) == ("sdxl", "", "likely")
    assert (found.objective, found.zero_terminal_snr, found.profile) == ("epsilon", False, "sdxl")
    assert found.hashes.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("keys", "objective", "zero_snr"),
    [
        (("v_pred",), "v-prediction", False),
        (("v_pred", "ztsnr"), "v-prediction", True),
        (("edm_vpred.sigma_max",), "edm-v-prediction", False),
        (("edm_mean", "edm_std"), "edm", False),
    ],
)
def test_marker_tensors_decide_the_objective(make, keys, objective, zero_snr):
    found = identify(make({**SDXL, **dict.fromkeys(keys, (0,))}))
    assert (found.objective, found.zero_terminal_snr) == (objective, zero_snr)
    profile = profile_of(found)
    assert (profile.objective, profile.zero_terminal_snr) == (objective, zero_snr)
    assert profile.sampler == "euler"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"modelspec.prediction_type": "v"}, {"objective": "v-prediction"}),
        ({"modelspec.predict_key": "v"}, {"objective": "v-prediction"}),
        ({"modelspec.prediction_type": "epsilon"}, {"objective": "epsilon"}),
        ({"ss_v_parameterization": "True"}, {"objective": "v-prediction"}),
        ({"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"},
         {"objective": "v-prediction", "zero_terminal_snr": True}),
        ({"ss_zero_terminal_snr": "False"}, {"zero_terminal_snr": False}),
        ({"ss_zero_terminal_snr": "True"}, {"objective": "epsilon", "zero_terminal_snr": False}),
        ({"modelspec.title": "My NoobAI mix"}, {"family": "noobai", "certainty": "guess"}),
        ({"ss_new_sd_model_hash": V01},
         {"family": "illustrious", "version": "", "certainty": "likely"}),
        ({"sd_merge_models": json.dumps({V01: {"name": "x"}})},
         {"family": "illustrious", "version": "", "certainty": "guess"}),
        ({"sd_merge_recipe": "Illustrious-XL-v0.1.safetensors + noobaiXL.safetensors"},
         {"family": "sdxl"}),
        ({"prompt": '{"4": {"inputs": {"ckpt_name": "a\\\\animagineXL40_v4.safetensors"}}}'},
         {"family": "animagine", "certainty": "guess"}),
        ({"modelspec.prediction_type": "\u0000" * 9999, "ss_tag_frequency": "{" * 9999}, {}),
    ],
)  # fmt: skip
def test_metadata(make, metadata, expected):
    found = identify(make(metadata=metadata))
    assert found.ok
    assert {field: getattr(found, field) for field in expected} == expected


@pytest.mark.parametrize(
    ("name", "family", "version", "objective", "profile"),
    [
        ("Illustrious-XL-v0.1", "illustrious", "v0.1", "epsilon", "illustrious-v0.1"),
        ("illustriousXL_v01", "illustrious", "v0.1", "epsilon", "illustrious-v0.1"),
        ("illustriousXL11_v11", "illustrious", "v1.1", "epsilon", "illustrious-v1.1"),
        ("illustriousXLV20_v20Stable", "illustrious", "v2.0", "epsilon", "illustrious-v2.0"),
        ("Illustrious-XL-v0.1-GUIDED", "illustrious", "v0.1-GUIDED", "epsilon",
         "illustrious-v0.1-guided"),
        ("Illustrious-XL-v3.5-vpred", "illustrious", "v3.5-vpred", "v-prediction",
         "illustrious-v3.5-vpred"),
        ("waiIllustriousSDXL_v140", "illustrious", "", "epsilon", "illustrious-v0.1"),
        ("illustriousXLPersonalMerge_v30", "illustrious", "", "epsilon", "illustrious-v0.1"),
        ("NoobAI-XL-Vpred-v1.0", "noobai", "vpred", "v-prediction", "noobai-xl-vpred"),
        ("noobaiXLNAIXL_epsilonPred11Version", "noobai", "", "epsilon", "noobai-xl-eps"),
        ("animagine-xl-4.0-opt", "animagine", "4.0", "epsilon", "animagine-xl-4"),
        ("animagine-xl-3.1", "animagine", "", "epsilon", "animagine-xl-4"),
        ("model", "sdxl", "", "epsilon", "sdxl"),
    ],
)  # fmt: skip
def test_the_name_is_a_guess(make, name, family, version, objective, profile):
    found = identify(make(name=f"{name}.safetensors"))
    assert (found.family, found.version, found.objective) == (family, version, objective)
    assert found.profile == profile
    assert found.certainty == ("likely" if family == "sdxl" else "guess")
    assert not found.zero_terminal_snr  # never by name


def test_a_mislabelled_file_is_named_and_the_hash_wins(make):
    found = identify(make(name="Illustrious-XL-v2.0-vpred.safetensors"), hasher=hashed_as(V01))
    assert (found.version, found.objective) == ("v0.1", "epsilon")
    said = " ".join(found.warnings)
    assert "version v2.0" in said and "says v0.1" in said and "v-prediction" in said


def test_metadata_of_another_model_is_a_conflict(make):
    found = identify(make(metadata={"modelspec.architecture": "flux-1-dev"}))
    assert found.ok and "Flux" in found.warnings[0] and "SDXL" in found.warnings[0]


def test_a_file_as_long_as_an_official_one_with_another_hash(make, monkeypatch):
    path = make()
    official = OFFICIAL_FILES[V01]._replace(size=os.path.getsize(path))
    monkeypatch.setitem(OFFICIAL_FILES, V01, official)
    assert "changed or damaged" in identify(path).warnings[0]


def test_weights_that_were_changed_after_training(make):
    path = make(LORA, metadata={"sshs_model_hash": "0" * 64})
    assert "sshs_model_hash" in identify(path).warnings[0]
    data = hash_file(path, None, read_header(path).data_start).data_sha256
    assert identify(make(LORA, metadata={"sshs_model_hash": data})).warnings == ()


def test_a_lora_names_its_base(make):
    metadata = {"ss_sd_model_name": "Illustrious-XL-v0.1.safetensors", "ss_new_sd_model_hash": V01}
    found = identify(make(LORA, metadata=metadata))
    assert (found.kind, found.family, found.version) == ("lora", "illustrious", "v0.1")
    assert found.certainty == "likely" and len(found.hashes.autov3) == 12


@pytest.mark.parametrize("without", [(VAE,), (CLIP_L, CLIP_G), (CLIP_G,)])
def test_a_missing_part_is_named(make, without):
    found = identify(make({k: v for k, v in SDXL.items() if k not in without}))
    assert found.ok and found.kind == "checkpoint"
    assert "beside it" in found.warnings[0]


def test_inpainting_is_named(make):
    shapes = {**SDXL, "model.diffusion_model.input_blocks.0.0.weight": (8, 9, 3, 3)}
    assert "9 channels" in identify(make(shapes)).warnings[0]


@pytest.mark.parametrize(
    ("dtype", "name"), [("F16", "fp16"), ("BF16", "bf16"), ("F32", "fp32"), ("F8_E4M3", "fp8")]
)
def test_number_types(make, dtype, name):
    found = identify(make(dtype=dtype))
    assert dict(found.number_types) == {"unet": name, "text encoders": name, "vae": name}
    assert dict(identify(make(LORA, dtype=dtype)).number_types) == {"all": name}


def test_a_profile_of_the_user_names_a_file_by_its_hash(make):
    path = make()
    own = PROFILES["noobai-xl-vpred"]._replace(
        id="mine", family="mine", version="7", files=(hash_file(path).sha256,)
    )
    profiles = {**PROFILES, "mine": own}
    found = identify(path, profiles=profiles)
    assert (found.certainty, found.profile, found.version) == ("certain", "mine", "7")
    assert profile_of(found, profiles) == own


@pytest.mark.parametrize("what", ["missing", "folder", "unreadable", "empty", "cut off"])
def test_no_usable_file(tmp_path, make, what):
    path = tmp_path / "some.safetensors"
    if what == "folder":
        path.mkdir()
    elif what == "empty":
        path.write_bytes(b"")
    elif what in ("unreadable", "cut off"):
        make()
        if what == "cut off":
            os.truncate(path, path.stat().st_size - 1)
        else:
            path.chmod(0)
            if os.access(path, os.R_OK):
                pytest.skip("this user may read everything")
    found = identify(str(path))
    assert not found.ok and found.problem.endswith(".") and found.evidence == []
    with pytest.raises(ValueError, match="some.safetensors"):
        profile_of(found)


def test_without_a_hasher_the_file_is_not_hashed(make):
    found = identify(make(name="illustriousXL_v01.safetensors"), hasher=None)
    assert found.ok and found.hashes.sha256 == "" and found.version == "v0.1"


def test_json_form_has_the_contract_fields(make):
    fields = json.loads(json.dumps(identify(make()).as_dict()))
    assert {
        "file", "ok", "family", "version", "objective", "zero_terminal_snr", "sha256",
        "certainty", "evidence", "problem",
    } <= set(fields)  # fmt: skip
    layers = [line.split(" (")[0] for line in fields["evidence"]]
    assert layers == ["header", "sha256", "architecture"]
