"""Records as A1111's fields: by A1111's grammar and by our reader; Civitai's expressions."""

import json
import re

import infotext
import pytest
from hypothesis import given, settings
from ixl.core.metadata import a1111
from ixl.core.metadata.record import Pass, Record, Resource
from picture_strategies import records

SHA = "45dee52b" * 8
DATA = "0123456789abcdef" * 4
RECORD = Record(
    positive="1girl, solo",
    negative="lowres",
    width=832,
    height=1216,
    picture=(1248, 1824),
    passes=(
        Pass(5, 28, 5.5, "euler_ancestral", "karras", 1.0),
        Pass(6, 12, 5.5, "dpmpp_2m_sde_gpu", "karras", 0.4),
    ),
    resources=(
        Resource("model", "sub/illustriousXL_v01.safetensors", SHA),
        Resource("lora", "a\\my style.safetensors", SHA, DATA, 0.8, 0.8),
        Resource("lora", "other.safetensors", SHA, DATA, 0.5, 1.0),
        Resource("lora", "unet only.safetensors", SHA, DATA, -0.25),
        Resource("vae", "sdxl_vae.safetensors", SHA),
        Resource("embedding", "bad.pt", SHA),
    ),
    clip_skip=2,
    batch=(1, 4),
)
# civitai/civitai src/utils/metadata/automatic.metadata.ts: `hashesRegex`
CIVITAI_HASHES = re.compile(r", Hashes:\s*({[^}]+})")


def test_a1111_reads_everything():
    found = infotext.parse_a1111(a1111.to_text(RECORD))
    assert found["Prompt"] == (
        "1girl, solo, <lora:my style:0.8>, <lora:other:1:0.5>, <lora:unet only:-0.25>"
    )
    assert found["Negative prompt"] == "lowres"
    fields = ("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash",
              "Model", "VAE hash", "VAE", "Clip skip", "Denoising strength", "Hires upscale",
              "Hires steps", "Hires sampler", "Batch size", "Batch pos")  # fmt: skip
    assert [found[key] for key in fields] == [
        "28", "Euler a", "Karras", "5.5", "5", "832x1216", "45dee52b45", "illustriousXL_v01",
        "45dee52b45", "sdxl_vae.safetensors", "2", "0.4", "1.5", "12", "DPM++ 2M SDE", "4", "1",
    ]  # fmt: skip
    assert found["Lora hashes"] == (
        "my style: 0123456789ab, other: 0123456789ab, unet only: 0123456789ab"
    )
    assert found["TI hashes"] == "bad: 45dee52b45"


def test_civitai_reads_the_hashes():
    text = a1111.to_text(RECORD)
    assert text.rsplit("\n", 1)[1].startswith("Steps: ")
    assert json.loads(CIVITAI_HASHES.search(text).group(1)) == {
        "model": "45dee52b45", "lora:my style": "45dee52b45", "lora:other": "45dee52b45",
        "lora:unet only": "45dee52b45", "vae": "45dee52b45", "embed:bad": "45dee52b45",
    }  # fmt: skip


def test_our_reader_finds_the_same_in_the_text_alone():
    found = a1111.from_text(a1111.to_text(RECORD))
    assert found.passes == (
        RECORD.passes[0]._replace(denoise=None),
        Pass(5, 12, 5.5, "dpmpp_2m_sde", "karras", 0.4),
    )
    assert (found.width, found.height, found.picture) == (832, 1216, (1248, 1824))
    assert (found.clip_skip, found.batch, found.negative) == (2, (1, 4), "lowres")
    told = {one.name: (one.strength_model, one.strength_clip, one.data_sha256)
            for one in found.of_kind("lora")}  # fmt: skip
    assert told == {
        "my style": (0.8, 0.8, DATA[:12]),
        "other": (0.5, 1.0, DATA[:12]),
        "unet only": (-0.25, -0.25, DATA[:12]),
    }
    assert found.of_kind("model")[0].sha256 == SHA[:10]
    assert found.of_kind("embedding")[0].name == "bad"


def test_a_lora_that_the_prompt_names_is_not_named_again():
    record = Record(
        positive="a, <lora:my style:0.7>,",
        resources=(
            Resource("lora", "my style.safetensors", SHA, DATA, 0.7, 0.7),
            Resource("lora", "b.safetensors", SHA, DATA, 1.0, 1.0),
        ),
    )
    text = a1111.to_text(record)
    assert text.split("\n")[0] == "a, <lora:my style:0.7>, <lora:b:1>"


@pytest.mark.parametrize(
    ("sampler", "schedule", "expected"),
    [
        ("Euler a", "Karras", ("euler_ancestral", "karras")),
        ("DPM++ 2M Karras", "", ("dpmpp_2m", "karras")),
        ("DPM++ 2M SDE Exponential", "", ("dpmpp_2m_sde", "exponential")),
        ("Euler a", "Automatic", ("euler_ancestral", "")),
        ("Restart", "SGM Uniform", ("restart", "sgm_uniform")),
        ("res_multistep", "linear_quadratic", ("res_multistep", "linear_quadratic")),
    ],
)
def test_names_of_samplers(sampler, schedule, expected):
    assert a1111.sampler_names(sampler, schedule) == expected


def test_names_of_samplers_lead_back():
    for name, label in a1111.SAMPLERS.items():
        for scheduler, kind in a1111.SCHEDULERS.items():
            assert a1111.sampler_names(label, kind) == (name, scheduler)


def test_one_pass_over_a_picture_says_its_strength():
    record = Record(width=512, height=512, passes=(Pass(1, 20, 5.0, "euler", "normal", 0.35),))
    assert infotext.parse_a1111(a1111.to_text(record))["Denoising strength"] == "0.35"


@settings(deadline=None)
@given(records)
def test_any_record_is_a_text_whose_numbers_a1111_reads(record):
    found = infotext.parse_a1111(a1111.to_text(record))
    first = record.first
    if (
        None not in (first.seed, first.steps, first.cfg)
        and "Negative prompt:" not in record.positive
    ):
        assert (int(found["Seed"]), int(found["Steps"])) == (first.seed, first.steps)
        assert float(found["CFG scale"]) == first.cfg
        read = a1111.from_text(a1111.to_text(record))
        assert (read.first.seed, read.first.steps, read.first.cfg) == first[:3]
        assert read.first.sampler.lower() == first.sampler
