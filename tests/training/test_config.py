"""Settings as sd-scripts' TOML, read back by a TOML reader; traps are refused."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.training.config import OURS, SCHEDULER, arguments, data_sets, toml_text
from ixl.training.launch import Launch
from ixl.training.schedule import Schedule
from ixl.training.settings import TrainingSettings

tomllib = pytest.importorskip("tomllib") if sys.version_info >= (3, 11) else None
pytestmark = pytest.mark.skipif(tomllib is None, reason="tomllib came with Python 3.11")
LORA = TrainingSettings("run", "a.safetensors", (("pictures", 2),), schedule=Schedule(1500))
FULL = LORA._replace(method="full", rank=0, text_encoder_lr=5e-6)
HERE = Path("run")


def written(settings, first_step=0):
    return tomllib.loads(toml_text(arguments(settings, HERE, HERE / "tokenizers", first_step)))


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
        st.one_of(
            st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(),
            st.floats(allow_nan=False, allow_infinity=False), st.lists(st.text(), max_size=3),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_toml_is_read_back_as_it_was(data):
    assert tomllib.loads(toml_text(data)) == data


def test_data_sets_have_every_line_of_a_caption_and_sdxl_buckets():
    settings = LORA._replace(folders=(('C:\\a "b"', 1), ("ü", 3)), size=1536)
    (data_set,) = tomllib.loads(toml_text(data_sets(settings)))["datasets"]
    assert [s["image_dir"] for s in data_set["subsets"]] == ['C:\\a "b"', "ü"]
    assert [s["num_repeats"] for s in data_set["subsets"]] == [1, 3]
    assert all(s["enable_wildcard"] for s in data_set["subsets"])
    assert data_set["bucket_reso_steps"] % 64 == data_set["resolution"] % 32 == 0
    assert data_set["min_bucket_reso"] < data_set["resolution"] < data_set["max_bucket_reso"]


def test_lora_and_full_name_their_rates():
    lora, full = written(LORA._replace(text_encoder_lr=5e-5)), written(FULL)
    assert (lora["unet_lr"], lora["text_encoder_lr"], lora["network_dim"]) == (1e-4, 5e-5, 16)
    assert (full["learning_rate"], full["learning_rate_te1"]) == (1e-4, 5e-6)
    assert full["train_text_encoder"] and "network_dim" not in full


def test_fused_backward_pass_is_for_one_gpu_alone():
    """Elsewhere weights would change before their gradients were summed over the GPUs."""
    alone = FULL._replace(optimizer="adafactor")
    zero = Launch(zero_stage=2)
    assert written(alone)["fused_backward_pass"] is True
    for several in (alone._replace(gpus=2), alone._replace(launch=zero)):
        assert "fused_backward_pass" not in written(several)
        with pytest.raises(ValueError, match="drift apart"):
            written(several._replace(options=(("fused_optimizer_groups", 4),)))
    assert written(alone._replace(gpus=2))["ddp_gradient_as_bucket_view"] is True


def test_deepspeed_is_passed_through_with_the_batch_of_the_data_sets():
    launch = Launch(
        zero_stage=3, offload_optimizer="cpu", offload_parameters="nvme", offload_folder="/disk"
    )
    found = written(LORA._replace(launch=launch, batch=3))
    assert {k: v for k, v in found.items() if "zero" in k or "offload" in k or "deep" in k} == {
        "deepspeed": True,
        "zero_stage": 3,
        "zero3_save_16bit_model": True,
        "offload_optimizer_device": "cpu",
        "offload_param_device": "nvme",
        "offload_param_nvme_path": "/disk",
    }
    assert (found["train_batch_size"], "ddp_gradient_as_bucket_view" in found) == (3, False)
    assert "deepspeed" not in written(LORA)


def test_frozen_text_encoders():
    assert written(LORA)["network_train_unet_only"] is True
    assert "train_text_encoder" not in written(FULL._replace(text_encoder_lr=0.0))


def test_a_zero_is_written_and_a_false_is_not():
    told = written(LORA._replace(workers=0, seed=0))
    assert (told["max_data_loader_n_workers"], told["seed"]) == (0, 0)
    assert "persistent_data_loader_workers" not in told and "debiased_estimation_loss" not in told


def test_resumed_part_has_only_the_rest_and_the_whole_schedule():
    told = written(LORA, first_step=400)
    assert told["max_train_steps"] == 1100
    assert told["lr_scheduler_type"] == SCHEDULER
    assert "total=1500" in told["lr_scheduler_args"]
    assert told["seed"] != written(LORA)["seed"]


def test_schedule_is_stepped_once_per_process():
    assert "per_step=4" in written(LORA._replace(gpus=4))["lr_scheduler_args"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_options_that_undo_the_pack_are_refused(name):
    with pytest.raises(ValueError, match=name):
        arguments(LORA._replace(options=((name, True),)), HERE, HERE)


@pytest.mark.parametrize(
    "option", [("--seed", 1), ("a b", 1), ("x\ny", 1), ("X", 1), ("fine", {"a": 1}), ("", 1)]
)
def test_no_option_can_smuggle_another(option):
    with pytest.raises(ValueError, match="option"):
        arguments(LORA._replace(options=(option,)), HERE, HERE)


def test_the_users_options_win():
    assert written(LORA._replace(options=(("min_snr_gamma", 5.0),)))["min_snr_gamma"] == 5.0
