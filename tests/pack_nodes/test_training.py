"""The training nodes in ComfyUI; training itself is in tests/training."""

import json

import pytest

pytestmark = pytest.mark.comfy
CAPTIONS = "1girl, hatsune miku, smile, hat, sky, outdoors, blue eyes, long hair, sitting, dress, a"


@pytest.fixture(scope="module")
def run(comfy):
    """Function that executes a node and gives its outputs."""
    from ixl.nodes import node_classes

    found = {cls.__name__: cls for cls in node_classes()}

    def run(node, /, **inputs):
        return comfy.run_node(found[node], **inputs).result

    return run


def test_preset_names_every_difference(run):
    (preset, scaled), policy, report = run("IXLTrainingPreset", preset="v1.0", images=30)
    assert (preset.id, scaled.method, policy) == ("v1.0", "lora", preset.policy)
    *told, memory = report.splitlines()
    assert told == list(scaled.deviations) != []
    assert memory.startswith(f"About {scaled.needs_gb:.1f} GB of 24 GB")


def test_policy_of_a_preset_is_changed_where_asked(run):
    _, policy, _ = run("IXLTrainingPreset", reading="paper")
    (same,) = run("IXLCaptionPolicy", policy=policy)
    assert same == policy
    (changed,) = run(
        "IXLCaptionPolicy", policy=policy, caption_dropout=0.2, rates="general: 0.5\nartist: 1",
        never_drop="My_Trigger, smile", multi_level=False,
    )  # fmt: skip
    assert (changed.caption_dropout, changed.tag_dropout) == (0.2, policy.tag_dropout)
    assert dict(changed.rates) == {"general": 0.5, "artist": 1.0}
    assert {"my trigger", "smile", *policy.no_dropout} == set(changed.no_dropout)
    assert changed.stages == ()


@pytest.mark.parametrize("rates", ["general", "general: much", "nonsense: 0.1", "general: 2"])
def test_bad_rates_are_said(run, rates):
    with pytest.raises(ValueError, match="rate"):
        run("IXLCaptionPolicy", rates=rates)


def test_preview_of_typed_captions_and_of_a_folder(run, tmp_path):
    (policy,) = run("IXLCaptionPolicy", rates="general: 1", multi_level=False)
    (tmp_path / "a.txt").write_text(CAPTIONS)
    for captions in (CAPTIONS, str(tmp_path)):
        report, samples = run(
            "IXLCaptionPreview", policy=policy, captions=captions, number=50, shown=5
        )
        lines = samples.splitlines()
        assert len(lines) == 5
        assert all("1girl" in line and "hat," not in line for line in lines)
        assert "general" in report and "100.00%" in report


def test_preview_runs_again_when_a_caption_file_changes(comfy, tmp_path):
    from ixl.nodes.caption_preview import IXLCaptionPreview

    (tmp_path / "a.txt").write_text("1girl")
    before = IXLCaptionPreview.fingerprint_inputs(captions=str(tmp_path), number=5)
    assert IXLCaptionPreview.fingerprint_inputs(captions=str(tmp_path), number=5) == before
    (tmp_path / "a.txt").write_text("1boy")
    assert IXLCaptionPreview.fingerprint_inputs(captions=str(tmp_path), number=5) != before


SMALL = {
    **{"size": 128, "batch": 2, "unet_lr": 0.01, "precision": "no", "checkpointing": False},
    **{"schedule": None, "workers": 0, "optimizer": "adamw"},
}


@pytest.fixture
def tiny_training(comfy, tmp_path, monkeypatch):
    """Inputs of IXLTrain for the tiny checkpoint, four pictures and the tests' trainer."""
    import folder_paths
    import tiny
    import tiny_trainer
    from training_runs import write_pictures

    monkeypatch.setenv("SD_SCRIPTS_PYTHON", str(tiny_trainer.make_interpreter(tmp_path)))
    monkeypatch.setattr(folder_paths, "output_directory", str(tmp_path / "output"))
    folder_paths.add_model_folder_path("checkpoints", str(tiny.tiny_file(tiny.CHECKPOINT).parent))
    pictures = write_pictures(tmp_path / "pictures")
    return {"checkpoint": tiny.CHECKPOINT, "images": str(pictures), "options": json.dumps(SMALL)}


@pytest.mark.sd_scripts
def test_trained_lora_changes_what_comfyui_draws(run, comfy, tiny, tiny_training):
    import comfy.sd
    import comfy.utils
    import torch

    training, policy, _ = run("IXLTrainingPreset", rank=4)
    file, report = run(
        "IXLTrain", training=training, policy=policy, name="my lora", steps=3, **tiny_training
    )
    assert report.startswith("done at step 3 of 3")
    lora = comfy.utils.load_torch_file(file)
    model, _ = comfy.sd.load_lora_for_models(tiny.model, tiny.clip, lora, 1.0, 1.0)
    assert len(model.patches) == sum(k.endswith("lora_up.weight") for k in lora)
    comfy.model_management.load_models_gpu([model])
    ups = [v for k, v in lora.items() if k.endswith("lora_up.weight")]
    assert any(torch.count_nonzero(up) for up in ups)


@pytest.mark.sd_scripts
def test_cancel_stops_the_run(run, tiny_training, tmp_path):
    import comfy.model_management as management
    from ixl.training.runs import all_runs, state_of
    from training_runs import wait_until

    training, _, _ = run("IXLTrainingPreset", rank=4)
    management.interrupt_current_processing()
    with pytest.raises(management.InterruptProcessingException):
        run("IXLTrain", training=training, name="cancelled", steps=9, **tiny_training)
    (folder,) = all_runs(tmp_path / "output" / "illustrious-xl-studio" / "training")
    wait_until(lambda: state_of(folder)["status"] == "stopped", 60, "the end")


def test_launch_is_checked_and_goes_on_to_the_settings(run):
    from ixl.training.launch import Launch
    from ixl.training.settings import settings_of_preset

    training, _, _ = run("IXLTrainingPreset", gpus=4)
    (launched,) = run(
        "IXLTrainingLaunch", training=training, machines=2, elsewhere=True, gpu_ids="0, 2",
        zero_stage=2, offload_optimizer="cpu",
    )  # fmt: skip
    settings = settings_of_preset(*launched, "a", "a.safetensors", (("a", 1),))
    assert settings.launch == Launch(2, "", 0, (0, 2), True, 2, "cpu")
    assert settings.gpus == 4
    (same,) = run("IXLTrainingLaunch", training=training)
    assert same == training
    with pytest.raises(ValueError, match="need the address"):
        run("IXLTrainingLaunch", training=training, machines=2)


@pytest.mark.sd_scripts
def test_run_for_a_cluster_is_written_and_the_node_does_not_wait(run, tiny_training):
    training, policy, _ = run("IXLTrainingPreset", rank=4, gpus=2)
    (training,) = run("IXLTrainingLaunch", training=training, machines=2, elsewhere=True)
    file, report = run("IXLTrain", training=training, name="later", steps=3, **tiny_training)
    assert file == ""
    assert report.startswith("elsewhere at step 0 of 3") and "launch.txt" in report


def test_train_without_sd_scripts_says_how_to_get_it(run, comfy, tmp_path, monkeypatch):
    import folder_paths
    import tiny

    monkeypatch.delenv("SD_SCRIPTS_PATH", raising=False)
    monkeypatch.setattr(folder_paths, "output_directory", str(tmp_path))
    folder_paths.add_model_folder_path("checkpoints", str(tiny.tiny_file(tiny.CHECKPOINT).parent))
    training, _, _ = run("IXLTrainingPreset")
    with pytest.raises(ValueError, match="SD_SCRIPTS_PATH"):
        run("IXLTrain", training=training, checkpoint=tiny.CHECKPOINT, images=str(tmp_path))
