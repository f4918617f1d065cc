"""LoRA files: kinds, ranks, fit and warnings, on generated files of every layout."""

import json
import struct

import lora_files
import model_files
import pytest
from ixl.core.checkpoint.hashing import Hashes
from ixl.core.checkpoint.loaded import LoadedLora
from ixl.core.checkpoint.lora import Lora, read_lora
from ixl.core.checkpoint.lora_fit import Base, base_of, is_off, problem_of, repeated, warnings_of
from ixl.core.checkpoint.lora_keys import GROUPS, Match, group_of, kind_of, match, modules_of
from ixl.core.checkpoint.lora_report import Applied, check, report, trigger_words
from ixl.core.checkpoint.profiles import PROFILES

ATTENTION = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
TEXT_2 = "lora_te2_text_model_encoder_layers_0_mlp_fc1"
SDXL = {ATTENTION: (640, 2048), TEXT_2: (5120, 1280)}


def with_type(shapes):
    return {name: ("F16", shape) for name, shape in shapes.items()}


def made(layers=SDXL, kind=lora_files.lora):
    return {k: v for name, layer in layers.items() for k, v in kind(name, layer).items()}


def file(tmp_path, shapes=None, name="x.safetensors", **metadata) -> Lora:
    told = {key.replace("__", "."): value for key, value in metadata.items()}
    shapes = made() if shapes is None else shapes
    return read_lora(model_files.write(tmp_path / name, shapes, metadata=told or None))


@pytest.mark.parametrize("kind", lora_files.KINDS)
def test_kinds_and_ranks(kind):
    layer = (16, 8, 3, 3) if kind in lora_files.CONVOLUTION else (16, 8)
    modules = modules_of(with_type(kind("lora_unet_a", layer)))
    assert set(modules) == {"lora_unet_a"} and not modules["lora_unet_a"].missing
    expected = lora_files.KINDS[kind]
    if len(layer) == 4:
        expected = expected.replace("LoRA)", "LoCon)").replace("LoRA", "LoCon", expected == "LoRA")
    assert kind_of(modules.values()) == expected


@pytest.mark.parametrize("kind", lora_files.KINDS)
def test_sizes_are_those_of_the_layer(kind):
    """test_load_lora.py holds the same against ComfyUI's own arithmetic."""
    layer = (16, 8, 3, 3) if kind in lora_files.CONVOLUTION else (16, 8)
    modules = modules_of(with_type(kind("a", layer)))
    others = [(24, *layer[1:]), (16, 12, *layer[2:]), (16, 8, 3, 3, 3), (9,)]
    for other in others if kind is not lora_files.oft else [(24, 8), (9,)]:  # it has rows only
        ((name, own, model),) = match(modules, {"a": other}, True).wrong
        assert (name, own[0], model) == ("a", 16, other)
    assert match(modules, {"a": layer}, True).fitting == ("a",)
    assert match(modules, {"a": ()}, True).fitting == ("a",)  # the layer's size is not known


def test_a_lora_with_some_convolutions_is_a_locon():
    shapes = lora_files.lora("a", (16, 8)) | lora_files.lora("b", (16, 8, 3, 3))
    assert kind_of(modules_of(with_type(shapes)).values()) == "LoCon"
    assert kind_of(modules_of(with_type(lora_files.lora("b", (16, 8, 1, 1)))).values()) == "LoRA"


@pytest.mark.parametrize("kind", lora_files.KINDS)
def test_every_part_without_which_a_module_is_of_no_use_is_missed(kind):
    layer = (16, 8, 3, 3) if kind in lora_files.CONVOLUTION else (16, 8)
    shapes = kind("a", layer)
    extras = ("alpha", "dora_scale", "diff", "diff_b", "oft_blocks", "lora_mid.weight", "hada_t1",
              "hada_t2", "lokr_t2")  # fmt: skip
    for gone in [n for n in shapes if not n.endswith(extras)]:
        (module,) = modules_of(with_type({k: v for k, v in shapes.items() if k != gone})).values()
        assert module.missing or not module.kind, gone


@pytest.mark.parametrize(
    ("name", "group"),
    [
        (ATTENTION, "unet"), (TEXT_2, "te2"), ("lora_te1_text_model_x", "te1"),
        ("lora_te_text_model_x", "te1"), ("text_encoder.text_model.x", "te1"),
        ("text_encoder_2.text_model.x", "te2"), ("text_encoders.clip_g.transformer.x", "te2"),
        ("text_encoders.clip_l.transformer.x", "te1"), ("lora_te3_x", "te3"),
        ("diffusion_model.input_blocks.0.0", "unet"), ("unet.down_blocks.0", "unet"),
    ],
)  # fmt: skip
def test_groups(name, group):
    assert group_of(name) == group and group in GROUPS


def test_ranks_and_alphas_of_a_file(tmp_path):
    """Alphas are read out of the data, in every number format."""
    shapes = made() | lora_files.lora("lora_unet_b", (16, 8), rank=32)
    lora = file(tmp_path, shapes)
    assert lora.ranks == ((4, 2), (32, 1)) and lora.alphas == (0.0,)
    for dtype, raw in (
        ("F16", struct.pack("<e", 0.5)), ("F32", struct.pack("<f", 0.5)), ("BF16", b"\0\x3f"),
        ("F64", struct.pack("<d", 0.5)),
    ):  # fmt: skip
        table = {"pad": {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]}}
        end = 3
        for name, size in (
            ("a.lora_up.weight", 4 * len(raw)), ("a.lora_down.weight", 4 * len(raw)),
            ("a.alpha", len(raw)),
        ):  # fmt: skip
            shape = [] if name == "a.alpha" else [4, 1]
            table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
            end += size
        header = json.dumps(dict(reversed(table.items()))).encode()  # not in the order of the data
        data = bytes(end - len(raw)) + raw
        path = tmp_path / f"{dtype}.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header + data)
        assert read_lora(str(path)).alphas == (0.5,), dtype


def test_alpha_that_is_no_number_is_left_out(tmp_path):
    path = tmp_path / "nan.safetensors"
    path.write_bytes(model_files.content(made(), "F32")[:-4] + struct.pack("<f", float("nan")))
    assert all(alpha == 0 for alpha in read_lora(str(path)).alphas)


def test_hashes_are_those_of_civitai(tmp_path):
    """AutoV2: of the whole file; AutoV3: of what follows the header."""
    import hashlib

    lora = file(tmp_path)
    raw = (tmp_path / "x.safetensors").read_bytes()
    start = 8 + struct.unpack("<Q", raw[:8])[0]
    assert lora.identity.hashes.autov2 == hashlib.sha256(raw).hexdigest()[:10].upper()
    assert lora.identity.hashes.autov3 == hashlib.sha256(raw[start:]).hexdigest()[:12].upper()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            model_files.content(model_files.SDXL),
            "no LoRA (tensor names and shapes are those of SDXL",
        ),
        (b"PK\x03\x04" + bytes(90), "pickle"),
        (model_files.content(made())[:-1], "cut off"),
        (b"", "too few"),
    ],
)
def test_other_files_get_one_sentence(tmp_path, content, said):
    path = tmp_path / "y.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="y.safetensors") as error:
        read_lora(str(path))
    assert said in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(ValueError, match="cannot be read"):
        read_lora(str(tmp_path / "gone.safetensors"))


CIVITAI = {"trainedWords": ["miku, twintails", "miku", 7]}


@pytest.mark.parametrize(
    ("end", "content", "words"),
    [
        (".metadata.json", {"civitai": CIVITAI}, ("miku", "twintails")),
        (".civitai.info", CIVITAI, ("miku", "twintails")),
        (".json", {"activation text": "miku,  smile"}, ("miku", "smile")),
        (".metadata.json", {"civitai": None}, ()),
        (".civitai.info", [1], ()),
        (".json", {"activation text": ""}, ()),
        (".json", {"activation text": 3, "sd version": "SDXL"}, ()),
    ],
)
def test_words_in_files_that_other_tools_put_beside_it(tmp_path, end, content, words):
    (tmp_path / f"x{end}").write_text(json.dumps(content), encoding="utf-8")
    told = file(tmp_path, trigger_word="own").training
    assert told.trigger_words == (words or ("own",))
    assert told.words_from == (f"x{end}" if words else "trigger_word")


def test_broken_files_beside_it_are_passed_over(tmp_path):
    (tmp_path / "x.json").write_bytes(b"\xff\xfe{")
    (tmp_path / "x.civitai.info").write_text("[" * 100_000)
    (tmp_path / "x.metadata.json").mkdir()
    assert file(tmp_path, trigger_word="own").training.trigger_words == ("own",)


def fit(lora: Lora, targets=SDXL, with_clip=True) -> Match:
    return match(lora.modules, targets, with_clip)


def test_a_lora_that_fits(tmp_path):
    lora = file(tmp_path)
    found = fit(lora)
    assert set(found.fitting) == set(SDXL) and not (found.unmatched or found.wrong or found.unused)
    assert problem_of(lora, found) == "" and warnings_of(lora, found, Base()) == []


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ({ATTENTION: (640, 768), TEXT_2: (5120, 1280)}, "640x768 where the model has 640x2048"),
        (
            {"lora_unet_double_blocks_0_img_attn_qkv": (9216, 3072)},
            "It was made for Flux: 1 of its",
        ),
        (
            {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k": (320, 768)},
            "It was made for Stable Diffusion 1.x: 1 of its 1 modules name no layer",
        ),
        (dict.fromkeys(("lora_unet_x", "lora_unet_y"), (8, 8)) | {ATTENTION: (640, 2048)}, "2 of"),
    ],
)
def test_a_lora_for_another_base_is_a_problem(tmp_path, layers, said):
    lora = file(tmp_path, made(layers))
    problem = problem_of(lora, fit(lora))
    assert said in problem and problem.startswith("x.safetensors: It was made for")
    assert problem.endswith("It was not applied.") and "\n" not in problem


def test_few_strays_are_a_warning_with_counts_and_examples(tmp_path):
    layers = {f"lora_unet_{i}": (8, 8) for i in range(100)}
    strays = {f"lora_unet_more_{i}": (8, 8) for i in range(4)} | {"lora_te2_x": (8, 8)}
    lora = file(tmp_path, made(layers | strays))
    targets = layers | {"lora_unet_99": (8, 9)}
    found = fit(lora, targets)
    assert problem_of(lora, found) == ""
    unmatched, wrong = warnings_of(lora, found, Base())
    assert "no effect: 5 (te2 1, unet 4), for instance lora_unet_more_0, lora_unet_mo" in unmatched
    assert wrong.endswith("which were left out: 1, lora_unet_99.")


def test_text_encoders_without_a_clip(tmp_path):
    unet = {ATTENTION: SDXL[ATTENTION]}
    lora = file(tmp_path)
    found = fit(lora, unet, with_clip=False)
    assert found.unused == (TEXT_2,) and problem_of(lora, found) == ""
    only = file(tmp_path, made({TEXT_2: SDXL[TEXT_2]}))
    assert "connect the CLIP" in problem_of(only, fit(only, unet, with_clip=False))


def test_an_incomplete_module_is_named(tmp_path):
    shapes = made()
    del shapes[f"{ATTENTION}.lora_down.weight"]
    lora = file(tmp_path, shapes)
    assert f"{ATTENTION} has no down; the file is incomplete" in problem_of(lora, fit(lora))


V01 = {"ss_sd_model_name": "illustriousXL_v01.safetensors"}
V20 = {"ss_sd_model_name": "Illustrious-XL-v2.0.safetensors"}
NOOB_V = {"ss_sd_model_name": "NoobAI-XL-Vpred-v1.0.safetensors"}
PONY = {"ss_sd_model_name": "ponyDiffusionV6XL_v6StartWithThisOne.safetensors"}
HASH = {
    "ss_new_sd_model_hash": "3e15ba00387db678ab4a099f75771c4f5ac67fda9e7100a01d263eaf30145aa9",
    "ss_sd_model_name": "renamed.safetensors",
}


@pytest.mark.parametrize(
    ("metadata", "profile", "said"),
    [
        (V01, "illustrious-v0.1", ""),
        (V01, "illustrious-v2.0", ""),  # carries over: arXiv 2409.19946, A.2.1
        (HASH, "illustrious-v1.1", ""),
        (V20, "illustrious-v0.1", "trained on v2.0 and the model is the older v0.1"),
        (V01, "illustrious-v3.0-eps", "only of v0.1 to v2.0"),
        (V01, "noobai-xl-eps", "NoobAI-XL was trained on from Illustrious v0.1"),
        (V01, "sdxl", "trained on Illustrious XL and the model is SDXL"),
        (PONY, "illustrious-v1.0", "trained on Pony Diffusion and the model is Illustrious XL"),
        ({"ss_sd_model_name": "sd_xl_base_1.0.safetensors"}, "illustrious-v1.0", "trained on SDXL"),
        ({"ss_sd_model_name": "my merge.safetensors"}, "illustrious-v1.0", ""),
        ({}, "illustrious-v1.0", ""),
        (V01, None, ""),
    ],
)
def test_versions(tmp_path, metadata, profile, said):
    lora = file(tmp_path, **metadata)
    found = warnings_of(lora, fit(lora), base_of(PROFILES.get(profile), "epsilon"))
    assert len(found) == bool(said) and said in "".join(found)


@pytest.mark.parametrize(
    ("metadata", "objective", "said"),
    [
        (NOOB_V, "epsilon", "trained with v-prediction and the model predicts noise"),
        ({"ss_v_parameterization": "True"}, "epsilon", "trained with v-prediction"),
        ({"modelspec__prediction_type": "v"}, "epsilon", "trained with v-prediction"),
        ({"ss_v_parameterization": "True"}, "v-prediction", ""),
        (V01, "v-prediction", "noise prediction (epsilon) and the model uses v-prediction"),
        (HASH, "v-prediction", "noise prediction (epsilon) and the model uses v-prediction"),
        ({"modelspec__prediction_type": "epsilon"}, "v-prediction", "unreliable"),
        ({}, "v-prediction", "does not say that it was trained with v-prediction"),
        ({}, "epsilon", ""),
        (NOOB_V, "", ""),
    ],
)
def test_objectives(tmp_path, metadata, objective, said):
    lora = file(tmp_path, **metadata)
    found = warnings_of(lora, fit(lora), base_of(None, objective))
    assert len(found) == bool(said) and said in "".join(found)


def test_the_objective_of_the_model_itself_wins_over_its_profile():
    vpred = PROFILES["noobai-xl-vpred"]
    assert base_of(vpred, "epsilon").objective == "epsilon"
    assert base_of(vpred, "").objective == "v-prediction"
    assert base_of(vpred, "").family == "noobai" and base_of(None, "") == Base()


def test_official_hash_names_version_and_objective(tmp_path):
    own = file(tmp_path, **HASH).identity
    assert (own.family, own.version, own.certainty) == ("illustrious", "v0.1", "likely")


@pytest.mark.parametrize(
    ("strengths", "with_clip", "off"),
    [
        ((0, 0), True, True),
        ((0, 1), True, False),
        ((0, 1), False, True),
        ((-0.5, 0), False, False),
    ],
)
def test_strength_0_is_off(strengths, with_clip, off):
    assert is_off(*strengths, with_clip) == off


def test_the_same_lora_twice_is_mentioned(tmp_path):
    one = file(tmp_path)
    copy = file(tmp_path, name="copy.safetensors", modelspec__title="another header, same weights")
    other = file(tmp_path, made({ATTENTION: SDXL[ATTENTION]}), name="other.safetensors")
    assert repeated([one, other], []) == []
    (said,) = repeated([one, other, one], [])
    assert said.startswith("x.safetensors is applied more than once")
    (said,) = repeated([one, copy], [])
    assert "copy.safetensors, which holds the same weights as x.safetensors" in said
    before = LoadedLora("x", one.identity.file, 1.0, 1.0, "", "")
    assert len(repeated([one, other], [before])) == 1


def test_without_hashes_two_files_are_not_taken_for_one(tmp_path):
    one, other = file(tmp_path), file(tmp_path, name="other.safetensors")
    one, other = (x._replace(identity=x.identity._replace(hashes=Hashes(""))) for x in (one, other))
    assert repeated([one, other], []) == []


def test_report_and_words(tmp_path):
    tags = json.dumps({"10_miku": {"hatsune miku": 10, "saber (fate)": 10}})
    lora = file(tmp_path, ss_tag_frequency=tags, **V01)
    applied = [Applied("sub/x.safetensors", lora, fit(lora), 0.8, 1.0)]
    text = report(applied, ["off.safetensors"], (), base_of(PROFILES["sdxl"], "epsilon"))
    for part in (
        "sub/x.safetensors: model 0.8, clip 1",
        "LoRA, rank 4, alpha 0, modules: 2 (unet 1, te2 1)",
        "trained on Illustrious XL v0.1 (likely); epsilon; base model illustriousXL_v01.safetens",
        r"trigger words (in nearly all captions): hatsune miku, saber \(fate\)",
        "applied: unet 1 of 1, te2 1 of 1",
        f"AutoV2 {lora.identity.hashes.autov2}",
        "warning: It was trained on Illustrious XL and the model is SDXL",
        "off.safetensors: strength 0, not loaded",
    ):
        assert part in text, text
    stated = file(tmp_path, modelspec__trigger_phrase="hatsune miku, x")
    assert trigger_words([lora, stated]) == r"hatsune miku, saber \(fate\), x"
    assert report([], [], (), Base()) == "no LoRA chosen"


def test_all_problems_are_told_at_once(tmp_path):
    bad = file(tmp_path, made({"lora_unet_x": (8, 8)}))
    applied = Applied("x", bad, fit(bad), 1, 1)
    with pytest.raises(ValueError, match="choose a LoRA") as error:
        check([applied, applied])
    assert str(error.value).count("\n") == 1
